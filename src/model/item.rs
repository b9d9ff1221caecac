//! One entry of one feed, as plain text.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{FeedName, ItemKey};

/// One entry of one feed after intake: plain text without markup, entities, control characters or
/// bidirectional overrides, each text within the intake's bounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Identity inside the feed.
    pub key: ItemKey,
    /// The feed that carried it.
    pub feed: FeedName,
    /// The link as published (absolute); what is sent to receivers.
    pub url: Option<String>,
    /// Canonical form of `url`, for comparison only, never sent.
    pub canonical: Option<String>,
    /// Headline.
    pub title: String,
    /// Description or lede; empty where the feed has none.
    pub summary: String,
    /// Longer text where the feed carries or `full_text` fetched it; may be empty.
    pub body: String,
    /// Where `full_text` put the linked page's text into `body`: the fingerprint of what the feed
    /// itself says, by which its next document is compared.
    #[serde(skip)]
    pub feed_text: Option<TextHash>,
    /// Author as the feed names them; may be empty.
    pub author: String,
    /// Category terms.
    pub categories: Vec<String>,
    /// Primary language subtag in lower case (`en`, `ja`), of the entry or else the feed.
    pub language: Option<String>,
    /// Publication time by the feed's word; `None` where it gives none that can be believed.
    pub published: Option<Timestamp>,
    /// When the daemon first saw it.
    pub seen: Timestamp,
    /// What sort of source the feed is.
    pub kind: Kind,
    /// The feed's tags.
    pub tags: Vec<String>,
}

impl Item {
    /// The item's own date: when it was published, else when it was seen.
    pub fn date(&self) -> Timestamp {
        self.published.unwrap_or(self.seen)
    }

    /// Fingerprint of the feed's text: it changes when an outlet edits the item.
    pub fn text_hash(&self) -> TextHash {
        if let Some(said) = self.feed_text {
            return said;
        }
        let mut hash = Sha256::new();
        for text in [&self.title, &self.summary, &self.body] {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        }
        let mut short = [0; 16];
        short.copy_from_slice(&hash.finalize()[..16]);
        TextHash(short)
    }

    /// The text of a field that rules can search as prose; empty for the others.
    pub fn prose(&self, field: Field) -> &str {
        match field {
            Field::Title => &self.title,
            Field::Summary => &self.summary,
            Field::Body => &self.body,
            _ => "",
        }
    }
}

/// First half of a SHA-256 over title, summary and body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TextHash(pub [u8; 16]);

/// What sort of source a feed is; labels alerts and tells independent sources apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A government, an alliance or another body that speaks for itself.
    Official,
    /// A news agency whose text others reprint.
    Wire,
    /// A newspaper, broadcaster or site with a newsroom.
    #[default]
    Press,
    /// A medium that a government directs.
    State,
    /// Commentary.
    Opinion,
    /// A site that collects what others wrote.
    Aggregator,
}

impl Kind {
    /// Every kind, in the order in which messages name them.
    pub const ALL: [Kind; 6] =
        [Kind::Official, Kind::Wire, Kind::Press, Kind::State, Kind::Opinion, Kind::Aggregator];

    /// The word in config, payload and rules (`kind:official`).
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Official => "official",
            Kind::Wire => "wire",
            Kind::Press => "press",
            Kind::State => "state",
            Kind::Opinion => "opinion",
            Kind::Aggregator => "aggregator",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A part of an item that a rule can look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Field {
    /// Headline; always one sentence.
    Title,
    /// Description or lede.
    Summary,
    /// Longer text.
    Body,
    /// Author.
    Author,
    /// Category terms, each a text of its own.
    Category,
    /// The feed's name.
    Feed,
    /// The feed's kind.
    Kind,
    /// The feed's tags, each a text of its own.
    Tag,
    /// Language subtag.
    Lang,
}

impl Field {
    /// The word before the colon in a query, and in payloads.
    pub fn as_str(self) -> &'static str {
        match self {
            Field::Title => "title",
            Field::Summary => "summary",
            Field::Body => "body",
            Field::Author => "author",
            Field::Category => "category",
            Field::Feed => "feed",
            Field::Kind => "kind",
            Field::Tag => "tag",
            Field::Lang => "lang",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
