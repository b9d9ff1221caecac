//! What the second round adds: a new move in a known story, a known story once more, and a little
//! ordinary news.

use super::Entry;
use super::outlets::{GATHER, HARBOUR, HERALD, WIRE};

pub(super) const ENTRIES: &[Entry] = &[
    Entry::new(
        "nato-invites-bosnia",
        WIRE,
        20,
        "NATO formally invites Bosnia and Herzegovina to join the alliance",
        "Foreign ministers agreed on the invitation in Brussels; accession talks \
         begin next month.",
    )
    .round(2),
    // The wire's rewrite once more, at an address of its own.
    Entry::new(
        "asian-nato-grows",
        HARBOUR,
        30,
        "America, Britin hurrying to enlarge Asian NATO",
        "A newspaper report says that two more countries stand at the door of the three-nation pact.",
    )
    .round(2),
    Entry::new(
        "ski-lift",
        HERALD,
        10,
        "Ski lift reopens after avalanche check",
        "The north slope stays shut until the weekend.",
    )
    .round(2),
    Entry::new(
        "ng-48302",
        GATHER,
        15,
        "Old lighthouse sold for the price of a garage",
        "The buyer must keep the lamp burning and the stairs open on Sundays.",
    )
    .round(2),
];
