//! Expressions that are values.

use super::{Checker, Typed};
use crate::ast::{Expr as Ast, ExprKind, StrPart};
use crate::diagnostics::{AlwaysPresent, Misplaced, NestedTooDeep};
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
        if super::json_read::is_json(expr) {
            return self.untyped_json(expr);
        }
        match &expr.kind {
            ExprKind::Bool(value) => Some(constant(Const::Bool(*value), Base::Bool)),
            ExprKind::Int(n) => Some(integer(*n, Base::Int)),
            ExprKind::Float(x) => Some(constant(Const::Float(*x), Base::Float)),
            ExprKind::Duration(n) => Some(integer(*n, Base::Duration)),
            ExprKind::Size(n) => Some(integer(*n, Base::Size)),
            ExprKind::Percent(n) => Some(integer(*n, Base::Percent)),
            ExprKind::Time(text) => self.time(text, span),
            ExprKind::Str(parts) => self.string(parts, span),
            ExprKind::Raw(text) => self.literal(text, span).map(string),
            ExprKind::Name(name) => self.name(name, span),
            ExprKind::Field(owner, name) => self.field(owner, name, span),
            ExprKind::Index(owner, key) => self.indexed(owner, key, span),
            ExprKind::Call(path, arguments) => self.call(path, arguments, span),
            ExprKind::Neg(operand) => self.negative(operand, span),
            ExprKind::Arith(op, left, right) => self.arithmetic(*op, left, right),
            ExprKind::Else(values) => self.or_else(values),
            ExprKind::Choose(choose) => self.choose_value(choose, span),
            ExprKind::Increment(it) => self.increment(it, span),
            ExprKind::ListCounter(it) => self.listed(it, span),
            ExprKind::As(value, ty) => self.cast(value, ty, span),
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
                StrPart::Text(text) => self
                    .literal(text, span)
                    .map(|text| Expr::Const(Const::Bytes(text))),
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
            let typed = match n {
                0 => self.check(value),
                _ => self.sometimes(|checker| checker.check(value)),
            };
            let typed = typed.and_then(|typed| self.value(typed, value.span));
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
