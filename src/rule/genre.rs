//! What sort of text an item is, by its headline, categories and address.
//!
//! A live blog or newsletter touches many stories and is none; opinion and explainers repeat what is
//! known. They are flagged, at level background, and never open a story (live) or raise it.

use std::sync::LazyLock;

use crate::model::{Genre, Item};
use crate::text::fold_title;

/// What parts a heading from the headline.
const MARKS: [char; 15] =
    [':', '|', '–', '—', '-', '：', '.', ']', '】', '》', '）', ')', '｜', '·', '/'];

/// Beginnings of headlines, folded; a mark must follow them ("Live: …", "Opinion | …").
const PREFIXES: &[(&str, Genre)] = &[
    ("live", Genre::Live),
    ("live updates", Genre::Live),
    ("live blog", Genre::Live),
    ("en direct", Genre::Live),
    ("liveticker", Genre::Live),
    ("newsblog", Genre::Live),
    ("na żywo", Genre::Live),
    ("directo", Genre::Live),
    ("онлайн", Genre::Live),
    ("速報中", Genre::Live),
    ("opinion", Genre::Opinion),
    ("comment", Genre::Opinion),
    ("commentary", Genre::Opinion),
    ("analysis", Genre::Opinion),
    ("editorial", Genre::Opinion),
    ("op ed", Genre::Opinion),
    ("column", Genre::Opinion),
    ("letters", Genre::Opinion),
    ("letter", Genre::Opinion),
    ("perspective", Genre::Opinion),
    ("viewpoint", Genre::Opinion),
    ("kommentar", Genre::Opinion),
    ("meinung", Genre::Opinion),
    ("analyse", Genre::Opinion),
    ("tribune", Genre::Opinion),
    ("éditorial", Genre::Opinion),
    ("opinión", Genre::Opinion),
    ("análisis", Genre::Opinion),
    ("opinione", Genre::Opinion),
    ("opinia", Genre::Opinion),
    ("komentarz", Genre::Opinion),
    ("мнение", Genre::Opinion),
    ("колонка", Genre::Opinion),
    ("думка", Genre::Opinion),
    ("yorum", Genre::Opinion),
    ("社説", Genre::Opinion),
    ("コラム", Genre::Opinion),
    ("评论", Genre::Opinion),
    ("社评", Genre::Opinion),
    ("사설", Genre::Opinion),
    ("칼럼", Genre::Opinion),
    ("رأي", Genre::Opinion),
    ("explained", Genre::Explainer),
    ("explainer", Genre::Explainer),
    ("factbox", Genre::Explainer),
    ("timeline", Genre::Explainer),
    ("fact check", Genre::Explainer),
    ("q a", Genre::Explainer),
    ("解説", Genre::Explainer),
    ("podcast", Genre::Newsletter),
    ("video", Genre::Newsletter),
    ("watch", Genre::Newsletter),
    ("quiz", Genre::Newsletter),
    ("morning briefing", Genre::Newsletter),
    ("evening briefing", Genre::Newsletter),
    ("briefing", Genre::Newsletter),
    ("newsletter", Genre::Newsletter),
    ("daily briefing", Genre::Newsletter),
    ("your briefing", Genre::Newsletter),
];

/// Phrases anywhere in a headline, folded, with a blank on either side.
const PHRASES: &[(&str, Genre)] = &[
    (" live updates ", Genre::Live),
    (" live blog ", Genre::Live),
    (" liveblog ", Genre::Live),
    (" as it happened ", Genre::Live),
    (" news live ", Genre::Live),
    (" war live ", Genre::Live),
    (" latest updates ", Genre::Live),
    (" what we know ", Genre::Explainer),
    (" what you need to know ", Genre::Explainer),
    (" what to know ", Genre::Explainer),
    (" at a glance ", Genre::Explainer),
    (" here is why ", Genre::Explainer),
    (" here s why ", Genre::Explainer),
    (" heres why ", Genre::Explainer),
    (" explained ", Genre::Explainer),
    (" everything you need ", Genre::Explainer),
    (" day at a glance ", Genre::Explainer),
    (" 5 things to know ", Genre::Newsletter),
    (" five things to know ", Genre::Newsletter),
    (" in pictures ", Genre::Newsletter),
    (" week in review ", Genre::Newsletter),
    (" week in pictures ", Genre::Newsletter),
    (" what happened today ", Genre::Newsletter),
    (" morning briefing ", Genre::Newsletter),
    (" evening briefing ", Genre::Newsletter),
];

/// Parts of addresses and category names.
const LABELS: &[(&str, Genre)] = &[
    ("live", Genre::Live),
    ("liveblog", Genre::Live),
    ("live-updates", Genre::Live),
    ("opinion", Genre::Opinion),
    ("opinions", Genre::Opinion),
    ("commentisfree", Genre::Opinion),
    ("editorial", Genre::Opinion),
    ("op-ed", Genre::Opinion),
    ("commentary", Genre::Opinion),
    ("explainer", Genre::Explainer),
    ("explainers", Genre::Explainer),
    ("podcast", Genre::Newsletter),
    ("podcasts", Genre::Newsletter),
    ("newsletter", Genre::Newsletter),
    ("newsletters", Genre::Newsletter),
    ("ideas", Genre::Opinion),
    ("editorials", Genre::Opinion),
    ("analysis", Genre::Opinion),
    ("columnists", Genre::Opinion),
    ("letters", Genre::Opinion),
    ("debatte", Genre::Opinion),
    ("meinung", Genre::Opinion),
    ("tribunes", Genre::Opinion),
    ("liveticker", Genre::Live),
    ("en-direct", Genre::Live),
    ("video", Genre::Newsletter),
    ("videos", Genre::Newsletter),
];

/// The beginnings as the fold writes them, with their number of words.
static BEGINNINGS: LazyLock<Vec<(String, usize, Genre)>> = LazyLock::new(|| {
    let fold = |(words, genre): &(&str, Genre)| {
        let folded = fold_title(words);
        (folded.text().to_owned(), folded.tokens().len(), *genre)
    };
    PREFIXES.iter().map(fold).collect()
});

/// The genre of an item; a report unless something says otherwise.
pub(crate) fn genre(item: &Item) -> Genre {
    let folded = fold_title(&item.title);
    let text = folded.text();
    for (beginning, words, genre) in BEGINNINGS.iter() {
        // "Live: …" and "Opinion | …" carry a mark; "Live ammunition found" does not.
        let marked = || {
            folded.tokens().get(words - 1).is_some_and(|token| {
                let after = item.title.chars().skip(token.to as usize).find(|c| !c.is_whitespace());
                after.is_some_and(|c| MARKS.contains(&c))
            })
        };
        if text.starts_with(beginning.as_str()) && marked() {
            return *genre;
        }
    }
    if let Some((_, genre)) = PHRASES.iter().find(|(phrase, _)| text.contains(phrase)) {
        return *genre;
    }
    let labels = item.categories.iter().map(|category| category.to_lowercase());
    let path = item.url.as_deref().unwrap_or_default();
    let parts = path.split(['/', '?']).skip(3).take(8).map(str::to_lowercase);
    for label in labels.chain(parts) {
        if let Some((_, genre)) = LABELS.iter().find(|(name, _)| *name == label) {
            return *genre;
        }
    }
    Genre::default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::tests::item;

    #[test]
    fn headlines_say_what_they_are() {
        for (title, wanted) in [
            ("Live: Sweden hands in its NATO papers", Genre::Live),
            ("LIVE UPDATES – leaders arrive in Vilnius", Genre::Live),
            ("NATO summit live updates: Kyiv waits", Genre::Live),
            ("Vote in Ankara, as it happened", Genre::Live),
            ("En direct : la Suède dans l'OTAN", Genre::Live),
            ("Opinion | NATO should not wait", Genre::Opinion),
            ("Analysis: what Ankara wants", Genre::Opinion),
            ("Éditorial : une porte ouverte", Genre::Opinion),
            ("【社説】NATO加盟の重み", Genre::Opinion),
            ("Мнение: расширение и его цена", Genre::Opinion),
            ("[사설] 오커스 참여", Genre::Opinion),
            ("Explainer: how accession works", Genre::Explainer),
            ("Finland and NATO: what you need to know", Genre::Explainer),
            ("BRICS expansion explained", Genre::Explainer),
            ("Podcast: a door opens", Genre::Newsletter),
            ("The week in pictures", Genre::Newsletter),
            ("Morning briefing: Ankara says yes", Genre::Newsletter),
            ("Sweden joins NATO", Genre::Report),
            ("Live ammunition found near Kyiv", Genre::Report),
            ("Opinion poll shows Finns for NATO", Genre::Report),
            ("Letters from Kyiv reach NATO", Genre::Report),
            ("Analysis by Ankara delays vote", Genre::Report),
        ] {
            assert_eq!(genre(&item(title, "", "2024-01-05")), wanted, "{title}");
        }
    }

    #[test]
    fn addresses_and_categories_say_it_too() {
        let mut one = item("Sweden joins NATO", "", "2024-01-05");
        one.url = Some("https://www.example.org/world/live/2024/jan/05/x".to_owned());
        assert_eq!(genre(&one), Genre::Live);
        one.url = Some("https://www.example.org/world/lives-of-finns".to_owned());
        assert_eq!(genre(&one), Genre::Report);
        one.categories.push("Opinion".to_owned());
        assert_eq!(genre(&one), Genre::Opinion);
    }
}
