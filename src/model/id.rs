//! Identifiers, each a type of its own so that no two can be swapped.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps a name as it stands in the config or the database.
            pub fn new(name: impl AsRef<str>) -> Self {
                Self(Arc::from(name.as_ref()))
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                Self::new(name)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

name!(
    /// A feed: its `name` in the config, or its URL where it has none.
    FeedName
);
name!(
    /// A sink: its `name` in the config. Its queue follows the name through reloads.
    SinkName
);
name!(
    /// A rule: its `id` in the config.
    RuleId
);
name!(
    /// The identity of an item inside its feed (see `watch::read::identity` for how it is found).
    /// At most 200 bytes.
    ItemKey
);
name!(
    /// The `webhook-id` of a message: `msg_` and a hash of sink and alert key. It never changes.
    MessageId
);

macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "-{}"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = String;

            /// Reads `A-1042`, `a-1042` or the bare number.
            fn from_str(text: &str) -> Result<Self, String> {
                let digits = text
                    .strip_prefix(concat!($prefix, "-"))
                    .or_else(|| text.strip_prefix(concat!($prefix, "-").to_lowercase().as_str()))
                    .unwrap_or(text);
                digits
                    .parse()
                    .ok()
                    .filter(|number| *number > 0)
                    .map(Self)
                    .ok_or_else(|| format!(concat!("`{}` is no id of the form ", $prefix, "-12"), text))
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

number!(
    /// The short id of an alert that people read and type: `A-1042`.
    AlertId, "A"
);
number!(
    /// The short id of a story that people read and type: `S-318`.
    StoryId, "S"
);
number!(
    /// The short id of a stored item, for asking about one of several: `I-77`.
    ItemId, "I"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_ids_read_back_what_they_print() {
        assert_eq!(AlertId(1042).to_string().parse(), Ok(AlertId(1042)));
        assert_eq!("s-7".parse(), Ok(StoryId(7)));
        assert_eq!("7".parse(), Ok(StoryId(7)));
        for wrong in ["", "A-", "A-0", "A--3", "S-7"] {
            assert!(wrong.parse::<AlertId>().is_err(), "{wrong} was taken");
        }
    }
}
