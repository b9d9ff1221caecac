//! What the stations work from, made out of a config: clients, receivers with their secrets, rules.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::duty::Duty;
use crate::config::Config;
use crate::deliver::Office;
use crate::judge::Bench;
use crate::model::FeedName;
use crate::net::{Client, ClientError, Tls, Trust};
use crate::operator::Heartbeat;
use crate::setting::{Diagnostic, Secret, Span};
use crate::sink::{BuildError, Outlet, SinkConfig, Workshop};
use crate::watch::{Access, Subscription};
use crate::web::{Desk, SHORTEST_TOKEN};
use crate::websub::Terms;

/// Connections kept per host of feeds that are asked often. The others are polled too seldom for a kept
/// one to pay: a thousand idle ones held 28 MB in a cold poll.
const FEED_IDLE: usize = 1;

/// What the stations work from; made anew, whole, by each reload.
pub(super) struct Parts {
    pub(super) subscription: Arc<Subscription>,
    pub(super) bench: Arc<Bench>,
    pub(super) office: Arc<Office>,
    pub(super) desk: Arc<Desk>,
    pub(super) heartbeat: Option<Arc<Heartbeat>>,
    pub(super) duty: Arc<Duty>,
    pub(super) terms: Arc<Terms>,
}

impl Parts {
    /// Builds clients, resolves secrets. Nothing is changed until all of it has worked.
    pub(super) fn build(config: &Config) -> Result<Self, Unusable> {
        let Equipment { client, keeping, access, outlets, heartbeat, .. } = equip(config)?;
        let subscription = Subscription {
            feeds: config.feeds.iter().cloned().map(Arc::new).collect(),
            poll: config.poll.clone(),
            client,
            keeping,
            access,
            files: config.network.allow_file.clone(),
            at_rest: config.websub.poll,
        };
        let terms = Terms {
            section: config.websub.clone(),
            client: subscription.client.clone(),
            max_body: config.poll.max_body,
            in_flight: config.poll.in_flight,
        };
        let office = Office {
            outlets,
            delivery: config.delivery.clone(),
            timezone: config.timezone.clone(),
            public_url: config.web.public_url.clone(),
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
        let token = token(config).map_err(|wrong| Unusable(vec![wrong]))?;
        let desk = Desk::new(&config.web, token, config.roster(), config.timezone.clone());
        Ok(Self {
            subscription: Arc::new(subscription),
            bench: Arc::new(bench),
            office: Arc::new(office),
            desk: Arc::new(desk),
            heartbeat: heartbeat.map(Arc::new),
            duty: Arc::new(Duty::of(config)),
            terms: Arc::new(terms),
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

/// What the config names, at hand.
pub struct Equipment {
    client: Client,
    keeping: Client,
    access: HashMap<FeedName, Arc<Access>>,
    outlets: Vec<Outlet>,
    heartbeat: Option<Heartbeat>,
    /// What is wrong with sinks that cannot be set up; each costs itself only.
    pub idle: Vec<Diagnostic>,
}

/// Sets up the clients for feeds and every receiver, and resolves the secrets of both. A receiver that
/// cannot be set up is idle, and stands in nobody's way.
///
/// # Errors
///
/// Everything that stands in the way, not the first alone.
pub fn equip(config: &Config) -> Result<Equipment, Unusable> {
    let mut wrong = Vec::new();
    let (tls, broken) = tls(config).map_err(|mistake| Unusable(vec![mistake]))?;
    wrong.extend(broken);
    let client = Client::new(&config.network.feed_client(&tls, 0));
    let keeping = Client::new(&config.network.feed_client(&tls, FEED_IDLE));
    let clients = client.and_then(|client| Ok((client, keeping?)));
    let clients =
        clients.map_err(|error| wrong.push(unusable("[network]", None, &error.to_string()))).ok();
    let mut access = HashMap::new();
    for one in &config.access {
        match one.resolve() {
            Ok(resolved) => {
                access.insert(one.feed.clone(), Arc::new(resolved));
            }
            Err(error) => {
                let whose = format!("the feed `{}`", one.feed);
                wrong.push(unusable(&whose, Some(one.span), &error.to_string()));
            }
        }
    }
    let workshop = workshop(config, tls);
    let (mut outlets, mut idle) = (Vec::new(), Vec::new());
    for sink in &config.sinks {
        outlets.push(sink.build(&workshop).unwrap_or_else(|error| {
            idle.push(unusable_sink(sink, &error));
            sink.idle(&workshop, &error)
        }));
    }
    wrong.extend(token(config).err());
    let calling = config.operator.heartbeat.as_ref().zip(clients.as_ref());
    let heartbeat = calling.map(|(section, (client, _))| Heartbeat::new(section, client.clone()));
    let heartbeat = heartbeat.transpose().unwrap_or_else(|error| {
        wrong.push(unusable("[operator] heartbeat", None, &error.to_string()));
        None
    });
    match clients {
        Some((client, keeping)) if wrong.is_empty() => {
            Ok(Equipment { client, keeping, access, outlets, heartbeat, idle })
        }
        _ => {
            wrong.extend(idle);
            Err(Unusable(wrong))
        }
    }
}

/// Sets up one receiver.
///
/// # Errors
///
/// What is wrong with it, and where it stands in the config.
pub fn outlet(config: &Config, sink: &SinkConfig) -> Result<Outlet, Diagnostic> {
    let (tls, broken) = tls(config)?;
    let outlet = sink.build(&workshop(config, tls)).map_err(|error| unusable_sink(sink, &error))?;
    broken.map_or(Ok(outlet), Err)
}

/// The token of the web desk.
///
/// # Errors
///
/// It cannot be read, or is too short to be one.
pub(super) fn token(config: &Config) -> Result<Option<Secret>, Diagnostic> {
    let Some(source) = config.web.token.as_ref().filter(|_| config.web.listen.is_some()) else {
        return Ok(None);
    };
    let token = source.resolve().map_err(|error| unusable("[web] token", None, &error.to_string()));
    match token {
        Ok(token) if token.expose().trim().len() < SHORTEST_TOKEN => {
            let wrong = "[web] token: it is too short, so it can be guessed";
            let cure =
                format!("make one of at least {SHORTEST_TOKEN} letters: `openssl rand -hex 24`");
            Err(Diagnostic::error(None, wrong).help(cure))
        }
        Ok(token) => Ok(Some(Secret::new(token.expose().trim()))),
        Err(wrong) => Err(wrong),
    }
}

/// How TLS is spoken. Where the config's certificates cannot be used: by the system's alone, so that what
/// else is wrong is found too, and the mistake.
fn tls(config: &Config) -> Result<(Tls, Option<Diagnostic>), Diagnostic> {
    let mistake = |error: ClientError| unusable("[network]", None, &error.to_string());
    match config.network.tls() {
        Ok(tls) => Ok((tls, None)),
        Err(error) => Ok((Tls::new(&Trust::System).map_err(mistake)?, Some(mistake(error)))),
    }
}

fn workshop(config: &Config, tls: Tls) -> Workshop {
    Workshop {
        user_agent: config.network.user_agent(),
        tls,
        trust: config.network.trust(),
        timeout: config.delivery.timeout,
    }
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
