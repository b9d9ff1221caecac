//! Which of an entry's addresses is the one to show, and how it becomes absolute.

use url::Url;

/// Longest address that is kept; browsers and receivers balk at longer ones.
pub(super) const MAX_LENGTH: usize = 2_000;

/// How good a candidate is; a lower one wins, the first of equals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// The entry's own page.
    Page,
    /// The entry in another form.
    OtherForm,
    /// `rdf:about` of an RSS 1.0 item.
    About,
    /// A `guid` that is, or may be, a permalink.
    Permalink,
    /// A page that the entry is about.
    Related,
    /// A file: its content out of line, or an enclosure.
    File,
    /// An address of the entry for machines.
    Machine,
}

impl Rank {
    /// The rank of a link by its `rel` and `type`. `None` for links that lead elsewhere.
    pub(super) fn of(rel: &str, kind: &str) -> Option<Self> {
        let rel = rel.trim();
        let rel = rel.rsplit('/').next().unwrap_or(rel).to_ascii_lowercase();
        Some(match rel.as_str() {
            "" | "alternate" | "bookmark" => {
                let page = kind.is_empty() || kind.contains("html") || kind.starts_with("text/");
                if page { Rank::Page } else { Rank::OtherForm }
            }
            "related" | "via" => Rank::Related,
            "enclosure" => Rank::File,
            "self" => Rank::Machine,
            _ => return None,
        })
    }
}

/// The best address so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Best(Option<(Rank, Url)>);

impl Best {
    /// Takes a candidate if it is better than what there is and leads to a page.
    pub(super) fn offer(&mut self, rank: Rank, base: &Url, href: &str) {
        if self.0.as_ref().is_none_or(|(best, _)| rank < *best)
            && let Some(url) = absolute(base, href)
        {
            self.0 = Some((rank, url));
        }
    }

    /// What won.
    pub(super) fn take(self) -> Option<Url> {
        self.0.map(|(_, url)| url)
    }
}

/// The absolute form of an address; `None` where it is none, or of another scheme than http and
/// https (`javascript:`, `mailto:`).
pub(super) fn absolute(base: &Url, href: &str) -> Option<Url> {
    let href = href.trim();
    if href.is_empty() || href.len() > MAX_LENGTH {
        return None;
    }
    let url = base.join(href).ok()?;
    let web = matches!(url.scheme(), "http" | "https") && url.has_host();
    (web && url.as_str().len() <= MAX_LENGTH).then_some(url)
}

/// Whether a `guid` can be an address: it says so itself, never because it could be read as a
/// relative one.
pub(super) fn is_address(text: &str) -> bool {
    let text = text.trim();
    let head = text.get(..8).unwrap_or(text).to_ascii_lowercase();
    (head.starts_with("http://") || head.starts_with("https://"))
        && !text.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Url {
        Url::parse("http://example.org/a/feed?x=1").unwrap()
    }

    #[test]
    fn relative_addresses_resolve_and_foreign_schemes_go() {
        let found = |href| absolute(&base(), href).map(String::from);
        assert_eq!(found(" b "), Some("http://example.org/a/b".to_owned()));
        assert_eq!(found("//h/x"), Some("http://h/x".to_owned()));
        assert_eq!(found("https://h/ü"), Some("https://h/%C3%BC".to_owned()));
        for none in ["", "javascript:alert(1)", "mailto:a@b.c", "data:text/html,x", "http://"] {
            assert_eq!(absolute(&base(), none), None, "{none}");
        }
        assert_eq!(absolute(&base(), &"x".repeat(3000)), None);
    }

    #[test]
    fn the_page_wins_over_forms_and_files() {
        let mut best = Best::default();
        best.offer(Rank::Machine, &base(), "http://h/self");
        best.offer(Rank::Page, &base(), "javascript:x");
        best.offer(Rank::of("alternate", "application/json").unwrap(), &base(), "http://h/json");
        best.offer(Rank::of("", "").unwrap(), &base(), "http://h/first");
        best.offer(Rank::of("ALTERNATE", "text/html").unwrap(), &base(), "http://h/second");
        assert_eq!(best.take().map(String::from), Some("http://h/first".to_owned()));
        assert_eq!(Rank::of("replies", ""), None);
    }

    #[test]
    fn only_whole_addresses_pass_for_permalinks() {
        assert!(is_address("HTTPS://e.org/1"));
        assert!(!is_address("tag:e.org,2020:1") && !is_address("12") && !is_address("http:// x"));
    }
}
