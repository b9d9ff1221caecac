//! What no section can see alone.

use super::Config;
use super::gather::Written;
use crate::setting::{Diagnostic, Problems, nearest};

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
