//! Arithmetic: which types go together, and what constants come to.

use super::expr::{constant, integer, whole_as_float};
use super::{Checker, Typed};
use crate::ast::{ArithOp, Expr as Ast};
use crate::diagnostics::{OutOfRange, WrongType};
use crate::hir::{Base, Const, Expr, Type};
use crate::source::Span;

impl Checker<'_> {
    pub(super) fn negative(&mut self, operand: &Ast, span: Span) -> Option<Typed> {
        let value = self.check(operand)?;
        let ty = value.ty;
        let expr = self.present(value, operand.span)?;
        match (&expr, ty.base) {
            (Expr::Const(Const::Int(n, base)), _) => Some(integer(n.saturating_neg(), *base)),
            (Expr::Const(Const::Float(x)), _) => Some(constant(Const::Float(-x), Base::Float)),
            (_, Base::Int | Base::Duration) => {
                Some(arith(ArithOp::Sub, integer(0, ty.base).expr, expr, ty))
            }
            (_, Base::Float) => Some(arith(
                ArithOp::Sub,
                Expr::Const(Const::Float(0.0)),
                expr,
                ty,
            )),
            _ => self.wrong_type(Type::of(Base::Int), ty, span, None),
        }
    }

    pub(super) fn arithmetic(&mut self, op: ArithOp, left: &Ast, right: &Ast) -> Option<Typed> {
        let (a, b) = (self.check(left), self.check(right));
        let (mut a, mut b) = (a?, b?);
        whole_as_float(&mut a, b.ty.base);
        whole_as_float(&mut b, a.ty.base);
        let Some(base) = result(op, a.ty.base, b.ty.base) else {
            let (expected, found) = (self.describe(a.ty), self.describe(b.ty));
            let help = (a.ty.base == Base::String && op == ArithOp::Add)
                .then(|| "put text together by interpolation: `\"{a}{b}\"`".to_owned());
            let united = |base| matches!(base, Base::Duration | Base::Size | Base::Percent);
            let help = help.or_else(|| {
                let (a, b) = (a.ty.base, b.ty.base);
                (united(a) && b == Base::Int || a == Base::Int && united(b))
                    .then(|| "write the unit of both".to_owned())
            });
            return self.fail(WrongType {
                expected: format!("something that goes with {expected} and `{}`", sign(op)),
                found,
                span: right.span,
                help,
            });
        };
        let (x, y) = (self.present(a, left.span), self.present(b, right.span));
        let (x, y) = (x?, y?);
        let divides = matches!(op, ArithOp::Div | ArithOp::Rem);
        if divides && is_zero(&y) {
            return self.fail(OutOfRange {
                what: "the divisor".to_owned(),
                range: "other than zero".to_owned(),
                span: right.span,
            });
        }
        if let Some(value) = fold(op, &x, &y, base) {
            return Some(value);
        }
        let ty = Type {
            base,
            optional: divides && !matches!(y, Expr::Const(_)),
        };
        Some(arith(op, x, y, ty))
    }
}

fn arith(op: ArithOp, left: Expr, right: Expr, ty: Type) -> Typed {
    Typed {
        expr: Expr::Arith(op, Box::new(left), Box::new(right), ty),
        ty,
    }
}

fn is_zero(expr: &Expr) -> bool {
    match expr {
        Expr::Const(Const::Int(n, _)) => *n == 0,
        Expr::Const(Const::Float(x)) => *x == 0.0,
        _ => false,
    }
}

fn sign(op: ArithOp) -> char {
    match op {
        ArithOp::Add => '+',
        ArithOp::Sub => '-',
        ArithOp::Mul => '*',
        ArithOp::Div => '/',
        ArithOp::Rem => '%',
    }
}

/// The type of `left op right`.
fn result(op: ArithOp, left: Base, right: Base) -> Option<Base> {
    use ArithOp::{Add, Div, Mul, Rem, Sub};
    use Base::{Duration, Float, Int, Size, Time};
    match (op, left, right) {
        (_, Int, Int) => Some(Int),
        (Add | Sub | Mul | Div, Float, Float) => Some(Float),
        (Add | Sub, Duration, Duration) => Some(Duration),
        (Add | Sub, Size, Size) => Some(Size),
        (Mul | Div, Duration | Size, Int) => Some(left),
        (Mul, Int, Duration | Size) => Some(right),
        (Div, Duration, Duration) | (Div, Size, Size) => Some(Int),
        (Rem, Duration, Duration) | (Rem, Size, Size) => Some(left),
        (Add | Sub, Time, Duration) => Some(Time),
        (Add, Duration, Time) => Some(Time),
        (Sub, Time, Time) => Some(Duration),
        _ => None,
    }
}

fn fold(op: ArithOp, left: &Expr, right: &Expr, base: Base) -> Option<Typed> {
    let (Expr::Const(left), Expr::Const(right)) = (left, right) else {
        return None;
    };
    match (left, right) {
        (Const::Int(a, _), Const::Int(b, _)) => {
            let n = match op {
                ArithOp::Add => a.saturating_add(*b),
                ArithOp::Sub => a.saturating_sub(*b),
                ArithOp::Mul => a.saturating_mul(*b),
                ArithOp::Div => a.saturating_div(*b),
                ArithOp::Rem => a.checked_rem(*b).unwrap_or(0),
            };
            Some(integer(n, base))
        }
        (Const::Float(a), Const::Float(b)) => {
            let x = match op {
                ArithOp::Add => a + b,
                ArithOp::Sub => a - b,
                ArithOp::Mul => a * b,
                ArithOp::Div => a / b,
                ArithOp::Rem => return None,
            };
            x.is_finite()
                .then(|| constant(Const::Float(x), Base::Float))
        }
        _ => None,
    }
}
