//! Facts in one letter case, compared with text in another.

use super::compare::Right;
use super::{Checker, Typed};
use crate::ast::CompareOp as Op;
use crate::diagnostics::NeverEqual;
use crate::hir::{Const, Expr, Fact};
use crate::source::Span;
use edge_abi::manifest::Fact as RawFact;

/// The methods that are registered, in the case in which they are.
pub(super) const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];

impl Checker<'_> {
    /// Reports a method that is not in upper case, and a host that is not in lower case.
    pub(super) fn check_case(&mut self, left: &Typed, op: Op, right: &Right) -> Option<()> {
        if matches!(op, Op::Matches | Op::Lt | Op::Le | Op::Gt | Op::Ge) {
            return Some(());
        }
        match right {
            Right::One(value, span) => match &value.expr {
                Expr::Const(value) => self.check_case_of(&left.expr, value, *span),
                _ => Some(()),
            },
            Right::Some(values) => values
                .iter()
                .try_for_each(|(value, _, span)| self.check_case_of(&left.expr, value, *span)),
            Right::Set(..) => Some(()),
        }
    }

    /// The same for one constant.
    pub(super) fn check_case_of(&mut self, left: &Expr, value: &Const, span: Span) -> Option<()> {
        let (Expr::Fact(fact, ..), Const::Bytes(bytes)) = (left, value) else {
            return Some(());
        };
        let text = String::from_utf8_lossy(bytes).into_owned();
        let (fact, why, meant) = match fact {
            Fact::Raw(RawFact::Method) => {
                let upper = text.to_ascii_uppercase();
                let known = METHODS.contains(&upper.as_str());
                let meant = if known { upper } else { text.clone() };
                ("request.method", "methods are in upper case", meant)
            }
            Fact::Host => {
                let lower = text.to_ascii_lowercase();
                ("request.host", "hosts are in lower case", lower)
            }
            _ => return Some(()),
        };
        if meant == text {
            return Some(());
        }
        self.fail(NeverEqual {
            fact,
            text,
            why,
            meant,
            span,
        })
    }
}
