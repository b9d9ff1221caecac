//! Canonical links: the same article under its many addresses. For comparison only; what is sent is
//! always the original link.
//!
//! What is known by name (parameters, hosts, redirectors) stands in `lists`. What this gets wrong: a
//! redirector that keeps its target to itself stays one, and a site that serves different articles
//! under one path by a parameter of the lists would have them taken for one.

mod lists;
mod redirect;

use std::borrow::Cow;

use url::Url;
use url::form_urlencoded::byte_serialize;

use lists::{BY_HOST, HOST_PREFIXES, LEAN, OTHER_NAMES, PATH_ENDINGS, SHARED_ENDINGS, TRACKING};
use redirect::target;

/// Redirects inside redirects that are followed.
const NESTED: usize = 5;

/// The canonical form of an http(s) link: no scheme, lean host, no fragment, no tracking, the rest of
/// the query sorted. `None` for anything else.
pub fn canonical_url(link: &str) -> Option<String> {
    canonical_form(&Url::parse(link.trim()).ok()?)
}

/// As [`canonical_url`], of a link that has been read.
pub fn canonical_form(link: &Url) -> Option<String> {
    let mut url = Cow::Borrowed(link);
    for _ in 0..NESTED {
        match target(&url) {
            Some(inner) => url = Cow::Owned(inner),
            None => break,
        }
    }
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let host = lean_host(url.host_str()?);
    let mut canonical = host.clone();
    if let Some(port) = url.port() {
        canonical.push_str(&format!(":{port}"));
    }
    canonical.push_str(&lean_path(url.path()));
    let mut query: Vec<(Cow<'_, str>, Cow<'_, str>)> = url
        .query_pairs()
        .filter(|(name, value)| !(name.is_empty() && value.is_empty()))
        .filter(|(name, value)| !is_furniture(&host, &name.to_lowercase(), value))
        .collect();
    query.sort();
    for (index, (name, value)) in query.iter().enumerate() {
        canonical.push(if index == 0 { '?' } else { '&' });
        // Written as it came, "&" and "#" inside a value would part what belongs together.
        canonical.extend(byte_serialize(name.as_bytes()));
        if !value.is_empty() {
            canonical.push('=');
            canonical.extend(byte_serialize(value.as_bytes()));
        }
    }
    Some(canonical)
}

/// Whether a canonical link can name one article: a bare home page cannot, though some feeds give it
/// to every entry.
pub fn is_article_url(canonical: &str) -> bool {
    canonical.contains('?')
        || canonical.split_once('/').is_some_and(|(_, path)| !path.trim_matches('/').is_empty())
}

fn lean_host(host: &str) -> String {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let mut lean = host.as_str();
    loop {
        let shorter = match lean.strip_prefix("www.") {
            // "www.gov.uk" is the site of "gov.uk".
            Some(rest) => Some(rest).filter(|rest| rest.contains('.')),
            None => HOST_PREFIXES
                .iter()
                .find_map(|prefix| lean.strip_prefix(prefix))
                .filter(|rest| rest.contains('.') && !is_shared_ending(rest)),
        };
        match shorter {
            Some(rest) => lean = rest,
            None => break,
        }
    }
    let other = OTHER_NAMES.iter().find(|(name, _)| *name == lean);
    other.map_or(lean, |(_, name)| name).to_owned()
}

/// Whether names below this belong to whoever bought them, as below `com.au`.
fn is_shared_ending(host: &str) -> bool {
    host.split_once('.')
        .is_some_and(|(second, country)| country.len() == 2 && SHARED_ENDINGS.contains(&second))
}

/// A path in one spelling, without doubled slashes, which come from careless joining, and without
/// the last one.
fn spelt(path: &str) -> String {
    let plain = plainly_spelt(path);
    let mut spelt = String::with_capacity(plain.len());
    for part in plain.split('/').filter(|part| !part.is_empty()) {
        spelt.push('/');
        spelt.push_str(part);
    }
    spelt
}

fn lean_path(path: &str) -> String {
    // A dot before an ending is a name of its own; left alone it would lead elsewhere.
    let named = |rest: &&str| !matches!(rest.rsplit('/').next(), Some("." | ".."));
    let mut lean = spelt(path);
    loop {
        if let Some(rest) = lean.strip_suffix(".amp.html") {
            lean = format!("{rest}.html");
        } else if let Some(rest) =
            PATH_ENDINGS.iter().find_map(|end| lean.strip_suffix(end)).filter(named)
        {
            lean = rest.trim_end_matches('/').to_owned();
        } else if lean.starts_with("/amp/") {
            lean.drain(.."/amp".len());
        } else {
            return lean;
        }
    }
}

/// One spelling of a path: what needs no percent sign has none, the others are in capitals.
fn plainly_spelt(path: &str) -> Cow<'_, str> {
    if !path.contains('%') {
        return Cow::Borrowed(path);
    }
    let mut parts = path.split('%');
    let mut spelt = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.get(..2).filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let byte = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        match (byte, code) {
            (Some(byte), _) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                spelt.push(char::from(byte));
                spelt.push_str(&part[2..]);
            }
            (_, Some(code)) => {
                spelt.push('%');
                spelt.push_str(&code.to_ascii_uppercase());
                spelt.push_str(&part[2..]);
            }
            _ => {
                spelt.push('%');
                spelt.push_str(part);
            }
        }
    }
    Cow::Owned(spelt)
}

/// Whether a parameter says nothing about which article it is.
fn is_furniture(host: &str, name: &str, value: &str) -> bool {
    let listed = |list: &[&str]| {
        list.iter().any(|entry| match entry.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => name == *entry,
        })
    };
    listed(TRACKING)
        || BY_HOST.iter().any(|(site, list)| below(host, site) && listed(list))
        || LEAN.iter().any(|(one, values)| {
            *one == name && values.iter().any(|one| value.eq_ignore_ascii_case(one))
        })
}

/// Whether a host is a site or one of its subdomains.
fn below(host: &str, site: &str) -> bool {
    host.strip_suffix(site).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests;
