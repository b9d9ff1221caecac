//! What the tags of the many feed dialects mean: RSS 0.9x to 2.0, RSS 1.0 and 1.1, Atom 0.3 and 1.0,
//! CDF, and the extensions that news sites use.
//!
//! Names are compared without regard to case, and namespaces leniently: a feed with the wrong one is
//! still a feed. Where the markup is broken is not decided here.

/// A vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    /// No namespace, an unknown default one, or one of the RSS ones: the feed's own words.
    Core,
    /// Atom, any version.
    Atom,
    /// Dublin Core, elements and terms.
    Dublin,
    /// RSS 1.0 content module.
    Content,
    /// RSS 1.0 syndication module.
    Syndication,
    /// Media RSS.
    Media,
    /// Apple's podcast words.
    Itunes,
    /// What feed services add to the feeds that they pass on.
    Service,
    /// RDF itself.
    Rdf,
    /// XHTML.
    Xhtml,
    /// Anything else.
    Foreign,
}

impl Space {
    /// The vocabulary that a namespace names; `None` for one that is not known.
    pub(super) fn of(uri: &str) -> Option<Self> {
        // Scheme, case and a final slash are what feeds get wrong.
        let uri = uri.trim().to_ascii_lowercase();
        let uri = uri.trim_start_matches("https://").trim_start_matches("http://");
        let uri = uri.trim_start_matches("www.");
        let known = [
            ("w3.org/2005/atom", Space::Atom),
            ("purl.org/atom/", Space::Atom),
            ("purl.org/rss/1.0/modules/content", Space::Content),
            ("purl.org/rss/1.0/modules/syndication", Space::Syndication),
            ("purl.org/rss/1.0/modules/", Space::Foreign),
            ("purl.org/rss/", Space::Core),
            ("purl.org/net/rss", Space::Core),
            ("my.netscape.com/", Space::Core),
            ("channel.netscape.com/", Space::Core),
            ("backend.userland.com/", Space::Core),
            ("blogs.law.harvard.edu/", Space::Core),
            ("cyber.law.harvard.edu/", Space::Core),
            ("purl.org/dc/", Space::Dublin),
            ("search.yahoo.com/mrss", Space::Media),
            ("rssboard.org/media-rss", Space::Media),
            ("rssnamespace.org/feedburner/", Space::Service),
            ("pheedo.com/", Space::Service),
            ("w3.org/1999/02/22-rdf-syntax-ns", Space::Rdf),
            ("w3.org/1999/xhtml", Space::Xhtml),
            ("itunes.com/", Space::Itunes),
            ("w3.org/2000/svg", Space::Foreign),
        ];
        known.iter().find(|(start, _)| uri.starts_with(start)).map(|(_, space)| *space)
    }

    /// The vocabulary that a prefix usually stands for, where the document does not say.
    pub(super) fn of_prefix(prefix: &str) -> Self {
        match prefix {
            "" | "rss" => Space::Core,
            "atom" | "atom10" | "a10" => Space::Atom,
            "dc" | "dcterms" => Space::Dublin,
            "content" => Space::Content,
            "sy" => Space::Syndication,
            "media" => Space::Media,
            "itunes" => Space::Itunes,
            "feedburner" | "pheedo" => Space::Service,
            "rdf" => Space::Rdf,
            "xhtml" => Space::Xhtml,
            _ => Space::Foreign,
        }
    }
}

/// What an element is for. Texts bear the field that they fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// `rss`, `feed`, `RDF`.
    Root,
    /// `channel`.
    Channel,
    /// `item`, `entry`.
    Item,
    /// A wrapper whose children count as its parent's (`media:group`).
    Group,
    /// A person with a name inside.
    Person,
    /// A text.
    Text(Field),
    /// A link, as text or as `href`.
    Link,
    /// The link that a feed service has put its own in the place of.
    OriginalLink,
    /// A category, as text or as `term`.
    Category,
    /// `skipHours` or `skipDays`; its children carry the text.
    Skips,
    /// Of no interest, children included.
    Other,
}

/// A text that is kept. The order within a family is the order of preference; equal ones go by
/// which comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Title,
    /// Used where no title is.
    SpareTitle,
    Summary,
    /// Used where no summary is.
    SpareSummary,
    Body,
    Id,
    Published,
    Updated,
    Author,
    Language,
    /// Minutes between polls.
    Ttl,
    /// `hourly`, `daily` …
    Period,
    /// Times per period.
    Frequency,
    /// An hour of `skipHours`.
    SkipHour,
    /// A day of `skipDays`.
    SkipDay,
}

/// Finds what an element is for. `inside` is what holds it: an item or group, a person, skips, or
/// the channel.
pub(super) fn part(space: Space, name: &str, inside: Part) -> Part {
    let mut lower = [0u8; 16];
    let Some(lower) = lower.get_mut(..name.len()) else { return Part::Other };
    lower.copy_from_slice(name.as_bytes());
    lower.make_ascii_lowercase();
    let name: &[u8] = lower;
    let core = matches!(space, Space::Core | Space::Atom);
    if core {
        match name {
            b"item" | b"entry" => return Part::Item,
            b"channel" => return Part::Channel,
            b"rss" | b"feed" => return Part::Root,
            _ => {}
        }
    }
    if matches!(space, Space::Core | Space::Rdf) && name == b"rdf" {
        return Part::Root;
    }
    match inside {
        Part::Item | Part::Group => item_part(space, core, name),
        Part::Root | Part::Channel => channel_part(space, core, name),
        Part::Person if name == b"name" => Part::Text(Field::Author),
        Part::Skips if name == b"hour" => Part::Text(Field::SkipHour),
        Part::Skips if name == b"day" => Part::Text(Field::SkipDay),
        _ => Part::Other,
    }
}

fn item_part(space: Space, core: bool, name: &[u8]) -> Part {
    let field = match (space, name) {
        (_, b"link" | b"enclosure") if core => return Part::Link,
        (Space::Service, b"origlink") => return Part::OriginalLink,
        (_, b"category") if core => return Part::Category,
        (Space::Dublin, b"subject") => return Part::Category,
        (_, b"author") if core => return Part::Person,
        (Space::Media, b"group") => return Part::Group,
        (_, b"title") if core => Field::Title,
        (Space::Dublin | Space::Media | Space::Itunes, b"title") => Field::SpareTitle,
        (_, b"description" | b"summary") if core => Field::Summary,
        (Space::Core, b"abstract") => Field::Summary,
        (Space::Dublin | Space::Media, b"description" | b"abstract") => Field::SpareSummary,
        (Space::Itunes, b"summary" | b"subtitle") => Field::SpareSummary,
        (Space::Content, b"encoded") => Field::Body,
        (_, b"content") if core => Field::Body,
        (Space::Xhtml, b"body" | b"div") => Field::Body,
        (_, b"guid" | b"id") if core => Field::Id,
        (_, b"pubdate" | b"published" | b"issued") if core => Field::Published,
        (Space::Dublin, b"issued") => Field::Published,
        (_, b"updated" | b"modified" | b"created" | b"date") if core => Field::Updated,
        (Space::Dublin, b"date" | b"modified" | b"created" | b"available") => Field::Updated,
        (Space::Dublin, b"creator") => Field::Author,
        (Space::Dublin, b"language") => Field::Language,
        _ => return Part::Other,
    };
    Part::Text(field)
}

fn channel_part(space: Space, core: bool, name: &[u8]) -> Part {
    let field = match (space, name) {
        (_, b"link") if core => return Part::Link,
        (_, b"skiphours" | b"skipdays") if core => return Part::Skips,
        (_, b"title") if core => Field::Title,
        (Space::Dublin, b"title") => Field::SpareTitle,
        (_, b"language") if core => Field::Language,
        (Space::Dublin, b"language") => Field::Language,
        (Space::Core, b"ttl") => Field::Ttl,
        (Space::Syndication, b"updateperiod") => Field::Period,
        (Space::Syndication, b"updatefrequency") => Field::Frequency,
        _ => return Part::Other,
    };
    Part::Text(field)
}

/// Whether a start tag of this name inside a text shows that the text was never closed: it is a
/// feed's word and none of HTML's.
pub(super) fn ends_text(space: Space, name: &str, nested: bool) -> bool {
    if !matches!(space, Space::Core | Space::Atom) {
        return false;
    }
    let is = |words: &[&str]| words.iter().any(|word| name.eq_ignore_ascii_case(word));
    is(&["item", "entry", "guid", "pubDate", "description", "published", "updated", "issued"])
        // HTML knows these two, but only in a page's head.
        || !nested && is(&["title", "link", "author", "category", "summary", "content"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_are_read_leniently() {
        assert_eq!(Space::of("http://www.w3.org/2005/Atom"), Some(Space::Atom));
        assert_eq!(Space::of("https://www.w3.org/2005/Atom/"), Some(Space::Atom));
        assert_eq!(Space::of("http://purl.org/atom/ns#draft-ietf"), Some(Space::Atom));
        assert_eq!(Space::of("http://my.netscape.com/rdf/simple/0.9/"), Some(Space::Core));
        assert_eq!(Space::of("http://purl.org/rss/1.0/modules/slash/"), Some(Space::Foreign));
        assert_eq!(Space::of("http://example.org/own"), None);
    }

    #[test]
    fn the_place_decides_what_a_name_means() {
        assert_eq!(part(Space::Core, "TITLE", Part::Item), Part::Text(Field::Title));
        assert_eq!(part(Space::Media, "title", Part::Group), Part::Text(Field::SpareTitle));
        assert_eq!(part(Space::Foreign, "title", Part::Item), Part::Other);
        assert_eq!(part(Space::Core, "title", Part::Other), Part::Other);
        assert_eq!(part(Space::Core, "item", Part::Other), Part::Item);
        assert_eq!(part(Space::Core, "a-name-that-is-too-long", Part::Item), Part::Other);
    }
}
