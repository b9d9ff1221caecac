//! The nouns that travel between the rooms: plain values without behaviour that touches the world.
//!
//! An [`Item`] is one entry in one feed; a [`Story`] is an event told by many items. `watch` makes
//! [`Polled`], `rule` makes [`Finding`], `judge` makes [`Plan`], `deliver` moves [`Message`]s.
//! Nothing here imports another module of the crate, and nobody edits a type of an earlier stage.

mod alert;
mod clock;
mod event;
mod feed;
mod hub;
mod id;
mod item;
mod ledger;
mod matched;
mod message;
mod mute;
mod plan;
mod pulse;
mod route;
mod story;

pub use alert::{Alert, AlertKind, AlertView, AlsoIn, NewMoves, Previous};
pub use clock::Clock;
pub use event::{Event, EventKind, EventState, Fault, SubjectState};
pub use feed::{
    Condition, Every, Feed, FeedState, Hints, Identity, PollOutcome, Polled, Shown, Validators,
    mark,
};
pub use hub::{Hub, Lease, Phase};
pub use id::{AlertId, FeedName, ItemId, ItemKey, MessageId, RuleId, SinkName, StoryId};
pub use item::{Field, Item, Kind, TextHash};
pub use ledger::{LedgerEntry, Standing};
pub use matched::{
    ActKind, Evidence, Finding, Genre, Level, Masked, Match, Move, NearMiss, Recognised, Role,
    RuleScore,
};
pub use message::{Attempt, DeadReason, Hold, MessageKind, MessageState, Outcome, Refusal, Sealed};
pub use mute::{Mute, muted_by};
pub use plan::{Addressee, Decision, ItemRow, Plan, Sameness, StoryChange};
pub use pulse::Pulse;
pub use route::{Miss, Route};
pub use story::{Member, Story, StoryMove};
