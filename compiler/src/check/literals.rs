//! Constants and words in settings: with their unit, in range, and one of those that there are.

use super::Checker;
use crate::ast::{Expr as Ast, Name};
use crate::diagnostics::{NoSuchWord, NotConstant, OutOfRange, UnitMissing};
use crate::hir::{Base, Const, Expr, Type};
use crate::resolve::suggest;
use crate::source::Span;

/// The longest duration of a setting: an hour, in milliseconds.
const LONGEST: i64 = 3_600_000;
/// The longest that anything is remembered: ten years, in milliseconds.
const LONGEST_KEPT: i64 = 3660 * 86_400_000;

impl Checker<'_> {
    pub(super) fn not_constant<T>(&mut self, what: &'static str, span: Span) -> Option<T> {
        self.fail(NotConstant {
            what,
            span,
            help: None,
        })
    }

    /// A constant integer of one unit.
    pub(super) fn constant_integer(
        &mut self,
        expr: &Ast,
        base: Base,
        what: &'static str,
    ) -> Option<i64> {
        let value = self.check(expr)?;
        match value.expr {
            Expr::Const(Const::Int(n, found)) if found == base => Some(n),
            Expr::Const(Const::Int(n, Base::Int)) => self.unit_missing(n, base, what, expr.span),
            Expr::Const(_) => self.wrong_type(Type::of(base), value.ty, expr.span, None),
            _ => self.not_constant(what, expr.span),
        }
    }

    pub(super) fn unit_missing<T>(
        &mut self,
        n: i64,
        base: Base,
        what: &'static str,
        span: Span,
    ) -> Option<T> {
        let help = match base {
            Base::Duration => format!("write `{n}s` or `{n}ms`"),
            Base::Size => format!("write `{n}B` or `{n}KiB`"),
            _ => format!("write `{n}%`"),
        };
        self.fail(UnitMissing {
            what: what.to_owned(),
            span,
            help: Some(help),
        })
    }

    /// A constant integer in a range.
    pub(super) fn constant_within(
        &mut self,
        expr: &Ast,
        what: &'static str,
        (least, most): (i64, i64),
    ) -> Option<i64> {
        let n = self.constant_integer(expr, Base::Int, what)?;
        if (least..=most).contains(&n) {
            return Some(n);
        }
        self.fail(OutOfRange {
            what: what.to_owned(),
            range: format!("from {least} to {most}"),
            span: expr.span,
        })
    }

    /// A duration of a setting, in milliseconds.
    pub(super) fn duration(&mut self, expr: &Ast, what: &'static str) -> Option<u64> {
        self.duration_within(expr, what, (LONGEST, "from 1ms to 1h"))
    }

    /// How long something is remembered, in milliseconds.
    pub(super) fn lasting(&mut self, expr: &Ast, what: &'static str) -> Option<u64> {
        self.duration_within(expr, what, (LONGEST_KEPT, "from 1ms to 3660d"))
    }

    fn duration_within(
        &mut self,
        expr: &Ast,
        what: &'static str,
        (most, range): (i64, &str),
    ) -> Option<u64> {
        let ms = self.constant_integer(expr, Base::Duration, what)?;
        if (1..=most).contains(&ms) {
            return u64::try_from(ms).ok();
        }
        self.fail(OutOfRange {
            what: what.to_owned(),
            range: range.to_owned(),
            span: expr.span,
        })
    }

    /// One of some words.
    pub(super) fn one_word<T: Copy>(
        &mut self,
        name: &Name,
        what: &'static str,
        words: &[(&'static str, T)],
    ) -> Option<T> {
        let known = || words.iter().map(|(word, _)| *word);
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == name.text) {
            return Some(*value);
        }
        let all = || format!("it is `{}`", known().collect::<Vec<_>>().join("` or `"));
        self.fail(NoSuchWord {
            word: name.text.clone(),
            what,
            span: name.span,
            help: suggest(&name.text, known()).or_else(|| Some(all())),
        })
    }
}
