//! The rules: a lexicon of named lists, a query language over it, and out of a match a move.
//!
//! A config is read into a [`Draft`], the draft is built into a [`RuleSet`], and
//! [`RuleSet::examine`] says of an item which rules hold, with the evidence as data, and which nearly
//! did. Nothing here knows stories, the ledger or who is told.
//!
//! The way of an item: `hits` folds its texts and finds every term in one pass (`scan`), takes away
//! what is masked and weighs what is weak; `eval` asks each query, once per alliance named; `moves`
//! reads who does what about whom; `set` puts it together; `gloss` says what
//! foreign evidence means, `miss` what was missing, `recognise` what was seen besides.

#[doc(hidden)]
pub mod bench;
mod build;
mod drift;
mod eval;
mod example;
mod genre;
mod gloss;
mod hits;
mod lexicon;
mod miss;
mod moves;
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
