//! What is filed under which key: a filter that says "not here" to nearly every word of a text at
//! the price of one look, and a table behind a second filter, because a table does not fit into the
//! nearest caches.

use std::ops::Range;

/// Sizes of filters, in words of 64 bits, one at least for each key where there is one as large: of the
/// words that are not filed, one in a thousand passes. Sizes are known beforehand so that a look costs
/// a multiplication, some shifts and a comparison; the largest, 64 KB, must stay in the nearest
/// caches.
const SMALL: usize = 1 << 8;
const MEDIUM: usize = 1 << 11;
const LARGE: usize = 1 << 13;
/// Places of the table for two values, at least.
const SPREAD: usize = 3;
/// How many salts are tried. A filter that holds "the" by chance would ask the table at every "the".
const TRIES: usize = 32;
/// Odd numbers with bits all over: the fractions of the golden ratio and of √5.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
const ROOT_5: u64 = 0x3c6e_f372_fe94_f82b;

/// Values by key.
#[derive(Debug, Clone)]
pub(super) struct Filed<T> {
    signs: AnyFilter,
    keys: AnyFilter,
    /// As many as a power of two.
    places: Vec<Place>,
    values: Vec<T>,
}

/// A set that may hold more than was put into it; `WORDS` is a power of two.
#[derive(Debug, Clone)]
pub(super) struct Filter<const WORDS: usize> {
    bits: Box<[u64; WORDS]>,
    /// What numbers are multiplied with; the upper bits then are a word of the filter and two bits of
    /// it. Two bits of one word cost one look into memory and err far less often than one.
    salt: u64,
}

impl<const WORDS: usize> Filter<WORDS> {
    const SHIFT: u32 = u64::BITS - WORDS.ilog2();

    /// A filter that holds some numbers and, of some others, as few as can be: those that are asked
    /// for most, with how often.
    fn of(numbers: &[u64], others: &[(u64, f32)]) -> Self {
        let mut best: Option<(f32, Self)> = None;
        let mut salt = GOLDEN;
        for _ in 0..TRIES {
            let filter = Self::salted(numbers, salt);
            let held = others.iter().filter(|(number, _)| filter.may_hold(*number));
            let cost: f32 = held.map(|(_, weight)| weight).sum();
            if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                best = Some((cost, filter));
            }
            if cost == 0.0 {
                break;
            }
            salt = mixed(salt) | 1;
        }
        best.map_or_else(|| Self::salted(numbers, GOLDEN), |(_, filter)| filter)
    }

    fn salted(numbers: &[u64], salt: u64) -> Self {
        let mut filter = Self { bits: Box::new([0; WORDS]), salt };
        for number in numbers {
            let (word, bits) = filter.place(*number);
            filter.bits[word] |= bits;
        }
        filter
    }

    #[inline(always)]
    fn place(&self, number: u64) -> (usize, u64) {
        let salted = number.wrapping_mul(self.salt);
        let bit = |down: u32| 1 << ((salted >> (Self::SHIFT - down)) & 63);
        ((salted >> Self::SHIFT) as usize, bit(6) | bit(12))
    }

    /// Whether a number may be in it; `false` is certain.
    #[inline(always)]
    pub(super) fn may_hold(&self, number: u64) -> bool {
        let (word, bits) = self.place(number);
        self.bits[word] & bits == bits
    }
}

/// A filter of one of the sizes.
#[derive(Debug, Clone)]
pub(super) enum AnyFilter {
    Small(Filter<SMALL>),
    Medium(Filter<MEDIUM>),
    Large(Filter<LARGE>),
}

impl AnyFilter {
    fn of(numbers: &[u64], others: &[(u64, f32)]) -> Self {
        if numbers.len() <= SMALL {
            Self::Small(Filter::of(numbers, others))
        } else if numbers.len() <= MEDIUM {
            Self::Medium(Filter::of(numbers, others))
        } else {
            Self::Large(Filter::of(numbers, others))
        }
    }

    fn may_hold(&self, number: u64) -> bool {
        match self {
            Self::Small(filter) => filter.may_hold(number),
            Self::Medium(filter) => filter.may_hold(number),
            Self::Large(filter) => filter.may_hold(number),
        }
    }
}

/// The values under one key; none where the place is empty.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    key: u64,
    first: u32,
    last: u32,
}

impl<T> Filed<T> {
    /// Files values under their keys. `signs` are what a word is first known by, `common` the signs
    /// that will be asked for most, filed or not, with how often.
    pub(super) fn new(mut all: Vec<(u64, T)>, signs: &[u64], common: &[(u64, f32)]) -> Self {
        all.sort_by_key(|(key, _)| *key);
        let keys: Vec<u64> = all.iter().map(|(key, _)| mixed(*key)).collect();
        let size = (all.len() * SPREAD / 2 + 1).next_power_of_two();
        let mut filed = Self {
            signs: AnyFilter::of(signs, common),
            keys: AnyFilter::of(&keys, &[]),
            places: vec![Place::default(); size],
            values: Vec::new(),
        };
        for ((key, _), index) in all.iter().zip(0..) {
            let at = filed.place(*key);
            let place = &mut filed.places[at];
            if place.last == 0 {
                *place = Place { key: *key, first: index, last: index };
            }
            place.last += 1;
        }
        Self { values: all.into_iter().map(|(_, value)| value).collect(), ..filed }
    }

    /// The place of a key, or the empty one where it would be.
    fn place(&self, key: u64) -> usize {
        let end = self.places.len() - 1;
        let mut at = (mixed(key) >> 32) as usize & end;
        // One place in three is empty, so this ends.
        while self.places[at].last > 0 && self.places[at].key != key {
            at = (at + 1) & end;
        }
        at
    }

    /// The signs under which something may be filed.
    pub(super) fn signs(&self) -> &AnyFilter {
        &self.signs
    }

    /// What is filed under a key, by number.
    #[inline]
    pub(super) fn get(&self, key: u64) -> Range<u32> {
        if !self.keys.may_hold(mixed(key)) {
            return 0..0;
        }
        let Place { first, last, .. } = self.places[self.place(key)];
        first..last
    }

    /// A value by its number.
    pub(super) fn value(&self, number: u32) -> Option<&T> {
        self.values.get(number as usize)
    }
}

/// A key with each bit in every other: those of the scanner know few letters in their lower half.
fn mixed(key: u64) -> u64 {
    (key ^ (key >> 29)).wrapping_mul(ROOT_5)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_asked_for_most_is_not_held_by_chance() {
        let numbers: Vec<u64> = (0..2_000).map(mixed).collect();
        let others: Vec<(u64, f32)> = (2_000..2_020).map(|number| (mixed(number), 1.0)).collect();
        let filter = Filter::<MEDIUM>::of(&numbers, &others);
        assert!(numbers.iter().all(|number| filter.may_hold(*number)));
        assert!(!others.iter().any(|(number, _)| filter.may_hold(*number)));
    }

    proptest! {
        #[test]
        fn what_is_filed_is_found_and_nothing_else(
            keys in proptest::collection::vec(0u64..60, 0..80),
            spread in any::<u64>(),
        ) {
            let key = |number: u64| number.wrapping_mul(spread | 1);
            let all = keys.iter().enumerate().map(|(value, number)| (key(*number), value));
            let signs: Vec<u64> = keys.iter().map(|number| key(number % 7)).collect();
            let filed = Filed::new(all.collect(), &signs, &[]);
            for number in 0..60 {
                let wanted: Vec<usize> =
                    (0..keys.len()).filter(|value| keys[*value] == number).collect();
                prop_assert!(wanted.is_empty() || filed.signs().may_hold(key(number % 7)));
                let found: Vec<usize> =
                    filed.get(key(number)).map(|number| *filed.value(number).unwrap()).collect();
                prop_assert_eq!(found, wanted);
            }
        }
    }
}
