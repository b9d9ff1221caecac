//! What the stations work from, made out of a config: clients, receivers with their secrets, rules.

use std::fmt;
use std::sync::Arc;

use crate::config::Config;
use crate::deliver::Office;
use crate::judge::Bench;
use crate::net::{Client, Tls, Trust};
use crate::setting::{Diagnostic, Span};
use crate::sink::{BuildError, Outlet, SinkConfig, Workshop};
use crate::watch::Subscription;

/// Connections kept per feed host. Feeds are polled too seldom for a kept one to pay: a thousand idle
/// ones held 28 MB in a cold poll.
const FEED_IDLE: usize = 0;

/// What the stations work from; made anew, whole, by each reload.
pub(super) struct Parts {
    pub(super) subscription: Arc<Subscription>,
    pub(super) bench: Arc<Bench>,
    pub(super) office: Arc<Office>,
}

impl Parts {
    /// Builds clients, resolves secrets. Nothing is changed until all of it has worked.
    pub(super) fn build(config: &Config) -> Result<Self, Unusable> {
        let (client, outlets) = equip(config)?;
        let subscription = Subscription {
            feeds: config.feeds.iter().cloned().map(Arc::new).collect(),
            poll: config.poll.clone(),
            client,
        };
        let office = Office {
            outlets,
            delivery: config.delivery.clone(),
            timezone: config.timezone.clone(),
            public_url: config.public_url.clone(),
        };
        let bench = Bench {
            rules: config.rules.clone(),
            routes: config.sinks.iter().map(|sink| sink.route.clone()).collect(),
            story: config.story.clone(),
            shadow: config
                .feeds
                .iter()
                .filter(|feed| feed.shadow)
                .map(|feed| feed.name.clone())
                .collect(),
        };
        Ok(Self {
            subscription: Arc::new(subscription),
            bench: Arc::new(bench),
            office: Arc::new(office),
        })
    }
}

/// The config reads well, but what it names is not there or of no use: a secret, a certificate.
#[derive(Debug)]
pub struct Unusable(pub Vec<Diagnostic>);

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<&str> = self.0.iter().map(|one| one.message.as_str()).collect();
        f.write_str(&lines.join("; "))
    }
}

impl std::error::Error for Unusable {}

/// Sets up the client for feeds and every receiver, which resolves their secrets.
///
/// # Errors
///
/// Everything that stands in the way, not the first alone.
pub fn equip(config: &Config) -> Result<(Client, Vec<Outlet>), Unusable> {
    let mut wrong = Vec::new();
    let tls = config.network.tls().or_else(|error| {
        wrong.push(unusable("[network]", None, &error.to_string()));
        // For what else is wrong.
        Tls::new(&Trust::System)
    });
    let tls = match tls {
        Ok(tls) => tls,
        Err(error) => return Err(Unusable(vec![unusable("TLS", None, &error.to_string())])),
    };
    let client = Client::new(&config.network.feed_client(&tls, FEED_IDLE))
        .map_err(|error| wrong.push(unusable("[network]", None, &error.to_string())))
        .ok();
    let workshop = workshop(config, tls);
    let mut outlets = Vec::new();
    for sink in &config.sinks {
        match sink.build(&workshop) {
            Ok(outlet) => outlets.push(outlet),
            Err(error) => wrong.push(unusable_sink(sink, &error)),
        }
    }
    match client {
        Some(client) if wrong.is_empty() => Ok((client, outlets)),
        _ => Err(Unusable(wrong)),
    }
}

/// Sets up one receiver.
///
/// # Errors
///
/// What is wrong with it, and where it stands in the config.
pub fn outlet(config: &Config, sink: &SinkConfig) -> Result<Outlet, Diagnostic> {
    let tls =
        config.network.tls().map_err(|error| unusable("[network]", None, &error.to_string()))?;
    sink.build(&workshop(config, tls)).map_err(|error| unusable_sink(sink, &error))
}

fn workshop(config: &Config, tls: Tls) -> Workshop {
    Workshop { user_agent: config.network.user_agent(), tls, timeout: config.delivery.timeout }
}

fn unusable_sink(sink: &SinkConfig, error: &BuildError) -> Diagnostic {
    unusable(&format!("the sink `{}`", sink.name), Some(sink.span), &error.to_string())
}

/// The first line of an error says what failed, the second what to do.
fn unusable(whose: &str, span: Option<Span>, error: &str) -> Diagnostic {
    let (what, cure) = error.split_once('\n').unwrap_or((error, ""));
    let mistake = Diagnostic::error(span, format!("{whose}: failed to {what}")).unquoted();
    if cure.is_empty() { mistake } else { mistake.help(cure) }
}
