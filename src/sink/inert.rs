//! Takes the life out of feed text before it goes to a chat, and fits it into a budget.
//!
//! Chats turn bare words into mentions, links, tags and commands, and most have no escape against
//! it. A zero-width space in the right place keeps the words readable and dead. Intake drops that
//! character, so it is always one of ours.

use crate::text::cut;

/// What breaks a word for machines and not for eyes.
const BREAK: char = '\u{200b}';

/// Text that no chat takes for a mention, a link, a tag or a command.
pub(super) fn defuse(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len() + 8);
    for (at, c) in letters.iter().enumerate() {
        out.push(*c);
        let before = at.checked_sub(1).and_then(|at| letters.get(at));
        let (next, after) = (letters.get(at + 1), letters.get(at + 2));
        let word = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric() || *c == '_');
        let live = match c {
            // @channel, @user, mail addresses.
            '@' => true,
            // #channel, hashtags.
            '#' => word(next),
            // https://, whatever the scheme.
            ':' => next == Some(&'/'),
            // Hosts without a scheme: evil.example, www.evil.example.
            '.' => {
                let letter = |c: Option<&char>| c.is_some_and(|c| c.is_alphabetic());
                word(before) && letter(next) && letter(after)
            }
            // Commands of bots.
            '/' => before.is_none_or(|c| c.is_whitespace()) && word(next),
            // <!channel>, <@user>, <#channel>, <users/all>, tags.
            '<' => word(next) || matches!(next, Some('!' | '@' | '#' | '/' | ':')),
            // [label](address) and ![label](address).
            ']' => matches!(next, Some('(' | '[')),
            _ => false,
        };
        if live {
            out.push(BREAK);
        }
    }
    out
}

/// Prepared text of at most `budget` units; where it had to be cut it ends in `…`. What is cut is the
/// plain text, at a grapheme's border, and what is measured the prepared one: no escape is torn.
pub(super) fn fit(
    text: &str,
    budget: usize,
    prepare: impl Fn(&str) -> String,
    size: impl Fn(&str) -> usize,
) -> String {
    let whole = prepare(text);
    if size(&whole) <= budget {
        return whole;
    }
    let short = |kept: usize| {
        let part = cut(text, kept);
        format!("{}…", prepare(part.trim_end()))
    };
    let (mut low, mut high) = (0, text.chars().count().min(budget));
    while low < high {
        let middle = (low + high).div_ceil(2);
        match size(&short(middle)) <= budget {
            true => low = middle,
            false => high = middle - 1,
        }
    }
    let found = short(low);
    if size(&found) <= budget { found } else { String::new() }
}

/// UTF-16 units: what most chats count, and never fewer than characters.
pub(super) fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Bytes as JSON.
pub(super) fn json_bytes(text: &str) -> usize {
    serde_json::Value::from(text).to_string().len()
}

/// Disarms HTML, attributes included.
pub(super) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

/// Disarms Markdown, of the kinds that Discord, Mattermost and Teams read: backslashes before
/// everything that any of them takes for markup.
pub(super) fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut begins = true;
    for c in text.chars() {
        let everywhere = matches!(
            c,
            '\\' | '*'
                | '_'
                | '~'
                | '`'
                | '|'
                | '<'
                | '>'
                | '['
                | ']'
                | '('
                | ')'
                | '#'
                | '!'
                | '$'
                | '^'
        );
        // Lists and headings begin lines.
        if everywhere || (begins && matches!(c, '-' | '+' | '=')) {
            out.push('\\');
        }
        begins = c == '\n' || (begins && c.is_whitespace());
        out.push(c);
    }
    out
}

/// An address that cannot leave the quotes, brackets or angles round it, nor mention anybody.
pub(super) fn address(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    for c in url.chars() {
        match c {
            '<' | '>' | '"' | '\'' | '(' | ')' | '|' | '`' | '\\' | '@' | '^' | '{' | '}' | '*' => {
                out.push_str(&format!("%{:02X}", u32::from(c)));
            }
            c if c.is_whitespace() || c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_chats_bring_to_life_is_dead_and_plain_words_stay() {
        for (live, dead) in [
            ("@channel", "@\u{200b}channel"),
            ("see https://evil.example/x", "see https:\u{200b}//evil.\u{200b}example/x"),
            ("www.evil.example", "www.\u{200b}evil.\u{200b}example"),
            ("<!here> <@U1>", "<\u{200b}!here> <\u{200b}@\u{200b}U1>"),
            ("/start now", "/\u{200b}start now"),
            ("#topic", "#\u{200b}topic"),
            ("[a](b)", "[a]\u{200b}(b)"),
        ] {
            assert_eq!(defuse(live), dead);
        }
        for plain in
            ["U.S. and U.K. leaders", "3.5 % at 9:40", "and/or", "Sen. Smith, No. 7", "A. B"]
        {
            assert_eq!(defuse(plain), plain);
        }
    }

    proptest! {
        #[test]
        fn any_text_fits(text in "(\\PC|[<&@\"*_ ]){0,120}", budget in 0usize..200) {
            let prepare = |text: &str| html(&defuse(text));
            for size in [units, str::len, json_bytes] {
                // JSON's quotes are there even round nothing.
                let room = budget + size("");
                let shown = fit(&text, room, prepare, size);
                prop_assert!(size(&shown) <= room);
                let kept = shown.strip_suffix('…').unwrap_or(&shown);
                let tail = kept.rfind('&').map_or("", |at| &kept[at..]);
                prop_assert!(tail.is_empty() || tail.contains(';'), "a torn entity: {}", shown);
            }
        }

        #[test]
        fn nothing_stays_alive(text in "(\\PC|[<@:/.#!\\]\\[()]){0,80}") {
            let shown = defuse(&text);
            prop_assert_eq!(shown.replace(BREAK, ""), text.replace(BREAK, ""));
            let letters: Vec<char> = shown.chars().collect();
            for pair in letters.windows(2) {
                let live = matches!(pair, ['<', '!' | '@' | '#'] | [':', '/'] | [']', '(' | '[']);
                prop_assert!(!live && (pair[0] != '@' || pair[1] == BREAK), "{}", shown);
            }
        }
    }
}
