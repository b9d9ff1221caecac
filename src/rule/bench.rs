//! What `benches/` measures of the rules; no part of the interface.

use super::scan::Scanner;
use super::term::Term;
use crate::text::fold_beginning;

/// Terms alone, without lists and rules.
#[derive(Debug)]
pub struct Terms(Scanner);

impl Terms {
    /// Reads and files terms, as a reload does. What is no term is left out.
    pub fn build(terms: &[String]) -> Self {
        let terms: Vec<Term> = terms.iter().filter_map(|term| Term::parse(term).ok()).collect();
        Self(Scanner::build(&terms))
    }

    /// Finds the terms in a text as in an item's; gives how many.
    pub fn count(&self, text: &str) -> usize {
        let candidates = self.0.candidates(text);
        match candidates.is_empty() {
            true => 0,
            false => {
                let folded = fold_beginning(text, candidates.tokens());
                self.0.confirm(&candidates, &folded).len()
            }
        }
    }
}
