//! Where a byte of a string stands in the TOML that wrote it: quotes, escapes and line ends lie
//! between the two.

/// The byte of the literal `raw`, quotes included, that holds byte `offset` of the string it stands
/// for. Past its end: the closing quote.
pub(super) fn locate(raw: &str, offset: usize) -> usize {
    let quote = raw.chars().next().unwrap_or_default();
    // Anything else is no string, and its beginning is as near as it gets.
    if !matches!(quote, '"' | '\'') || raw.len() < 2 || !raw.ends_with(quote) {
        return 0;
    }
    let triple = raw.len() >= 6 && raw.starts_with(&quote.to_string().repeat(3));
    let closing = raw.len() - if triple { 3 } else { 1 };
    let mut at = if triple { 3 } else { 1 };
    if triple {
        // A line end right after the opening quotes is no part of the string.
        at += raw[at..].starts_with('\r') as usize;
        at += raw.get(at..).is_some_and(|rest| rest.starts_with('\n')) as usize;
    }
    let mut decoded = 0;
    while at < closing && decoded <= offset {
        let Some((source, length)) = piece(&raw[at..closing], quote == '"') else { break };
        if decoded + length > offset {
            break;
        }
        decoded += length;
        at += source;
    }
    at.min(closing)
}

/// The next piece of a string: its bytes in the literal, and the bytes that it stands for.
fn piece(raw: &str, escapes: bool) -> Option<(usize, usize)> {
    let mut chars = raw.chars();
    let first = chars.next()?;
    if first != '\\' || !escapes {
        return Some((first.len_utf8(), first.len_utf8()));
    }
    let number = |digits: usize| {
        let code = raw.get(2..2 + digits).and_then(|hex| u32::from_str_radix(hex, 16).ok());
        (2 + digits, code.and_then(char::from_u32).map_or(1, char::len_utf8))
    };
    Some(match chars.next()? {
        'x' => number(2),
        'u' => number(4),
        'U' => number(8),
        c if c.is_whitespace() => {
            // A backslash at the end of a line swallows all blanks up to the next word.
            (1 + raw[1..].find(|c: char| !c.is_whitespace()).unwrap_or(raw.len() - 1), 0)
        }
        c => (1 + c.len_utf8(), 1),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use toml::de::{DeTable, DeValue};

    use super::*;

    /// The place of every character of a parsed string, by the parser's own span.
    fn check(literal: &str) {
        let text = format!("key = {literal}\n");
        let Ok(table) = DeTable::parse(&text) else { return };
        let value = &table.get_ref()["key"];
        let DeValue::String(decoded) = value.get_ref() else { return };
        let raw = &text[value.span()];
        let mut last = 0;
        for (offset, c) in decoded.char_indices() {
            let at = locate(raw, offset);
            assert!(at > last || offset == 0, "{literal}: {offset} goes back to {at}");
            last = at;
            let here = raw[at..].chars().next().unwrap();
            assert!(
                here == c || here == '\\' || here == '\r',
                "{literal}: {offset} is at {here:?}"
            );
        }
        let end = locate(raw, decoded.len());
        assert!(
            raw[end..].chars().all(|c| c == '"' || c == '\'' || c.is_whitespace() || c == '\\'),
            "{literal}: the end is at {end}"
        );
    }

    #[test]
    fn every_kind_of_string_is_followed() {
        for literal in [
            "'a @x'",
            "\"a \\\"b c\\\" @x\"",
            "\"\\u00e9 \\U0001F600 \\t x\"",
            "\"\"\"\na AND\n  @x\"\"\"",
            "\"\"\"a \\\n    b \\\n c\"\"\"",
            "'''\na \"b\" @x'''",
            "''",
            "\"\"\"\"\"\"",
            "\"é日本 @x\"",
        ] {
            check(literal);
        }
        assert_eq!(locate("\"a \\\"b\\\" @x\"", 6), 9);
        assert_eq!(locate("\"\"\"\nab\n@x\"\"\"", 3), 7);
        assert_eq!(locate("\"\"\"ab\\\n   @x\"\"\"", 2), 10);
    }

    proptest! {
        #[test]
        fn any_literal_is_followed(body in "([ a-z\"'\n@é日]|\\\\[ntu\"\\\\\n]|\\\\u00e9){0,24}", quote in "\"|'|\"\"\"|'''") {
            check(&format!("{quote}{body}{quote}"));
        }

        #[test]
        fn any_text_is_answered(raw in "\\PC{1,20}", offset in 0usize..30) {
            let at = locate(&raw, offset);
            prop_assert!(raw.get(at..).is_some());
        }
    }
}
