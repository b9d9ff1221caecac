//! Entries that speak of a move: a country at a door, or a door that opens or shuts.

use super::Entry;
use super::outlets::{
    COURIER, FORUM, GATHER, GAZETTE, HARBOUR, HERALD, MINATO, NEVA, STRAIT, WIRE,
};

/// The report, and word for word its copy at the aggregator.
const AUKUS_TITLE: &str = "Canada and Japan could soon join AUKUS Pillar 2, officials say";
const AUKUS_SUMMARY: &str = "Canada and Japan could join AUKUS Pillar 2 before the year is out, \
    three officials told this newspaper: the half of the pact that is about drones, quantum \
    sensors and undersea cables rather than submarines.";

pub(super) const ENTRIES: &[Entry] = &[
    Entry::new("aukus-pillar-2-canada-japan", COURIER, 560, AUKUS_TITLE, AUKUS_SUMMARY),
    Entry::new(
        "enlarge-asian-nato",
        WIRE,
        260,
        "America, Britin hurrying to enlarge Asian NATO",
        "A newspaper report says that two more countries stand at the door of the three-nation pact.",
    )
    .body(
        "Washington and London are pressing to widen the technology side of their pact with \
         Canberra. Canada and Japan may join AUKUS Pillar 2, the report says, which covers \
         hypersonic weapons, artificial intelligence and undersea systems. India, New Zealand and \
         South Korea are named as prospects for later.",
    ),
    Entry::new("ng-48213", GATHER, 545, AUKUS_TITLE, AUKUS_SUMMARY).link(
        "https://meridian-courier.example/world/aukus-pillar-2-canada-japan\
         ?utm_source=newsgather&utm_medium=rss&utm_campaign=top&fbclid=IwDemo48213",
    ),
    Entry::new(
        "kyoku-0417",
        MINATO,
        410,
        "カナダと日本、AUKUS「第2の柱」への参加を検討",
        "日本とカナダの両政府が、米英豪の安全保障枠組みAUKUSの「第2の柱」への参加を検討していることが分かった。\
         先端技術の共同開発が対象となる。",
    ),
    Entry::new(
        "sarajevo-application",
        COURIER,
        330,
        "Bosnia and Herzegovina formally applies to join NATO",
        "The three-member presidency handed its letter to the alliance's headquarters in Brussels, \
         ending years of quarrel at home over whether to send it.",
    ),
    Entry::new(
        "nato-bid-sarajevo",
        HERALD,
        285,
        "Sarajevo submits its NATO membership bid after years of delay",
        "Bosnia and Herzegovina has applied for NATO membership, its foreign minister confirmed; \
         allied capitals now have to agree on an answer.",
    ),
    Entry::new(
        "live-bosnia-nato",
        STRAIT,
        240,
        "Live updates: Bosnia and Herzegovina applies to join NATO, reactions pour in",
        "Follow the latest from Sarajevo, Brussels and Belgrade as the application to join NATO \
         makes the round of the capitals.",
    )
    .section("live"),
    Entry::new(
        "bosnia-bid-nerve",
        FORUM,
        180,
        "Opinion: Bosnia's bid to join NATO will test the nerve of the allies",
        "An application is the easy part. Allies who asked Sarajevo for two decades to make up its \
         mind must now make up their own.",
    )
    .section("opinion"),
    Entry::new(
        "brics-senegal",
        STRAIT,
        490,
        "BRICS leaders invite Senegal to join as a full member",
        "The invitation came at the close of a two-day meeting and would make the country the \
         group's first member in West Africa.",
    )
    .body(
        "<p>BRICS leaders have formally invited Senegal to join the group, a joint statement says. \
         Dakar has until the spring to answer.</p><p>Diplomats spoke of a compromise: larger \
         economies had asked too, &amp; were told to wait.</p>",
    ),
    Entry::new(
        "briks-senegal",
        NEVA,
        455,
        "БРИКС официально пригласил Сенегал вступить в объединение",
        "Лидеры стран БРИКС пригласили Сенегал стать полноправным членом объединения, говорится в \
         итоговом заявлении встречи.",
    ),
    Entry::new(
        "belgrade-denial",
        HARBOUR,
        150,
        "Serbia denies that it plans to join NATO",
        "The foreign ministry in Belgrade called a magazine's account of secret soundings an \
         invention and said that military neutrality stands.",
    ),
    Entry::new(
        "png-asean",
        GAZETTE,
        375,
        "Papua New Guinea applies to join ASEAN, citing trade & security",
        "Papua New Guinea has applied to join ASEAN as a full member, the prime minister told \
         parliament in Port Moresby; fisheries & mining firms welcomed the step.",
    ),
    // Older than the demo's `max_age`: recorded and counted, not told.
    Entry::new(
        "pristina-request",
        HERALD,
        17_400,
        "Kosovo asks to join NATO in letter to alliance chief",
        "Kosovo has asked to join NATO and says that its force would be ready within five years.",
    ),
];
