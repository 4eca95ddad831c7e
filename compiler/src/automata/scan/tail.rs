//! What may follow a match need not be read: `ab*` is in a text exactly if `a` is.
//!
//! A scan tells of a match as soon as it is one. With its tail, a pattern would go on telling for as long as the text
//! goes on, and its automaton would be larger for it.

use regex_syntax::hir::{Hir, HirKind, Repetition};

/// An expression that is found in the same texts, without the end that may be empty.
pub(super) fn dropped(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Capture(capture) => dropped(&capture.sub),
        HirKind::Concat(parts) => {
            let mut parts = parts.clone();
            while let Some(last) = parts.pop() {
                let last = dropped(&last);
                if !matches!(last.kind(), HirKind::Empty) {
                    parts.push(last);
                    break;
                }
            }
            Hir::concat(parts)
        }
        HirKind::Alternation(branches) => {
            let branches: Vec<Hir> = branches.iter().map(dropped).collect();
            match branches
                .iter()
                .any(|it| matches!(it.kind(), HirKind::Empty))
            {
                true => Hir::empty(),
                false => Hir::alternation(branches),
            }
        }
        HirKind::Repetition(repetition) => match repetition.min {
            0 => Hir::empty(),
            1 => dropped(&repetition.sub),
            least => Hir::repetition(Repetition {
                max: Some(least),
                ..repetition.clone()
            }),
        },
        _ => hir.clone(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::automata::pattern::Pattern;

    #[test]
    fn what_may_be_empty_at_the_end_is_dropped() {
        let of = |regex: &str| dropped(&Pattern::Regex(regex.into()).hir().unwrap()).to_string();
        let same = |regex: &str| Pattern::Regex(regex.into()).hir().unwrap().to_string();
        for (regex, expected) in [
            ("select.*", "select"),
            ("a+", "a"),
            ("a(b|c)*d?", "a"),
            ("a(bc*|d?)", "a"),
            ("a(bc*|def?)", "a(?:b|de)"),
            ("a{2,}", "a{2}"),
            ("(ab+)+", "ab"),
            ("x*", ""),
        ] {
            assert_eq!(of(regex), same(expected), "{regex}");
        }
        for regex in [r"ab*$", r"a\b", "^a", "a|b", "[ab]c"] {
            assert_eq!(of(regex), same(regex), "{regex}");
        }
    }
}
