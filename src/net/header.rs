//! Headers that the config adds to requests.

use reqwest::header::{HeaderName, HeaderValue};

/// Headers that belong to the transport or say who asks; no config sets them.
const OURS: [&str; 9] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "upgrade",
    "te",
    "trailer",
    "user-agent",
    "accept-encoding",
];

/// Checks a header of the config. Its value is marked as sensitive: it is shown by no log line.
///
/// # Errors
///
/// Names the header that cannot be sent, never its value.
pub fn private_header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let lower = name.to_ascii_lowercase();
    if OURS.contains(&lower.as_str()) {
        return Err(format!("the header `{name}` is set by pactwatch itself"));
    }
    let name =
        HeaderName::try_from(lower).map_err(|_| format!("`{name}` is no name of a header"))?;
    let mut value = HeaderValue::from_str(value).map_err(|_| {
        format!("the value of the header `{name}` holds a character that headers cannot")
    })?;
    value.set_sensitive(true);
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_checked_and_their_values_hidden() {
        let (name, value) = private_header("X-Key", "s3cret").unwrap();
        assert_eq!(name, "x-key");
        assert!(!format!("{value:?}").contains("s3cret"));
        for (name, value) in [("Host", "a"), ("User-Agent", "a"), ("a b", "a"), ("a", "s3cret\n")] {
            let why = private_header(name, value).unwrap_err();
            assert!(!why.contains("s3cret"), "{why}");
        }
    }
}
