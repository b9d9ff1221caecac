//! What to make of an answer: its body within a bound, and how long it asks us to wait.

use std::io::Read;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use reqwest::Response;
use reqwest::header::{CONTENT_ENCODING, HeaderMap, RETRY_AFTER};
use thiserror::Error;

use super::{Held, SendError};

/// Longer hints than this are taken as senseless: no site means to be asked again in a year.
const SENSIBLE: Duration = Duration::from_secs(366 * 86_400);

/// Why a body could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BodyError {
    /// It is larger than allowed, after decompression.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// It is packed in a way that was not undone (`gzip, gzip`, or an unknown coding).
    #[error("the answer is packed as `{0}`, which is not understood")]
    Packed(String),
    /// The connection broke or was too slow.
    #[error("{0}")]
    Broken(SendError),
}

/// Most that is set aside for a body before it has come, whatever its length is said to be.
const SET_ASIDE: usize = 1 << 20;

/// Reads a body of at most `cap` bytes, counted after decompression, so a small answer that unpacks
/// without end stops at the cap. It waits for room in `held` as it grows.
///
/// # Errors
///
/// It is too large, packed in an unknown way, or breaks off.
pub async fn read_capped(
    mut response: Response,
    cap: usize,
    held: &mut Held,
) -> Result<Vec<u8>, BodyError> {
    // reqwest removes the header when it decodes; what is left was not decoded.
    if let Some(coding) = response.headers().get(CONTENT_ENCODING) {
        let coding = String::from_utf8_lossy(coding.as_bytes()).into_owned();
        // An old name of gzip, which `gunzip` undoes, as it does what has no header at all.
        if !["identity", "x-gzip"].iter().any(|known| coding.eq_ignore_ascii_case(known)) {
            return Err(BodyError::Packed(
                coding.chars().filter(|c| !c.is_control()).take(60).collect(),
            ));
        }
    }
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
    if announced.is_some_and(|length| length > cap) {
        return Err(BodyError::TooLarge(cap));
    }
    let mut body = Vec::with_capacity(announced.unwrap_or(0).min(SET_ASIDE));
    while let Some(chunk) =
        response.chunk().await.map_err(|error| BodyError::Broken(SendError::of(&error)))?
    {
        if body.len() + chunk.len() > cap {
            return Err(BodyError::TooLarge(cap));
        }
        held.grow(body.len() + chunk.len()).await;
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Whether bytes are packed with gzip, though no header said so.
pub fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b, 8])
}

/// Unpacks gzip to at most `cap` bytes.
///
/// # Errors
///
/// It is too large, or breaks off.
pub fn gunzip(bytes: &[u8], cap: usize) -> Result<Vec<u8>, BodyError> {
    let mut plain = Vec::new();
    let most = u64::try_from(cap).unwrap_or(u64::MAX).saturating_add(1);
    let mut unpacked = flate2::read::MultiGzDecoder::new(bytes).take(most);
    if unpacked.read_to_end(&mut plain).is_err() {
        return Err(BodyError::Packed("gzip that breaks off".to_owned()));
    }
    if plain.len() > cap { Err(BodyError::TooLarge(cap)) } else { Ok(plain) }
}

/// How long `Retry-After` (RFC 9110, section 10.2.3) asks to wait: seconds, with decimals as some
/// chat services send, or an HTTP date. A date that has passed asks for nothing (zero); what cannot
/// be read, is negative, or lies more than a year ahead counts as no hint. Of several the longest.
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    headers
        .get_all(RETRY_AFTER)
        .iter()
        .filter_map(|value| hint(value.to_str().ok()?.trim(), now))
        .max()
}

fn hint(text: &str, now: Timestamp) -> Option<Duration> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let wait = if plain {
        Duration::try_from_secs_f64(text.parse().ok()?).ok()?
    } else {
        let then = http_date(text)?;
        Duration::try_from(then.duration_since(now)).unwrap_or(Duration::ZERO)
    };
    (wait <= SENSIBLE).then_some(wait)
}

/// A date of HTTP in any of its three forms (RFC 9110, section 5.6.7): that of mail, that of RFC 850,
/// and that of `asctime`, which are always in Greenwich's time.
pub fn http_date(text: &str) -> Option<Timestamp> {
    let old = ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"];
    let civil = |form: &&str| {
        let time = jiff::fmt::strtime::parse(form, text).and_then(|time| time.to_datetime());
        time.and_then(|time| time.to_zoned(TimeZone::UTC)).map(|time| time.timestamp())
    };
    let mail = jiff::fmt::rfc2822::parse(text).map(|time| time.timestamp());
    mail.ok().or_else(|| old.iter().find_map(|form| civil(form).ok()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ask(values: &[&str]) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(RETRY_AFTER, value.parse().unwrap());
        }
        retry_after(&headers, "2026-01-01T00:00:00Z".parse().unwrap())
    }

    #[test]
    fn sensible_hints_are_read() {
        assert_eq!(ask(&["0"]), Some(Duration::ZERO));
        assert_eq!(ask(&["120"]), Some(Duration::from_secs(120)));
        assert_eq!(ask(&["1.5"]), Some(Duration::from_millis(1500)));
        assert_eq!(ask(&["Thu, 01 Jan 2026 00:02:00 GMT"]), Some(Duration::from_secs(120)));
        assert_eq!(ask(&["Thu, 01 Jan 1970 00:00:00 GMT"]), Some(Duration::ZERO));
        assert_eq!(ask(&["Thursday, 01-Jan-26 00:02:00 GMT"]), Some(Duration::from_secs(120)));
        assert_eq!(ask(&["Thu Jan  1 00:02:00 2026"]), Some(Duration::from_secs(120)));
        assert_eq!(ask(&["Sat Jan 10 00:00:00 2026"]), Some(Duration::from_secs(9 * 86_400)));
        assert_eq!(ask(&["1", "7"]), Some(Duration::from_secs(7)));
    }

    #[test]
    fn senseless_hints_count_as_none() {
        let digits = "9".repeat(400);
        for wrong in
            ["inf", "NaN", "-5", "1e300", "", "soon", "1.2.3", digits.as_str(), "99999999999"]
        {
            assert_eq!(ask(&[wrong]), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_hint_is_answered_within_reason(text in "[ -~]{0,40}") {
            if let Some(wait) = ask(&[&text]) {
                prop_assert!(wait <= SENSIBLE);
            }
        }
    }
}
