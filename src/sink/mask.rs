//! Hides secrets in text that comes from outside: some receivers echo the address they were asked at.

use url::Url;

/// What stands for a secret.
const HIDDEN: &str = "[secret]";
/// Shorter ones would hide ordinary words.
const SHORTEST: usize = 4;
/// Parts of a path that are this long and look drawn by lot are secrets by themselves.
const TOKEN: usize = 8;

/// Secrets, in every spelling in which an answer may hold them.
#[derive(Default)]
pub(super) struct Mask(Vec<String>);

impl Mask {
    /// The secrets of an address that is a credential: the whole, its path, tokens in it, and the
    /// values of its query.
    pub(super) fn of_url(url: &Url) -> Self {
        let mut mask = Self::default();
        mask.add(url.as_str());
        mask.add(&url[url::Position::BeforePath..url::Position::AfterQuery]);
        if url.path().len() > 1 {
            mask.add(url.path());
        }
        let segments: Vec<&str> = url.path_segments().into_iter().flatten().collect();
        for (at, segment) in segments.iter().enumerate() {
            let drawn = segment.chars().any(|c| c.is_ascii_digit() || c.is_ascii_uppercase());
            let last = at + 1 == segments.len();
            if segment.len() >= TOKEN && (drawn || last || segment.len() >= 2 * TOKEN) {
                mask.add(segment);
            }
        }
        for (_, value) in url.query_pairs() {
            mask.add(&value);
        }
        mask
    }

    /// Adds a secret.
    pub(super) fn add(&mut self, secret: &str) {
        if secret.len() < SHORTEST {
            return;
        }
        let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let json = serde_json::Value::from(secret).to_string();
        let json = json.trim_matches('"').to_owned();
        for form in [secret.to_owned(), encoded, json.replace('/', "\\/"), json] {
            if !self.0.contains(&form) {
                self.0.push(form);
            }
        }
        // The longest first: a part of it must not be hidden before the whole.
        self.0.sort_by_key(|one| std::cmp::Reverse(one.len()));
    }

    /// The text with every secret hidden.
    pub(super) fn over(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.0 {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), HIDDEN);
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_hidden() {
        let url = Url::parse("https://hooks.example/services/T0/ab12CD34?key=k3y-value").unwrap();
        let mut mask = Mask::of_url(&url);
        mask.add("42:top/secret");
        for text in [
            "no such path /services/T0/ab12CD34",
            "ab12CD34 is unknown",
            "https://hooks.example/services/T0/ab12CD34?key=k3y-value",
            r#"{"url":"https:\/\/hooks.example\/services\/T0\/ab12CD34"}"#,
            "key k3y-value",
            "42:top/secret and 42%3Atop%2Fsecret",
        ] {
            let shown = mask.over(text);
            for secret in ["ab12CD34", "k3y", "top/secret", "top%2F"] {
                assert!(!shown.contains(secret), "{text}: {shown}");
            }
            assert!(shown.contains(HIDDEN), "{shown}");
        }
        assert_eq!(mask.over("invalid services"), "invalid services");
    }
}
