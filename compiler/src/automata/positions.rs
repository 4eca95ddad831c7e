//! How much a pattern reads when its repetitions are written out, and which part of it repeats
//! the most.

use regex_syntax::ast::{self, Ast};
use regex_syntax::hir::{Class, Hir, HirKind};

/// Bytes that a pattern reads, every repetition written out: saturating, an estimate for classes of
/// characters.
#[must_use]
pub fn count(hir: &Hir) -> usize {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 0,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Class(Class::Bytes(_)) => 1,
        HirKind::Class(Class::Unicode(class)) => class.ranges().len().saturating_mul(4).max(1),
        HirKind::Capture(capture) => count(&capture.sub),
        HirKind::Repetition(repetition) => {
            let times = repetition
                .max
                .unwrap_or(repetition.min.saturating_add(1))
                .max(1);
            count(&repetition.sub).saturating_mul(times as usize)
        }
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts
            .iter()
            .fold(0, |sum, part| sum.saturating_add(count(part))),
    }
}

/// The part of a pattern that repeats the most, as it is written.
#[must_use]
pub fn worst_part(pattern: &str) -> Option<&str> {
    let parsed = ast::parse::Parser::new().parse(pattern).ok()?;
    let mut worst: Option<(usize, &str)> = None;
    let mut open = vec![&parsed];
    while let Some(part) = open.pop() {
        match part {
            Ast::Repetition(repetition) => {
                let text = pattern.get(part.span().start.offset..part.span().end.offset)?;
                let size = size(part);
                if worst.is_none_or(|(most, _)| size > most) {
                    worst = Some((size, text));
                }
                open.push(&repetition.ast);
            }
            Ast::Group(group) => open.push(&group.ast),
            Ast::Alternation(alternation) => open.extend(&alternation.asts),
            Ast::Concat(concat) => open.extend(&concat.asts),
            _ => {}
        }
    }
    worst.map(|(_, text)| text)
}

/// As [`count`], of what is written.
fn size(part: &Ast) -> usize {
    match part {
        Ast::Empty(_) | Ast::Flags(_) | Ast::Assertion(_) => 0,
        Ast::Group(group) => size(&group.ast),
        Ast::Alternation(alternation) => sum(&alternation.asts),
        Ast::Concat(concat) => sum(&concat.asts),
        Ast::Repetition(repetition) => {
            size(&repetition.ast).saturating_mul(times(&repetition.op.kind))
        }
        _ => 1,
    }
}

fn sum(parts: &[Ast]) -> usize {
    parts
        .iter()
        .fold(0, |sum, part| sum.saturating_add(size(part)))
}

fn times(kind: &ast::RepetitionKind) -> usize {
    use ast::{RepetitionKind, RepetitionRange};
    match kind {
        RepetitionKind::Range(RepetitionRange::Exactly(n) | RepetitionRange::Bounded(_, n)) => {
            *n as usize
        }
        RepetitionKind::Range(RepetitionRange::AtLeast(n)) => *n as usize + 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::automata::pattern::Pattern;

    #[test]
    fn repetitions_are_written_out() {
        let of = |regex: &str| count(&Pattern::Regex(regex.into()).hir().unwrap());
        assert_eq!(of("abc"), 3);
        assert_eq!(of("(ab){3,5}c?"), 11);
        assert_eq!(of("((a{1,40}){1,40}){1,40}"), 64_000);
        assert!(of("(((a{1000}){1000}){1000}){1000}") >= 1_000_000_000);
    }

    #[test]
    fn the_part_that_repeats_the_most_is_named() {
        assert_eq!(worst_part("x+(a|b{2,300})y{4}"), Some("b{2,300}"));
        assert_eq!(worst_part("z((ab{9}){9})"), Some("(ab{9}){9}"));
        assert_eq!(worst_part("abc"), None);
    }
}
