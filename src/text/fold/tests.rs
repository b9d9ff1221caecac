//! The fold as its users see it, and its fast way against its plain one.

use proptest::prelude::*;

use super::*;

fn words(text: &str) -> Vec<String> {
    let folded = fold(text);
    (0..folded.tokens().len()).map(|at| folded.word(at).to_owned()).collect()
}

fn sentences(text: &str) -> u32 {
    fold(text).tokens().last().map_or(0, |token| token.sentence + 1)
}

#[test]
fn one_form_for_many_spellings() {
    for (text, expected) in [
        ("NATO’s Élargissement", vec!["nato", "elargissement"]),
        ("Asia-Pacific Asia–Pacific", vec!["asia", "pacific", "asia", "pacific"]),
        ("the U.S. and E.U.", vec!["the", "us", "and", "eu"]),
        ("N.A.T.O. grows", vec!["nato", "grows"]),
        ("l'OTAN accueille", vec!["l", "otan", "accueille"]),
        ("Straße, Øresund, Łódź", vec!["strasse", "oresund", "lodz"]),
        ("e\u{301}largir N\u{200b}A\u{ad}TO", vec!["elargir", "nato"]),
        ("ＮＡＴＯ ﬁnd", vec!["nato", "find"]),
        ("НАТО й Україна", vec!["нато", "й", "україна"]),
        ("и\u{306}", vec!["й"]),
        ("ΝΑΤΟ ένταξη", vec!["νατο", "ενταξη"]),
        ("İstanbul ısı", vec!["istanbul", "isi"]),
        ("الناتُو إلى", vec!["الناتو", "الي"]),
        ("日本が加盟", vec!["日", "本", "が", "加", "盟"]),
        ("나토 가입", vec!["나토", "가입"]),
        ("ゟヿ", vec!["ゟ", "ヿ"]),
        ("members' votes", vec!["members", "votes"]),
        ("2.5 G7", vec!["2", "5", "g7"]),
    ] {
        assert_eq!(words(text), expected, "{text}");
    }
}

#[test]
fn case_is_kept_beside_the_word() {
    let folded = fold("NATO Nato nato NAto 日 A");
    let cases: Vec<Case> = folded.tokens().iter().map(|token| token.case).collect();
    assert_eq!(
        cases,
        [Case::Upper, Case::Title, Case::Lower, Case::Mixed, Case::None, Case::Title]
    );
}

#[test]
fn sentences_survive_what_looks_like_their_end() {
    assert_eq!(sentences("The U.S. said so. Gen. Smith met Mr. J. Doe."), 2);
    assert_eq!(sentences("Spending rose 2.5 percent. It fell again!"), 2);
    assert_eq!(sentences("\u{201c}We will join.\u{201d} He left."), 2);
    assert_eq!(sentences("ends. but goes on"), 1);
    assert_eq!(sentences("No. 5 is next. No. 6 follows."), 2);
    assert_eq!(sentences("日本が加盟。北約は歓迎！"), 2);
    assert_eq!(sentences("first\nsecond | third"), 3);
    assert_eq!(fold_title("One. Two! Three").tokens().last().unwrap().sentence, 0);
}

#[test]
fn what_follows_an_abbreviation_decides() {
    for (text, expected) in [
        ("It joined the U.S. The bloc cheered.", 2),
        ("It joined the U.S. Senate said.", 1),
        ("The E.U. Commission and U.N. Secretary met.", 1),
        ("It left the E.U. In June it returned.", 2),
        ("Acme Corp. It grew. Acme Inc. shares fell.", 3),
        ("Plan B. However, nobody came.", 2),
        ("Lt. Gen. J. A. Doe met Sen. Roe and Amb. Poe.", 1),
        ("They met at St. Petersburg on Sept. 5. Nobody left.", 2),
        ("Under Art. 5 and Sec. 2 they act.", 1),
        ("Der Beitritt am 5. Mai war früh. Am 12. März kam er.", 2),
        ("It was in 2022. August came. The 45. March ended.", 4),
        ("Глава им. Иванова и проф. Петров согласны. Ген. Сидоров тоже.", 2),
    ] {
        assert_eq!(sentences(text), expected, "{text}");
    }
}

#[test]
fn quotes_brackets_and_runs_of_stops_belong_to_their_sentence() {
    for (text, expected) in [
        ("Really?! Yes. \"No!\" He left (late.) They stayed.", 5),
        ("He waited… Then he joined. He waited ... and left.", 3),
        ("“Never!” said Doe. ‘Ever?’ “Yes.”", 3),
        ("„Wir kommen.“ Der Minister ging. «Oui.» Il part.", 4),
        ("It cost 2.5 billion, or 3,000. It fell.", 2),
        ("See example.com and v2.0 now. Next.", 2),
        ("It seeks membership.Sweden agreed.", 2),
        ("「加盟する。」と述べた。「歓迎！」 次に進む？", 3),
        ("他说：“加入。”北约欢迎！好。", 3),
        ("成長率は２．５％だ。次", 2),
        ("هل تنضم؟ نعم. لا۔ आज। कल", 5),
    ] {
        assert_eq!(sentences(text), expected, "{text}");
    }
}

#[test]
fn a_sentence_break_parts_patterns() {
    assert_eq!(fold("to NATO. Sweden joins").text(), " to nato \n sweden joins ");
}

#[test]
fn spans_lead_back_to_the_original() {
    let text = "Élargir l’OTAN’s 日本";
    let folded = fold(text);
    let span = |first, last| {
        let (from, to) = folded.scalars(first, last);
        text.chars().skip(from).take(to - from).collect::<String>()
    };
    assert_eq!(span(0, 1), "Élargir");
    assert_eq!(span(2, 3), "OTAN");
    assert_eq!(span(3, 5), "日本");
}

#[test]
fn every_character_keeps_its_folded_form() {
    let words = |text: &str| fold(text).text().replace('\n', " ");
    let words = |text: &str| words(text).split_whitespace().collect::<Vec<_>>().join(" ");
    let wrong: Vec<String> = ('\0'..=char::MAX)
        .filter(|c| c.is_alphanumeric())
        .filter(|c| {
            let once = words(&format!("a {c}0"));
            words(&once) != once
        })
        .map(|c| format!("{c} U+{:04X}", u32::from(c)))
        .collect();
    assert_eq!(wrong, Vec::<String>::new());
}

/// Length and first bytes of words.
struct Heads(Vec<(usize, Vec<u8>)>);

impl Reader for Heads {
    fn word(&mut self, head: &[u8; PIECE], length: usize) {
        self.0.push((length, head[..length.min(PIECE)].to_vec()));
    }
}

#[test]
fn marks_alone_begin_no_sentence() {
    assert_eq!(sentences("𐾰\nﹻ\nⷈ"), 2);
    assert_eq!(sentences("One.\nﹻ\nTwo."), 2);
}

proptest! {
    #[test]
    fn tokens_are_ordered_and_in_bounds(text in "(\\PC|[a-z.' \n]){0,60}") {
        let folded = fold(&text);
        let scalars = text.chars().count() as u32;
        let (mut reached, mut sentence) = (0, 0);
        for token in folded.tokens() {
            prop_assert!(token.from >= reached && token.from < token.to && token.to <= scalars);
            prop_assert!(token.sentence == sentence || token.sentence == sentence + 1);
            (reached, sentence) = (token.to, token.sentence);
            let bytes = folded.text().as_bytes();
            prop_assert_eq!(bytes[token.start as usize - 1], b' ');
            prop_assert_eq!(bytes[token.end as usize], b' ');
        }
    }

    #[test]
    fn a_span_folds_to_its_token(text in "(\\PC|[a-zA-Z' -]){0,60}") {
        let folded = fold_title(&text);
        for (index, token) in folded.tokens().iter().enumerate() {
            let (from, to) = folded.scalars(index, index + 1);
            let span: String = text.chars().skip(from).take(to - from).collect();
            let again = fold_title(&span);
            prop_assert_eq!(again.word(0), folded.word(index), "{:?} in {:?}", token, span);
        }
    }

    #[test]
    fn folding_twice_changes_nothing(text in "\\PC{0,60}") {
        let once = fold_title(&text);
        let twice = fold_title(once.text());
        prop_assert_eq!(twice.text(), once.text());
    }

    #[test]
    fn whole_words_at_a_time_are_words_letter_by_letter(
        text in "([a-zA-Z]{1,20}[ ,-]|[A-Z][a-z]{1,4}[.!?] ?|[0-9A-Z.]{1,4} |[a-z]{60,70} |’s |\\PC|[é日\n|'é]){0,40}",
    ) {
        for sentences in [true, false] {
            let whole = Fold::new(&text, sentences).run(usize::MAX);
            let mut letters = Fold::new(&text, sentences);
            let mut at = 0;
            while at < text.len() {
                at = letters.step(at);
            }
            prop_assert_eq!(whole, letters.finish());
        }
    }

    #[test]
    fn skimming_comes_upon_the_tokens(
        text in "([a-zA-Z]{1,20}[ ,-]|[A-Z][a-z]{1,4}[.!?] ?|[0-9A-Z.]{1,4} |[a-z]{60,70} |['’]s? ?|\\PC|[é日\n|'és]){0,40}",
    ) {
        let folded = fold(&text);
        let mut heads = Heads(Vec::new());
        skim(&text, &mut heads);
        let head = |at: usize| {
            let word = folded.word(at);
            (word.len(), word.as_bytes()[..word.len().min(PIECE)].to_vec())
        };
        let tokens: Vec<_> = (0..folded.tokens().len()).map(head).collect();
        prop_assert_eq!(heads.0, tokens);
    }

    #[test]
    fn a_beginning_is_the_beginning_of_the_whole(
        text in "([a-zA-Z]{1,20}[ ,-]|[A-Z][a-z]{1,4}[.!?] ?|’s |\\PC|[é日\n|'é]){0,40}",
        tokens in 0usize..40,
    ) {
        let (whole, beginning) = (fold(&text), fold_beginning(&text, tokens));
        let length = beginning.tokens().len();
        prop_assert!(length >= tokens.min(whole.tokens().len()));
        prop_assert_eq!(beginning.tokens(), &whole.tokens()[..length]);
        prop_assert!((0..length).all(|at| beginning.word(at) == whole.word(at)));
    }
}
