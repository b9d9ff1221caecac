//! What no section can see alone.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use url::Url;

use super::Config;
use super::gather::Written;
use crate::model::{Every, SinkName};
use crate::net::Guard;
use crate::setting::{Diagnostic, Problems, nearest, show_duration};

/// Reports references that lead nowhere, and what is odd but legal.
pub(super) fn cross_check(config: &Config, written: &Written, problems: &Problems) {
    // What is missing may stand in what could not be read.
    if written.whole {
        references(config, written, problems);
        oddities(config, written, problems);
    }
}

/// Reports references that lead nowhere.
fn references(config: &Config, written: &Written, problems: &Problems) {
    let rules = &written.rules;
    for sink in &config.sinks {
        for pattern in &sink.route.rules {
            let known = match pattern.strip_suffix('*') {
                Some(prefix) => rules.iter().any(|id| id.starts_with(prefix)),
                None => rules.contains(pattern),
            };
            if !known {
                let near = nearest(pattern, rules.iter().map(String::as_str));
                let help = near.map_or_else(
                    || "`pactwatch check` lists the rules".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                problems.add(
                    Diagnostic::error(
                        sink.span,
                        format!(
                            "the sink `{}` wants the rule `{pattern}`, which does not exist",
                            sink.name
                        ),
                    )
                    .help(help)
                    .unquoted(),
                );
            }
        }
        for alliance in sink.route.alliances.iter().filter(|_| written.lists) {
            let known: Vec<&str> = config.rules.alliances().collect();
            if !known.contains(&alliance.as_str()) {
                let near = nearest(alliance, known.iter().copied());
                problems.add(
                    Diagnostic::error(
                        sink.span,
                        format!(
                            "the sink `{}` wants the alliance `{alliance}`, which no file names",
                            sink.name
                        ),
                    )
                    .help(near.map_or_else(
                        || "write it as in the pack".to_owned(),
                        |near| format!("did you mean `{near}`?"),
                    ))
                    .unquoted(),
                );
            }
        }
    }
    for (name, span) in &config.operator.sinks {
        let names = || written.sinks.iter().map(String::as_str);
        if !names().any(|known| known == name.as_str()) {
            let near = nearest(name.as_str(), names());
            problems.add(Diagnostic::error(*span, format!("there is no sink `{name}`")).help(
                near.map_or_else(
                    || "name a [[sink]] of this config".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                ),
            ));
        }
    }
    values_that_never_match(config, written, problems);
}

/// Reports what is legal alone, and odd or wrong together.
fn oddities(config: &Config, written: &Written, problems: &Problems) {
    let both = config.web.listen == Some(config.websub.listen);
    if both && config.websub.callback.is_some() {
        problems.add(
            Diagnostic::error(None, "[web] and [websub] listen at one address")
                .help("give one of them another port: hubs must not reach the page"),
        );
    }
    if written.feeds == 0 {
        problems.add(
            Diagnostic::warning(None, "there are no feeds, so nothing will be polled")
                .help("add `[[feed]]` with a `url`"),
        );
    }
    if written.sinks.is_empty() {
        problems.add(
            Diagnostic::warning(None, "there are no sinks, so nobody will be told")
                .help("add `[[sink]]` with `name = \"console\"` and `type = \"console\"`"),
        );
    }
    sinks_without_rules(config, problems);
    rules_without_sink(config, problems);
    feeds_hardly_polled(config, problems);
    feeds_out_of_reach(config, problems);
    if config.network.proxy.is_some() {
        problems.add(
            Diagnostic::warning(
                None,
                "feeds go through `proxy`, which decides what they may reach: `allow_private` \
                 guards only addresses that are written as numbers",
            )
            .help("let the proxy refuse private and link-local networks"),
        );
    }
    if config.network.contact.is_empty() {
        problems.add(
            Diagnostic::warning(None, "`contact` under [network] is empty").help(
                "name an address or page, so that a site can reach you instead of blocking you",
            ),
        );
    }
}

/// A feed that is asked more rarely than this is as good as never asked.
const RARELY: Duration = Duration::from_secs(30 * 86_400);

/// Reports sinks that get nothing. One for operators alone gets their events all the same.
fn sinks_without_rules(config: &Config, problems: &Problems) {
    let is_operators = |sink: &SinkName| config.operator.sinks.iter().any(|(name, _)| name == sink);
    for sink in &config.sinks {
        if sink.route.rules.is_empty() && !is_operators(&sink.name) {
            let odd = format!("`rules` of the sink `{}` is empty, so it gets nothing", sink.name);
            problems.add(
                Diagnostic::warning(sink.span, odd)
                    .help(
                        "write `rules = [\"*\"]` for all, take the key away, or name the sink under \
                         [operator]",
                    )
                    .unquoted(),
            );
        }
    }
}

/// Reports rules that no sink asks for.
fn rules_without_sink(config: &Config, problems: &Problems) {
    let wants = |id: &str| {
        config.sinks.iter().flat_map(|sink| &sink.route.rules).any(|pattern| {
            match pattern.strip_suffix('*') {
                Some(prefix) => id.starts_with(prefix),
                None => pattern == id,
            }
        })
    };
    let live = config.rules.rules().filter(|rule| !rule.shadow);
    let unwanted: Vec<String> =
        live.filter(|rule| !wants(rule.id.as_str())).map(|rule| rule.id.to_string()).collect();
    if !config.sinks.is_empty() && !unwanted.is_empty() {
        problems.add(
            Diagnostic::warning(
                None,
                format!("no sink wants what these rules flag: {}", unwanted.join(", ")),
            )
            .help("name them in the `rules` of a [[sink]], or switch them off"),
        );
    }
}

/// Reports feeds that are hardly ever due.
fn feeds_hardly_polled(config: &Config, problems: &Problems) {
    for feed in &config.feeds {
        if let Every::Fixed(every) = feed.every
            && every > RARELY
        {
            problems.add(
                Diagnostic::warning(
                    None,
                    format!(
                        "the feed `{}` is polled once in {}: what it drops in between is never seen",
                        feed.name,
                        show_duration(every)
                    ),
                )
                .help("write a shorter `every`, or `\"auto\"`"),
            );
        }
    }
}

/// Reports feeds at private addresses that are not allowed. What a name resolves to is seen when it is
/// dialled; a number, or this machine's name, is seen here.
fn feeds_out_of_reach(config: &Config, problems: &Problems) {
    if config.network.proxy.is_some() {
        return;
    }
    let allowed = &config.network.allow_private;
    let guard = Guard::new(allowed.clone(), "`allow_private` under [network]");
    for feed in &config.feeds {
        let Some(url) = Url::parse(&feed.url).ok().filter(Url::has_host) else { continue };
        let loopback = [IpAddr::from([127, 0, 0, 1]), IpAddr::from(Ipv6Addr::LOCALHOST)];
        let refused = match url.host_str() {
            Some("localhost") => loopback.iter().all(|one| guard.check_address(*one).is_err()),
            _ => guard.check(&url).is_err(),
        };
        if refused {
            problems.add(
                Diagnostic::warning(
                    None,
                    format!(
                        "the feed `{}` lies at a private address, so no poll reaches it",
                        feed.name
                    ),
                )
                .help("name its network in `allow_private` under [network]"),
            );
        }
    }
}

/// Names that people write where a subtag is wanted.
const LANGUAGES: [(&str, &str); 24] = [
    ("arabic", "ar"),
    ("chinese", "zh"),
    ("czech", "cs"),
    ("danish", "da"),
    ("dutch", "nl"),
    ("english", "en"),
    ("finnish", "fi"),
    ("french", "fr"),
    ("german", "de"),
    ("greek", "el"),
    ("hebrew", "he"),
    ("hindi", "hi"),
    ("hungarian", "hu"),
    ("italian", "it"),
    ("japanese", "ja"),
    ("korean", "ko"),
    ("norwegian", "no"),
    ("polish", "pl"),
    ("portuguese", "pt"),
    ("russian", "ru"),
    ("spanish", "es"),
    ("swedish", "sv"),
    ("turkish", "tr"),
    ("ukrainian", "uk"),
];

/// Reports candidates, languages and tags of sinks that no alert will ever bear.
fn values_that_never_match(config: &Config, written: &Written, problems: &Problems) {
    for sink in &config.sinks {
        let wants = |what: String| format!("the sink `{}` wants {what}", sink.name);
        let mean = |near: Option<&str>, else_help: &str| {
            near.map_or_else(|| else_help.to_owned(), |near| format!("did you mean `{near}`?"))
        };
        for code in sink.route.candidates.iter().filter(|_| written.lists) {
            if config.rules.candidates().any(|(known, _)| known == code) {
                continue;
            }
            let near = by_name(code, config.rules.candidates());
            problems.add(
                Diagnostic::error(
                    sink.span,
                    wants(format!("the candidate `{code}`, which no file names")),
                )
                .help(mean(near, "write its code, as `[place.…]` has it, like `IE`"))
                .unquoted(),
            );
        }
        for language in &sink.route.languages {
            let short = (2..=3).contains(&language.len());
            if short && language.bytes().all(|byte| byte.is_ascii_lowercase()) {
                continue;
            }
            let first = language.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
            let tag = (2..=3).contains(&first.len()).then_some(first.as_str());
            let known = LANGUAGES.iter().map(|(name, tag)| (*tag, *name));
            problems.add(
                Diagnostic::error(sink.span, wants(format!("the language `{language}`")))
                    .help(mean(tag.or_else(|| by_name(language, known)), "write it like `en`"))
                    .unquoted(),
            );
        }
        let tags = || config.feeds.iter().flat_map(|feed| &feed.tags).map(String::as_str);
        let all_read = config.feeds.len() == written.feeds;
        for tag in sink.route.tags.iter().filter(|_| all_read) {
            if tags().any(|known| known == tag) {
                continue;
            }
            problems.add(
                Diagnostic::warning(
                    sink.span,
                    wants(format!("the tag `{tag}`, which no feed has")),
                )
                .help(mean(nearest(tag, tags()), "give it to a feed: `tags = […]`"))
                .unquoted(),
            );
        }
    }
}

/// The code of what is meant by a code in other letters or by a name.
fn by_name<'c>(text: &str, known: impl Iterator<Item = (&'c str, &'c str)>) -> Option<&'c str> {
    let known: Vec<(&str, &str)> = known.collect();
    if let Some((code, _)) = known.iter().find(|(code, _)| code.eq_ignore_ascii_case(text)) {
        return Some(code);
    }
    let near = nearest(text, known.iter().map(|(_, name)| *name))?;
    known.iter().find(|(_, name)| *name == near).map(|(code, _)| *code)
}
