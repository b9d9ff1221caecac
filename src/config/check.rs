//! What no section can see alone.

use super::Config;
use crate::setting::{Diagnostic, Problems, nearest};

/// Reports references that lead nowhere, and what is odd but legal.
pub(super) fn cross_check(config: &Config, problems: &Problems) {
    let rules: Vec<String> = config.rules.rules().map(|rule| rule.id.to_string()).collect();
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
        for alliance in &sink.route.alliances {
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
    if config.feeds.is_empty() {
        problems.add(
            Diagnostic::warning(None, "there are no feeds, so nothing will be polled")
                .help("add `[[feed]]` with a `url`"),
        );
    }
    if config.sinks.is_empty() {
        problems.add(
            Diagnostic::warning(None, "there are no sinks, so nobody will be told")
                .help("add `[[sink]]` with `name = \"console\"` and `type = \"console\"`"),
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
