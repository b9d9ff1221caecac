//! Leaf parts of the config that every section uses: where a value stands, what is wrong with it,
//! secrets, durations, and a reader for tables that reports all mistakes instead of the first.
//!
//! A kind that owns a section reads it with [`Table`]; the words that it asks for are the words
//! that are allowed, so a misspelt key is found and answered with the nearest one.

mod diagnostic;
mod duration;
mod literal;
mod live;
mod secret;
mod table;

pub use diagnostic::{Diagnostic, FileId, Problems, Severity, Sources, Span};
pub use duration::{parse_duration, parse_time, show_duration};
pub use live::LiveSecret;
pub use secret::{Secret, SecretError, SecretSource};
pub use table::{Table, nearest};
