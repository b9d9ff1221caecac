//! Ordinary news of an ordinary day, of which most of a feed consists.

use super::Entry;
use super::outlets::{
    COURIER, FORUM, GATHER, GAZETTE, HARBOUR, HERALD, MINATO, NEVA, STRAIT, WIRE,
};

pub(super) const ENTRIES: &[Entry] = &[
    Entry::new(
        "river-flood",
        COURIER,
        45,
        "Thousands leave homes as river crests above record mark",
        "Dykes held in the old town, but two bridges remain shut and schools will open late.",
    ),
    Entry::new(
        "rail-strike",
        COURIER,
        710,
        "Rail strike called off after late-night deal",
        "Drivers get shorter shifts instead of a bonus; trains run again tomorrow.",
    ),
    Entry::new(
        "rate-cut",
        WIRE,
        120,
        "Central bank cuts rates by a quarter point, hints at pause",
        "The governor said that prices were behaving and that the next step could wait.",
    )
    .section("markets"),
    Entry::new(
        "volcano",
        WIRE,
        505,
        "Volcano ash closes three airports",
        "Flights may resume by the weekend if the wind turns, the weather office said.",
    ),
    Entry::new(
        "grain-ship",
        WIRE,
        580,
        "Grain ship refloated after two days on sandbank",
        "No oil was lost; traffic in the channel is moving again behind a pilot boat.",
    ),
    Entry::new(
        "northern-lights",
        HERALD,
        75,
        "Northern lights draw record crowds to small harbour town",
        "Every bed is taken until March, and the mayor asks visitors to park by the church.",
    ),
    Entry::new(
        "salmon",
        HERALD,
        640,
        "Salmon farms told to halve their nets",
        "The fisheries agency wants room for wild stock; farmers speak of lost jobs.",
    ),
    Entry::new(
        "ferry",
        HARBOUR,
        60,
        "Electric ferry starts on the outer islands route",
        "The crossing takes four minutes longer and costs nothing until the new year.",
    ),
    Entry::new(
        "crane-record",
        HARBOUR,
        540,
        "Container port sets record with night shift of cranes",
        "Eleven ships were cleared between dusk and dawn, two more than ever before.",
    ),
    Entry::new(
        "chip-plant",
        HARBOUR,
        690,
        "Chip plant delayed as water permit is contested",
        "Neighbours say that the river cannot carry it; the firm offers to recycle.",
    )
    .section("business"),
    Entry::new(
        "coral-survey",
        STRAIT,
        80,
        "Divers map reef that satellites had missed",
        "The bank lies deeper than most and has kept its colour through three hot summers.",
    ),
    Entry::new(
        "pilot-shortage",
        STRAIT,
        360,
        "Strait runs short of pilots as traffic grows",
        "Waiting times for large tankers have doubled to nine hours.",
    ),
    Entry::new(
        "coast-guard-rescue",
        STRAIT,
        590,
        "Coast guard rescues crew of capsized trawler",
        "All seven were found on a raft within sight of the lighthouse.",
    ),
    Entry::new(
        "four-day-week",
        FORUM,
        250,
        "Opinion: The four-day week works, so why is nobody counting?",
        "Offices that tried it will not go back. Ministries that should measure it look away.",
    )
    .section("opinion"),
    Entry::new(
        "museum-doors",
        FORUM,
        770,
        "Museums should open their cellars",
        "Nine objects in ten are never shown. That is a choice, and a poor one.",
    )
    .section("opinion"),
    Entry::new(
        "ng-48290",
        GATHER,
        100,
        "Ten photographs from the lantern festival",
        "Readers sent more than two thousand; these are the ones that our editors kept.",
    ),
    Entry::new(
        "ng-48261",
        GATHER,
        430,
        "Mars rover finds clay older than expected",
        "The layer may have formed in a lake, the team writes, and was drilled on the third try.",
    ),
    Entry::new(
        "metro",
        NEVA,
        140,
        "В метро открылась новая станция у порта",
        "Первый поезд прошёл на рассвете; полный маршрут запустят к весне.",
    ),
    Entry::new(
        "ledohod",
        NEVA,
        670,
        "Раннее похолодание сковало реку льдом",
        "Навигация закончится на две недели раньше обычного, сообщили в порту.",
    ),
    Entry::new(
        "kyoku-0431",
        MINATO,
        95,
        "新幹線、強風のため一部区間で運転見合わせ",
        "再開は夕方になる見通しで、約二万人に影響が出ている。",
    ),
    Entry::new(
        "kyoku-0409",
        MINATO,
        520,
        "港の朝市、三年ぶりに再開",
        "早朝から多くの買い物客が訪れ、漁業者は笑顔を見せた。",
    ),
    Entry::new(
        "mango-season",
        GAZETTE,
        55,
        "Mango season opens early after dry spring",
        "Growers expect a large crop & low prices.",
    ),
    Entry::new(
        "market-roof",
        GAZETTE,
        900,
        "Fish & vegetable market gets its roof back",
        "The storm took it in March; traders paid half of the bill.",
    ),
];
