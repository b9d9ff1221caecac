//! `X-Hub-Signature`: that what came was pushed by the hub that knows our key (WebSub, section 7.1).

use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

/// Whether a header `method=hex` is the signature of a body under a key. Unknown methods are none.
pub(super) fn is_signed(header: &str, key: &str, body: &[u8]) -> bool {
    let Some((method, hex)) = header.trim().split_once('=') else { return false };
    let Some(tag) = unhex(hex) else { return false };
    match method.to_ascii_lowercase().as_str() {
        // Weak for documents, sound in an HMAC, and what the oldest hubs send.
        "sha1" => fits::<Hmac<Sha1>>(key, body, &tag),
        "sha256" => fits::<Hmac<Sha256>>(key, body, &tag),
        "sha384" => fits::<Hmac<Sha384>>(key, body, &tag),
        "sha512" => fits::<Hmac<Sha512>>(key, body, &tag),
        _ => false,
    }
}

/// Compares in constant time.
fn fits<M: Mac + KeyInit>(key: &str, body: &[u8], tag: &[u8]) -> bool {
    <M as KeyInit>::new_from_slice(key.as_bytes()).is_ok_and(|mut mac| {
        mac.update(body);
        mac.verify_slice(tag).is_ok()
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    // Longer than any tag.
    if text.len() > 128 || !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    let pairs = text.as_bytes().chunks_exact(2);
    pairs.map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors of RFC 2202 (test 2) and RFC 4231 (test case 2): key "Jefe".
    const BODY: &[u8] = b"what do ya want for nothing?";
    const TAGS: [&str; 4] = [
        "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
        "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        "sha384=af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e\
         8e2240ca5e69e2c78b3239ecfab21649",
        "sha512=164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
         9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
    ];

    #[test]
    fn published_vectors_fit() {
        for tag in TAGS {
            assert!(is_signed(tag, "Jefe", BODY), "{tag}");
            assert!(is_signed(&tag.to_ascii_uppercase(), "Jefe", BODY), "{tag}");
            assert!(!is_signed(tag, "jefe", BODY) && !is_signed(tag, "Jefe", b"nothing"), "{tag}");
        }
    }

    #[test]
    fn what_is_no_signature_fits_nothing() {
        for header in
            ["", "sha256", "sha256=", "sha256=5b", "md5=00", "=", "sha1=zz", "sha1=+f+f", "sha1=é0"]
        {
            assert!(!is_signed(header, "Jefe", BODY), "{header}");
        }
        assert!(!is_signed(&format!("sha256={}", "0".repeat(1000)), "Jefe", BODY));
    }
}
