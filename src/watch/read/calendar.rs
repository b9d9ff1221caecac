//! The words of dates: months, zones and signs, in the languages whose feeds write them out.

/// What stands for year, month, day and the halves of the day in Chinese, Japanese and Korean.
pub(super) const SIGNS: [(&str, &str); 14] = [
    ("년 ", "-"),
    ("월 ", "-"),
    ("년", "-"),
    ("월", "-"),
    ("일", " "),
    ("年", "-"),
    ("月", "-"),
    ("日", " "),
    ("오전", " am "),
    ("오후", " pm "),
    ("上午", " am "),
    ("下午", " pm "),
    ("午前", " am "),
    ("午後", " pm "),
];

/// Months by the beginnings of their names, in the languages whose feeds write them out. Of two
/// beginnings the longer stands first.
const MONTHS: [(i32, &[&str]); 14] = [
    (11, &["marras"]),
    (7, &["juil", "heinä"]),
    (1, &["jan", "ene", "gen", "янв", "січ", "sty", "ιαν", "oca", "tammi"]),
    (2, &["feb", "fév", "fev", "фев", "лют", "lut", "φεβ", "şub", "helmi"]),
    (3, &["mar", "mär", "mrz", "mrt", "мар", "бер", "μαρ", "már", "maalis"]),
    (4, &["apr", "abr", "avr", "апр", "кві", "kwi", "απρ", "nis", "ápr", "huhti"]),
    (5, &["may", "mai", "maj", "mei", "mag", "май", "мая", "тра", "μαΐ", "μαι", "máj", "touko"]),
    (6, &["jun", "giu", "jui", "июн", "чер", "cze", "ιουν", "haz", "jún", "kesä"]),
    (7, &["jul", "lug", "июл", "лип", "lip", "ιουλ", "tem", "júl"]),
    (8, &["aug", "ago", "aoû", "aou", "авг", "сер", "sie", "αυγ", "ağu", "elo"]),
    (9, &["sep", "set", "сен", "вер", "wrz", "σεπ", "eyl", "sze", "syys"]),
    (10, &["oct", "okt", "out", "ott", "окт", "жов", "paź", "οκτ", "eki", "loka"]),
    (11, &["nov", "ноя", "лис", "lis", "νοε", "kas"]),
    (12, &["dec", "dez", "déc", "dic", "des", "дек", "гру", "gru", "δεκ", "ara", "joulu"]),
];

/// A month by the beginning of its name.
pub(super) fn month(word: &str) -> Option<i32> {
    let named = |(_, names): &&(i32, &[&str])| names.iter().any(|name| word.starts_with(name));
    MONTHS.iter().find(named).map(|(month, _)| *month)
}

/// A zone by its name, in minutes east of Greenwich. Where a name has several meanings, the one that
/// news sites use most.
pub(super) fn zone(word: &str) -> Option<i64> {
    Some(match word {
        "z" | "ut" | "utc" | "gmt" | "wet" => 0,
        "bst" | "cet" | "mez" | "met" | "west" => 60,
        "cest" | "mesz" | "mest" | "eet" | "sast" | "cat" => 120,
        "eest" | "msk" | "eat" | "trt" => 180,
        "gst" => 240,
        "pkt" => 300,
        "ist" => 330,
        "wib" | "ict" => 420,
        "sgt" | "hkt" | "pht" | "awst" => 480,
        "jst" | "kst" => 540,
        "acst" => 570,
        "aest" => 600,
        "aedt" => 660,
        "nzst" => 720,
        "nzdt" => 780,
        "brt" | "art" | "adt" => -180,
        "ast" | "edt" => -240,
        "est" | "cdt" => -300,
        "cst" | "mdt" => -360,
        "mst" | "pdt" => -420,
        "pst" | "akdt" => -480,
        "akst" => -540,
        "hst" => -600,
        _ => return None,
    })
}
