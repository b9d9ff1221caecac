//! Standard Webhooks signatures: HMAC-SHA256 over `id.timestamp.body`, base64, version `v1`.
//!
//! Signed are the exact bytes sent, with a fresh timestamp each attempt and the id that never
//! changes (standard-webhooks, `spec/standard-webhooks.md`).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::setting::Secret;

/// Bounds of a key in bytes, from the specification.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// Signs with one key, and with older ones while receivers change over.
#[derive(Clone)]
pub(super) struct Signer {
    keys: Vec<Vec<u8>>,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({} keys)", self.keys.len())
    }
}

impl Signer {
    /// Reads secrets of the form `whsec_` and base64; the newest first.
    ///
    /// # Errors
    ///
    /// What is wrong with one of them, without its value.
    pub(super) fn new(secrets: &[Secret]) -> Result<Self, String> {
        let keys = secrets.iter().map(key).collect::<Result<_, _>>()?;
        Ok(Self { keys })
    }

    /// The value of `webhook-signature`.
    pub(super) fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let one = |key: &Vec<u8>| {
            // HMAC takes keys of any length.
            let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
            mac.update(id.as_bytes());
            mac.update(b".");
            mac.update(timestamp.to_string().as_bytes());
            mac.update(b".");
            mac.update(body);
            Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
        };
        self.keys.iter().filter_map(one).collect::<Vec<_>>().join(" ")
    }
}

fn key(secret: &Secret) -> Result<Vec<u8>, String> {
    const SHAPE: &str =
        "write `whsec_` and 24 to 64 random bytes in base64 (openssl rand -base64 32)";
    let text = secret.expose().trim();
    let text = text.strip_prefix("whsec_").unwrap_or(text);
    let key = STANDARD.decode(text).map_err(|_| format!("it is no base64\n{SHAPE}"))?;
    match KEY_BYTES.contains(&key.len()) {
        true => Ok(key),
        false => Err(format!("its key has {} bytes\n{SHAPE}", key.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S1: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const S2: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    const S4: &str = "whsec_plJ3nmyCDGBKInavdOK15jsl";

    /// The key of one published vector is shorter than the specification wants, so it goes past the
    /// check of lengths.
    fn sign(secrets: &[&str], id: &str, timestamp: i64, body: &[u8]) -> String {
        if secrets == [S4] {
            let key = STANDARD.decode(S4.trim_start_matches("whsec_")).unwrap();
            return Signer { keys: vec![key] }.sign(id, timestamp, body);
        }
        let secrets: Vec<Secret> = secrets.iter().map(|secret| Secret::new(*secret)).collect();
        Signer::new(&secrets).unwrap().sign(id, timestamp, body)
    }

    #[test]
    fn the_published_vectors_hold() {
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        let body = br#"{"test": 2432232314}"#;
        let one = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(sign(&[S1], id, 1_614_265_330, body), one);
        assert_eq!(sign(&["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], id, 1_614_265_330, body), one);
        assert_eq!(
            sign(
                &[S2],
                "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
                1_649_367_553,
                br#"{"email":"test@example.com","username":"test_user"}"#
            ),
            "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="
        );
        assert_eq!(
            sign(
                &[S4],
                "msg_loFOjxBNrRLzqYUf",
                1_731_705_121,
                br#"{"event_type":"ping","data":{"success":true}}"#
            ),
            "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="
        );
        assert_eq!(
            sign(&[S1, S2], id, 1_614_265_330, body),
            format!("{one} v1,78nXHjpFP0tVJQW5D0SBwmVyyW87BV/rL6MgfM/Bw44=")
        );
    }

    #[test]
    fn odd_bodies_are_signed_as_they_are() {
        assert_eq!(
            sign(&[S1], "msg_empty0001", 1_700_000_000, b""),
            "v1,ZVgyoNxW+hxZqyQUDyFukrJU+uIKNDCTlmNV9XxumZM="
        );
        let text = "{\"title\":\"NATO – élargissement 🇫🇮\"}";
        assert_eq!(
            sign(&[S1], "msg_utf80001", 1_700_000_001, text.as_bytes()),
            "v1,/f9cjQLgY1eDBQeKYXDAfrS2sFfXHvO6Cljmi5eoWO4="
        );
        assert_eq!(
            sign(&[S1], "msg_nl0001", 1_700_000_002, b"{\n  \"a\": 1\n}\n"),
            "v1,vtvauaJix2g3Sm8i0Y3A8VRVjqcCFMhKwo/6t0XXEHI="
        );
    }

    #[test]
    fn secrets_of_no_use_are_refused_without_showing_them() {
        for wrong in ["", "whsec_", "whsec_AAAA", "not base64 at all!"] {
            let error = Signer::new(&[Secret::new(wrong)]).unwrap_err();
            assert!(error.contains("whsec_") && !error.contains("not base64 at all"), "{error}");
        }
        let shown = format!("{:?}", Signer::new(&[Secret::new(S1)]).unwrap());
        assert!(!shown.contains("MfKQ"), "{shown}");
    }
}
