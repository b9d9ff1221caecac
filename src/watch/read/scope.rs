//! What is in force at a place of a document: namespaces by prefix, and the base of addresses.

use url::Url;

use super::dialect::Space;
use super::links::MAX_LENGTH;
use super::reference::{Attributes, attribute, resolve};

/// Most namespace bindings in force at once; later ones are ignored.
const MAX_BINDINGS: usize = 128;

/// Namespaces and bases, each with the height of the stack of elements at which it ends.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    bindings: Vec<(&'a str, Space, usize)>,
    document: Url,
    bases: Vec<(Url, usize)>,
}

impl<'a> Scope<'a> {
    /// The scope outside of every element.
    pub(super) fn new(document: &Url) -> Self {
        Self { bindings: Vec::new(), document: document.clone(), bases: Vec::new() }
    }

    /// The vocabulary of a prefix on a tag that binds `own` itself.
    pub(super) fn space(&self, prefix: &str, own: &[(&str, Space)]) -> Space {
        let own = own.iter().rev().find(|(bound, _)| *bound == prefix).map(|(_, space)| *space);
        own.or_else(|| {
            let mut outer = self.bindings.iter().rev();
            outer.find(|(bound, ..)| *bound == prefix).map(|(_, space, _)| *space)
        })
        .unwrap_or_else(|| Space::of_prefix(prefix))
    }

    /// Puts the bindings of a tag in force; `height` is the stack's with its element on top.
    pub(super) fn bind(&mut self, own: Vec<(&'a str, Space)>, height: usize) {
        let room = MAX_BINDINGS.saturating_sub(self.bindings.len());
        let own = own.into_iter().take(room);
        self.bindings.extend(own.map(|(prefix, space)| (prefix, space, height)));
    }

    /// What addresses are relative to.
    pub(super) fn base(&self) -> &Url {
        self.bases.last().map_or(&self.document, |(base, _)| base)
    }

    /// Puts the `xml:base` of a tag in force, if it has one that makes an address.
    pub(super) fn rebase(&mut self, attributes: &str, height: usize) {
        if !attributes.contains("base") && !attributes.contains("BASE") {
            return;
        }
        // CDF says it without the prefix.
        let base = attribute(attributes, "xml:base").or_else(|| attribute(attributes, "base"));
        let url = base.and_then(|base| self.base().join(base.trim()).ok());
        // Relative bases add up; what is longer than any link can be is of no use.
        if let Some(url) = url.filter(|url| url.as_str().len() <= MAX_LENGTH) {
            self.bases.push((url, height));
        }
    }

    /// Ends what an element at this height put in force.
    pub(super) fn leave(&mut self, height: usize) {
        while self.bindings.last().is_some_and(|(.., until)| *until >= height) {
            self.bindings.pop();
        }
        while self.bases.last().is_some_and(|(_, until)| *until >= height) {
            self.bases.pop();
        }
    }
}

/// The namespaces that a tag binds.
pub(super) fn bindings(attributes: &str) -> Vec<(&str, Space)> {
    if !attributes.contains("xmlns") {
        return Vec::new();
    }
    Attributes(attributes)
        .filter_map(|(name, uri)| {
            let prefix = name.strip_prefix("xmlns")?;
            let prefix = if prefix.is_empty() { prefix } else { prefix.strip_prefix(':')? };
            // An unknown default namespace does not make a feed foreign; an unknown prefix does.
            let unknown = if prefix.is_empty() { Space::Core } else { Space::Foreign };
            Some((prefix, Space::of(&resolve(uri)).unwrap_or(unknown)))
        })
        .take(MAX_BINDINGS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases_and_bindings_end_with_their_elements_and_stay_bounded() {
        let document = Url::parse("http://e.org/").unwrap();
        let mut scope = Scope::new(&document);
        scope.rebase(" xml:base='x/'", 1);
        scope.rebase(" xml:base='y/'", 2);
        assert_eq!(scope.base().as_str(), "http://e.org/x/y/");
        scope.leave(2);
        assert_eq!(scope.base().as_str(), "http://e.org/x/");
        for height in 2..2_000 {
            scope.rebase(&format!(" xml:base='{}/'", "z".repeat(100)), height);
            scope.bind(bindings(" xmlns:dc='http://example.org/other'"), height);
        }
        assert!(scope.base().as_str().len() <= MAX_LENGTH);
        assert!(scope.bindings.len() <= MAX_BINDINGS);
        assert_eq!(scope.space("dc", &[]), Space::Foreign);
        scope.leave(1);
        assert_eq!((scope.base(), scope.space("dc", &[])), (&document, Space::Dublin));
    }
}
