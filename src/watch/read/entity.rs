//! The names that a document defines for texts of its own (`<!ENTITY q "AUKUS">`), put in their places.
//!
//! Few feeds have any, and a rule would look for a word where `&q;` stands. They are put in once and
//! flat: what a text refers to in turn stays a reference, so nothing grows without end. Files that a
//! definition names are never fetched.

use std::borrow::Cow;
use std::collections::HashMap;

/// How far into a document its definitions are looked for.
const HEAD: usize = 64 << 10;
/// Most definitions, and the longest text and name of one.
const MOST: usize = 256;
const LONGEST: usize = 1_000;
const LONGEST_NAME: usize = 64;
/// What a document may grow by; later references stay as they are.
const GROWTH: usize = 1 << 20;
/// Names that mean the same in every document.
const FIXED: [&str; 5] = ["amp", "lt", "gt", "quot", "apos"];

/// The document with its own names put in.
pub(super) fn expanded(text: &str) -> Cow<'_, str> {
    let Some((defined, body)) = definitions(text) else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len());
    out.push_str(&text[..text.len() - body.len()]);
    let mut room = GROWTH;
    let mut rest = body;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let found = name(&rest[1..]).and_then(|name| Some((name, *defined.get(name)?)));
        match found.filter(|(_, value)| value.len() <= room) {
            Some((name, value)) => {
                out.push_str(value);
                room -= value.len();
                rest = &rest[name.len() + 2..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The definitions of a document and what follows them; `None` where it has none.
fn definitions(text: &str) -> Option<(HashMap<&str, &str>, &str)> {
    let mut head = text.len().min(HEAD);
    while !text.is_char_boundary(head) {
        head -= 1;
    }
    let begin = text[..head].find("<!DOCTYPE")?;
    let end = begin + text[begin..head].find("]>")?;
    let mut defined = HashMap::new();
    for part in text[begin..end].split("<!ENTITY").skip(1).take(MOST) {
        let Some((name, rest)) = part.trim_start().split_once(char::is_whitespace) else {
            continue;
        };
        let rest = rest.trim_start();
        let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
        let Some((value, _)) = rest[1..].split_once(quote) else { continue };
        // Mark-up is none of what a text says.
        let fits = value.len() <= LONGEST && !value.contains('<');
        if fits && !FIXED.contains(&name) {
            // The first definition counts.
            defined.entry(name).or_insert(value);
        }
    }
    (!defined.is_empty()).then_some((defined, &text[end..]))
}

/// The name of a reference, after its `&`.
fn name(text: &str) -> Option<&str> {
    let end = text.bytes().take(LONGEST_NAME + 1).position(|byte| byte == b';')?;
    Some(&text[..end])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_documents_own_names_are_put_in_once() {
        let head = "<?xml version='1.0'?><!DOCTYPE rss [<!ENTITY q \"AUKUS\"> <!ENTITY % p SYSTEM 'x'>\n\
                    <!ENTITY f SYSTEM \"file:///etc/passwd\"><!ENTITY two 'a &q;'><!ENTITY i '<item>'><!ENTITY amp 'x'>]>";
        let read = |body: &str| expanded(&format!("{head}{body}"))[head.len()..].to_owned();
        assert_eq!(
            read("<t>&q; & &two; &amp;q; &nbsp;&f;&i;&x"),
            "<t>AUKUS & a &q; &amp;q; &nbsp;&f;&i;&x"
        );
        let plain = "<rss>&q;</rss>";
        assert!(matches!(expanded(plain), Cow::Borrowed(text) if text == plain));
    }

    #[test]
    fn a_document_grows_by_so_much_at_most() {
        let value = "x".repeat(LONGEST);
        let text = format!("<!DOCTYPE r [<!ENTITY a '{value}'>]>{}", "&a;".repeat(100_000));
        assert!(expanded(&text).len() <= text.len() + GROWTH);
    }

    proptest! {
        #[test]
        fn any_text_is_answered(rest in "(<!ENTITY |a|'|\"|&a;|&|;|\\]>|>|é| ){0,30}") {
            let text = format!("<!DOCTYPE a [<!ENTITY a 'b'>{rest}");
            prop_assert!(expanded(&text).len() <= text.len() + GROWTH);
        }
    }
}
