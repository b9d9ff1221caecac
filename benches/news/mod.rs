//! News-like text out of our own words, the same for one seed: what the benches read.
//!
//! Common words follow the frequency of English, a long tail of made-up names and rare words a flatter
//! law. Sentences carry capitals, commas, quotes, numbers and a few accents, as many as real ones do
//! (six bytes a word, one in a hundred not ASCII), because those are what folding pays for.

use std::collections::HashSet;

/// Words in falling frequency: what two in three words of any report are.
const COMMON: &str = "the of to a in and said on for that is was with he as at by it from has be have will his are \
    not an who but after had its they their this been which were more about would or new over up \
    one two people government year also we when than out last could there president first into \
    if she minister her some country state time three all before other against between what \
    while years percent officials million during no them because since under police party week \
    day being security world where can now told talks leaders military most many around former \
    made international including city national how down group war next late foreign such law may \
    public court report part home statement house off through only early news him support back \
    plan another leader deal four still oil economic so our trade election local month both five \
    family company school money health team game market south north east west central prime \
    right members billion half parliament power capital vote political defence agreement food \
    number long work high meeting economy near street air union prices countries forces region \
    rights workers border social major several large office second best service without known \
    within key months great young women children head among though hours set called asked \
    expected announced reported agreed rejected warned added signed opened closed raised cut \
    lost won found held met left came took gave kept ended moved turned helped hit sent built \
    led read wrote spoke budget farm match season league energy climate summer judge mayor";

/// Sounds that rare words are made of.
const SYLLABLES: &str = "ba be bi bo bra da de di dor du fa fen fi fo ga gel gi gran ha hel ho hu ja \
    jo ka kel ki kor la len li lo lun ma mer mi mon mu na nel ni nor o pa per pi plo ra ren ri ros \
    ru sa sel si sto su ta ten ti tor tu u va vel vi vor wa wen wi ya zan ze zi";

/// Made-up words of the tail.
const TAIL: usize = 30_000;
/// How flat the tail is: its first word is one in four thousand of a text.
const LEVEL: usize = 300;
/// One word in so many is of the tail.
const RARE: u64 = 3;

/// A small generator of numbers (SplitMix64): the text must be the same for ever, whatever a crate of
/// random numbers changes.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// A place in a list, about as often as 1/(place + level): level 1 is Zipf's law; the higher, the
    /// flatter.
    fn zipf(&mut self, length: usize, level: usize) -> usize {
        let share = self.below(1 << 20) as f64 / f64::from(1 << 20);
        let level = level as f64;
        let place = level * ((length as f64 / level + 1.0).powf(share) - 1.0);
        (place as usize).min(length - 1)
    }
}

/// Writes reports.
pub(crate) struct Newsroom {
    dice: Dice,
    common: Vec<&'static str>,
    tail: Vec<String>,
}

impl Newsroom {
    pub(crate) fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let tail = (0..TAIL).map(|_| made_up(&mut dice)).collect();
        Self { dice, common: COMMON.split_whitespace().collect(), tail }
    }

    /// A headline.
    pub(crate) fn title(&mut self) -> String {
        let words = 6 + self.dice.below(6);
        let titles: Vec<String> = (0..words).map(|_| capital(&self.word())).collect();
        titles.join(" ")
    }

    /// Sentences of at least so many bytes.
    pub(crate) fn prose(&mut self, bytes: usize) -> String {
        let mut text = String::with_capacity(bytes + 200);
        while text.len() < bytes {
            if !text.is_empty() {
                text.push(' ');
            }
            self.sentence(&mut text);
        }
        text
    }

    fn sentence(&mut self, text: &mut String) {
        let words = 8 + self.dice.below(20);
        let quoted = self.dice.below(12) == 0;
        if quoted {
            text.push('“');
        }
        for index in 0..words {
            let word = self.word();
            let name = index == 0 || self.dice.below(12) == 0;
            text.push_str(&if name { capital(&word) } else { word });
            if index + 1 == words {
                break;
            }
            match self.dice.below(200) {
                0..=12 => text.push_str(", "),
                13 | 14 => text.push('-'),
                15..=17 => text.push_str("’s "),
                18 => text.push_str(" – "),
                19 | 20 => {
                    let number = self.dice.below(3000);
                    text.push_str(&format!(" {number} "));
                }
                21 => text.push_str(" the U.S. "),
                _ => text.push(' '),
            }
        }
        text.push_str(if quoted { ".”" } else { "." });
    }

    fn word(&mut self) -> String {
        if self.dice.below(RARE) == 0 {
            let place = self.dice.zipf(self.tail.len(), LEVEL);
            return self.tail[place].clone();
        }
        let place = self.dice.zipf(self.common.len(), 1);
        self.common[place].to_owned()
    }

    /// A watch list: one to three words a term, one term in ten a prefix; in 97 of 100 terms there is
    /// a word that is never written here, though it sounds like the others.
    pub(crate) fn watch_list(&mut self, terms: usize) -> Vec<String> {
        let written: HashSet<String> = self.tail.iter().cloned().collect();
        let mut known = HashSet::new();
        let mut list = Vec::with_capacity(terms);
        while list.len() < terms {
            let words = 1 + self.dice.below(3) as usize;
            let name = self.dice.below(words as u64) as usize;
            let mut term: Vec<String> = (0..words).map(|at| self.term_word(at == name)).collect();
            if self.dice.below(100) < 97 {
                while written.contains(&term[name]) {
                    term[name] = made_up(&mut self.dice);
                }
            }
            let long = term.last().is_some_and(|word| word.len() > 2);
            let open = if self.dice.below(10) == 0 && long { "*" } else { "" };
            let term = format!("{}{open}", term.join(" "));
            if known.insert(term.clone()) {
                list.push(term);
            }
        }
        list
    }

    /// A name or rare word; beside it every other word is a common one ("north …", "… minister").
    fn term_word(&mut self, name: bool) -> String {
        if !name && self.dice.below(2) == 0 {
            let place = self.dice.below(self.common.len() as u64) as usize;
            return self.common[place].to_owned();
        }
        let place = self.dice.below(self.tail.len() as u64) as usize;
        self.tail[place].clone()
    }
}

fn made_up(dice: &mut Dice) -> String {
    let sounds: Vec<&str> = SYLLABLES.split_whitespace().collect();
    let count = 2 + dice.below(3);
    let word: String =
        (0..count).map(|_| sounds[dice.below(sounds.len() as u64) as usize]).collect();
    if dice.below(30) == 0 { word.replacen('e', "é", 1) } else { word }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|c| c.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
