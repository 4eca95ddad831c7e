//! Values as text: in strings, headers, log lines, units.
//!
//! Any printable type becomes text here, also on both sides of an `else` and in the arms of a
//! `choose`, where a plain value would have to be of one type.

use super::{Checker, Typed};
use crate::ast::{Choose, Expr as Ast, ExprKind};
use crate::diagnostics::NotPrintable;
use crate::hir::{Base, Const, Expr, Type};
use crate::source::Span;

impl Checker<'_> {
    /// The text of a value, which must be there.
    pub(super) fn text(&mut self, expr: &Ast) -> Option<Expr> {
        let value = self.optional_text(expr)?;
        self.present(value, expr.span)
    }

    /// The text of a value; only a string may be absent.
    fn optional_text(&mut self, expr: &Ast) -> Option<Typed> {
        self.nested(expr.span, |checker| match &expr.kind {
            ExprKind::Else(values) => checker.text_else(values),
            ExprKind::Choose(choose) => checker.text_choose(choose, expr.span),
            _ => {
                let value = checker.check(expr)?;
                checker.printed(value, expr.span)
            }
        })
    }

    /// A value as text.
    pub(super) fn printed(&mut self, value: Typed, span: Span) -> Option<Typed> {
        match value.ty.base {
            Base::String => Some(value),
            Base::List | Base::Target | Base::Counts => {
                let found = self.describe(value.ty);
                self.fail(NotPrintable { found, span })
            }
            _ => {
                let expr = self.present(value, span)?;
                Some(text_of(expr))
            }
        }
    }

    fn text_choose(&mut self, choose: &Choose, span: Span) -> Option<Typed> {
        let (arms, last) = self.choose(choose, span, Self::optional_text)?;
        let optional = last.ty.optional || arms.iter().any(|(_, value)| value.ty.optional);
        let base = Base::String;
        Some(super::choose::chosen(arms, last, Type { base, optional }))
    }

    fn text_else(&mut self, values: &[Ast]) -> Option<Typed> {
        let values = super::expr::alternatives(values);
        let count = values.len().saturating_sub(1);
        let mut found = Some(Vec::new());
        let mut last = None;
        for (n, value) in values.into_iter().enumerate() {
            if n == count {
                last = self.sometimes(|checker| checker.optional_text(value));
                continue;
            }
            let typed = match n {
                0 => self.check(value),
                _ => self.sometimes(|checker| checker.check(value)),
            };
            let typed = typed.and_then(|typed| self.value(typed, value.span));
            let typed = typed.and_then(|typed| self.alternative(typed, false, value.span));
            match (typed, &mut found) {
                (Some(typed), Some(all)) => all.push((typed, value.span)),
                _ => found = None,
            }
        }
        let (found, last) = (found?, last?);
        self.text_first_present(found, last)
    }

    /// The text of the first value that is present.
    fn text_first_present(&mut self, values: Vec<(Typed, Span)>, last: Typed) -> Option<Typed> {
        let strings = values
            .iter()
            .all(|(value, _)| value.ty.base == Base::String);
        if strings && values.iter().all(|(value, _)| value.ty.optional) {
            let ty = last.ty;
            let mut all: Vec<Expr> = values.into_iter().map(|(value, _)| value.expr).collect();
            all.push(last.expr);
            return Some(Typed {
                expr: Expr::OrElse(all, ty),
                ty,
            });
        }
        let mut rest = last;
        for (value, span) in values.into_iter().rev() {
            if !value.ty.optional {
                rest = self.printed(value, span)?;
                continue;
            }
            let there = Expr::Present(Box::new(self.copy(&value.expr, span)?));
            let base = value.ty.base;
            let value = Expr::Narrowed(Box::new(value.expr));
            let text = self.printed(
                Typed {
                    expr: value,
                    ty: Type::of(base),
                },
                span,
            )?;
            rest = match rest.expr {
                Expr::Choose(mut arms, otherwise, ty) => {
                    arms.insert(0, (there, text.expr));
                    Typed {
                        expr: Expr::Choose(arms, otherwise, ty),
                        ty,
                    }
                }
                other => Typed {
                    expr: Expr::Choose(vec![(there, text.expr)], Box::new(other), rest.ty),
                    ty: rest.ty,
                },
            };
        }
        Some(rest)
    }
}

/// The text of a printable value that is there.
pub(super) fn text_of(expr: Expr) -> Typed {
    let mut buffer = [0; 64];
    let bytes = match &expr {
        Expr::Const(Const::Bool(value)) => value.to_string().into_bytes(),
        Expr::Const(Const::Int(n, Base::Int | Base::Size)) => n.to_string().into_bytes(),
        Expr::Const(Const::Int(n, Base::Duration)) => {
            edge_kernels::time::duration_format(*n, &mut buffer).to_vec()
        }
        Expr::Const(Const::Int(n, Base::Percent)) => {
            edge_kernels::number::percent_format(*n, &mut buffer).to_vec()
        }
        Expr::Const(Const::Float(x)) => {
            edge_kernels::number::float_format(*x, &mut buffer).to_vec()
        }
        _ => {
            return Typed {
                expr: Expr::ToText(Box::new(expr)),
                ty: Type::of(Base::String),
            };
        }
    };
    super::expr::string(bytes)
}
