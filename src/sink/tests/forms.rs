//! What each receiver is sent: one snapshot per receiver and letter, and limits that hold for any
//! text.

use std::sync::OnceLock;

use proptest::prelude::*;

use super::*;

/// The body for people's eyes: JSON in lines.
fn pretty(sealed: &Sealed) -> String {
    match serde_json::from_slice::<Value>(&sealed.body) {
        Ok(value) => serde_json::to_string_pretty(&value).unwrap(),
        Err(_) => String::from_utf8(sealed.body.clone()).unwrap(),
    }
}

#[test]
fn each_receiver_has_its_form_of_each_letter() {
    for receiver in &RECEIVERS {
        let sink = receiver.idle().sink;
        for (name, letter) in letters() {
            let sealed = sink.render(&letter, &stationery()).unwrap();
            insta::assert_snapshot!(format!("{}-{name}", receiver.kind), pretty(&sealed));
        }
        let plain = sink.fallback(&letters()[1].1, &stationery());
        if let Some(plain) = plain {
            insta::assert_snapshot!(format!("{}-plain", receiver.kind), pretty(&plain));
        }
    }
    let console = console::Console::new(std::io::sink());
    for (name, letter) in letters() {
        let sealed = Sink::render(&console, &letter, &stationery()).unwrap();
        insta::assert_snapshot!(format!("console-{name}"), pretty(&sealed));
    }
}

#[test]
fn the_body_goes_along_as_far_as_evidence_reaches() {
    let mut view = wire();
    let body = format!("{} Canada may join. {}", "ÄÖÜ 🚀 ".repeat(40), "More. ".repeat(200));
    let start = body.chars().position(|c| c == 'C').unwrap();
    view.alert.item.body = body.clone();
    let mut one = view.alert.matched.evidence[0].clone();
    (one.field, one.start, one.end) = (Field::Body, start, start + 6);
    view.alert.matched.evidence.push(one);
    let sealed = Receiver::of("webhook")
        .idle()
        .sink
        .render(&Letter::Alert(Box::new(view)), &stationery())
        .unwrap();
    let payload: Value = serde_json::from_slice(&sealed.body).unwrap();
    let sent = payload["data"]["item"]["body"].as_str().unwrap();
    assert!(body.starts_with(sent) && sent.len() < body.len());
    assert_eq!(sent.chars().skip(start).take(6).collect::<String>(), "Canada");
}

#[test]
fn a_digest_shows_every_alert_that_it_says_it_can() {
    for receiver in RECEIVERS.iter().filter(|one| one.idle().sink.nature().chat) {
        let sink = receiver.idle().sink;
        let views: Vec<AlertView> = (1..=sink.nature().digest)
            .map(|n| {
                let mut one = view(&format!("Headline {n:02}"), "Canada may join AUKUS Pillar 2");
                one.alert.id = AlertId(n as i64);
                one
            })
            .collect();
        let letter = Letter::Digest(views.clone());
        for sealed in [
            Some(sink.render(&letter, &stationery()).unwrap()),
            sink.fallback(&letter, &stationery()),
        ] {
            let text = String::from_utf8(sealed.unwrap().body).unwrap();
            let all = views.iter().all(|view| text.contains(&view.alert.item.title));
            assert!(all && !text.contains(" more: see"), "{}: {text}", receiver.kind);
        }
        let mut more = views;
        more.push(wire());
        let text =
            String::from_utf8(sink.render(&Letter::Digest(more), &stationery()).unwrap().body)
                .unwrap();
        assert!(text.contains("1 more: see"), "{}: {text}", receiver.kind);
    }
}

/// Every text in a body, with the key it stands under.
fn texts(value: &Value, key: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) => found.push((key.to_owned(), text.clone())),
        Value::Array(list) => list.iter().for_each(|one| texts(one, key, found)),
        Value::Object(map) => map.iter().for_each(|(key, one)| texts(one, key, found)),
        _ => {}
    }
}

/// HTML whose tags close in order, with nothing but these tags and entities.
fn well_formed(html: &str, allowed: &[&str]) -> Result<(), String> {
    let mut open: Vec<String> = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&', '>']) {
        let here = &rest[at..];
        if here.starts_with('&') {
            let end = here.find(';').ok_or("a torn entity")?;
            if !["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"].contains(&&here[..=end]) {
                return Err(format!("the entity {}", &here[..=end]));
            }
            rest = &here[end + 1..];
            continue;
        }
        let end = here.find('>').filter(|_| here.starts_with('<')).ok_or("a torn tag")?;
        let tag = &here[1..end];
        let name = tag.trim_start_matches('/').split(' ').next().unwrap_or_default();
        if !allowed.contains(&name) {
            return Err(format!("the tag <{tag}>"));
        }
        if tag.starts_with('/') {
            if open.pop().as_deref() != Some(name) {
                return Err(format!("</{name}> closes nothing"));
            }
        } else if name != "br" {
            open.push(name.to_owned());
        }
        rest = &here[end + 1..];
    }
    open.is_empty().then_some(()).ok_or_else(|| format!("open: {open:?}"))
}

fn units(value: &Value) -> usize {
    value.as_str().map_or(0, |text| text.encode_utf16().count())
}

fn most(what: &str, is: usize, most: usize) -> Result<(), String> {
    (is <= most).then_some(()).ok_or_else(|| format!("{what}: {is} of {most}"))
}

/// The receiver's own limits, as its makers state them.
fn limits(kind: &str, sealed: &Sealed) -> Result<(), String> {
    let body: Value = serde_json::from_slice(&sealed.body).map_err(|why| why.to_string())?;
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    match kind {
        "slack" => {
            most("text", units(&body["text"]), 35_000)?;
            most("blocks", list(&body["blocks"]).len(), 50)?;
            for block in list(&body["blocks"]) {
                most("section", units(&block["text"]["text"]), 3000)?;
                for element in list(&block["elements"]) {
                    most("context", units(&element["text"]), 3000)?;
                }
            }
        }
        "discord" => {
            most("content", units(&body["content"]), 2000)?;
            if body["allowed_mentions"] != serde_json::json!({ "parse": [] }) {
                return Err("mentions are allowed".to_owned());
            }
            let mut all = 0;
            for embed in list(&body["embeds"]) {
                let (title, text) = (units(&embed["title"]), units(&embed["description"]));
                let (foot, name) =
                    (units(&embed["footer"]["text"]), units(&embed["author"]["name"]));
                most("title", title, 256)?;
                most("description", text, 4096)?;
                most("footer", foot, 2048)?;
                most("author", name, 256)?;
                all += title + text + foot + name;
            }
            most("embeds", list(&body["embeds"]).len(), 10)?;
            most("all embeds", all, 6000)?;
        }
        "telegram" => {
            most("text", units(&body["text"]), 4096)?;
            if body["parse_mode"] == "HTML" {
                well_formed(body["text"].as_str().unwrap_or_default(), &["b", "a"])?;
            }
        }
        "teams" => {
            most("bytes", sealed.body.len(), 12_000)?;
            let card = &body["attachments"][0]["content"];
            let wraps = list(&card["body"])
                .iter()
                .all(|block| block["type"] != "TextBlock" || block["wrap"] == true);
            if card["version"] != "1.2" || !wraps || !sealed.content_type.contains("utf-8") {
                return Err("the card's frame".to_owned());
            }
        }
        "mattermost" => most("text", units(&body["text"]), 16_383)?,
        "ntfy" => {
            most("message", body["message"].as_str().unwrap_or_default().len(), 4096)?;
            most("bytes", sealed.body.len(), 8192)?;
            let click = body["click"].as_str().unwrap_or("https://");
            if units(&body["message"]) == 0 || !click.starts_with("http") {
                return Err(format!("nothing to show, or a click on {click}"));
            }
        }
        "matrix" => {
            most("bytes", sealed.body.len(), 60_000)?;
            let formatted = body["formatted_body"].as_str().unwrap_or_default();
            well_formed(formatted, &["strong", "a", "br"])?;
            if body["m.mentions"] != serde_json::json!({}) {
                return Err("mentions are allowed".to_owned());
            }
        }
        "pagerduty" => {
            most("summary", units(&body["payload"]["summary"]), 1024)?;
            most("key", units(&body["dedup_key"]), 255)?;
            most("bytes", sealed.body.len(), 512_000)?;
        }
        _ => {}
    }
    Ok(())
}

/// Nothing of the feed's text is a mention, a link or markup. Links of ours lead to `wire.example`.
fn inert(sealed: &Sealed) -> Result<(), String> {
    let body: Value = serde_json::from_slice(&sealed.body).map_err(|why| why.to_string())?;
    let mut found = Vec::new();
    texts(&body, "", &mut found);
    for (key, text) in found {
        for live in ["<!", "<@", "<#", "<users", "://evil", "www.evil", "](https://evil", "<script"]
        {
            if text.contains(live) {
                return Err(format!("{live} in `{key}`: {text}"));
            }
        }
        let letters: Vec<char> = text.chars().collect();
        if letters.windows(2).any(|pair| pair[0] == '@' && pair[1] != '\u{200b}') {
            return Err(format!("a mention in `{key}`: {text}"));
        }
    }
    Ok(())
}

const HOSTILE: &str = "<!channel> <@U1> @everyone @here <users/all> [x](https://evil.example) \
    <https://evil.example|ok> https://evil.example www.evil.example <script> *b* `c` ";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn any_text_stays_within_every_receivers_limits_and_inert(
        title in "(\\PC|[<>&|@!*_`\"\\\\ ]){0,400}",
        middle in "(\\PC|[<>&|@!*_`\"\\\\ ]){0,400}",
        path in "(\\PC|[<>&|@()\"]){0,300}",
        long in 0usize..3,
        others in 0usize..12,
        count in 1usize..24,
    ) {
        let summary = format!("Canada {middle} may join AUKUS Pillar 2 {HOSTILE}");
        let mut one = view(&format!("{HOSTILE}{title}"), &summary);
        one.kind = AlertKind::Updated;
        one.alert.item.url = Some(format!("https://wire.example/{}", path.repeat(long * 4)));
        one.alert.item.feed = FeedName::new(format!("{HOSTILE}{}", &path));
        one.alert.previous = Some(Previous {
            alert: AlertId(1),
            raised: at("2024-03-23T08:00:00Z"),
            title: format!("{HOSTILE}{title}"),
        });
        one.also_in = (0..others)
            .map(|n| AlsoIn {
                feed: FeedName::new(format!("{HOSTILE}{n}{path}")),
                url: None,
                title: title.clone(),
                copy: false,
            })
            .collect();
        let office = Stationery { public_url: "https://wire.example/pact".to_owned(), ..stationery() };
        let alert = Letter::Alert(Box::new(one.clone()));
        let digest = Letter::Digest(vec![one; count]);
        let hostile = Event {
            cure: format!("{HOSTILE}{title}"),
            subjects: vec![format!("{HOSTILE}{path}")],
            ..trouble(&format!("{HOSTILE}{title}").repeat(long + 1))
        };
        let event = Letter::Event(Box::new(hostile));
        static IDLE: OnceLock<Vec<(&Receiver, Outlet)>> = OnceLock::new();
        let all = IDLE.get_or_init(|| RECEIVERS.iter().map(|one| (one, one.idle())).collect());
        for (receiver, Outlet { sink, .. }) in all {
            for letter in [&alert, &digest, &event] {
                for sealed in [Some(sink.render(letter, &office).unwrap()), sink.fallback(letter, &office)].into_iter().flatten() {
                    let held = limits(receiver.kind, &sealed);
                    prop_assert!(held.is_ok(), "{}: {:?}\n{}", receiver.kind, held, pretty(&sealed));
                    let dead = if receiver.data { Ok(()) } else { inert(&sealed) };
                    prop_assert!(dead.is_ok(), "{}: {:?}", receiver.kind, dead);
                }
            }
        }
    }
}

/// What a source that speaks for itself is the first to confirm.
#[test]
fn a_confirmation_says_so() {
    let mut view = updated();
    view.alert.new.as_mut().unwrap().confirmed = true;
    let line = parts::verdict(&view);
    assert!(line.starts_with("CONFIRMED · AUKUS"), "{line}");
    view.kind = AlertKind::Raised;
    assert!(parts::verdict(&view).starts_with("NEW · "), "it is first word to this sink");
}
