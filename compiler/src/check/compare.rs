//! Comparisons: which values go together, and what becomes a test against constants.

use super::condition::Condition;
use super::expr::whole_as_float;
use super::facts::key;
use super::scope::Proven;
use super::{Checker, Typed};
use crate::ast::{Compare, CompareOp as Op, Expr as Ast, ExprKind};
use crate::diagnostics::{CannotCompare, Misplaced};
use crate::hir::{Base, CompareOp, Const, Expr, Matcher, Type};
use crate::source::Span;

/// What stands on the right of a comparison.
#[derive(Debug)]
pub(super) enum Right {
    /// One value.
    One(Typed, Span),
    /// Some constants: a list, or `any` list.
    Some(Vec<(Const, Type, Span)>),
    /// A declared set.
    Set(crate::resolve::DeclId, String, Span),
}

impl Checker<'_> {
    pub(super) fn compare(&mut self, compare: &Compare) -> Option<Condition> {
        let left = self.operand(&compare.left);
        let right = self.right(compare, left.as_ref().map(|left| left.ty.base));
        let (left, right) = (left?, right?);
        self.check_case(&left, compare.op, &right)?;
        if compare.any_left {
            return self.any_of(left, compare, right);
        }
        if left.ty.base == Base::List {
            return self.list_without_any(&compare.left, compare);
        }
        if compare.op == Op::Ne && compare.any_right {
            let left = self.describe(left.ty);
            let help = "say which is meant: `not (E in […])`".to_owned();
            return self.cannot_compare_help(compare, &left, "`any …`", Some(help));
        }
        self.check_absence(compare, &left, &right)?;
        let mut yes: Proven = key(&left).into_iter().collect();
        let expr = match right {
            Right::One(right, span) if !matches!(right.expr, Expr::Const(_)) => {
                if right.ty.base == Base::List {
                    return self.list_without_any(&compare.right, compare);
                }
                yes.extend(key(&right));
                self.compare_values(compare, left, right, span)?
            }
            right => self.compare_constants(compare, left, right)?,
        };
        if compare.op == Op::Ne {
            yes.clear();
        }
        Some(Condition {
            expr,
            yes,
            no: Proven::new(),
        })
    }

    /// A side of a comparison, which counts as a value of its own.
    fn operand(&mut self, expr: &Ast) -> Option<Typed> {
        let negated = std::mem::replace(&mut self.scope.negated, false);
        let value = self.check(expr);
        self.scope.negated = negated;
        value
    }

    fn right(&mut self, compare: &Compare, left: Option<Base>) -> Option<Right> {
        let span = compare.right.span;
        let several = compare.any_right || compare.op == Op::In;
        if several && let ExprKind::List(elements) = &compare.right.kind {
            return self.constants(elements).map(Right::Some);
        }
        if let Some(set) = self.set_named(&compare.right.kind) {
            if several {
                return Some(Right::Set(set.id, self.code(span), span));
            }
            let name = self.code(span);
            return self.fail(Misplaced {
                what: format!("the set `{name}`"),
                span,
                help: Some(format!(
                    "write `in {name}`, or `{} any {name}`",
                    sign(compare.op)
                )),
            });
        }
        let value = self.operand(&compare.right)?;
        if !several {
            return Some(Right::One(value, span));
        }
        let help = match value.ty.base {
            Base::List => format!("write `any {} == …`", self.code(span)),
            Base::String if left == Some(Base::Ip) => {
                format!("write the ranges in brackets: `[{}]`", self.code(span))
            }
            Base::String => "to look for a part of a text, write `E contains \"…\"`".to_owned(),
            _ => "write the values in brackets: `in [\"a\", \"b\"]`".to_owned(),
        };
        let found = self.describe(value.ty);
        self.fail(crate::diagnostics::WrongType {
            expected: "a list or a set".to_owned(),
            found,
            span,
            help: Some(help),
        })
    }

    /// Constant elements of a list.
    pub(super) fn constants(&mut self, elements: &[Ast]) -> Option<Vec<(Const, Type, Span)>> {
        let mut all = Some(Vec::new());
        for element in elements {
            let value = match self.check(element) {
                Some(Typed {
                    expr: Expr::Const(value),
                    ty,
                }) => Some((value, ty, element.span)),
                Some(_) => self.not_constant("an element of a list", element.span),
                None => None,
            };
            match (value, &mut all) {
                (Some(value), Some(all)) => all.push(value),
                _ => all = None,
            }
        }
        all
    }

    /// Absent is not empty: `!=` and negated comparisons need a value.
    fn check_absence(&mut self, compare: &Compare, left: &Typed, right: &Right) -> Option<()> {
        if !self.scope.negated && compare.op != Op::Ne {
            return Some(());
        }
        if left.ty.optional {
            return self.may_be_absent(compare.left.span);
        }
        match right {
            Right::One(right, span) if right.ty.optional => self.may_be_absent(*span),
            _ => Some(()),
        }
    }

    fn any_of(&mut self, left: Typed, compare: &Compare, right: Right) -> Option<Condition> {
        if left.ty.base != Base::List {
            let found = self.describe(left.ty);
            return self.fail(crate::diagnostics::WrongType {
                expected: "a list".to_owned(),
                found,
                span: compare.left.span,
                help: Some(
                    "lists are `request.headers[\"N\"]`, `request.queries[\"k\"]` and `response.headers[\"N\"]`"
                        .to_owned(),
                ),
            });
        }
        let element = Type::of(Base::String);
        if compare.op == Op::Ne {
            let help = "say which is meant: `not any … == …`".to_owned();
            return self.cannot_compare_help(compare, "a list", "a value", Some(help));
        }
        let matcher = self.matcher(compare, element, right)?;
        Some(Condition::plain(Expr::AnyOf(Box::new(left.expr), matcher)))
    }

    fn list_without_any<T>(&mut self, list: &Ast, compare: &Compare) -> Option<T> {
        let help = format!(
            "write `any {} {} …`",
            self.code(list.span),
            sign(compare.op)
        );
        self.fail(Misplaced {
            what: "a list".to_owned(),
            span: list.span,
            help: Some(help),
        })
    }

    fn compare_constants(&mut self, compare: &Compare, left: Typed, right: Right) -> Option<Expr> {
        let mut left = left;
        let mut right = right;
        if let Right::One(right, _) = &mut right {
            whole_as_float(&mut left, right.ty.base);
            whole_as_float(right, left.ty.base);
        }
        let ordered = matches!(compare.op, Op::Lt | Op::Le | Op::Gt | Op::Ge);
        match (left.ty.base, &right) {
            (Base::String, Right::One(value, span)) if ordered => {
                let (value, span) = (value.clone(), *span);
                self.compare_values(compare, left, value, span)
            }
            (Base::Bool | Base::Float | Base::Ip, Right::One(value, span)) => {
                let (mut value, span) = (value.clone(), *span);
                if left.ty.base == Base::Ip && value.ty.base == Base::String {
                    value = self.address(&value, span)?;
                }
                self.compare_values(compare, left, value, span)
            }
            _ => {
                let ty = left.ty;
                if let Some(expr) = edge_of_range(compare.op, &left, &right) {
                    return Some(expr);
                }
                let matcher = self.matcher(compare, ty, right)?;
                let test = Expr::Test(Box::new(left.expr), matcher);
                Some(match compare.op {
                    Op::Ne => Expr::Not(Box::new(test)),
                    _ => test,
                })
            }
        }
    }

    fn compare_values(
        &mut self,
        compare: &Compare,
        left: Typed,
        right: Typed,
        right_span: Span,
    ) -> Option<Expr> {
        let (mut left, mut right) = (left, right);
        whole_as_float(&mut left, right.ty.base);
        whole_as_float(&mut right, left.ty.base);
        if left.ty.base == Base::String
            && right.ty.base == Base::Ip
            && matches!(left.expr, Expr::Const(_))
        {
            left = self.address(&left, compare.left.span)?;
        }
        let base = left.ty.base;
        let ordered = base.is_integer() || matches!(base, Base::Float | Base::String);
        let op = match compare.op {
            Op::Eq => Some(CompareOp::Eq),
            Op::Ne => Some(CompareOp::Ne),
            Op::Lt if ordered => Some(CompareOp::Lt),
            Op::Le if ordered => Some(CompareOp::Le),
            Op::Gt if ordered => Some(CompareOp::Gt),
            Op::Ge if ordered => Some(CompareOp::Ge),
            Op::Contains if base == Base::String => Some(CompareOp::Contains),
            Op::StartsWith if base == Base::String => Some(CompareOp::StartsWith),
            Op::EndsWith if base == Base::String => Some(CompareOp::EndsWith),
            Op::Matches if right.ty.base == Base::String => {
                return self.not_constant("a regex", right_span);
            }
            _ => None,
        };
        let comparable = base == right.ty.base && !matches!(base, Base::List | Base::Target);
        match op {
            Some(op) if comparable => {
                Some(Expr::Compare(op, Box::new(left.expr), Box::new(right.expr)))
            }
            _ => self.cannot_compare(compare, left.ty, right.ty),
        }
    }

    pub(super) fn cannot_compare<T>(
        &mut self,
        compare: &Compare,
        left: Type,
        right: Type,
    ) -> Option<T> {
        let help = match (left.base, right.base) {
            (Base::Arm(_), _) | (_, Base::Arm(_)) => {
                Some("an experiment is compared with `is`: `E is arm`".to_owned())
            }
            (Base::Duration, Base::Int) => Some("write the unit: `5s`".to_owned()),
            (Base::Size, Base::Int) => Some("write the unit: `64KiB`".to_owned()),
            (Base::Percent, Base::Int) => Some("write the unit: `5%`".to_owned()),
            (Base::Time, _) => Some("write a time: `t\"2026-12-01T00:00:00Z\"`".to_owned()),
            (Base::String, Base::Int) => Some("make it a number: `int(E)`".to_owned()),
            (Base::String, Base::Float) => Some("make it a number: `float(E)`".to_owned()),
            (Base::Int | Base::Float, Base::String) => {
                Some("write the number without quotes".to_owned())
            }
            (Base::Ip, Base::Ip | Base::String) => {
                Some("addresses are compared with `==`, `!=` and `in [\"10.0.0.0/8\"]`".to_owned())
            }
            _ => None,
        };
        let (left, right) = (self.describe(left), self.describe(right));
        self.cannot_compare_help(compare, &left, &right, help)
    }

    pub(super) fn cannot_compare_help<T>(
        &mut self,
        compare: &Compare,
        left: &str,
        right: &str,
        help: Option<String>,
    ) -> Option<T> {
        self.fail(CannotCompare {
            left: left.to_owned(),
            right: right.to_owned(),
            op: sign(compare.op),
            span: compare.left.span.to(compare.right.span),
            help,
        })
    }
}

/// Orderings of a constant at the end of the integers, which no range can say.
fn edge_of_range(op: Op, left: &Typed, right: &Right) -> Option<Expr> {
    let Right::One(right, _) = right else {
        return None;
    };
    let (Expr::Const(Const::Int(n, base)), true) = (&right.expr, left.ty.base == right.ty.base)
    else {
        return None;
    };
    let op = match (op, *n) {
        (Op::Lt, i64::MIN) => CompareOp::Lt,
        (Op::Gt, i64::MAX) => CompareOp::Gt,
        _ => return None,
    };
    let edge = Expr::Const(Const::Int(*n, *base));
    Some(Expr::Compare(
        op,
        Box::new(left.expr.clone()),
        Box::new(edge),
    ))
}

/// How an operator is written.
pub(super) fn sign(op: Op) -> &'static str {
    match op {
        Op::Eq => "==",
        Op::Ne => "!=",
        Op::Lt => "<",
        Op::Le => "<=",
        Op::Gt => ">",
        Op::Ge => ">=",
        Op::In => "in",
        Op::Matches => "matches",
        Op::Contains => "contains",
        Op::StartsWith => "starts_with",
        Op::EndsWith => "ends_with",
    }
}

/// Whether a matcher is of use for one string only.
pub(super) fn bytes_of(values: Vec<(Const, Type, Span)>) -> Option<Vec<Vec<u8>>> {
    values
        .into_iter()
        .map(|(value, ..)| match value {
            Const::Bytes(bytes) => Some(bytes),
            _ => None,
        })
        .collect()
}

/// A matcher of one integer.
pub(super) fn exactly(n: i64) -> Matcher {
    Matcher::Range(n, n)
}
