#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use edge_lookup as lookup;
use proptest::prelude::*;
use regex::bytes::RegexBuilder;

use super::{Budget, Dfa, DfaError};
use crate::automata::pattern::{LiteralKind, Pattern};

fn regex(regex: &str) -> Dfa {
    Dfa::build(&Pattern::Regex(regex.to_owned()), Budget::default()).unwrap()
}

fn literals(kind: LiteralKind, any: &[&str]) -> Dfa {
    let any = any
        .iter()
        .map(|literal| literal.as_bytes().to_vec())
        .collect();
    Dfa::build(&Pattern::Literals { kind, any }, Budget::default()).unwrap()
}

/// Regexes over a small alphabet, so that texts match often.
fn any_regex() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "a",
        "b",
        "c",
        "ab",
        "abc",
        ".",
        "[ab]",
        "[^a]",
        r"\w",
        r"\W",
        r"\d",
        r"\s",
        r"\b",
        r"\B",
        "^",
        "$",
        "(?m:^)",
        "(?m:$)",
        r"\n",
        r"\x00",
        r"\xff",
        r"[\x80-\xff]",
        "(?s:.)",
        "(?i:A)",
        "",
        r"\A",
        r"\z",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(5, 24, 3, |inner| {
        prop_oneof![
            3 => prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.concat()),
            2 => prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("(?:{})", parts.join("|"))),
            1 => (inner.clone(), prop::sample::select(vec!["*", "+", "?", "*?", "+?"]))
                .prop_map(|(part, repeat)| format!("(?:{part}){repeat}")),
            1 => (inner, 0..3u32, 0..3u32).prop_map(|(part, low, more)| format!("(?:{part}){{{low},{}}}", low + more)),
        ]
    })
}

fn any_text() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        8 => prop::sample::select(b"abcA".to_vec()),
        2 => prop::sample::select(b"\n 0_\x00\xff\x80".to_vec()),
        1 => any::<u8>(),
    ];
    prop::collection::vec(byte, 0..20)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn agrees_with_the_regex_crate(source in any_regex(), texts in prop::collection::vec(any_text(), 8)) {
        let expected = RegexBuilder::new(&source).unicode(false).build().unwrap();
        let dfa = regex(&source);
        let table = dfa.table();
        prop_assert_eq!(table.len(), dfa.table_len());
        for text in texts.iter().map(Vec::as_slice).chain([&b""[..]]) {
            let expected = expected.is_match(text);
            prop_assert_eq!(dfa.is_match(text), expected, "{:?}", text);
            prop_assert_eq!(lookup::dfa::is_match(&table, text), expected, "{:?}", text);
        }
        match dfa.witness() {
            Some(witness) => prop_assert!(expected.is_match(&witness), "{witness:?}"),
            None => prop_assert!(dfa.is_empty()),
        }
    }

    #[test]
    fn operations_agree_with_their_parts(
        left in any_regex(), right in any_regex(), texts in prop::collection::vec(any_text(), 8),
    ) {
        let (left, right) = (regex(&left), regex(&right));
        let both = left.intersect(&right, Budget::default()).unwrap();
        let either = left.union(&right, Budget::default()).unwrap();
        for text in &texts {
            prop_assert_eq!(both.is_match(text), left.is_match(text) && right.is_match(text));
            prop_assert_eq!(either.is_match(text), left.is_match(text) || right.is_match(text));
            prop_assert_eq!(left.complement().is_match(text), !left.is_match(text));
        }
        // Equal languages are equal values: De Morgan holds to the byte.
        let other_way = left.complement().intersect(&right.complement(), Budget::default()).unwrap().complement();
        prop_assert_eq!(&either, &other_way);
        prop_assert_eq!(either.table(), other_way.table());
        prop_assert!(left.intersect(&left.complement(), Budget::default()).unwrap().is_empty());
        prop_assert!(left.union(&left.complement(), Budget::default()).unwrap().is_universal());
    }

    #[test]
    fn literals_agree_with_slices(
        any in prop::collection::vec(prop::collection::vec(prop::sample::select(b"ab".to_vec()), 0..4), 0..4),
        text in prop::collection::vec(prop::sample::select(b"ab".to_vec()), 0..8),
    ) {
        type Test = fn(&[u8], &[u8]) -> bool;
        let contains: Test = |text, literal| literal.is_empty() || text.windows(literal.len()).any(|part| part == literal);
        let kinds: [(LiteralKind, Test); 4] = [
            (LiteralKind::Contains, contains),
            (LiteralKind::StartsWith, |text, literal| text.starts_with(literal)),
            (LiteralKind::EndsWith, |text, literal| text.ends_with(literal)),
            (LiteralKind::Equals, |text, literal| text == literal),
        ];
        for (kind, test) in kinds {
            let dfa = Dfa::build(&Pattern::Literals { kind, any: any.clone() }, Budget::default()).unwrap();
            let expected = any.iter().any(|literal| test(&text, literal));
            prop_assert_eq!(lookup::dfa::is_match(&dfa.table(), &text), expected, "{:?}", kind);
        }
    }
}

#[test]
fn equal_languages_are_equal_values() {
    for (left, right) in [
        ("a|b", "[ab]"),
        ("(?:a*)*x", "x"),
        ("^.*$", "(?s-u:^[^\\n]*$)"),
        ("a{2,3}", "aa"),
    ] {
        assert_eq!(regex(left), regex(right), "{left} and {right}");
    }
    assert_eq!(
        regex("^abc"),
        literals(LiteralKind::StartsWith, &["abc", "abcd"])
    );
    assert_ne!(regex("a"), regex("^a"));
}

#[test]
fn knows_nothing_and_everything() {
    assert!(literals(LiteralKind::Contains, &[]).is_empty());
    assert!(regex(r"a\bb").is_empty());
    assert!(regex("").is_universal());
    assert!(regex("a|^|b").is_universal());
    assert!(literals(LiteralKind::EndsWith, &[""]).is_universal());
    assert!(!regex("a").is_empty() && !regex("a").is_universal());
    assert_eq!(regex(r"a\bb").witness(), None);
}

#[test]
fn witnesses_are_short_and_readable() {
    assert_eq!(regex("").witness().unwrap(), b"");
    assert_eq!(regex(r"/\.(git|svn|env)(/|$)").witness().unwrap().len(), 5);
    assert_eq!(regex(r"^[^/]{3}$").witness().unwrap(), b"aaa");
    let only_first = regex("^/admin")
        .intersect(&regex(r"\.php$").complement(), Budget::default())
        .unwrap();
    assert_eq!(only_first.witness().unwrap(), b"/admin");
}

#[test]
fn unicode_is_opt_in() {
    assert!(!regex("^.$").is_match("é".as_bytes()));
    assert!(regex("(?u)^.$").is_match("é".as_bytes()));
    assert!(regex(r"(?u)^\w$").is_match("é".as_bytes()));
}

#[test]
fn a_wide_table_is_read_too() {
    let words: Vec<Vec<u8>> = (0..6000u32)
        .map(|n| n.wrapping_mul(2_654_435_761).to_string().into_bytes())
        .collect();
    let pattern = Pattern::Literals {
        kind: LiteralKind::Equals,
        any: words.clone(),
    };
    let dfa = Dfa::build(
        &pattern,
        Budget {
            table: 4 << 20,
            ..Budget::default()
        },
    )
    .unwrap();
    let table = dfa.table();
    assert_eq!(table[0], 4);
    assert!(words.iter().all(|word| lookup::dfa::is_match(&table, word)));
    assert!(!lookup::dfa::is_match(&table, b"123"));
}

#[test]
fn errors_say_which_limit() {
    let build =
        |regex: &str, budget| Dfa::build(&Pattern::Regex(regex.to_owned()), budget).unwrap_err();
    let DfaError::Syntax(error) = build("a(b", Budget::default()) else {
        panic!()
    };
    assert_eq!(
        (error.message.as_str(), error.span),
        ("unclosed group", (1, 2))
    );
    assert_eq!(
        build("a{1000}{1000}", Budget::default()),
        DfaError::WorkTooLarge { limit: 10 << 20 }
    );
    assert_eq!(
        build("[ab]*a[ab]{20}c", Budget::default()),
        DfaError::WorkTooLarge { limit: 10 << 20 }
    );
    assert!(matches!(
        build(r"(?u)\bé", Budget::default()),
        DfaError::Unsupported(_)
    ));
    let small = Budget {
        table: 1000,
        ..Budget::default()
    };
    assert!(matches!(
        build("a{300}", small),
        DfaError::TableTooLarge { limit: 1000, .. }
    ));
    let few = Budget {
        states: 10,
        ..Budget::default()
    };
    assert_eq!(
        regex("a{9}").intersect(&regex("b{9}"), few),
        Err(DfaError::TooManyStates { limit: 10 })
    );
}

#[test]
fn a_long_chain_is_minimized_quickly() {
    // A quadratic minimization would not come back within any patience.
    let dfa = Dfa::build(
        &Pattern::Literals {
            kind: LiteralKind::Equals,
            any: vec![vec![b'a'; 50_000]],
        },
        Budget {
            work: 100 << 20,
            ..Budget::default()
        },
    );
    assert_eq!(dfa.unwrap().state_count(), 50_002);
}
