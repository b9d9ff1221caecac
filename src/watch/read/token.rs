//! A tokeniser for XML as it is found, not as it is specified.
//!
//! It never fails and reads every byte a bounded number of times: comments, instructions and document
//! types are skipped, a tag that is cut off or badly quoted ends at the most likely place, and a `<`
//! that begins no tag is text. What the tags mean is left to `dialect` and `repair`.

/// One piece of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// Characters between tags, references unresolved.
    Text(&'a str),
    /// What stands in a CDATA section; taken literally.
    Cdata(&'a str),
    /// A start tag.
    Open {
        /// Name with its prefix.
        name: &'a str,
        /// Everything between the name and the end of the tag.
        attributes: &'a str,
        /// Whether it closes itself.
        empty: bool,
    },
    /// An end tag.
    Close(&'a str),
}

/// Reads tokens off a text.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    text: &'a str,
    at: usize,
    /// Set once no end of a comment, CDATA section or declaration is left, so that none is searched
    /// for again and the whole stays linear.
    no_comment_end: bool,
    no_cdata_end: bool,
    no_declaration_end: bool,
    /// A CDATA section, comment or tag had no end.
    pub(super) cut: bool,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            no_comment_end: false,
            no_cdata_end: false,
            no_declaration_end: false,
            cut: false,
        }
    }

    /// Where the next token begins.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Skips a comment, instruction or declaration at the position, if one is there.
    fn skip_aside(&mut self) -> bool {
        let rest = self.rest();
        if let Some(inside) = rest.strip_prefix("<!--") {
            let end = if self.no_comment_end { None } else { inside.find("-->") };
            self.at += 4;
            match end {
                Some(end) => self.at += end + 3,
                None => (self.no_comment_end, self.cut) = (true, true),
            }
        } else if rest.starts_with("<?") {
            // `?>` ends it; where that is missing, the tag's own end does.
            let end = rest.find('>').map_or(rest.len(), |end| end + 1);
            self.at += end;
        } else if rest.starts_with("<!") && !begins_cdata(rest) {
            let length = if self.no_declaration_end { None } else { declaration_length(rest) };
            self.no_declaration_end |= length.is_none();
            // Without an end, as little as possible is skipped.
            let first = || rest.find('>').map_or(rest.len(), |end| end + 1);
            self.at += length.unwrap_or_else(first);
        } else {
            return false;
        }
        true
    }

    fn cdata(&mut self) -> Token<'a> {
        self.at += "<![CDATA[".len();
        let rest = self.rest();
        let end = if self.no_cdata_end { None } else { rest.find("]]>") };
        match end {
            Some(end) => {
                self.at += end + 3;
                Token::Cdata(&rest[..end])
            }
            None => {
                // Nothing closes it: the element that holds it does.
                (self.no_cdata_end, self.cut) = (true, true);
                let end = rest.find("</").unwrap_or(rest.len());
                self.at += end;
                Token::Cdata(&rest[..end])
            }
        }
    }

    fn close(&mut self) -> Token<'a> {
        let rest = &self.rest()[2..];
        let end = rest.find(['>', '<']).unwrap_or(rest.len());
        let ended = rest[end..].starts_with('>');
        self.at += 2 + end + usize::from(ended);
        let name = rest[..end].trim();
        Token::Close(&name[..name_length(name)])
    }

    fn open(&mut self) -> Option<Token<'a>> {
        let rest = &self.rest()[1..];
        let Some((inside, length)) = tag_inside(rest) else {
            // The document ends inside this tag; half a tag says nothing.
            self.at = self.text.len();
            self.cut = true;
            return None;
        };
        self.at += 1 + length;
        let name = &inside[..name_length(inside)];
        let attributes = inside[name.len()..].trim_end();
        let (attributes, empty) = match attributes.strip_suffix('/') {
            Some(attributes) => (attributes, true),
            None => (attributes, false),
        };
        Some(Token::Open { name, attributes, empty })
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let rest = self.rest();
            if rest.is_empty() {
                return None;
            }
            if !rest.starts_with('<') {
                let end = rest.find('<').unwrap_or(rest.len());
                self.at += end;
                return Some(Token::Text(&rest[..end]));
            }
            if begins_cdata(rest) {
                return Some(self.cdata());
            }
            if self.skip_aside() {
                continue;
            }
            let mut after = rest[1..].chars();
            return match after.next() {
                Some('/') if after.next().is_some_and(begins_name) => Some(self.close()),
                Some(first) if begins_name(first) => self.open(),
                _ => {
                    self.at += 1;
                    Some(Token::Text(&rest[..1]))
                }
            };
        }
    }
}

/// Whether a CDATA section begins; some write it in small letters.
fn begins_cdata(rest: &str) -> bool {
    rest.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("<![CDATA["))
}

fn begins_name(first: char) -> bool {
    first.is_alphabetic() || first == '_'
}

pub(super) fn name_length(text: &str) -> usize {
    text.find(|c: char| c.is_whitespace() || matches!(c, '/' | '>' | '=' | '"' | '\'' | '<'))
        .unwrap_or(text.len())
}

/// Length of `<!…>`, an internal subset included; `None` where it has no end.
fn declaration_length(rest: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (at, byte) in rest.bytes().enumerate() {
        match byte {
            b'[' => depth += 1,
            b']' => depth = depth.saturating_sub(1),
            b'>' if depth == 0 => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The inside of the tag that begins `rest` (after its `<`), and its length with the end. `None`
/// where the text ends first. A quote that is never closed before the next `<` is no quote.
fn tag_inside(rest: &str) -> Option<(&str, usize)> {
    let mut quote = None;
    let mut first_end = None;
    let mut before = b' ';
    for (at, byte) in rest.bytes().enumerate() {
        match (byte, quote) {
            (b'<', None) => return Some((&rest[..at], at)),
            (b'<', Some(_)) if first_end.is_some() => break,
            (b'>', None) => return Some((&rest[..at], at + 1)),
            (b'>', Some(_)) => {
                first_end.get_or_insert(at);
            }
            // A quote opens a value only after `=`; elsewhere it is a slip.
            (b'"' | b'\'', None) if before == b'=' => quote = Some(byte),
            (_, Some(open)) if open == byte => quote = None,
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            before = byte;
        }
    }
    first_end.map(|at| (&rest[..at], at + 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::reference::Attributes;
    use super::*;

    fn open<'a>(name: &'a str, attributes: &'a str) -> Token<'a> {
        Token::Open { name, attributes, empty: false }
    }

    fn all(text: &str) -> Vec<Token<'_>> {
        Tokens::new(text).collect()
    }

    #[test]
    fn plain_markup_comes_apart() {
        assert_eq!(
            all("<?xml version='1.0'?><!-- <x> --><a b='1'>t<![CDATA[<c>]]><d/></a >"),
            [
                open("a", " b='1'"),
                Token::Text("t"),
                Token::Cdata("<c>"),
                Token::Open { name: "d", attributes: "", empty: true },
                Token::Close("a"),
            ]
        );
        assert_eq!(all("<!DOCTYPE r [<!ENTITY a \"b\">]><r>"), [open("r", "")]);
    }

    #[test]
    fn broken_markup_ends_where_it_is_meant_to() {
        assert_eq!(all("1 < 2"), [Token::Text("1 "), Token::Text("<"), Token::Text(" 2")]);
        assert_eq!(all("<a b=\"1><c>"), [open("a", " b=\"1"), open("c", "")]);
        assert_eq!(all("<a b='x>y'>"), [open("a", " b='x>y'")]);
        assert_eq!(all("<a <b>"), [open("a", ""), open("b", "")]);
        assert_eq!(all("</feed"), [Token::Close("feed")]);
        assert_eq!(all("<![CDATA[x</a>"), [Token::Cdata("x"), Token::Close("a")]);
        assert_eq!(all("<a href='x"), []);
        assert_eq!(all("<![cdata[x]]>"), [Token::Cdata("x")]);
    }

    proptest! {
        #[test]
        fn any_text_comes_to_an_end(text in "[<>!/?a-c\\[\\]\"'= \\-&;#DCAT\u{e9}]{0,80}") {
            let mut tokens = Tokens::new(&text);
            let mut before = 0;
            while tokens.next().is_some() {
                prop_assert!(tokens.position() > before);
                before = tokens.position();
            }
            for token in Tokens::new(&text) {
                if let Token::Open { attributes, .. } = token {
                    prop_assert!(Attributes(attributes).count() <= attributes.len());
                }
            }
        }
    }
}
