//! The ways in which English headlines say that a country moves towards an alliance, and what only looks
//! alike, for every alliance of the pack: none of them may depend on which alliance it is.

use serde_json::{Value, json};

use crate::program::Program;

/// An alliance as headlines name it, a country that can knock there, and a day on which it could.
const DOORS: [(&str, &str, &str); 26] = [
    ("NATO", "Georgia", "2024-06-01"),
    ("AUKUS", "New Zealand", "2024-06-01"),
    ("the Quad", "South Korea", "2024-06-01"),
    ("Five Eyes", "Japan", "2024-06-01"),
    ("the EU", "Moldova", "2022-06-01"),
    ("BRICS", "Thailand", "2024-06-01"),
    ("the SCO", "Azerbaijan", "2022-01-01"),
    ("the CSTO", "Serbia", "2024-06-01"),
    ("ASEAN", "Timor-Leste", "2023-01-01"),
    ("the GCC", "Jordan", "2024-06-01"),
    ("the African Union", "Morocco", "2017-01-20"),
    ("the G7", "South Korea", "2024-06-01"),
    ("the G20", "Spain", "2024-06-01"),
    ("GCAP", "Saudi Arabia", "2024-06-01"),
    ("JEF", "Ukraine", "2024-06-01"),
    ("Mercosur", "Bolivia", "2024-01-01"),
    ("CPTPP", "Costa Rica", "2024-06-01"),
    ("the Abraham Accords", "Kazakhstan", "2025-10-20"),
    ("the AES", "Togo", "2024-06-01"),
    ("PESCO", "Britain", "2022-01-01"),
    ("European Sky Shield", "Ireland", "2025-01-01"),
    ("the European Sky Shield Initiative", "Switzerland", "2023-06-01"),
    ("the East African Community", "Ethiopia", "2024-06-01"),
    ("the Organization of Turkic States", "Tajikistan", "2024-06-01"),
    ("the Alliance of Sahel States", "Togo", "2024-06-01"),
    ("the Saudi-Pakistan defence pact", "Turkey", "2024-06-01"),
];

/// `{A}` is the alliance, `{C}` the country.
const MOVES: [&str; 125] = [
    "{C} joins {A}",
    "{C} to join {A}",
    "{C} wants to join {A}",
    "{C} considers joining {A}",
    "{C} formally applies to join {A}",
    "{C} seeks membership of {A}",
    "{C} seeks {A} membership",
    "{A} admits {C} as full member",
    "{A} welcomes {C} as new member",
    "{C} becomes member of {A}",
    "{C} could soon be a member of {A}, minister says",
    "{C} signs accession to {A}",
    "{C} rules out joining {A}",
    "{C} will not join {A}, president says",
    "{C} withdraws bid to join {A}",
    "{C}'s bid to join {A} hits obstacle",
    "{C} a step closer to {A}",
    "{C} on track to join {A} next year",
    "{C} joining {A} 'a matter of time', envoy says",
    "Should {C} join {A}?",
    "Why {C} should be in {A}",
    "{A} should admit {C}, think tank says",
    "Parliament approves {C}'s accession to {A}",
    "US backs {C}'s entry into {A}",
    "{C} eyes {A} membership",
    "{C} in talks to join {A}",
    "{C} hopes to join {A} by 2028",
    "{A} opens door to {C}",
    "{A} considers adding {C}",
    "{C} granted observer status in {A}",
    "{C} officially part of {A}",
    "{C} interested in joining {A}, says foreign minister",
    "{A} expansion: {C} next in line",
    "{C} ready to join {A}",
    "Leaders back {C} joining {A}",
    "{C}'s membership in {A} would strengthen security, says expert",
    "{C} not yet ready for {A}",
    "{A} members split over {C} membership",
    "{A} to expand, with {C} expected to join",
    "{C} asks to join {A}",
    "{C} expresses interest in {A}",
    "{C} submits application for {A} membership",
    "{C} pushes for {A} seat",
    "{C} inches closer to {A} membership",
    "{C} edges towards {A}",
    "{C} takes step towards {A} membership",
    "{C} moves closer to joining {A}",
    "{A} ready to take in {C}",
    "{A} gives green light to {C}",
    "{A} gives nod to {C} membership",
    "{A} agrees to admit {C}",
    "{A} votes to admit {C}",
    "{A} formally admits {C}",
    "{A} accepts {C} as member",
    "{C} accepted into {A}",
    "{C} admitted to {A}",
    "{C} invited to join {A}",
    "{C} invited into {A}",
    "{C} set to become {A} member",
    "{C} becomes latest country to join {A}",
    "{C} becomes first country to apply to {A}",
    "{C} joins {A} as full member",
    "{C} joins {A} as partner",
    "{C} completes accession to {A}",
    "{C} ratifies {A} accession treaty",
    "{C} lawmakers vote to join {A}",
    "{C} parliament ratifies {A} accession",
    "{C} government decides to join {A}",
    "{C} president signs decree on joining {A}",
    "{C} to hold referendum on joining {A}",
    "{C} announces plan to join {A}",
    "{C} confirms interest in {A}",
    "{C} wants in on {A}",
    "{C} could join {A}",
    "{C} may be invited to join {A}",
    "{C} might join {A}, diplomat says",
    "Could {C} join {A}?",
    "Will {C} join {A}?",
    "What if {C} joined {A}?",
    "{C} rejects {A} membership",
    "{C} says no to {A}",
    "{C} says no plans to join {A}",
    "{C} denies plans to join {A}",
    "{C} shelves {A} bid",
    "{C} drops {A} bid",
    "{C} suspends {A} membership bid",
    "Russia warns {C} against joining {A}",
    "China opposes {C} joining {A}",
    "{A} rejects {C}'s application",
    "{A} blocks {C}'s entry",
    "{A} puts off decision on {C}'s membership",
    "{A} chief: {C} will become a member",
    "{A} chief says {C} can join",
    "{A} leaders discuss {C}'s accession",
    "{A} summit to decide on {C}'s membership",
    "{C} at {A}'s door",
    "{C} knocks on {A}'s door",
    "{C}'s path to {A}",
    "{C}'s road to {A} membership",
    "{C}'s {A} dream",
    "{C}'s {A} hopes fade",
    "Support for {A} membership grows in {C}",
    "Poll: majority in {C} want to join {A}",
    "{C} accession talks with {A} begin",
    "{A} opens accession talks with {C}",
    "{A} launches accession process for {C}",
    "{C} meets conditions for {A} membership",
    "{C} gets {A} observer status",
    "{C} becomes {A} dialogue partner",
    "{C} signs letter of intent to join {A}",
    "{C} deposits instrument of accession to {A}",
    "{C} flag raised as it joins {A}",
    "{A} grows as {C} joins",
    "{C}, {A} sign accession protocol",
    "{C} urged to join {A}",
    "Minister calls for {C} to join {A}",
    "Ex-PM says {C} should join {A}",
    "{C} debates joining {A}",
    "{C} weighs {A} membership",
    "{C} mulls {A}",
    "Norway hails {C}'s {A} bid",
    "{A} split on inviting {C}",
    "No consensus in {A} on inviting {C}",
    "{A} leaders agree to expand the group",
    "Envoy: dozens of countries have applied to join {A}",
];

/// Trade, drills, aid, sanctions, visits: no move.
const OTHER: [&str; 46] = [
    "{C} joins {A} exercise",
    "{C} hosts {A} summit",
    "{A} condemns attack on {C}",
    "{A} sanctions {C} officials",
    "{A} delays decision on aid for {C}",
    "{A} welcomes {C} ceasefire",
    "{C} signs trade deal with {A}",
    "{C} attends {A} meeting as guest",
    "{A} chief visits {C}",
    "{A} troops train in {C}",
    "{C} joins {A} in condemning attack",
    "{A} and {C} hold talks on trade",
    "{A} observers monitor {C} election",
    "{C} invited to {A} summit",
    "{A} considers sanctions on {C}",
    "{A} backs {C} in border dispute",
    "{A} rejects {C}'s claims",
    "{C} leader meets {A} chief",
    "{C} buys jets from {A} member",
    "{A} considers adding {C} firms to blacklist",
    "{A} discusses {C} war",
    "{C} criticises {A} over drills",
    "{A} envoy lands in {C}",
    "{C} athletes shine at {A} games",
    "{A} bank approves loan for {C}",
    "{A} approves aid package for {C}",
    "{A} to send mission to {C}",
    "{C} joins {A} naval patrol",
    "{C} urges {A} to send more weapons",
    "{A} urges {C} to hold elections",
    "{A} accepts {C}'s apology",
    "{C} thanks {A} for support",
    "{A} warns {C} over reforms",
    "{A} backs {C}'s request for weapons",
    "{A} rejects {C}'s request for loans",
    "{A} receives {C}'s request for aid",
    "{C} rejects {A} criticism",
    "{C} says no to {A} troops",
    "{C} drops {A} summit plan",
    "{C} student joins {A} youth programme",
    "{C} opens embassy at {A} headquarters",
    "{A} summit in {C} ends without statement",
    "{C} central bank joins {A} payment talks",
    "Timeline of {A} expansion",
    "What is the history of {A} enlargement?",
    "{C} watches {A} exercise as observer",
];

/// The same abroad: names of NATO, the EU and BRICS in the case that the ways ask for, a country for each,
/// and the ways. A day on which all of them could knock is 1 June 2022, for BRICS 2024.
type Abroad = (&'static str, [(&'static str, &'static str); 3], &'static [&'static str]);

const ABROAD: [Abroad; 16] = [
    (
        "ar",
        [("الناتو", "جورجيا"), ("الاتحاد الأوروبي", "مولدوفا"), ("بريكس", "تايلاند")],
        &[
            "{C} تنضم إلى {A}",
            "{C} تطلب الانضمام إلى {A}",
            "{C} تسعى للانضمام إلى {A}",
            "{A} يدعو {C} للانضمام",
            "{C} تصبح عضوا في {A}",
            "{C} تستبعد الانضمام إلى {A}",
            "{C} تقترب من عضوية {A}",
        ],
    ),
    (
        "de",
        [("der NATO", "Georgien"), ("der EU", "Moldau"), ("den BRICS", "Thailand")],
        &[
            "{C} will {A} beitreten",
            "{C} tritt {A} bei",
            "{C} stellt Antrag auf Beitritt zu {A}",
            "{C} bewirbt sich um Mitgliedschaft in {A}",
            "{C} wird Mitglied {A}",
            "{C} lehnt Beitritt zu {A} ab",
            "{C} schließt Beitritt zu {A} aus",
            "Parlament stimmt Beitritt von {C} zu {A} zu",
            "{C} rückt {A} näher",
            "{C} könnte {A} bald beitreten",
            "Beitritt von {C} zu {A} rückt näher",
            "{C} hofft auf Aufnahme in {A}",
            "{C} auf dem Weg in {A}",
        ],
    ),
    (
        "es",
        [("la OTAN", "Georgia"), ("la UE", "Moldavia"), ("los BRICS", "Tailandia")],
        &[
            "{C} se une a {A}",
            "{C} quiere ingresar en {A}",
            "{C} solicita su ingreso en {A}",
            "{C} pide entrar en {A}",
            "{A} invita a {C} a unirse",
            "{C} será miembro de {A}",
            "{C} descarta entrar en {A}",
            "El Parlamento aprueba la adhesión de {C} a {A}",
            "{C} se acerca a {A}",
            "{C} podría unirse a {A}",
            "{A} abre la puerta a {C}",
            "{A} estudia incorporar a {C}",
            "{C} renuncia a entrar en {A}",
            "{C}, más cerca de {A}",
        ],
    ),
    (
        "fi",
        [("Naton", "Georgia"), ("EU:n", "Moldova"), ("Bricsin", "Thaimaa")],
        &[
            "{C} haluaa {A} jäseneksi",
            "{C} hakee {A} jäsenyyttä",
            "{C} liittyy {A} jäseneksi",
            "{C} jätti {A} jäsenhakemuksen",
        ],
    ),
    (
        "fr",
        [("l'OTAN", "la Géorgie"), ("l'UE", "la Moldavie"), ("les BRICS", "la Thaïlande")],
        &[
            "{C} rejoint {A}",
            "{C} veut adhérer à {A}",
            "{C} dépose sa candidature à {A}",
            "{C} demande à rejoindre {A}",
            "{A} invite {C} à adhérer",
            "{C} devient membre de {A}",
            "{C} renonce à rejoindre {A}",
            "{C} exclut d'adhérer à {A}",
            "Le Parlement approuve l'adhésion de {C} à {A}",
            "{C} bientôt dans {A} ?",
            "Adhésion de {C} à {A} : le oui du Parlement",
            "{A} ouvre la porte à {C}",
            "{A} envisage d'accueillir {C}",
            "{C} se rapproche de {A}",
            "{C} pourrait intégrer {A}",
        ],
    ),
    (
        "it",
        [("la NATO", "Georgia"), ("l'UE", "Moldavia"), ("i BRICS", "Thailandia")],
        &[
            "{C} vuole aderire a {A}",
            "{C} entra in {A}",
            "{C} chiede di entrare in {A}",
            "{C} diventa membro di {A}",
            "{A} invita {C} ad aderire",
            "{C} esclude l'ingresso in {A}",
            "Il Parlamento approva l'adesione di {C} a {A}",
            "{C} si avvicina a {A}",
            "{C} potrebbe entrare in {A}",
        ],
    ),
    (
        "ja",
        [("NATO", "ジョージア"), ("EU", "モルドバ"), ("BRICS", "タイ")],
        &[
            "{C}、{A}加盟を申請",
            "{C}が{A}に加盟",
            "{C}、{A}加盟に意欲",
            "{C}の{A}加盟を承認",
            "{C}、{A}加盟を否定",
        ],
    ),
    (
        "ko",
        [("나토", "조지아"), ("EU", "몰도바"), ("브릭스", "태국")],
        &[
            "{C}, {A} 가입 신청",
            "{C} {A} 가입",
            "{C}, {A} 가입 추진",
            "{A}, {C} 가입 승인",
            "{C}, {A} 회원국 됐다",
            "{C} {A} 합류 검토",
            "{C}, {A} 가입 의사 없다",
        ],
    ),
    (
        "nl",
        [("de NAVO", "Georgië"), ("de EU", "Moldavië"), ("de BRICS", "Thailand")],
        &[
            "{C} wil toetreden tot {A}",
            "{C} wordt lid van {A}",
            "{C} vraagt lidmaatschap aan van {A}",
            "{C} treedt toe tot {A}",
            "{C} ziet af van toetreding tot {A}",
        ],
    ),
    (
        "pl",
        [("NATO", "Gruzja"), ("UE", "Mołdawia"), ("BRICS", "Tajlandia")],
        &[
            "{C} chce wstąpić do {A}",
            "{C} wstępuje do {A}",
            "{C} złożyła wniosek o członkostwo w {A}",
            "{C} dołączy do {A}",
            "{C} zostanie członkiem {A}",
            "{C} nie wejdzie do {A}",
            "{C} coraz bliżej {A}",
            "{C} w {A}? Jest decyzja",
            "{C} rezygnuje z wejścia do {A}",
            "{C} stara się o przyjęcie do {A}",
        ],
    ),
    (
        "pt",
        [("à OTAN", "Ucrânia"), ("à UE", "Moldávia"), ("aos Brics", "Tailândia")],
        &[
            "{C} quer aderir {A}",
            "{C} pede adesão {A}",
            "Parlamento aprova adesão da {C} {A}",
            "{C} descarta aderir {A}",
            "{C} vai aderir {A}",
        ],
    ),
    (
        "ru",
        [("НАТО", "Грузия"), ("ЕС", "Молдавия"), ("БРИКС", "Таиланд")],
        &[
            "{C} вступает в {A}",
            "{C} хочет вступить в {A}",
            "{C} подала заявку на вступление в {A}",
            "{C} намерена присоединиться к {A}",
            "{C} стала членом {A}",
            "{C} не планирует вступать в {A}",
            "{C} исключает вступление в {A}",
            "{C} может войти в {A}",
            "{C} станет партнером {A}",
            "{C} отказалась от вступления в {A}",
            "{C} стремится в {A}",
            "Вступление в {A}: {C} сделала шаг",
        ],
    ),
    (
        "sv",
        [("Nato", "Georgien"), ("EU", "Moldavien"), ("Brics", "Thailand")],
        &[
            "{C} vill gå med i {A}",
            "{C} ansöker om medlemskap i {A}",
            "{C} går med i {A}",
            "{C} blir medlem i {A}",
            "{C} säger nej till {A}",
            "{C} närmar sig {A}",
            "{C} bjuds in till {A}",
        ],
    ),
    (
        "tr",
        [("NATO", "Gürcistan"), ("AB", "Moldova"), ("BRICS", "Tayland")],
        &[
            "{C} {A} üyeliğine başvurdu",
            "{C} {A} üyesi oldu",
            "{C}'ın {A} üyeliği onaylandı",
            "{C} {A} üyeliğini reddetti",
            "{C} {A} üyeliği için başvuru yaptı",
            "{C} {A} üyeliği istiyor",
        ],
    ),
    (
        "uk",
        [("НАТО", "Грузія"), ("ЄС", "Молдова"), ("БРІКС", "Таїланд")],
        &[
            "{C} вступає до {A}",
            "{C} хоче вступити до {A}",
            "{C} подала заявку на членство в {A}",
            "{C} стала членом {A}",
            "{C} не планує вступати до {A}",
            "{C} наближається до {A}",
            "{C} може приєднатися до {A}",
            "Парламент підтримав вступ до {A}: {C} чекає",
            "{C} на шляху до {A}",
        ],
    ),
    (
        "zh",
        [("北约", "格鲁吉亚"), ("欧盟", "摩尔多瓦"), ("金砖国家", "泰国")],
        &[
            "{C}申请加入{A}",
            "{C}正式加入{A}",
            "{C}希望加入{A}",
            "{A}邀请{C}加入",
            "{C}成为{A}成员",
            "{C}拒绝加入{A}",
            "{C}考虑加入{A}",
            "{A}同意接纳{C}",
        ],
    ),
];

/// What they do besides, abroad.
const OTHER_ABROAD: [Abroad; 15] = [
    (
        "ar",
        [("الناتو", "جورجيا"), ("الاتحاد الأوروبي", "مولدوفا"), ("بريكس", "تايلاند")],
        &[
            "{C} تشارك في مناورات {A}",
            "{A} يدين الهجوم على {C}",
            "{C} تستضيف قمة {A}",
            "{C} توقع اتفاقا تجاريا مع {A}",
            "{C} تطلب مساعدة من {A}",
        ],
    ),
    (
        "de",
        [("der NATO", "Georgien"), ("der EU", "Moldau"), ("den BRICS", "Thailand")],
        &[
            "{C} nimmt an Übung {A} teil",
            "Sanktionen {A} gegen {C}",
            "{C} empfängt Gipfel {A}",
            "{C} schließt Handelsabkommen mit {A}",
            "{C} bittet um Hilfe {A}",
            "{C} kritisiert Politik {A}",
            "Treffen {A}: {C} am Tisch",
        ],
    ),
    (
        "es",
        [("la OTAN", "Georgia"), ("la UE", "Moldavia"), ("los BRICS", "Tailandia")],
        &[
            "{C} participa en un ejercicio de {A}",
            "{A} condena el ataque contra {C}",
            "{A} sanciona a empresas de {C}",
            "{C} acoge una cumbre de {A}",
            "{C} firma un acuerdo comercial con {A}",
            "{C} pide ayuda a {A}",
            "{C} invitada a la cumbre de {A}",
            "{A} envía observadores a {C}",
        ],
    ),
    (
        "fr",
        [("l'OTAN", "la Géorgie"), ("l'UE", "la Moldavie"), ("les BRICS", "la Thaïlande")],
        &[
            "{C} participe à un exercice de {A}",
            "{A} condamne l'attaque contre {C}",
            "{A} sanctionne des responsables de {C}",
            "{C} accueille un sommet de {A}",
            "{A} aide {C} avec des armes",
            "Le chef de {A} en visite : {C} au menu",
            "{C} signe un accord commercial avec {A}",
            "{A} s'inquiète de la situation : {C} répond",
            "{C} demande de l'aide à {A}",
            "{C} invitée au sommet de {A}",
        ],
    ),
    (
        "it",
        [("la NATO", "Georgia"), ("l'UE", "Moldavia"), ("i BRICS", "Thailandia")],
        &[
            "{C} partecipa a esercitazione di {A}",
            "{A} condanna l'attacco: {C} ringrazia",
            "{C} firma accordo commerciale con {A}",
            "{C} chiede aiuti a {A}",
            "{C} invitata al vertice di {A}",
        ],
    ),
    (
        "ja",
        [("NATO", "ジョージア"), ("EU", "モルドバ"), ("BRICS", "タイ")],
        &[
            "{C}、{A}の演習に参加",
            "{A}、{C}への攻撃を非難",
            "{C}首相、{A}首脳会議に出席",
            "{C}と{A}が貿易協定に署名",
            "{A}、{C}に制裁",
        ],
    ),
    (
        "ko",
        [("나토", "조지아"), ("EU", "몰도바"), ("브릭스", "태국")],
        &[
            "{C}, {A} 훈련 참가",
            "{A}, {C} 공격 규탄",
            "{C} 총리, {A} 정상회의 참석",
            "{C}-{A} 무역협정 서명",
            "{A}, {C} 제재",
        ],
    ),
    (
        "nl",
        [("de NAVO", "Georgië"), ("de EU", "Moldavië"), ("de BRICS", "Thailand")],
        &[
            "{C} neemt deel aan oefening van {A}",
            "{C} sluit handelsverdrag met {A}",
            "{C} vraagt {A} om hulp",
        ],
    ),
    (
        "pl",
        [("NATO", "Gruzja"), ("UE", "Mołdawia"), ("BRICS", "Tajlandia")],
        &[
            "{C} bierze udział w ćwiczeniach {A}",
            "{C} gości szczyt {A}",
            "{C} podpisała umowę handlową z {A}",
            "{C} prosi {A} o pomoc",
            "{C} zaproszona na szczyt {A}",
            "{A} nakłada sankcje, {C} odpowiada",
        ],
    ),
    (
        "pt",
        [("da OTAN", "Ucrânia"), ("da UE", "Moldávia"), ("dos Brics", "Tailândia")],
        &["{C} participa de exercício {A}", "{C} recebe cúpula {A}"],
    ),
    (
        "ru",
        [("НАТО", "Грузия"), ("ЕС", "Молдавия"), ("БРИКС", "Таиланд")],
        &[
            "{C} участвует в учениях {A}",
            "{A} осудил нападение: {C} ответила",
            "{A} ввел санкции: {C} под ударом",
            "{C} принимает саммит {A}",
            "{C} подписала торговое соглашение с {A}",
            "{C} просит помощи у {A}",
            "{C} приглашена на саммит {A}",
            "{C} критикует {A}",
            "{A} поставит оружие: {C} благодарит",
        ],
    ),
    (
        "sv",
        [("Nato", "Georgien"), ("EU", "Moldavien"), ("Brics", "Thailand")],
        &[
            "{C} deltar i övning med {A}",
            "{C} står värd för toppmöte med {A}",
            "{A} fördömer attacken mot {C}",
            "{C} ber {A} om hjälp",
        ],
    ),
    (
        "tr",
        [("NATO", "Gürcistan"), ("AB", "Moldova"), ("BRICS", "Tayland")],
        &[
            "{C} {A} tatbikatına katıldı",
            "{C} {A} zirvesine davet edildi",
            "{C} {A} ile ticaret anlaşması imzaladı",
            "{A} {C}'a yaptırım uyguladı",
            "{C} {A}'dan yardım istedi",
        ],
    ),
    (
        "uk",
        [("НАТО", "Грузія"), ("ЄС", "Молдова"), ("БРІКС", "Таїланд")],
        &[
            "{C} бере участь у навчаннях {A}",
            "{C} приймає саміт {A}",
            "{C} підписала торгову угоду з {A}",
            "{C} просить допомоги у {A}",
            "{C} запрошена на саміт {A}",
        ],
    ),
    (
        "zh",
        [("北约", "格鲁吉亚"), ("欧盟", "摩尔多瓦"), ("金砖国家", "泰国")],
        &[
            "{C}参加{A}军演",
            "{A}谴责对{C}的袭击",
            "{C}出席{A}峰会",
            "{C}与{A}签署贸易协定",
            "{A}制裁{C}官员",
            "{C}应邀出席{A}峰会",
        ],
    ),
];

async fn flagged(ways: &[&str]) -> Vec<(String, bool)> {
    let mut items = Vec::new();
    for (alliance, country, date) in DOORS {
        for way in ways {
            let title = way.replace("{A}", alliance).replace("{C}", country);
            items.push(json!({"id": items.len(), "title": title, "date": date}));
        }
    }
    judged(items).await
}

/// Headlines, and whether they were flagged.
async fn judged(items: Vec<Value>) -> Vec<(String, bool)> {
    let program = Program::new("include = [\"builtin:alliances\"]\ndatabase = \"unused.db\"\n");
    let path = program.path("ways.jsonl");
    let lines: Vec<String> = items.iter().map(Value::to_string).collect();
    std::fs::write(&path, lines.join("\n")).unwrap();
    let told = program.json(&["replay", "--no-dedup", "--items", path.to_str().unwrap()]).await;
    assert_eq!(told.len(), items.len());
    let told = told.iter().map(|one: &Value| one["decision"] != "quiet");
    let titles = items.iter().map(|one| one["title"].as_str().unwrap().to_owned());
    titles.zip(told).collect()
}

#[tokio::test]
async fn every_way_of_knocking_is_flagged_at_every_door() {
    let all = flagged(&MOVES).await;
    let quiet: Vec<&String> =
        all.iter().filter(|(_, told)| !told).map(|(title, _)| title).collect();
    println!("{} of {} stayed quiet", quiet.len(), all.len());
    assert!(100 * quiet.len() <= all.len(), "{quiet:#?}");
}

#[tokio::test]
async fn what_alliances_do_besides_is_flagged_at_no_door() {
    let all = flagged(&OTHER).await;
    let told: Vec<&String> = all.iter().filter(|(_, told)| *told).map(|(title, _)| title).collect();
    println!("{} of {} were flagged", told.len(), all.len());
    assert!(100 * told.len() <= all.len(), "{told:#?}");
}

async fn abroad(ways: &[Abroad]) -> Vec<(String, bool)> {
    let mut items = Vec::new();
    for (language, doors, ways) in ways {
        for ((alliance, country), day) in
            doors.iter().zip(["2022-06-01", "2022-06-01", "2024-06-01"])
        {
            for way in *ways {
                let title = way.replace("{A}", alliance).replace("{C}", country);
                let number = items.len();
                items.push(json!({"id": number, "title": title, "date": day, "lang": language}));
            }
        }
    }
    judged(items).await
}

#[tokio::test]
async fn every_way_of_knocking_is_flagged_in_every_language() {
    let all = abroad(&ABROAD).await;
    let quiet: Vec<&String> =
        all.iter().filter(|(_, told)| !told).map(|(title, _)| title).collect();
    println!("{} of {} stayed quiet", quiet.len(), all.len());
    assert!(50 * quiet.len() <= all.len(), "{quiet:#?}");
}

#[tokio::test]
async fn what_alliances_do_besides_is_flagged_in_no_language() {
    let all = abroad(&OTHER_ABROAD).await;
    let told: Vec<&String> = all.iter().filter(|(_, told)| *told).map(|(title, _)| title).collect();
    println!("{} of {} were flagged", told.len(), all.len());
    assert!(100 * told.len() <= all.len(), "{told:#?}");
}
