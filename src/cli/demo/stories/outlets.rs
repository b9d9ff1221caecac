//! The outlets: who they are, what their feeds look like, and how badly they behave.

use crate::model::Kind;

/// A made-up outlet with one feed.
#[derive(Debug)]
pub(crate) struct Outlet {
    /// Name of its feed's file.
    pub(crate) slug: &'static str,
    /// Its name.
    pub(crate) name: &'static str,
    /// Its site, below the reserved `.example`.
    pub(crate) domain: &'static str,
    /// What sort of source it is.
    pub(crate) kind: Kind,
    /// Language subtag.
    pub(crate) language: &'static str,
    /// What its feed is written in.
    pub(crate) format: Format,
    /// How its text becomes bytes.
    pub(crate) charset: Charset,
    /// How its server behaves.
    pub(crate) manner: Manner,
}

/// What a feed is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// RSS 2.0, text in `description`.
    Rss,
    /// RSS 2.0 with the article in `content:encoded`.
    RssContent,
    /// Atom 1.0.
    Atom,
    /// RSS 1.0, which is RDF.
    Rdf,
    /// JSON Feed 1.1.
    Json,
    /// RSS 2.0 as a hand-made script writes it: bare ampersands, unclosed tags, an entity that XML
    /// does not know, broken off before the end.
    Damaged,
}

impl Format {
    /// Its name among people.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Format::Rss => "RSS 2.0",
            Format::RssContent => "RSS 2.0 + content",
            Format::Atom => "Atom 1.0",
            Format::Rdf => "RSS 1.0",
            Format::Json => "JSON Feed 1.1",
            Format::Damaged => "RSS 2.0, damaged",
        }
    }
}

/// How text becomes bytes, and where a reader is told so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Charset {
    /// UTF-8, as nearly everywhere.
    Utf8,
    /// windows-1251, named in the HTTP header alone.
    Windows1251,
    /// `Shift_JIS`, named in the XML declaration alone.
    ShiftJis,
}

/// How a feed's server behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// `ETag` and `Last-Modified`.
    Both,
    /// `Last-Modified` alone.
    DateOnly,
    /// No validators: the whole document each time.
    Careless,
    /// Takes the request and never answers.
    Hangs,
    /// Answers 500.
    Fails,
}

/// A newspaper, well kept in every way; the others are described by how they differ.
const PLAIN: Outlet = Outlet {
    slug: "courier",
    name: "Meridian Courier",
    domain: "meridian-courier.example",
    kind: Kind::Press,
    language: "en",
    format: Format::Rss,
    charset: Charset::Utf8,
    manner: Manner::Both,
};

pub(super) const COURIER: &Outlet = &PLAIN;

pub(super) const WIRE: &Outlet = &Outlet {
    slug: "wire",
    name: "Blue Anchor Wire",
    domain: "blue-anchor.example",
    kind: Kind::Wire,
    format: Format::Atom,
    ..PLAIN
};

pub(super) const HERALD: &Outlet = &Outlet {
    slug: "herald",
    name: "Northern Herald",
    domain: "northern-herald.example",
    format: Format::Rdf,
    manner: Manner::DateOnly,
    ..PLAIN
};

pub(super) const HARBOUR: &Outlet = &Outlet {
    slug: "harbour",
    name: "Harbour Post",
    domain: "harbour-post.example",
    format: Format::Json,
    ..PLAIN
};

pub(super) const STRAIT: &Outlet = &Outlet {
    slug: "strait",
    name: "Strait and Sea Review",
    domain: "strait-and-sea.example",
    format: Format::RssContent,
    ..PLAIN
};

pub(super) const FORUM: &Outlet = &Outlet {
    slug: "forum",
    name: "Open Forum Quarterly",
    domain: "open-forum.example",
    kind: Kind::Opinion,
    format: Format::RssContent,
    ..PLAIN
};

pub(super) const GATHER: &Outlet = &Outlet {
    slug: "gather",
    name: "Newsgather",
    domain: "newsgather.example",
    kind: Kind::Aggregator,
    ..PLAIN
};

pub(super) const NEVA: &Outlet = &Outlet {
    slug: "neva",
    name: "Вестник Невы",
    domain: "vestnik-nevy.example",
    language: "ru",
    charset: Charset::Windows1251,
    ..PLAIN
};

pub(super) const MINATO: &Outlet = &Outlet {
    slug: "minato",
    name: "みなと通信",
    domain: "minato-tsushin.example",
    kind: Kind::Wire,
    language: "ja",
    charset: Charset::ShiftJis,
    ..PLAIN
};

pub(super) const GAZETTE: &Outlet = &Outlet {
    slug: "gazette",
    name: "Coral Coast Gazette",
    domain: "coral-gazette.example",
    format: Format::Damaged,
    manner: Manner::Careless,
    ..PLAIN
};

const SLOWTIDE: &Outlet = &Outlet {
    slug: "slowtide",
    name: "Slow Tide Radio",
    domain: "slow-tide.example",
    manner: Manner::Hangs,
    ..PLAIN
};

const CROSSROADS: &Outlet = &Outlet {
    slug: "crossroads",
    name: "Crossroads Monitor",
    domain: "crossroads.example",
    manner: Manner::Fails,
    ..PLAIN
};

/// Every outlet, in the order in which the demo shows them.
pub(crate) const OUTLETS: [&Outlet; 12] = [
    COURIER, WIRE, HERALD, HARBOUR, STRAIT, FORUM, GATHER, NEVA, MINATO, GAZETTE, SLOWTIDE,
    CROSSROADS,
];
