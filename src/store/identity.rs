//! How what a feed's entries are told apart by is kept: a byte of flags, how many marks of shared ids
//! and links, those, and six marks for each entry of the last document. Numbers are little-endian.

use crate::model::{Identity, Shown};

const IDS_FAIL: u8 = 1;
const LINKS_FAIL: u8 = 2;

/// The bytes; `None` where nothing was learned.
pub(super) fn to_bytes(identity: &Identity) -> Option<Vec<u8>> {
    if *identity == Identity::default() {
        return None;
    }
    let flags = u8::from(identity.ids_fail) * IDS_FAIL + u8::from(identity.links_fail) * LINKS_FAIL;
    let shared = u8::try_from(identity.shared.len()).unwrap_or(u8::MAX);
    let mut bytes = vec![flags, shared];
    let shared = identity.shared.iter().take(usize::from(shared)).copied();
    let shown = identity.shown.iter();
    let shown = shown.flat_map(|one| [one.id, one.link, one.title, one.dated, one.text, one.key]);
    shared.chain(shown).for_each(|mark| bytes.extend(mark.to_le_bytes()));
    Some(bytes)
}

/// Reads them; bytes of another form teach nothing.
pub(super) fn from_bytes(bytes: &[u8]) -> Identity {
    let [flags, shared, rest @ ..] = bytes else { return Identity::default() };
    let mut marks = rest.as_chunks::<4>().0.iter().map(|four| u32::from_le_bytes(*four));
    let shared = marks.by_ref().take(usize::from(*shared)).collect();
    let marks: Vec<u32> = marks.collect();
    let shown = marks.as_chunks::<6>().0.iter();
    let shown = shown.map(|&[id, link, title, dated, text, key]| Shown {
        id,
        link,
        title,
        dated,
        text,
        key,
    });
    Identity {
        ids_fail: flags & IDS_FAIL != 0,
        links_fail: flags & LINKS_FAIL != 0,
        shared,
        shown: shown.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_learned_reads_back() {
        let shown = |n: u32| Shown {
            id: n,
            link: n + 1,
            title: n + 2,
            dated: n + 3,
            text: n + 4,
            key: n + 5,
        };
        for identity in [
            Identity::default(),
            Identity { ids_fail: true, ..Identity::default() },
            Identity { links_fail: true, shared: vec![7, u32::MAX], ..Identity::default() },
            Identity {
                shared: vec![1],
                shown: (0..300).map(shown).collect(),
                ..Identity::default()
            },
        ] {
            let bytes = to_bytes(&identity).unwrap_or_default();
            assert_eq!(from_bytes(&bytes), identity);
        }
        assert_eq!(
            from_bytes(b"\x03\x02abc"),
            Identity { ids_fail: true, links_fail: true, ..Identity::default() }
        );
    }
}
