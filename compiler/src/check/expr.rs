//! Expressions that are values.

use super::{Checker, Typed};
use crate::ast::{ArithOp, Expr as Ast, ExprKind, StrPart};
use crate::diagnostics::{AlwaysPresent, Misplaced, NestedTooDeep, OutOfRange, WrongType};
use crate::hir::{Base, Const, Expr, Type};
use crate::source::Span;

/// How deep expressions may nest in the source.
pub(super) const DEPTH: usize = 64;
/// How deep they may nest through declarations that are used before they are declared.
const WHOLE_DEPTH: usize = 160;

impl Checker<'_> {
    /// The value of an expression; what comes of it may be optional.
    pub(super) fn check(&mut self, expr: &Ast) -> Option<Typed> {
        self.nested(expr.span, |checker| match &expr.kind {
            ExprKind::Not(_)
            | ExprKind::And(_)
            | ExprKind::Or(_)
            | ExprKind::Compare(_)
            | ExprKind::IsPresent(..)
            | ExprKind::IsArm(..) => Some(Typed {
                expr: checker.condition(expr)?.expr,
                ty: Type::of(Base::Bool),
            }),
            _ => {
                let negated = std::mem::replace(&mut checker.scope.negated, false);
                let value = checker.check_value(expr);
                checker.scope.negated = negated;
                value
            }
        })
    }

    /// Counts how deep the source nests.
    pub(super) fn nested<T>(
        &mut self,
        span: Span,
        check: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        if self.scope.depth == 0 {
            self.spent.too_deep = false;
        }
        if self.scope.depth >= DEPTH || self.spent.depth >= WHOLE_DEPTH {
            return self.too_deep(span);
        }
        self.scope.depth += 1;
        self.spent.depth += 1;
        let found = check(self);
        self.scope.depth -= 1;
        self.spent.depth -= 1;
        found
    }

    /// Reports what is nested too deep, once for all that is in it.
    fn too_deep<T>(&mut self, span: Span) -> Option<T> {
        if std::mem::replace(&mut self.spent.too_deep, true) {
            return None;
        }
        let limit = match self.scope.depth >= DEPTH {
            true => DEPTH,
            false => WHOLE_DEPTH,
        };
        self.fail(NestedTooDeep { limit, span })
    }

    fn check_value(&mut self, expr: &Ast) -> Option<Typed> {
        let span = expr.span;
        match &expr.kind {
            ExprKind::Bool(value) => Some(constant(Const::Bool(*value), Base::Bool)),
            ExprKind::Int(n) => Some(integer(*n, Base::Int)),
            ExprKind::Float(x) => Some(constant(Const::Float(*x), Base::Float)),
            ExprKind::Duration(n) => Some(integer(*n, Base::Duration)),
            ExprKind::Size(n) => Some(integer(*n, Base::Size)),
            ExprKind::Percent(n) => Some(integer(*n, Base::Percent)),
            ExprKind::Time(text) => self.time(text, span),
            ExprKind::Str(parts) => self.string(parts, span),
            ExprKind::Raw(text) => Some(string(text.as_bytes().to_vec())),
            ExprKind::Name(name) => self.name(name, span),
            ExprKind::Field(owner, name) => self.field(owner, name, span),
            ExprKind::Index(owner, key) => self.indexed(owner, key, span),
            ExprKind::Call(path, arguments) => self.call(path, arguments, span),
            ExprKind::Neg(operand) => self.negative(operand, span),
            ExprKind::Arith(op, left, right) => self.arithmetic(*op, left, right, span),
            ExprKind::Else(values) => self.or_else(values),
            ExprKind::Choose(choose) => self.choose_value(choose, span),
            ExprKind::As(..) => self.unsupported("as", span),
            ExprKind::Unbuilt(what) => self.unsupported(what, span),
            ExprKind::Null => self.misplaced(
                "`null`",
                span,
                "`null` stands in JSON; a value that is missing is asked for with `is absent`",
            ),
            ExprKind::List(_) => self.misplaced(
                "a list",
                span,
                "lists stand after `in`, after `any` and in JSON",
            ),
            ExprKind::Object(_) => {
                self.misplaced("an object", span, "objects stand after `respond json`")
            }
            // What gives true or false goes through `condition`.
            ExprKind::Not(_)
            | ExprKind::And(_)
            | ExprKind::Or(_)
            | ExprKind::Compare(_)
            | ExprKind::IsPresent(..)
            | ExprKind::IsArm(..) => None,
        }
    }

    pub(super) fn misplaced<T>(&mut self, what: &str, span: Span, help: &str) -> Option<T> {
        self.fail(Misplaced {
            what: what.to_owned(),
            span,
            help: Some(help.to_owned()),
        })
    }

    fn string(&mut self, parts: &[StrPart], span: Span) -> Option<Typed> {
        let mut texts = Some(Vec::new());
        for part in parts {
            let text = match part {
                StrPart::Text(text) => Some(Expr::Const(Const::Bytes(text.clone().into_bytes()))),
                StrPart::Expr(expr) => self.text(expr),
            };
            match (text, &mut texts) {
                (Some(text), Some(all)) => all.push(text),
                _ => texts = None,
            }
        }
        let expr = self.concat(texts?, span)?;
        Some(Typed {
            expr,
            ty: Type::of(Base::String),
        })
    }

    /// `E else E else …`
    fn or_else(&mut self, values: &[Ast]) -> Option<Typed> {
        let mut found: Option<Vec<(Typed, Span)>> = Some(Vec::new());
        let values = alternatives(values);
        let last = values.len().saturating_sub(1);
        for (n, value) in values.into_iter().enumerate() {
            let typed = self
                .check(value)
                .and_then(|typed| self.value(typed, value.span));
            let typed = typed.and_then(|typed| self.alternative(typed, n == last, value.span));
            match (typed, &mut found) {
                (Some(typed), Some(all)) => all.push((typed, value.span)),
                _ => found = None,
            }
        }
        let found = found?;
        let (first, _) = found.first()?;
        let base = first.ty.base;
        if let Some((other, span)) = found.iter().find(|(typed, _)| typed.ty.base != base) {
            let (span, other) = (*span, other.ty);
            let help =
                Some("both sides of `else` have one type, except in text and JSON".to_owned());
            return self.wrong_type(Type::of(base), other, span, help);
        }
        Some(first_present(
            found.into_iter().map(|(typed, _)| typed).collect(),
            base,
        ))
    }

    /// A value before an `else` must be one that may be absent.
    pub(super) fn alternative(&mut self, typed: Typed, last: bool, span: Span) -> Option<Typed> {
        if last || typed.ty.optional || matches!(typed.expr, Expr::Narrowed(_)) {
            return Some(typed);
        }
        let what = self.quote(span);
        self.fail(AlwaysPresent {
            what,
            span,
            help: Some("what stands after `else` would never be used: leave it out".to_owned()),
        })
    }

    fn negative(&mut self, operand: &Ast, span: Span) -> Option<Typed> {
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

    fn arithmetic(&mut self, op: ArithOp, left: &Ast, right: &Ast, span: Span) -> Option<Typed> {
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
        let _ = span;
        Some(arith(op, x, y, ty))
    }
}

/// Nested `else`s as one list.
pub(super) fn alternatives(values: &[Ast]) -> Vec<&Ast> {
    let mut flat = Vec::new();
    for value in values {
        match &value.kind {
            ExprKind::Else(inner) => flat.extend(alternatives(inner)),
            _ => flat.push(value),
        }
    }
    flat
}

/// The first present of values of one type; what follows one that is always there is dropped.
fn first_present(values: Vec<Typed>, base: Base) -> Typed {
    let end = values.iter().position(|value| !value.ty.optional);
    let optional = end.is_none();
    let keep = end.map_or(values.len(), |end| end + 1);
    let mut kept: Vec<Expr> = values.into_iter().take(keep).map(|it| it.expr).collect();
    let ty = Type { base, optional };
    match (kept.len(), kept.pop()) {
        (1, Some(only)) => Typed { expr: only, ty },
        (_, last) => {
            kept.extend(last);
            Typed {
                expr: Expr::OrElse(kept, ty),
                ty,
            }
        }
    }
}

pub(super) fn constant(value: Const, base: Base) -> Typed {
    Typed {
        expr: Expr::Const(value),
        ty: Type::of(base),
    }
}

pub(super) fn integer(n: i64, base: Base) -> Typed {
    constant(Const::Int(n, base), base)
}

pub(super) fn string(bytes: Vec<u8>) -> Typed {
    constant(Const::Bytes(bytes), Base::String)
}

fn arith(op: ArithOp, left: Expr, right: Expr, ty: Type) -> Typed {
    Typed {
        expr: Expr::Arith(op, Box::new(left), Box::new(right), ty),
        ty,
    }
}

/// A whole number that is written where a float belongs is one.
pub(super) fn whole_as_float(value: &mut Typed, other: Base) {
    if let (Expr::Const(Const::Int(n, Base::Int)), Base::Float) = (&value.expr, other) {
        #[expect(
            clippy::cast_precision_loss,
            reason = "as a float literal would be read"
        )]
        let x = *n as f64;
        *value = constant(Const::Float(x), Base::Float);
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
