//! The query language: what binds how, every mistake, and any text at all.

use proptest::prelude::*;

use super::parse::DEPTH;
use super::*;

fn tree(query: &str) -> String {
    parse(query).map_or_else(|error| error.to_string(), |expr| expr.to_string())
}

/// Reads a query and looks at whether it can hold.
fn refuse(query: &str) -> QueryError {
    match parse(query).and_then(|expr| Known::of(&expr, query).map(|_| expr)) {
        Err(error) => error,
        Ok(expr) => panic!("`{query}` was taken as {expr}"),
    }
}

#[test]
fn operators_bind_as_promised() {
    let same = |query: &str, explicit: &str| {
        assert_eq!(parse(query), parse(explicit), "{query} is not {explicit}");
        assert!(parse(query).is_ok(), "{query} is wrong");
    };
    assert_eq!(tree("a1 OR b1 AND NOT c1"), r#"("a1") OR (("b1") AND (NOT ("c1")))"#);
    same("a1 AND b1 OR c1 AND d1", "(a1 AND b1) OR (c1 AND d1)");
    same("a1 OR b1 AND c1 NEAR/5 d1", "a1 OR (b1 AND (c1 NEAR/5 d1))");
    same("NOT a1 AND b1", "(NOT a1) AND b1");
    same("NOT title:a1 OR b1", "(NOT (title:a1)) OR b1");
    same("title:a1 NEAR/5 b1", "(title:a1) NEAR/5 b1");
    same("title: a1 AND b1", "(title:a1) AND b1");
    same("NOT NOT a1", "NOT (NOT a1)");
    same("a1\n  AND\tb1", "a1 AND b1");
    assert_eq!(
        tree("@alliance SENTENCE @act THEN/3 @\"Five Eyes\" NEAR/0 x1"),
        r#"(@"alliance") SENTENCE (@"act") THEN/3 (@"Five Eyes") NEAR/0 ("x1")"#
    );
    assert_ne!(parse("(a1 AND b1) OR c1"), parse("a1 AND (b1 OR c1)"));
    same("(a1 OR (b1 OR @list)) NEAR/5 c1", "(a1 OR (b1 OR @list)) NEAR/5 (c1)");
    assert_eq!(
        tree("title:(a1 OR \"b c\") AND lang:en"),
        r#"(title:(("a1") OR ("b c"))) AND (lang:("en"))"#
    );
    assert_eq!(tree(r#""say \"x\" a\\b" AND /a\/b\.c/"#), r#"("say \"x\" a\\b") AND (/a\/b\.c/)"#);
    for field in token::FIELDS {
        assert_eq!(tree(&format!("{field}:xy")), format!("{field}:(\"xy\")"));
    }
}

#[test]
fn what_is_no_operator_is_a_word() {
    assert_eq!(tree("\"and\" AND and"), r#"("and") AND ("and")"#);
    assert_eq!(tree("AC/DC OR w/5"), r#"("AC/DC") OR ("w/5")"#);
    assert_eq!(tree("=NATO AND join* AND l'OTAN"), r#"("=NATO") AND ("join*") AND ("l'OTAN")"#);
}

#[test]
fn every_mistake_has_its_place_and_cure() {
    let queries = [
        "",
        "  \n ",
        // Two terms side by side, and what may have been meant.
        "NATO membership",
        "NATO and membership",
        "NATO near/5 membership",
        "not NATO",
        "NATO W/5 membership",
        "NATO ADJ3 membership",
        "NATO pre/2 membership",
        "NATO && membership",
        "NATO NOT sport",
        "NATO (EU OR UN)",
        "NATO title:EU",
        "appl(y|ies)",
        "@Five Eyes",
        "/treat(y|ies)/i",
        "NATO -sport",
        "NATO AND !sport",
        "+NATO +EU",
        "“Asian NATO”",
        "'Asian NATO'",
        "=\"Asian NATO\"",
        "organi?ation OR NATO",
        // Something is missing.
        "NATO AND",
        "NATO NEAR/5",
        "title:",
        "title:NATO AND",
        "NOT",
        "AND NATO",
        "NATO AND OR EU",
        "NATO OR SENTENCE EU",
        "(AND NATO)",
        "(NATO AND )",
        "()",
        "(NATO OR EU",
        "NATO)",
        ")",
        "\"open phrase",
        "NATO AND /open",
        "@ list",
        "@\"\" AND",
        // Proximity.
        "NATO NEAR EU",
        "NATO NEAR/ 5 EU",
        "NATO NEAR/-1 EU",
        "NATO THEN/999 EU",
        "NATO NEAR/5 (EU AND UN)",
        "(NATO OR (EU AND UN)) SENTENCE OSCE",
        "NATO SENTENCE NOT EU",
        "NOT NATO SENTENCE EU",
        "NATO SENTENCE (EU NEAR/5 UN)",
        "NATO SENTENCE /treat(y|ies)/",
        "title:NATO NEAR/5 category:sport",
        "category:(NATO) SENTENCE EU",
        "title:NATO NEAR/5 EU NEAR/5 body:UN",
        // Fields.
        "titel:NATO",
        "Title:NATO",
        "http://example.org",
        "title :NATO",
        "title:(NATO AND summary:EU)",
        // Words that find nothing.
        "a* OR NATO",
        "NATO AND \"…\"",
        "join*ed",
        "NATO AND \"a(b\"",
        // What can never hold.
        "NATO AND NOT NATO",
        "(@a OR \"b c\") AND NOT (\"b c\" OR @a OR xx)",
        "NATO AND (EU OR (UN AND NOT UN))",
        "title:NATO AND NOT NATO",
        "@a SENTENCE NATO AND NOT @a",
        "/treaty/ AND EU AND NOT /treaty/",
        "日本 AND NATO AND OR",
    ];
    let all: Vec<String> = queries.iter().map(|query| refuse(query).to_string()).collect();
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn what_may_hold_is_taken() {
    for query in [
        "NATO AND NOT =NATO",
        "NATO AND NOT title:NATO",
        "title:NATO AND NOT body:NATO",
        "NATO NEAR/5 EU AND NOT (NATO SENTENCE EU)",
        "(NATO OR EU) AND NOT NATO",
        "NOT (NATO AND EU) AND NATO",
        "NATO OR NOT NATO",
        "title:NATO NEAR/5 EU",
        "(title:NATO OR body:NATO) NEAR/5 body:EU",
        "category:(world NEAR/3 news)",
    ] {
        let expr = parse(query).unwrap();
        assert!(Known::of(&expr, query).is_ok(), "{query} was refused");
    }
}

#[test]
fn what_one_query_says_of_another() {
    let tells = |query: &str, other: &str| {
        let expr = parse(query).unwrap();
        Known::of(&expr, query).unwrap().tells(&parse(other).unwrap())
    };
    assert_eq!(tells("@a SENTENCE xx AND NOT yy", "@a AND xx"), Truth::Holds);
    assert_eq!(tells("@a SENTENCE xx AND NOT yy", "@b OR xx"), Truth::Holds);
    assert_eq!(tells("@a SENTENCE xx AND NOT yy", "title:yy"), Truth::Never);
    assert_eq!(tells("@a SENTENCE xx AND NOT yy", "xx AND (yy NEAR/3 zz)"), Truth::Never);
    assert_eq!(tells("@a SENTENCE xx AND NOT yy", "title:@a"), Truth::Open);
    assert_eq!(tells("@a OR xx", "@a"), Truth::Open);
    assert_eq!(tells("title:xx", "xx"), Truth::Holds);
}

#[test]
fn a_query_must_ask_for_something() {
    let place = |query: &str| asks_for_nothing(&parse(query).unwrap());
    assert_eq!(place("NOT xx"), Some(0));
    assert_eq!(place("NOT xx AND NOT yy"), Some(0));
    assert_eq!(place("aa OR NOT xx"), Some(6));
    assert_eq!(place("NOT (xx AND yy)"), Some(0));
    assert_eq!(place("NOT (NOT xx AND yy)"), Some(0));
    assert_eq!(place("NOT (NOT xx)"), None);
    assert_eq!(place("aa AND NOT xx"), None);
    assert_eq!(place("NOT (NOT xx OR yy)"), None);
}

#[test]
fn bounds_hold() {
    let wrapped = |open: &str, close: &str, count: usize| {
        parse(&format!("{}x1{}", open.repeat(count), close.repeat(count)))
    };
    for (open, close) in [("(", ")"), ("NOT ", ""), ("NOT(", ")")] {
        assert!(wrapped(open, close, DEPTH / 2).is_ok());
        assert!(wrapped(open, close, 1200).unwrap_err().message.contains("deeper"));
    }
    let long = "x1 AND ".repeat(token::LENGTH / 7 + 1) + "x1";
    assert!(parse(&long).unwrap_err().message.contains("longer"));
    let wide = "x1 AND ".repeat(token::LENGTH / 7 - 1) + "x1";
    assert!(parse(&wide).is_ok());
}

#[test]
fn a_long_query_is_shown_where_it_goes_wrong() {
    let query =
        format!("{} AND NATO EU AND {}", "aa OR ".repeat(30) + "bb", "cc OR ".repeat(30) + "dd");
    let shown = parse(&query).unwrap_err().to_string();
    assert!(shown.lines().all(|line| line.chars().count() <= 100), "{shown}");
    let lines: Vec<&str> = shown.lines().collect();
    let caret = lines[2].find('^').unwrap();
    let at = lines[1].char_indices().map(|(at, _)| at).nth(caret).unwrap();
    assert!(lines[1][at..].starts_with("EU AND"), "{shown}");
}

/// Any tree that the grammar allows.
fn exprs() -> impl Strategy<Value = Expr> {
    fn at(shape: Shape) -> Expr {
        Expr { shape, at: 0 }
    }
    let text = "[A-Za-z0-9é日\"\\\\ /:@*()|.-]{0,6}[a-z]{2}";
    let term =
        text.prop_filter_map("no term", |text| Term::parse(&text).ok()).prop_map(Shape::Term);
    let place = prop_oneof![term, "[a-z \"\\\\]{1,6}".prop_map(Shape::List)].prop_map(at);
    let place = prop_oneof![
        4 => place.clone(),
        1 => proptest::collection::vec(place, 2..4).prop_map(|list| at(Shape::Or(list))),
    ];
    let link = prop_oneof![
        (0usize..=200).prop_map(Link::Near),
        (0usize..=200).prop_map(Link::Then),
        Just(Link::Sentence)
    ];
    let chain = (place.clone(), proptest::collection::vec((link, place.clone()), 1..4))
        .prop_map(|(first, links)| at(Shape::Chain(Box::new(first), links)));
    let regex = "([a-z.]|\\\\[.d]|/){1,6}".prop_map(|text| at(Shape::Regex(text)));
    let leaf = prop_oneof![4 => place, 2 => chain, 1 => regex];
    let field = proptest::sample::select(token::FIELDS.to_vec());
    let field = (field, leaf.clone()).prop_map(|(field, one)| at(Shape::In(field, Box::new(one))));
    prop_oneof![3 => leaf, 1 => field].prop_recursive(4, 24, 4, |inner| {
        let list = proptest::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            list.clone().prop_map(|list| at(Shape::And(list))),
            list.prop_map(|list| at(Shape::Or(list))),
            inner.prop_map(|one| at(Shape::Not(Box::new(one)))),
        ]
    })
}

/// Queries with their signs moved about: nearly right, as those that people write.
fn mutants() -> impl Strategy<Value = String> {
    let seeds = proptest::sample::select(vec![
        "@alliance SENTENCE @act SENTENCE @candidate",
        "title:(NATO OR \"Asian NATO\") AND NOT category:sport",
        "@alliance NEAR/3 @growth OR @growth_phrase THEN/4 @alliance",
        "\"appl(y|ies|ied) to join\" AND /acc[a-z]+ion/ AND =EU AND 日本 NEAR/2 加盟",
    ]);
    let piece = proptest::sample::select(vec![
        "(", ")", "\"", "/", "@", ":", "*", "=", "|", "\\", "NOT ", " AND ", " OR ", " NEAR/2 ",
        "é", "日", "\n", "-", "title:",
    ]);
    let edit = (any::<proptest::sample::Index>(), 0usize..6, piece);
    (seeds, proptest::collection::vec(edit, 0..12)).prop_map(|(seed, edits)| {
        let mut chars: Vec<char> = seed.chars().collect();
        for (index, cut, piece) in edits {
            let at = index.index(chars.len() + 1);
            let end = (at + cut).min(chars.len());
            chars.splice(at..end, piece.chars());
        }
        chars.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_text_is_answered(query in prop_oneof!["\\PC{0,80}", "[\\x00-\\x7f]{0,80}", mutants()]) {
        match parse(&query).and_then(|expr| Known::of(&expr, &query).map(|_| expr)) {
            Err(error) => {
                prop_assert!(query.get(error.at..).is_some(), "{} is no place in {query:?}", error.at);
                prop_assert!(!error.help.is_empty() && error.to_string().contains('^'));
            }
            Ok(expr) => {
                let again = parse(&expr.to_string()).expect(&query);
                prop_assert_eq!(again, expr);
            }
        }
    }

    #[test]
    fn what_is_printed_reads_back(expr in exprs()) {
        let printed = expr.to_string();
        let again = parse(&printed).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(again, expr, "{}", printed);
    }
}
