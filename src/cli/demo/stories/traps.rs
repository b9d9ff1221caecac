//! Entries that speak the language of moves and tell none: other alliances, idioms, members among
//! themselves, namesakes.

use super::Entry;
use super::outlets::{
    COURIER, FORUM, GATHER, GAZETTE, HARBOUR, HERALD, MINATO, NEVA, STRAIT, WIRE,
};

pub(super) const ENTRIES: &[Entry] = &[
    Entry::new(
        "airline-alliance",
        HARBOUR,
        200,
        "Kenyan carrier joins SkyBridge airline alliance",
        "The airline becomes the fourteenth in the alliance and will share lounges and miles with \
         partners in Canada and Japan from April.",
    )
    .section("business"),
    Entry::new(
        "car-alliance",
        COURIER,
        620,
        "Car makers invite Japanese rival to join battery alliance",
        "Three European makers want a fourth partner for a cell plant; Tokyo's industry ministry \
         has no objection.",
    )
    .section("business"),
    Entry::new(
        "league-expansion",
        HERALD,
        130,
        "Ice hockey league approves expansion to Ukraine and Georgia",
        "Clubs from Kyiv and Tbilisi join the league next season, subject to rink inspections.",
    )
    .section("sport"),
    Entry::new(
        "arctic-exercise",
        HERALD,
        395,
        "Sweden joins NATO exercise above the Arctic Circle",
        "Four thousand soldiers train for cold and darkness; the drill is the largest in the region \
         this winter.",
    ),
    Entry::new(
        "submarine-costs",
        COURIER,
        455,
        "AUKUS submarine costs rise again, auditors tell Canberra",
        "The bill for yards and crews has grown by a tenth within a year, and the first boat will \
         not be early.",
    ),
    Entry::new(
        "quad-bikes",
        GAZETTE,
        700,
        "Quad bike makers may join safety scheme after farm deaths",
        "New Zealand & Canada count more accidents each year; roll bars could become a duty.",
    ),
    Entry::new(
        "eu-budget",
        WIRE,
        350,
        "EU budget talks drag on as members quarrel over farm payments",
        "Finance ministers parted without a figure; the next attempt is due before the summit.",
    ),
    Entry::new(
        "pillar-two-tax",
        STRAIT,
        530,
        "Switzerland and Japan adopt Pillar Two minimum tax on large firms",
        "Firms with sales above 750 million euros will pay at least fifteen per cent wherever they \
         book their profits.",
    )
    .section("business"),
    Entry::new(
        "brics-currency",
        FORUM,
        820,
        "Why talk of a BRICS currency will not go away",
        "Every summit revives the idea and every central bank buries it. A short history of a unit \
         that nobody has minted.",
    )
    .section("analysis"),
    Entry::new(
        "joins-calls",
        WIRE,
        225,
        "Ireland joins calls for ceasefire as NATO ministers meet",
        "Dublin's appeal came hours before the session in Brussels, where the war was first on the \
         list.",
    ),
    Entry::new(
        "join-war",
        WIRE,
        660,
        "Belarus could soon join the war, NATO officials warn",
        "Troop trains near the border have raised concern, though nobody sees an order to march.",
    ),
    Entry::new(
        "join-forces",
        HARBOUR,
        480,
        "Norway and Britain join forces on NATO's undersea cable watch",
        "Two patrol ships will share one crew roster, and the data will go to the allies.",
    ),
    Entry::new(
        "gaming-alliance",
        GATHER,
        310,
        "Players flee after AUKUS clan opens its door in online war game",
        "A guild of that name took in hundreds of newcomers overnight and lost its best raiders.",
    )
    .section("games"),
    Entry::new(
        "asean-cup",
        GAZETTE,
        440,
        "ASEAN football cup grows to twelve teams",
        "The organisers want fuller stadiums & more evening games.",
    )
    .section("sport"),
    Entry::new(
        "nato-visit",
        COURIER,
        90,
        "Ukraine's president meets NATO chief in Brussels",
        "Air defence and winter fuel led the agenda; a joint appearance before the press was \
         cancelled.",
    ),
    Entry::new(
        "uchenia-nato",
        NEVA,
        610,
        "Учения НАТО начались на севере Норвегии",
        "В манёврах участвуют корабли и авиация восьми стран, они продлятся до конца недели.",
    ),
    Entry::new(
        "kyoku-0402",
        MINATO,
        735,
        "AUKUSの原子力潜水艦、建造費が再び増加",
        "豪州の会計検査当局は、造船所の整備費が一年で一割増えたと報告した。",
    ),
];
