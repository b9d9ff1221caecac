//! The secrets of a feed, where its own entries repeat them: a key in the feed's address often stands in
//! the links and ids that the site writes, and those are stored, shown and sent.
//!
//! What of an address is secret is a guess, since the config says only that the whole is: what its
//! parameters for keys hold, and whatever looks like a token. A word that anybody may write is looked
//! for in links and ids alone. What this gets wrong: a key that is a short or plain word and stands in
//! the path.

use url::Url;

use super::parse::Entry;

/// Shorter values are too likely to be words.
const SHORTEST: usize = 6;
/// Shorter texts are no tokens unless their parameter says so.
const TOKEN: usize = 12;
/// Names of parameters for keys hold one of these.
const NAMES: [&str; 9] = ["key", "token", "auth", "secret", "sig", "pass", "pwd", "hash", "code"];
/// What stands instead.
const INSTEAD: &str = "secret";

/// Values that must not be kept.
#[derive(Clone, Default)]
pub(in crate::watch) struct Hidden(Vec<String>);

impl Hidden {
    /// Takes what is secret of an address.
    pub(in crate::watch) fn address(&mut self, address: &str) {
        let Ok(url) = Url::parse(address) else { return };
        self.value(url.password().unwrap_or_default());
        let raw =
            url.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
        let plain = url.query_pairs();
        for ((_, raw), (name, plain)) in raw.zip(plain) {
            let name = name.to_ascii_lowercase();
            if NAMES.iter().any(|part| name.contains(part)) || is_token(&plain) {
                self.value(raw);
                self.value(&plain);
            }
        }
        let parts = url.path().split('/').chain(url.query().into_iter().flat_map(|q| q.split('&')));
        parts
            .filter(|part| !part.contains('=') && is_token(part))
            .for_each(|part| self.value(part));
    }

    /// Takes a secret value as it is.
    pub(in crate::watch) fn value(&mut self, value: &str) {
        if value.len() >= SHORTEST && !self.0.iter().any(|known| known == value) {
            self.0.push(value.to_owned());
            // A longer one may hold a shorter one.
            self.0.sort_by_key(|value| std::cmp::Reverse(value.len()));
        }
    }

    /// The entry without them.
    pub(super) fn apply(&self, mut entry: Entry) -> Entry {
        if self.0.is_empty() {
            return entry;
        }
        for url in [&mut entry.link, &mut entry.original].into_iter().flatten() {
            if let Some(clean) = self.without(url.as_str(), true) {
                *url = Url::parse(&clean).unwrap_or_else(|_| url.clone());
            }
        }
        if let Some(clean) = self.without(&entry.id, true) {
            entry.id = clean;
        }
        let texts = [&mut entry.title, &mut entry.summary, &mut entry.body, &mut entry.author];
        for text in texts.into_iter().chain(&mut entry.categories) {
            if let Some(clean) = self.without(text, false) {
                *text = clean;
            }
        }
        entry
    }

    /// A text without them; `None` where it holds none. `words`: those that may be words, too.
    fn without(&self, text: &str, words: bool) -> Option<String> {
        let mut clean: Option<String> = None;
        for value in self.0.iter().filter(|value| words || is_mixed(value)) {
            let now = clean.as_deref().unwrap_or(text);
            if now.contains(value.as_str()) {
                clean = Some(replaced(now, value));
            }
        }
        clean
    }
}

/// Every whole `value` in a text replaced: not where it is a part of a longer word.
fn replaced(text: &str, value: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for (at, _) in text.match_indices(value) {
        let after = &text[at + value.len()..];
        let joined =
            text[..at].ends_with(char::is_alphanumeric) || after.starts_with(char::is_alphanumeric);
        if !joined || is_mixed(value) {
            out.push_str(&text[from..at]);
            out.push_str(INSTEAD);
            from = at + value.len();
        }
    }
    out.push_str(&text[from..]);
    out
}

/// Whether a text looks as if a machine had made it.
fn is_token(text: &str) -> bool {
    let worded = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| word.len() >= 4 && (word.bytes().all(|b| b.is_ascii_lowercase())));
    text.len() >= TOKEN && is_mixed(text) && !worded
}

fn is_mixed(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(address: &str) -> Hidden {
        let mut hidden = Hidden::default();
        hidden.address(address);
        hidden
    }

    #[test]
    fn the_key_of_an_address_is_taken_out_of_links_ids_and_texts() {
        let hidden = hidden("https://e.org/feed?format=atom&key=s3cret%2BKEY");
        let entry = Entry {
            id: "https://e.org/feed?key=s3cret%2BKEY#1".to_owned(),
            link: Url::parse("https://e.org/x?key=s3cret%2BKEY&format=atom").ok(),
            title: "the key is s3cret+KEY".to_owned(),
            summary: "atom".to_owned(),
            ..Entry::default()
        };
        let clean = hidden.apply(entry);
        assert_eq!(clean.id, "https://e.org/feed?key=secret#1");
        assert_eq!(clean.link.unwrap().as_str(), "https://e.org/x?key=secret&format=atom");
        assert_eq!((clean.title.as_str(), clean.summary.as_str()), ("the key is secret", "atom"));
    }

    #[test]
    fn tokens_in_a_path_are_secret_and_words_are_not() {
        let token = "8f14e45fceea167a5a36dedd4bea2543";
        let found = |address: &str| hidden(address).0;
        assert_eq!(found(&format!("https://e.org/u/{token}/feed.xml")), [token]);
        assert_eq!(
            found("https://e.org/politics-and-world-2024/feed?lang=english&page=1"),
            [""; 0]
        );
        assert_eq!(found("https://me:hunter22@e.org/"), ["hunter22"]);
    }

    #[test]
    fn a_word_is_hidden_in_links_alone_and_only_whole() {
        let hidden = hidden("https://e.org/feed?token=politics");
        let text = "politics";
        let entry = Entry {
            link: Url::parse("https://e.org/geopolitics?token=politics").ok(),
            title: text.to_owned(),
            ..Entry::default()
        };
        let clean = hidden.apply(entry);
        assert_eq!(clean.link.unwrap().as_str(), "https://e.org/geopolitics?token=secret");
        assert_eq!(clean.title, text);
    }
}
