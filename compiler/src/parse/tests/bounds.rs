//! What no text may do: panic, recurse without bound, or take more than linear time.

use super::run;
use crate::ast::{Elements, ItemKind};
use proptest::prelude::*;

/// Runs on a stack that is small for a compiler, so that a deep recursion shows.
fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(work)
        .unwrap()
        .join()
        .unwrap();
}

fn codes(text: &str) -> Vec<String> {
    run(text).1.iter().map(|p| p[..5].to_owned()).collect()
}

#[test]
fn brackets_without_end() {
    on_a_small_stack(|| {
        for unit in [
            "(",
            "[",
            "{",
            "\"{",
            "f(",
            "a[",
            "choose {",
            "(not ",
            "[-",
            "choose a { b => ",
        ] {
            let open = unit.repeat(20_000);
            for text in [
                format!("const x = {open}"),
                open.clone(),
                format!("default {{ respond json {open} }}"),
            ] {
                let codes = codes(&text);
                assert!(!codes.is_empty(), "{unit}");
            }
        }
    });
}

#[test]
fn brackets_to_the_cap_take_linear_time() {
    on_a_small_stack(|| {
        for (open, close) in [
            ("(", ")"),
            ("[", "]"),
            ("f(", ")"),
            ("a[", "]"),
            ("(not ", ")"),
            ("[{ a: ", "}]"),
            ("\"{", "}\""),
            ("choose { a => ", "}"),
            ("choose a { b => 1, otherwise => ", "}"),
            ("(a else ", ")"),
            ("-(", ")"),
            ("(a and b or ", ")"),
            ("[a, ", "]"),
            ("(any ", " in x)"),
            ("fetch a (", ")"),
            ("increment (", ")"),
            ("increment a[", "]"),
            ("list a prefix (", ")"),
        ] {
            let levels = 60 / open.matches(['(', '[', '{', '"']).count();
            let good = format!("const x = {}a{}", open.repeat(levels), close.repeat(levels));
            let bad = format!("const x = {}!{}", open.repeat(levels), close.repeat(levels));
            assert!(
                !codes(&good).iter().any(|c| c == "E0006"),
                "{good}: {:?}",
                run(&good).1
            );
            assert!(!codes(&bad).is_empty(), "{bad}");
        }
        let nested = format!(
            "default {{ {} respond 200 {} }}",
            "if a { ".repeat(60),
            "}".repeat(60)
        );
        assert_eq!(run(&nested).1, Vec::<String>::new());
        let json = format!(
            "default {{ respond json {}1{} }}",
            "{ a: [".repeat(30),
            "] }".repeat(30)
        );
        assert_eq!(run(&json).1, Vec::<String>::new());
    });
}

#[test]
fn one_level_too_many_is_said() {
    let at = |levels: usize| {
        codes(&format!(
            "const x = {}1{}",
            "(".repeat(levels),
            ")".repeat(levels)
        ))
    };
    assert_eq!(at(64), Vec::<String>::new());
    assert_eq!(at(65), ["E0006"]);
    let twice = format!(
        "const x = {0}1{1}\nconst y = {0}1{1}",
        "(".repeat(65),
        ")".repeat(65)
    );
    assert_eq!(codes(&twice), ["E0006", "E0006"]);
}

#[test]
fn chains_of_operators() {
    on_a_small_stack(|| {
        let chain = |op: &str, n: usize| format!("const x = a{}", format!(" {op} a").repeat(n));
        for op in ["and", "or", "else"] {
            assert_eq!(codes(&chain(op, 20_000)), Vec::<String>::new(), "{op}");
        }
        for op in ["+", "-", "*", "/", "%"] {
            assert_eq!(codes(&chain(op, 200)), Vec::<String>::new(), "{op}");
            assert_eq!(codes(&chain(op, 20_000)), ["E0006"], "{op}");
        }
        for prefix in ["not ", "- ", "--", "any "] {
            let text = format!("const x = {}a", prefix.repeat(20_000));
            assert!(codes(&text).len() == 1, "{prefix}");
        }
        for postfix in [".a", "[0]", " as int", "(1)"] {
            let text = format!("const x = a{}", postfix.repeat(20_000));
            assert!(codes(&text).len() == 1, "{postfix}");
        }
        for word in [
            "choose ",
            "fetch ",
            "increment ",
            "list ",
            "if ",
            "let ",
            "fetch a ",
        ] {
            let text = format!("const x = {}", word.repeat(20_000));
            assert!(!codes(&text).is_empty(), "{word}");
        }
        let arms = format!("default {{ if a {{ }}{} }}", " else if b { }".repeat(5_000));
        assert_eq!(codes(&arms), Vec::<String>::new());
    });
}

#[test]
fn a_set_of_a_hundred_thousand() {
    on_a_small_stack(|| {
        let elements: Vec<String> = (0..100_000)
            .map(|n| format!("\"10.{}.{}.{}\"", n >> 16, n >> 8 & 255, n & 255))
            .collect();
        let (file, problems) = run(&format!("set s = [{}]", elements.join(", ")));
        assert_eq!(problems, Vec::<String>::new());
        let ItemKind::Set {
            value: Elements::List(list, _),
            ..
        } = &file.items[0].kind
        else {
            panic!("a set")
        };
        assert_eq!(list.len(), 100_000);
    });
}

#[test]
fn files_at_the_limit() {
    on_a_small_stack(|| {
        for unit in [
            "\0",
            "\"",
            "\"\"\"",
            "r#\"",
            "}",
            "{",
            "a ",
            "a\n",
            "\"\n",
            "\"{\n",
            "\"{#\n",
            "route {\n",
            "on {\n",
            "origin a {\"{\n",
            "const x = \"\"\"\n",
            "const x = r#\"\n",
            "é",
            "# x\n",
            "## x\n",
            "##\nsecret a\n",
            "1 ",
            "(\n",
            ")\n(",
            "const x = (\n",
            "respond 1\n",
            "\u{202e}",
        ] {
            let text = unit.repeat((super::super::MOST_BYTES / unit.len()).min(60_000));
            let _ = run(&text);
        }
    });
    let too_large = " ".repeat(super::super::MOST_BYTES + 1);
    assert_eq!(codes(&too_large), ["E0001"]);
    assert_eq!(codes(&too_large[1..]), Vec::<String>::new());
}

/// Words and signs in any order: more of them get past the first token than of any characters.
fn words() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "route",
        "origin",
        "default",
        "on",
        "request",
        "response",
        "set",
        "test",
        "waf",
        "rule",
        "when",
        "if",
        "else",
        "let",
        "respond",
        "proxy",
        "json",
        "text",
        "choose",
        "otherwise",
        "any",
        "not",
        "and",
        "or",
        "in",
        "is",
        "present",
        "fetch",
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "=",
        "==",
        "=>",
        ",",
        ".",
        ":",
        "+",
        "-",
        "%",
        "\"",
        "\"a\"",
        "\"{",
        "}\"",
        "\"\"\"",
        "r\"",
        "r#\"",
        "\"#",
        "#",
        "\n",
        "\\",
        "1",
        "10%",
        "5s",
        "x",
        "y",
        "é",
        "\r\n",
        "'",
        "&&",
        "\0",
    ]);
    prop::collection::vec(pieces, 0..60).prop_map(|pieces| pieces.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_answered(text in any::<String>()) {
        let _ = run(&text);
    }

    #[test]
    fn any_words_are_answered(text in words()) {
        let (file, problems) = run(&text);
        let _ = file.print();
        prop_assert!(!problems.iter().any(|p| p.is_empty()));
    }

    /// A text that says nothing of itself is either all declarations or has a report: nothing is dropped.
    #[test]
    fn nothing_is_dropped_without_a_report(text in words()) {
        let (file, problems) = run(&text);
        let blank = text.lines().all(|line| line.trim().is_empty() || line.trim().starts_with('#'));
        prop_assert!(blank || !file.items.is_empty() || !problems.is_empty(), "{text:?}");
    }

    #[test]
    fn a_policy_with_holes_is_answered(from in 0usize..3000, length in 0usize..40, with in words()) {
        let text = super::policy::POLICY;
        let boundary = |at: usize| (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap();
        let (from, to) = (boundary(from), boundary(from + length));
        let _ = run(&format!("{}{with}{}", &text[..from], &text[to.max(from)..]));
        let _ = run(&format!("{}{}", &text[..from], &text[to.max(from)..]));
    }
}
