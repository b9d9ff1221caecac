//! The rules: a lexicon of named lists, a query language over it, and out of a match a move.
//!
//! A config is read into a [`Draft`], the draft is built into a [`RuleSet`], and
//! [`RuleSet::judge`] says of an item which rules hold, with the evidence as data;
//! [`RuleSet::examine`] says, too, which nearly did. Nothing here knows stories, the ledger or who is told.
//!
//! The way of an item: a look for the names without which no rule holds sends most items away (`gate`).
//! One pass over the words of the rest finds where terms may stand (`scan`), and a `glance` at those
//! sends more away. Of the others `hits` folds the texts, takes away what is masked and
//! weighs what is weak, `door` tells names that are doors from adjectives; `eval` asks each query,
//! once per alliance named (`ask`); `parties` tells who can knock, `moves` who does what about whom,
//! `owner` whose bid it is and `named` whom the rest of the item adds; `matched` puts it together;
//! `gloss` says what foreign evidence means, `miss` what was missing, `recognise` what was seen besides.

mod ask;
#[doc(hidden)]
pub mod bench;
mod build;
mod clause;
mod door;
mod drift;
mod eval;
mod example;
mod gate;
mod genre;
mod glance;
mod gloss;
mod hits;
mod lexicon;
mod matched;
mod miss;
mod moves;
mod named;
mod owner;
mod parties;
mod parts;
mod query;
mod recognise;
mod regex;
mod resolve;
mod scan;
mod section;
mod set;
mod term;

pub use drift::{Drift, SILENT_DAYS, drift};
pub use query::QueryError;
pub use section::Draft;
pub use set::{RuleInfo, RuleSet};

#[cfg(test)]
mod language;
#[cfg(test)]
mod tests;
