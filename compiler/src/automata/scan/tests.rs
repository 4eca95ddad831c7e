#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use edge_lookup as lookup;
use proptest::prelude::*;

use super::*;
use crate::automata::dfa::Dfa;
use crate::automata::pattern::LiteralKind;

fn scanned(scan: &Scan, text: &[u8]) -> Vec<u32> {
    // What the buffer held before must not matter.
    let mut found = vec![0xaa; scan.set_len()];
    lookup::scan::find(&scan.table(), text, &mut found);
    let bit = |pattern: &u32| found[*pattern as usize / 8] >> (pattern % 8) & 1 == 1;
    (0..8 * found.len() as u32).filter(bit).collect()
}

fn any_pattern() -> impl Strategy<Value = Pattern> {
    let literal = prop::collection::vec(prop::sample::select(b"ab/".to_vec()), 0..4);
    let kind = prop::sample::select(vec![
        LiteralKind::Contains,
        LiteralKind::StartsWith,
        LiteralKind::EndsWith,
        LiteralKind::Equals,
    ]);
    let literals = (kind, prop::collection::vec(literal, 0..3))
        .prop_map(|(kind, any)| Pattern::Literals { kind, any });
    let regexes = [
        "a+b", "^a", "b$", r"\bab", "(?i)AB", "a.b", "^$", "", "[^a]{3}", "^(a|b)*$", r"a\bb",
    ];
    let regex =
        prop::sample::select(regexes.to_vec()).prop_map(|regex| Pattern::Regex(regex.to_owned()));
    prop_oneof![3 => literals, 2 => regex]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn agrees_with_an_automaton_for_each(
        patterns in prop::collection::vec(any_pattern(), 0..20),
        texts in prop::collection::vec(prop::collection::vec(prop::sample::select(b"abAB/.".to_vec()), 0..12), 8),
    ) {
        let scan = Scan::build(&patterns, Budget::default()).unwrap();
        let each: Vec<Dfa> =
            patterns.iter().map(|pattern| Dfa::build(pattern, Budget::default()).unwrap()).collect();
        for text in texts {
            let expected: Vec<u32> =
                (0..).zip(&each).filter(|(_, dfa)| dfa.is_match(&text)).map(|(index, _)| index).collect();
            prop_assert_eq!(&scanned(&scan, &text), &expected, "{:?}", text);
            prop_assert_eq!(&scan.matches(&text), &expected);
        }
    }
}

proptest! {
    #[test]
    fn a_long_text_in_four_parts_is_no_different(
        literals in prop::collection::vec(prop::collection::vec(prop::sample::select(b"abc".to_vec()), 1..6), 1..10),
        text in prop::collection::vec(prop::sample::select(b"abc....".to_vec()), 0..300),
    ) {
        let contains = |literal| Pattern::Literals { kind: LiteralKind::Contains, any: vec![literal] };
        let patterns: Vec<Pattern> = literals.into_iter().map(contains).collect();
        let scan = Scan::build(&patterns, Budget::default()).unwrap();
        for end in [text.len(), text.len() / 2, text.len() / 3] {
            prop_assert_eq!(scanned(&scan, &text[..end]), scan.matches(&text[..end]));
        }
    }
}

#[test]
fn many_literals_stay_small() {
    let any =
        |number: u32| vec![format!("needle{}", number.wrapping_mul(2_654_435_761)).into_bytes()];
    let patterns: Vec<Pattern> = (0..300)
        .map(|number| Pattern::Literals {
            kind: LiteralKind::Contains,
            any: any(number),
        })
        .collect();
    let scan = Scan::build(&patterns, Budget::default()).unwrap();
    assert!(scan.table().len() < 200_000, "{}", scan.table().len());
    let text = [&any(17)[0][..], b" ", &any(299)[0], b"needle1"].concat();
    assert_eq!(scanned(&scan, &text), [17, 299]);
}

#[test]
fn what_is_too_large_together_is_split() {
    let patterns: Vec<Pattern> = (0..12)
        .map(|n| Pattern::Regex(format!("{}.{{4}}z", char::from(b'a' + n))))
        .collect();
    let budget = Budget {
        table: 1 << 16,
        work: 1 << 20,
        ..Budget::default()
    };
    assert!(Scan::build(&patterns, budget).is_err());
    let parts = Scan::build_parts(&patterns, budget);
    assert!(parts.len() > 1);
    assert_eq!(
        parts
            .iter()
            .flat_map(|(range, _)| range.clone())
            .collect::<Vec<_>>(),
        (0..12).collect::<Vec<_>>()
    );
    for (range, scan) in &parts {
        let expected: Vec<u32> = range
            .contains(&2)
            .then(|| 2 - range.start as u32)
            .into_iter()
            .collect();
        assert_eq!(scanned(scan, b"-cXXXXz"), expected);
    }
    let bad = Pattern::Regex("(".to_owned());
    let with_bad = [patterns[0].clone(), bad, patterns[1].clone()];
    let parts = Scan::build_parts(&with_bad, budget);
    let kept: Vec<_> = parts.into_iter().map(|(range, _)| range).collect();
    assert_eq!(kept, [0..1, 2..3]);
}
