//! Entries as feed documents: one small writer a format, and the bytes that a charset makes of them.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cli::demo::stories::{Charset, Entry, Format, Outlet};

/// The XML declaration of everything that is UTF-8.
const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// The document of an outlet's feed, as text. Entries are dated as seen from `start`, the document
/// itself was made `at`.
pub(super) fn document(
    outlet: &Outlet,
    entries: &[&Entry],
    start: Timestamp,
    at: Timestamp,
) -> String {
    match outlet.format {
        Format::Rss | Format::RssContent => rss(outlet, entries, start, at),
        Format::Atom => atom(outlet, entries, start, at),
        Format::Rdf => rdf(outlet, entries, start, at),
        Format::Json => json_feed(outlet, entries, start, at),
        Format::Damaged => damaged(outlet, entries, start, at),
    }
}

/// The `Content-Type` that the server gives.
pub(super) fn content_type(outlet: &Outlet) -> &'static str {
    match (outlet.format, outlet.charset) {
        (_, Charset::Windows1251) => "text/xml; charset=windows-1251",
        (_, Charset::ShiftJis) => "text/xml",
        (Format::Atom, _) => "application/atom+xml; charset=utf-8",
        (Format::Rdf, _) => "application/rdf+xml",
        (Format::Json, _) => "application/feed+json",
        (Format::Damaged, _) => "text/html",
        (Format::Rss | Format::RssContent, _) => "application/rss+xml; charset=utf-8",
    }
}

/// The charset's name where it is not UTF-8.
pub(super) fn charset_name(charset: Charset) -> Option<&'static str> {
    match charset {
        Charset::Utf8 => None,
        Charset::Windows1251 => Some("windows-1251"),
        Charset::ShiftJis => Some("Shift_JIS"),
    }
}

/// Text as bytes. A character that the charset lacks becomes a numeric reference, which is what XML
/// has for it.
pub(super) fn encode(text: &str, charset: Charset) -> Vec<u8> {
    match charset {
        Charset::Utf8 => text.as_bytes().to_vec(),
        Charset::Windows1251 => encoding_rs::WINDOWS_1251.encode(text).0.into_owned(),
        Charset::ShiftJis => encoding_rs::SHIFT_JIS.encode(text).0.into_owned(),
    }
}

/// A date as HTTP and RSS write it.
pub(super) fn http_date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// A date as RFC 3339 writes it, in whole seconds.
fn rfc3339(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn rss(outlet: &Outlet, entries: &[&Entry], start: Timestamp, at: Timestamp) -> String {
    let declaration = match outlet.charset {
        Charset::Utf8 => DECLARATION,
        Charset::Windows1251 => "<?xml version=\"1.0\"?>\n",
        Charset::ShiftJis => "<?xml version=\"1.0\" encoding=\"Shift_JIS\"?>\n",
    };
    let (namespace, rich) = match outlet.format {
        Format::RssContent => (" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\"", true),
        _ => ("", false),
    };
    let items: String = entries
        .iter()
        .map(|one| {
            let content = match rich && !one.body.is_empty() {
                true => format!("\n<content:encoded>{}</content:encoded>", cdata(one.body)),
                false => String::new(),
            };
            format!(
                "<item>\n<title>{}</title>\n<link>{}</link>\n<guid isPermaLink=\"false\">{}</guid>\n\
                 <pubDate>{}</pubDate>\n<category>{}</category>\n\
                 <description>{}</description>{content}\n</item>\n",
                escape(one.title),
                escape(&one.url()),
                escape(one.slug),
                http_date(one.published(start)),
                escape(one.section),
                escape(one.summary),
            )
        })
        .collect();
    format!(
        "{declaration}<rss version=\"2.0\"{namespace}>\n<channel>\n<title>{}</title>\n\
         <link>https://{}/</link>\n<description>{}</description>\n<language>{}</language>\n\
         <lastBuildDate>{}</lastBuildDate>\n{items}</channel>\n</rss>\n",
        escape(outlet.name),
        outlet.domain,
        escape(outlet.name),
        outlet.language,
        http_date(at),
    )
}

fn atom(outlet: &Outlet, entries: &[&Entry], start: Timestamp, at: Timestamp) -> String {
    let items: String = entries
        .iter()
        .map(|one| {
            let content = match one.body.is_empty() {
                true => String::new(),
                false => format!("\n<content type=\"text\">{}</content>", escape(one.body)),
            };
            let date = rfc3339(one.published(start));
            format!(
                "<entry>\n<id>tag:{},2020:{}</id>\n<title>{}</title>\n<link href=\"{}\"/>\n\
                 <published>{date}</published>\n<updated>{date}</updated>\n\
                 <category term=\"{}\"/>\n<summary>{}</summary>{content}\n</entry>\n",
                outlet.domain,
                escape(one.slug),
                escape(one.title),
                escape(&one.url()),
                escape(one.section),
                escape(one.summary),
            )
        })
        .collect();
    format!(
        "{DECLARATION}<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{}\">\n\
         <id>https://{}/</id>\n<title>{}</title>\n<updated>{}</updated>\n\
         <author><name>{}</name></author>\n{items}</feed>\n",
        outlet.language,
        outlet.domain,
        escape(outlet.name),
        rfc3339(at),
        escape(outlet.name),
    )
}

fn rdf(outlet: &Outlet, entries: &[&Entry], start: Timestamp, at: Timestamp) -> String {
    let list: String = entries
        .iter()
        .map(|one| format!("<rdf:li rdf:resource=\"{}\"/>\n", escape(&one.url())))
        .collect();
    let items: String = entries
        .iter()
        .map(|one| {
            let url = one.url();
            let url = escape(&url);
            format!(
                "<item rdf:about=\"{url}\">\n<title>{}</title>\n<link>{url}</link>\n\
                 <description>{}</description>\n<dc:date>{}</dc:date>\n\
                 <dc:subject>{}</dc:subject>\n</item>\n",
                escape(one.title),
                escape(one.summary),
                rfc3339(one.published(start)),
                escape(one.section),
            )
        })
        .collect();
    let home = format!("https://{}/", outlet.domain);
    format!(
        "{DECLARATION}<rdf:RDF xmlns=\"http://purl.org/rss/1.0/\" \
         xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n\
         <channel rdf:about=\"{home}\">\n<title>{}</title>\n<link>{home}</link>\n\
         <description>{}</description>\n<dc:language>{}</dc:language>\n<dc:date>{}</dc:date>\n\
         <items><rdf:Seq>\n{list}</rdf:Seq></items>\n</channel>\n{items}</rdf:RDF>\n",
        escape(outlet.name),
        escape(outlet.name),
        outlet.language,
        rfc3339(at),
    )
}

fn json_feed(outlet: &Outlet, entries: &[&Entry], start: Timestamp, at: Timestamp) -> String {
    let items: Vec<Value> = entries
        .iter()
        .map(|one| {
            let text = if one.body.is_empty() { one.summary } else { one.body };
            json!({
                "id": one.slug, "url": one.url(), "title": one.title, "summary": one.summary,
                "content_text": text, "date_published": rfc3339(one.published(start)),
                "tags": [one.section],
            })
        })
        .collect();
    json!({
        "version": "https://jsonfeed.org/version/1.1", "title": outlet.name,
        "home_page_url": format!("https://{}/", outlet.domain), "language": outlet.language,
        "_made": rfc3339(at), "items": items,
    })
    .to_string()
}

/// Nothing is escaped, paragraphs stay open, the first item of several never ends, and the document
/// breaks off behind the last one.
fn damaged(outlet: &Outlet, entries: &[&Entry], start: Timestamp, at: Timestamp) -> String {
    let mut text = format!(
        "\n<rss version=2.0>\n<channel>\n<title>{}&nbsp;| News & Views</title>\n\
         <link>https://{}/</link>\n<lastBuildDate>{}</lastBuildDate>\n",
        outlet.name,
        outlet.domain,
        http_date(at),
    );
    for (index, one) in entries.iter().enumerate() {
        let end = match index {
            0 if entries.len() > 1 => "",
            _ => "</description>\n</item>",
        };
        text.push_str(&format!(
            "<item>\n<title>{}</title>\n<link>{}?ref=feed&pos={index}</link>\n\
             <pubDate>{}</pubDate>\n<description><p>{}<br>{end}\n",
            one.title,
            one.url(),
            http_date(one.published(start)),
            one.summary,
        ));
    }
    text
}

/// Text for element content and attribute values.
fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    Cow::Owned(escaped)
}

/// Mark-up as it is; the one sequence that would end the section is split over two.
fn cdata(text: &str) -> String {
    format!("<![CDATA[{}]]>", text.replace("]]>", "]]]]><![CDATA[>"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_reserves_is_escaped() {
        assert_eq!(escape("a & b <c> \"d\" 'e'"), "a &amp; b &lt;c&gt; &quot;d&quot; &#39;e&#39;");
        assert!(matches!(escape("plain — 日本"), Cow::Borrowed(_)));
        assert_eq!(cdata("a]]>b"), "<![CDATA[a]]]]><![CDATA[>b]]>");
    }

    #[test]
    fn a_letter_that_a_charset_lacks_survives_as_a_reference() {
        assert_eq!(encode("Ж日", Charset::Windows1251), b"\xc6&#26085;");
        assert_eq!(encode("日", Charset::ShiftJis), [0x93, 0xfa]);
    }

    #[test]
    fn dates_are_written_in_whole_seconds() {
        let at = "2026-01-05T08:09:10.5Z".parse().unwrap();
        assert_eq!(http_date(at), "Mon, 05 Jan 2026 08:09:10 GMT");
        assert_eq!(rfc3339(at), "2026-01-05T08:09:10Z");
    }
}
