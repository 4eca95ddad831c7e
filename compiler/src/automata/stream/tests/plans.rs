//! What is found, by which readers.

use super::steps::apply_all;
use super::*;

/// Patterns that tell much of a text: how it begins and ends, how long it is, what is in it.
fn panel() -> Vec<Pattern> {
    let mut panel: Vec<Pattern> = (0..20)
        .map(|length| regex(&format!("(?s)^.{{{length}}}$")))
        .collect();
    panel.extend(
        [
            "^=",
            "=$",
            "^[^=]*=[^=]*$",
            "[a-z]{3}",
            "^$",
            "\"",
            "\"$",
            "^\"",
            "\\\\",
            "\r$",
            "\n.",
            "  ",
            "-{3}",
            "^n=",
            "k=v",
            "(?i)content",
            "disposition.*name|00000",
            "[a-z]=content-d",
            "xYz$",
            "x.*41",
            "\u{1F600}",
            "^k",
            "a.{200}b",
        ]
        .map(regex),
    );
    for (kind, literal) in [
        (LiteralKind::Contains, "=\"v\""),
        (LiteralKind::StartsWith, "=v"),
        (LiteralKind::EndsWith, "f"),
        (LiteralKind::Equals, "k="),
    ] {
        let any = vec![literal.as_bytes().to_vec(), b"41".to_vec()];
        panel.push(Pattern::Literals { kind, any });
    }
    panel
}

fn holds(pattern: &Pattern, text: &[u8]) -> bool {
    match pattern {
        Pattern::Regex(regex) => {
            let built = regex::bytes::RegexBuilder::new(regex)
                .unicode(false)
                .build();
            built.unwrap().is_match(text)
        }
        Pattern::Literals { kind, any } => any.iter().any(|literal| match kind {
            LiteralKind::Contains => text.windows(literal.len()).any(|window| window == literal),
            LiteralKind::StartsWith => text.starts_with(literal),
            LiteralKind::EndsWith => text.ends_with(literal),
            LiteralKind::Equals => text == literal,
        }),
    }
}

thread_local! {
    static PANEL: Vec<Pattern> = panel();
}

/// The readers of a list of patterns, built once.
fn cached(patterns: &[Pattern]) -> Vec<Reader> {
    use std::{cell::RefCell, collections::HashMap};
    thread_local! {
        static READERS: RefCell<HashMap<usize, Vec<Reader>>> = RefCell::default();
    }
    READERS.with_borrow_mut(|known| {
        let made = known.entry(patterns.len());
        made.or_insert_with(|| readers(patterns).unwrap()).clone()
    })
}

fn whole(tree: &Tree, bits: usize) -> Plan {
    let (bytes, state_len) = tree.encode(bits);
    Plan {
        bytes,
        state_len,
        first_bits: vec![0],
        bits: u32::try_from(bits).unwrap(),
        work: 0,
    }
}

/// The plan of the panel behind some steps.
fn plan_of(panel: &[Pattern], steps: &[Step]) -> Plan {
    let mut tree = Tree::default();
    let node = tree.node(steps);
    tree.read(node, 0, cached(panel));
    whole(&tree, panel.len())
}

#[test]
fn the_panel_has_readers_of_all_kinds() {
    let kinds: Vec<u32> = readers(&panel())
        .unwrap()
        .iter()
        .map(|reader| reader.kind)
        .collect();
    assert!(
        kinds.contains(&kind::SCAN) && kinds.contains(&kind::NFA),
        "{kinds:?}"
    );
}

#[test]
fn chains_share_steps_and_bits_are_in_order() {
    let (lower, decode) = (Step::Lower, Step::UrlDecode);
    let chains = [
        chain(std::slice::from_ref(&decode), &[regex("a"), regex("b")]),
        chain(&[decode.clone(), lower.clone()], &[regex("c")]),
        chain(&[], &[]),
        chain(&[decode, Step::Replace(Vec::new(), vec![1])], &[regex("d")]),
    ];
    let made = plan(&chains).unwrap();
    assert_eq!(
        (made.first_bits.as_slice(), made.bits),
        ([0, 2, 3, 3].as_slice(), 4)
    );
    assert_eq!(bits(&made, None, b"%62C", &[1]), [false, true, true, false]);
    let long = chain(&vec![lower; MOST_STEPS + 1], &[]);
    assert_eq!(
        plan(&[long]),
        Err(PlanError::TooManySteps {
            steps: MOST_STEPS + 1
        })
    );
    let bad = plan(&[chain(&[], &[regex("a"), regex("(")])]);
    assert!(matches!(
        bad,
        Err(PlanError::Automaton {
            chain: 0,
            pattern: 1,
            ..
        })
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn nothing_depends_on_cuts(
        body in text(),
        cuts in cuts(),
        content_type in prop::sample::select(vec![FORM, JSON, MULTIPART, "x"]),
        steps in steps(),
    ) {
        let plan = PANEL.with(|panel| plan_of(panel, &steps));
        let whole = bits(&plan, Some(content_type), &body, &[]);
        prop_assert_eq!(bits(&plan, Some(content_type), &body, &cuts), whole);
    }

    #[test]
    fn bits_are_what_the_regex_crate_finds(texts in prop::collection::vec(text(), 1..4), first in steps(), second in steps(), cuts in cuts()) {
        let texts: Vec<Vec<u8>> = texts.into_iter().filter(|text| !text.is_empty()).collect();
        let encoded = |text: &Vec<u8>| text.iter().map(|byte| format!("%{byte:02x}")).collect::<String>();
        let body = texts.iter().map(encoded).collect::<Vec<_>>().join("&");
        PANEL.with(|panel| {
            let chains = [chain(&first, panel), chain(&second, &panel[..3])];
            let mut tree = Tree::default();
            let mut bit = 0;
            for chain in &chains {
                let node = tree.node(&chain.steps);
                tree.read(node, bit, cached(&chain.patterns));
                bit += chain.patterns.len();
            }
            let plan = whole(&tree, bit);
            let expected = chains.iter().flat_map(|chain| {
                let made: Vec<Vec<u8>> = texts.iter().map(|text| apply_all(&chain.steps, text)).collect();
                chain.patterns.iter().map(move |pattern| made.iter().any(|text| holds(pattern, text)))
            });
            assert_eq!(bits(&plan, Some(FORM), body.as_bytes(), &cuts), expected.collect::<Vec<_>>());
        });
    }

    #[test]
    fn any_bytes_give_some_answer(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        keep in 0.1f64..1.0,
        state in prop::collection::vec(any::<u8>(), 600..2000),
        body in text(),
        content_type in prop::collection::vec(any::<u8>(), 0..30),
        known in prop::sample::select(vec![FORM, JSON, MULTIPART, "x"]),
        last in any::<bool>(),
        steps in steps(),
    ) {
        let mut plan = PANEL.with(|panel| plan_of(panel, &steps)).bytes;
        for (at, byte) in changes {
            let at = at.index(plan.len().min(900));
            plan[at] = byte;
        }
        plan.truncate((plan.len() as f64 * keep) as usize);
        for content_type in [known.as_bytes(), &content_type] {
            scan(&plan, &mut state.clone(), &body, Some(content_type), last);
        }
        scan(&body, &mut state.clone(), &plan, Some(known.as_bytes()), last);
    }
}
