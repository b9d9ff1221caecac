//! JSON as it is found, made into JSON as it is specified: what breaks documents most often is text
//! that was pasted in without being escaped.

/// Escapes raw control characters in strings, takes senseless escapes for text, puts a replacement
/// character where half of a surrogate pair stands, drops commas that nothing follows, and takes words
/// that JSON does not know (`NaN`, `undefined`) for nothing, or for keys.
pub(super) fn mended(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    let mut rest = text;
    let mut inside = false;
    // Whether a comma waits for what follows it.
    let mut comma = false;
    while let Some(c) = rest.chars().next() {
        let whole = rest;
        rest = &rest[c.len_utf8()..];
        match (inside, c) {
            (true, '\\') => rest = escape(&mut out, rest),
            (true, '"') => {
                out.push('"');
                inside = false;
            }
            (true, c) if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            (false, ',') => comma = true,
            (false, c) if c <= ' ' => out.push(if c == '\n' { '\n' } else { ' ' }),
            (true, c) => out.push(c),
            (false, c) => {
                // One comma where several stand, none where nothing comes before or after.
                if std::mem::take(&mut comma)
                    && !matches!(c, ']' | '}')
                    && !out.trim_end().ends_with(['[', '{'])
                    && !out.trim_end().is_empty()
                {
                    out.push(',');
                }
                if c.is_alphabetic() && !out.ends_with(|c: char| c.is_ascii_digit() || c == '.') {
                    rest = word(&mut out, whole);
                    continue;
                }
                out.push(c);
                inside = c == '"';
            }
        }
    }
    out
}

/// Copies the escape whose backslash stood before `rest`; gives what follows.
fn escape<'a>(out: &mut String, rest: &'a str) -> &'a str {
    match rest.as_bytes().first() {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
            out.push('\\');
            out.push_str(&rest[..1]);
            &rest[1..]
        }
        Some(b'u') => match unit(rest) {
            Some(0xd800..=0xdbff) => {
                let low = rest[5..].strip_prefix('\\').and_then(unit);
                if let Some(0xdc00..=0xdfff) = low {
                    out.push('\\');
                    out.push_str(&rest[..11]);
                    return &rest[11..];
                }
                out.push('\u{fffd}');
                &rest[5..]
            }
            Some(0xdc00..=0xdfff) => {
                out.push('\u{fffd}');
                &rest[5..]
            }
            Some(_) => {
                out.push('\\');
                out.push_str(&rest[..5]);
                &rest[5..]
            }
            None => {
                out.push_str("\\\\");
                rest
            }
        },
        _ => {
            out.push_str("\\\\");
            rest
        }
    }
}

/// Writes the word at the start of `text`, or what it stands for; gives what follows.
fn word<'a>(out: &mut String, text: &'a str) -> &'a str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    match word {
        _ if rest.trim_start().starts_with(':') => {
            out.push('"');
            out.push_str(word);
            out.push('"');
        }
        "true" | "True" => out.push_str("true"),
        "false" | "False" => out.push_str("false"),
        _ => {
            // `-Infinity`
            if out.ends_with('-') {
                out.pop();
            }
            out.push_str("null");
        }
    }
    rest
}

/// The number in `uXXXX`.
fn unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix('u')?.get(..4)?;
    let sound = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    sound.then(|| u32::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sound_json_is_left_as_it_is() {
        for text in [r#"{"a": ["b\u0041\n\"",1,{}],"c": "\ud83d\ude00"}"#, "[]", "{}", "1"] {
            assert_eq!(mended(text), text);
        }
    }

    #[test]
    fn each_break_is_mended() {
        assert_eq!(mended("[\"a\nb\"]"), r#"["a\u000ab"]"#);
        assert_eq!(mended(r#"["\x \u12 \ud83d"]"#), "[\"\\\\x \\\\u12 \u{fffd}\"]");
        assert_eq!(mended("[,1,,2,]"), "[1,2]");
        assert_eq!(mended("[NaN,-Infinity,undefined,True,1e5]"), "[null,null,null,true,1e5]");
        assert_eq!(mended("{id: None}"), r#"{"id": null}"#);
    }

    proptest! {
        #[test]
        fn any_text_is_answered_and_stays(text in r#"[\[\]{},:"\\u0d8a-f \n]{0,60}"#) {
            let once = mended(&text);
            prop_assert_eq!(mended(&once), once);
        }
    }
}
