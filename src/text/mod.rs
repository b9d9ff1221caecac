//! Text in and out: folding for comparison, markup to plain text, cleaning at intake, canonical
//! links, and how rare a word is. Pure functions without configuration.

mod clean;
mod fold;
mod html;
mod idf;
mod url;

pub use clean::{clean, clean_lines, cut};
pub use fold::{Case, Folded, Reader, Token, fold, fold_beginning, fold_title, skim};
pub use html::{clean_text, html_to_text};
pub use idf::{common_words, idf};
pub use url::{canonical_form, canonical_url, is_article_url};
