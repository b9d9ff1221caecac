//! pactwatch tells you the moment an alliance grows: a daemon that watches news feeds, flags the
//! stories in which a country moves towards an alliance or an alliance opens its door, tells each
//! story once however many outlets carry it, and again only when a new move is made.
//!
//! # The map
//!
//! ```text
//! watch  ──Polled──▶  judge  ──rows──▶  deliver
//! (schedule, fetch,   (match, plan,     (seal, send,
//!  read, normalise)    admit)            record)
//! ```
//!
//! | room | what it owns |
//! | --- | --- |
//! | [`model`] | the nouns that travel; imports nothing of ours |
//! | [`setting`] | leaf parts of the config: values with places, secrets, durations |
//! | [`text`] | folding, markup to text, cleaning, canonical links; pure |
//! | [`net`] | clients, address guard, bounds of answers |
//! | [`rule`] | query language, lexicon, scanner, moves, explanation |
//! | [`sink`] | the receivers behind one contract |
//! | [`store`] | SQLite: one writing thread, two readers, one file a noun |
//! | [`watch`] | first station: when to ask a feed, how to fetch, what a document says |
//! | [`judge`] | second station: identity, stories, ledger, who is told; the planner is pure |
//! | [`deliver`] | third station: one worker a sink, the retry policy is pure |
//! | [`report`] | what people are told of how things stand and why, for terminal and page |
//! | [`web`] | the desk: pages, API, metrics, health; reads, and changes what `daemon` hands it |
//! | [`operator`] | what the operator hears of the daemon itself: the heartbeat |
//! | [`websub`] | hubs that push the news of feeds: subscriptions, and the door they call at |
//! | [`config`] | finds, merges and cross-checks the config; each room reads its own section |
//! | [`daemon`] | builds, joins, reloads and stops the stations |
//! | [`cli`] | one file a command family |
//!
//! Imports point down this table's order; stations never import each other. `tests/it/house.rs` holds
//! that against the code.
//!
//! # What never happens
//!
//! - No feed validator is saved before the items that came with it: both are one transaction.
//! - No message is sent that is not in the outbox, and none changes its id or, once sealed, its bytes.
//! - No transaction is open across a request.
//! - No text of a feed reaches a terminal, a header, a log or a receiver unescaped.
//! - No secret has a `Debug` or `Display` that shows it.
//! - No type of rusqlite leaves `store`, none of feed-rs leaves `watch::read`.

pub mod cli;
pub mod config;
pub mod daemon;
pub mod deliver;
pub mod judge;
pub mod logging;
pub mod model;
pub mod net;
pub mod operator;
pub mod report;
pub mod rule;
pub mod setting;
pub mod sink;
pub mod store;
pub mod systemd;
pub mod text;
pub mod watch;
pub mod web;
pub mod websub;
