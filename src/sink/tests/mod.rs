//! Every receiver against the same contract, on real loopback servers. A new receiver is a line in
//! [`RECEIVERS`] and a reading of its form in [`forms`].

mod answers;
mod config;
mod faults;
mod forms;
#[cfg(feature = "email")]
mod mail;
mod programs;
mod proofs;
mod replies;
mod server;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;
use toml::de::DeTable;

use super::contract::{Answer, Letter, Parcel, Proof, Stationery};
use super::*;
use crate::model::{
    ActKind, Alert, AlertId, AlertKind, AlertView, AlsoIn, Event, EventKind, EventState, Evidence,
    FeedName, Field, Genre, Item, ItemKey, Kind as FeedKind, LedgerEntry, Level, Match, MessageId,
    Move, NewMoves, Outcome, Previous, Refusal, Role, RuleId, RuleScore, Sealed, StoryId,
};
use crate::setting::{Problems, Severity, Sources, Span};

/// The secret of every receiver. It has the shape that the strictest of them wants.
const TOKEN: &str = "T0PS3CRETTOKEN00T0PS3CRETTOKEN00";

/// A receiver that is spoken to over HTTP.
struct Receiver {
    kind: &'static str,
    /// Its keys; `BASE` stands for the server, `TOKEN` for the secret.
    keys: &'static str,
    /// Its yes.
    yes: (u16, &'static str),
    /// What a later message can reply to after that yes.
    thread: Option<&'static str>,
    /// Whether its form is data for programs, where feed text stays as it is.
    data: bool,
}

const RECEIVERS: [Receiver; 10] = [
    Receiver {
        kind: "webhook",
        keys: "url = 'BASE/services/TOKEN'",
        yes: (204, ""),
        thread: None,
        data: true,
    },
    Receiver {
        kind: "slack",
        keys: "url = 'BASE/services/TOKEN'",
        yes: (200, "ok"),
        thread: None,
        data: false,
    },
    Receiver {
        kind: "discord",
        keys: "url = 'BASE/api/webhooks/1/TOKEN'\nthread_id = '77'",
        yes: (200, r#"{"id":"33","channel_id":"22","guild_id":"11","content":""}"#),
        thread: Some("11/22/33"),
        data: false,
    },
    Receiver {
        kind: "telegram",
        keys: "token = '42:TOKEN'\nchat_id = -1001\nthread_id = 7\napi = 'BASE'",
        yes: (200, r#"{"ok":true,"result":{"message_id":55}}"#),
        thread: Some("55"),
        data: false,
    },
    Receiver {
        kind: "teams",
        keys: "url = 'BASE/workflows/x/invoke?sig=TOKEN'",
        yes: (202, ""),
        thread: None,
        data: false,
    },
    Receiver {
        kind: "mattermost",
        keys: "url = 'BASE/hooks/TOKEN'",
        yes: (200, "ok"),
        thread: None,
        data: false,
    },
    Receiver {
        kind: "ntfy",
        keys: "url = 'BASE'\ntopic = 'news'\ntoken = 'TOKEN'",
        yes: (200, r#"{"id":"abc","event":"message"}"#),
        thread: None,
        data: false,
    },
    Receiver {
        kind: "matrix",
        keys: "homeserver = 'BASE'\nroom = '!room:example.org'\ntoken = 'TOKEN'",
        yes: (200, r#"{"event_id":"$abc"}"#),
        thread: Some("$abc"),
        data: false,
    },
    Receiver {
        kind: "pagerduty",
        keys: "url = 'BASE/v2/enqueue'\nrouting_key = 'TOKEN'",
        yes: (202, r#"{"status":"success"}"#),
        thread: None,
        data: false,
    },
    Receiver {
        kind: "template",
        keys: "url = 'BASE/spaces/TOKEN'\nheaders = { Authorization = 'Bearer TOKEN' }\n\
               body = '{\"text\": \"{{ text }}\", \"head\": \"{{ headline }}\", \"who\": {{ candidates | tojson }}}'",
        yes: (201, ""),
        thread: None,
        data: false,
    },
];

impl Receiver {
    fn of(kind: &str) -> &'static Self {
        RECEIVERS.iter().find(|one| one.kind == kind).unwrap()
    }

    fn config(&self, base: &str) -> String {
        let keys = self.keys.replace("BASE", base).replace("TOKEN", TOKEN);
        format!(
            "[[sink]]\nname = 'x'\ntype = '{}'\nallow_private = ['127.0.0.0/8']\n{keys}\n",
            self.kind
        )
    }

    fn outlet(&self, base: &str) -> Outlet {
        outlet(&self.config(base))
    }

    /// One that is only rendered for.
    fn idle(&self) -> Outlet {
        self.outlet("http://127.0.0.1:9")
    }
}

fn read(text: &str) -> (Vec<SinkConfig>, Vec<crate::setting::Diagnostic>) {
    let mut sources = Sources::default();
    let file = sources.add("test.toml", text);
    let problems = Problems::default();
    let table = DeTable::parse(text).unwrap().into_inner();
    let folder = std::path::Path::new("");
    let root = Table::new(&problems, file, folder, Span::new(file, 0..0), "test", &table);
    let sinks = read_sinks(root.tables("sink"));
    (sinks, problems.into_sorted())
}

fn workshop() -> Workshop {
    Workshop {
        user_agent: "test".to_owned(),
        tls: Tls::new(&Trust::System).unwrap(),
        trust: Trust::System,
        timeout: Duration::from_secs(5),
    }
}

fn outlet(config: &str) -> Outlet {
    let (sinks, problems) = read(config);
    assert!(problems.iter().all(|one| one.severity == Severity::Warning), "{problems:?}");
    sinks[0].build(&workshop()).unwrap()
}

/// Sends with a patience that only a hanging server uses up.
async fn send(outlet: &Outlet, sealed: &Sealed) -> Answer {
    let id = MessageId::new("msg_1");
    outlet.sink.send(Parcel { id: &id, sealed, timeout: Duration::from_secs(20) }).await
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn stationery() -> Stationery {
    Stationery {
        timezone: TimeZone::UTC,
        public_url: String::new(),
        now: at("2024-03-24T09:50:00Z"),
    }
}

fn view(title: &str, summary: &str) -> AlertView {
    let item = Item {
        key: ItemKey::new("k"),
        feed: FeedName::new("Example Wire"),
        url: Some("https://wire.example/asia?a=1&b=<2>|3".to_owned()),
        canonical: None,
        title: title.to_owned(),
        summary: summary.to_owned(),
        body: String::new(),
        feed_text: None,
        author: String::new(),
        categories: Vec::new(),
        language: Some("en".to_owned()),
        published: Some(at("2024-03-24T09:40:00Z")),
        seen: at("2024-03-24T09:44:00Z"),
        kind: FeedKind::Wire,
        tags: Vec::new(),
    };
    let act = ActKind {
        name: "considers".to_owned(),
        stage: 1,
        formal: false,
        against: false,
        kin: Vec::new(),
        unsaid: false,
    };
    let codes = |list: &[&str]| list.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
    let spot = |words: &str, list: &str, role: Role| {
        summary.find(words).map(|byte| {
            let start = summary[..byte].chars().count();
            Evidence {
                rule: RuleId::new("security-alliance"),
                field: Field::Summary,
                start,
                end: start + words.chars().count(),
                text: words.to_owned(),
                term: words.to_owned(),
                list: list.to_owned(),
                role,
                label: list.to_owned(),
                gloss: None,
            }
        })
    };
    let evidence = [
        spot("Canada", "CA", Role::Candidate),
        spot("Japan", "JP", Role::Candidate),
        spot("join", "considers", Role::Act),
        spot("AUKUS Pillar 2", "AUKUS", Role::Alliance),
    ];
    let matched = Match {
        rules: vec![RuleScore { id: RuleId::new("security-alliance"), score: 2.0, threshold: 1.0 }],
        rule_title: "A security alliance opens its door".to_owned(),
        rule_level: Level::Notable,
        shadow: false,
        moves: vec![Move {
            alliance: "AUKUS".to_owned(),
            candidates: codes(&["CA", "JP"]),
            act: Some(act),
            actor: None,
            hedged: true,
            field: Field::Summary,
            aside: Vec::new(),
        }],
        alliances: codes(&["AUKUS"]),
        candidates: codes(&["CA", "JP"]),
        also_named: codes(&["IN", "NZ", "KR"]),
        members: codes(&["US", "GB"]),
        genre: Genre::Report,
        evidence: evidence.into_iter().flatten().collect(),
        masked: Vec::new(),
        names: [
            ("CA", "Canada"),
            ("JP", "Japan"),
            ("IN", "India"),
            ("NZ", "New Zealand"),
            ("KR", "South Korea"),
        ]
        .map(|(code, name)| (code.to_owned(), name.to_owned()))
        .into_iter()
        .collect::<BTreeMap<_, _>>(),
    };
    let alert = Alert {
        id: AlertId(1042),
        key: "Example Wire\nk\n1".to_owned(),
        story: StoryId(318),
        kind: AlertKind::Raised,
        level: Level::Notable,
        item,
        matched,
        before: vec![LedgerEntry {
            alliance: "AUKUS".to_owned(),
            candidate: "JP".to_owned(),
            act: "denies".to_owned(),
            stage: 0,
            formal: false,
            actor: Some("JP".to_owned()),
            since: at("2022-04-13T00:00:00Z"),
            last: at("2022-04-13T00:00:00Z"),
            alert: None,
            title: "Japan denies".to_owned(),
            feed: FeedName::new("Paper"),
        }],
        previous: None,
        new: None,
        raised: at("2024-03-24T09:44:10Z"),
        muted: Vec::new(),
    };
    let also = |feed: &str| AlsoIn {
        feed: FeedName::new(feed),
        url: None,
        title: title.to_owned(),
        copy: true,
    };
    AlertView {
        alert,
        kind: AlertKind::Raised,
        also_in: vec![also("Paper A"), also("Paper B")],
        sources: 1,
        thread: None,
        sink: SinkName::new("x"),
    }
}

fn wire() -> AlertView {
    view(
        "America, Britin hurrying to enlarge Asian NATO",
        "Canada and Japan may join AUKUS Pillar 2. India is named too.",
    )
}

fn updated() -> AlertView {
    let mut view = wire();
    view.kind = AlertKind::Updated;
    view.alert.kind = AlertKind::Updated;
    view.alert.previous = Some(Previous {
        alert: AlertId(1040),
        raised: at("2024-03-23T08:00:00Z"),
        title: "Canada and Japan in talks".to_owned(),
    });
    view.alert.new = Some(NewMoves {
        acts: view.alert.matched.moves.clone(),
        alliances: Vec::new(),
        candidates: vec!["JP".to_owned()],
        rules: Vec::new(),
        confirmed: false,
    });
    view
}

/// An alert whose evidence is in another language.
fn foreign() -> AlertView {
    let mut view = view("カナダ、AUKUS加盟へ", "カナダ政府は加盟を検討している。");
    let spot = |text: &str, start: usize, list: &str, role: Role, gloss: Option<&str>| Evidence {
        rule: RuleId::new("security-alliance"),
        field: Field::Title,
        start,
        end: start + text.chars().count(),
        text: text.to_owned(),
        term: text.to_owned(),
        list: list.to_owned(),
        role,
        label: String::new(),
        gloss: gloss.map(str::to_owned),
    };
    view.alert.item.language = Some("ja".to_owned());
    view.alert.matched.evidence = vec![
        spot("カナダ", 0, "CA", Role::Candidate, Some("Canada")),
        spot("AUKUS", 4, "AUKUS", Role::Alliance, None),
        spot("加盟", 9, "joining", Role::Term, Some("joining")),
    ];
    view
}

fn letters() -> [(&'static str, Letter); 7] {
    [
        ("raised", Letter::Alert(Box::new(wire()))),
        ("updated", Letter::Alert(Box::new(updated()))),
        ("digest", Letter::Digest(vec![wire(), updated()])),
        ("foreign", Letter::Alert(Box::new(foreign()))),
        ("trouble", Letter::Event(Box::new(trouble("the feed `Example Wire` is failing: 503")))),
        ("over", Letter::Event(Box::new(over()))),
        ("ping", Letter::Ping),
    ]
}

/// Two feeds that fail, as operators hear of it.
fn trouble(what: &str) -> Event {
    Event {
        kind: EventKind::FeedFailing,
        state: EventState::Raised,
        what: format!("{what}\nthe feed `Example Paper` is failing: it does not answer"),
        since: Some(at("2024-03-24T03:00:00Z")),
        cure: "`pactwatch feeds list` shows why".to_owned(),
        subjects: vec!["Example Paper".to_owned(), "Example Wire".to_owned()],
        others: 0,
        at: at("2024-03-24T09:44:10Z"),
    }
}

/// The end of it for one of them.
fn over() -> Event {
    Event {
        state: EventState::Recovered,
        what: "the feed `Example Wire` answers again".to_owned(),
        cure: String::new(),
        subjects: vec!["Example Wire".to_owned()],
        others: 1,
        ..trouble("")
    }
}
