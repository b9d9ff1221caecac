//! Where a receiver is, and by what it is let in there, as numbers: compared over restarts, so that what an
//! old address has said does not count at a new one.
//!
//! The number of a place is a digest of its address. Addresses and tokens that are drawn by lot cannot be
//! told from it; words that people make up could be tried out. So of those one byte counts: enough to see
//! a change but for one in 256, and no help in guessing.

use sha2::{Digest, Sha256};

use crate::setting::LiveSecret;

/// The number of a place, the same in every run.
pub(super) fn number(parts: &[&str]) -> u64 {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let digest = hash.finalize();
    digest.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

/// The number of a place together with what one is let in by.
pub(super) fn entered<'k>(place: u64, keys: impl IntoIterator<Item = &'k LiveSecret>) -> u64 {
    let values: Vec<_> = keys.into_iter().map(LiveSecret::current).collect();
    let values: Vec<&str> = values.iter().map(|value| value.expose()).collect();
    (place & !0xff) | (number(&values) & 0xff)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setting::{Secret, SecretSource};

    #[test]
    fn a_place_has_its_number_in_every_run_and_keys_count_for_a_byte() {
        assert_eq!(number(&["https://hooks.example/a"]), 0xd7b6_58fe_076c_90dc);
        assert_ne!(number(&["ab", "c"]), number(&["a", "bc"]));
        let key = |word: &str| LiveSecret::open(&SecretSource::Inline(Secret::new(word))).unwrap();
        let (old, new) = (key("old"), key("new"));
        let place = number(&["x"]);
        assert_ne!(entered(place, [&old]), entered(place, [&new]));
        assert_eq!(entered(place, [&old]) >> 8, place >> 8);
    }
}
