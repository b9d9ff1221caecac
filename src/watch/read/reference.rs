//! Inside a tag and inside a text: attributes, and references to characters.

use std::borrow::Cow;

use super::token::name_length;

/// Reads the attributes of a tag; values come raw.
#[derive(Debug, Clone)]
pub(super) struct Attributes<'a>(pub(super) &'a str);

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<(&'a str, &'a str)> {
        loop {
            let rest = self.0.trim_start_matches(|c: char| {
                c.is_whitespace() || matches!(c, '/' | '"' | '\'' | '=' | '<' | '>')
            });
            if rest.is_empty() {
                return None;
            }
            let name = &rest[..name_length(rest)];
            let after = rest[name.len()..].trim_start();
            let Some(value) = after.strip_prefix('=') else {
                self.0 = after;
                return Some((name, ""));
            };
            let value = value.trim_start();
            let (value, rest) = match value.chars().next() {
                Some(quote @ ('"' | '\'')) => {
                    let inside = &value[1..];
                    match inside.find(quote) {
                        Some(end) => (&inside[..end], &inside[end + 1..]),
                        None => (inside, ""),
                    }
                }
                _ => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
            };
            self.0 = rest;
            if !name.is_empty() {
                return Some((name, value));
            }
        }
    }
}

/// The value of the first attribute with this name, in any case, references resolved.
pub(super) fn attribute<'a>(attributes: &'a str, name: &str) -> Option<Cow<'a, str>> {
    Attributes(attributes)
        .find(|(found, _)| found.eq_ignore_ascii_case(name))
        .map(|(_, value)| resolve(value))
}

/// What a reference stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reference {
    /// One of the five that XML knows, with its character.
    Known(char),
    /// A number that stands for this character.
    Number(char),
    /// A number that stands for no character.
    Nothing,
}

/// The reference at the start of `text` (which begins with `&`) and its length. `None` where no
/// reference stands, or a named one that XML does not know: HTML names are resolved with the rest of
/// the markup.
pub(super) fn reference(text: &str) -> Option<(Reference, usize)> {
    for (known, character) in
        [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>'), ("&quot;", '"'), ("&apos;", '\'')]
    {
        if text.starts_with(known) {
            return Some((Reference::Known(character), known.len()));
        }
    }
    let (number, length) = number(text)?;
    if let Some(high @ 0xd800..=0xdbff) = number
        && let Some((Some(low @ 0xdc00..=0xdfff), more)) = self::number(&text[length..])
    {
        // One character written as the two halves that UTF-16 has for it.
        let whole = char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00));
        return Some((whole.map_or(Reference::Nothing, Reference::Number), length + more));
    }
    let meaning = number.and_then(character);
    Some((meaning.map_or(Reference::Nothing, Reference::Number), length))
}

/// The number of a numeric reference, if it is none beyond all bounds, and the reference's length.
fn number(text: &str) -> Option<(Option<u32>, usize)> {
    let digits = text.strip_prefix("&#")?;
    let (digits, radix, head) = match digits.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16, 3),
        None => (digits, 10, 2),
    };
    let count = digits.bytes().take_while(|byte| char::from(*byte).is_digit(radix)).count();
    if count == 0 || !digits[count..].starts_with(';') {
        return None;
    }
    Some((u32::from_str_radix(&digits[..count], radix).ok(), head + count + 1))
}

/// The character behind a number. 128 to 159 are control characters that nobody means: old tools
/// wrote windows-1252 there.
fn character(number: u32) -> Option<char> {
    if let Ok(byte @ 0x80..=0x9f) = u8::try_from(number) {
        return encoding_rs::WINDOWS_1252.decode_without_bom_handling(&[byte]).0.chars().next();
    }
    let printable = number >= 0x20 || matches!(number, 9 | 10 | 13);
    char::from_u32(number).filter(|_| printable && !matches!(number, 0xfffe | 0xffff))
}

/// Resolves references in an attribute or a short text; those that HTML knows only with their `;`,
/// so that `?a=1&copy=2` stays what it is.
pub(super) fn resolve(raw: &str) -> Cow<'_, str> {
    if !raw.contains('&') {
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = match reference(rest) {
            Some((Reference::Known(one) | Reference::Number(one), length)) => {
                out.push(one);
                length
            }
            Some((Reference::Nothing, length)) => length,
            None => {
                out.push('&');
                1
            }
        };
        rest = &rest[length..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_in_every_style() {
        let found: Vec<_> = Attributes(" a='1' b=\"2\" c = 3 d e='&amp;'").collect();
        assert_eq!(found, [("a", "1"), ("b", "2"), ("c", "3"), ("d", ""), ("e", "&amp;")]);
        assert_eq!(attribute(" HREF='x?a=1&amp;b&copy=2'", "href").unwrap(), "x?a=1&b&copy=2");
    }

    #[test]
    fn references_are_resolved_or_left() {
        assert_eq!(resolve("&#65;&#x42;&#X43;&#150;&#0;&#x1F;&nbsp;&x"), "ABC\u{2013}&nbsp;&x");
        assert_eq!(reference("&#99999999999999999999;"), Some((Reference::Nothing, 23)));
        assert_eq!(resolve("&#55357;&#56832; &#xD83D;&#xDE00; &#xD83D; &#xDE00;"), "😀 😀  ");
    }
}
