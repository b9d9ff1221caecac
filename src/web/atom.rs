//! The alerts as a news feed.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::desk::Site;
use super::trouble::Trouble;
use crate::report::alert_line;
use crate::store::{AlertFilter, AlertRow};

/// Entries of the feed.
const ENTRIES: usize = 50;

/// Writes the feed.
pub(super) async fn show(State(site): State<Arc<Site>>) -> Result<Response, Trouble> {
    // What is in shadow is told to nobody.
    let filter = AlertFilter { limit: ENTRIES, told: true, ..AlertFilter::default() };
    let alerts = site.store.alerts(filter).await?;
    let desk = site.desk();
    let base = match desk.public_url.as_str() {
        "" => desk.listen.map(|address| format!("http://{address}")).unwrap_or_default(),
        public => public.to_owned(),
    };
    let feed = feed(&alerts, &base);
    Ok(([(header::CONTENT_TYPE, "application/atom+xml; charset=utf-8")], feed).into_response())
}

fn feed(alerts: &[AlertRow], base: &str) -> String {
    let base = escaped(base);
    let updated = alerts
        .first()
        .map_or_else(|| "1970-01-01T00:00:00Z".to_owned(), |alert| alert.raised.to_string());
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <feed xmlns=\"http://www.w3.org/2005/Atom\">\n\
         <title>pactwatch alerts</title>\n<id>urn:pactwatch:alerts</id>\n\
         <link rel=\"self\" href=\"{base}/alerts.atom\"/>\n<link href=\"{base}/\"/>\n\
         <author><name>pactwatch</name></author>\n<updated>{updated}</updated>\n"
    );
    for alert in alerts {
        let title = match alert_line(alert) {
            lead if lead.is_empty() => escaped(&alert.title),
            lead => escaped(&format!("{lead}: {}", alert.title)),
        };
        let summary = escaped(&format!(
            "{} · {} · {} · {}",
            alert.level.as_str(),
            alert.acts.join(", "),
            alert.feed,
            alert.rule
        ));
        let raised = alert.raised;
        // Writing to a string does not fail.
        let _ = writeln!(
            out,
            "<entry><id>urn:pactwatch:alert:{id}:{at}</id><title>{title}</title>\
             <link href=\"{base}/alerts/{id}\"/><updated>{raised}</updated>\
             <category term=\"{level}\"/><summary>{summary}</summary></entry>",
            id = alert.id,
            at = raised.as_millisecond(),
            level = alert.level.as_str(),
        );
    }
    out.push_str("</feed>\n");
    out
}

/// A text for XML; what XML has no place for is left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() && !matches!(c, '\n' | '\t') => {}
            c => out.push(c),
        }
    }
    out
}
