//! `respond json`: objects and lists become constant text around the values.

use super::html::is_raw;
use super::{Checker, Typed};
use crate::ast::{Expr as Ast, ExprKind, Name};
use crate::diagnostics::{GivenTwice, NotPrintable};
use crate::hir::{Base, Builtin, Const, Expr, Type};
use crate::source::Span;
use std::collections::HashSet;

const STRING: Type = Type::of(Base::String);

impl Checker<'_> {
    /// The body of `respond json`.
    pub(super) fn json(&mut self, expr: &Ast) -> Option<Expr> {
        let mut parts = Vec::new();
        self.json_parts(expr, &mut parts)?;
        self.concat(parts, expr.span)
    }

    fn json_parts(&mut self, expr: &Ast, parts: &mut Vec<Expr>) -> Option<()> {
        self.nested(expr.span, |checker| match &expr.kind {
            ExprKind::Object(fields) => checker.json_object(fields, parts),
            ExprKind::List(elements) => checker.json_list(elements, parts),
            _ => {
                let value = checker.json_value(expr)?;
                parts.push(value);
                Some(())
            }
        })
    }

    fn json_object(&mut self, fields: &[(Name, Ast)], parts: &mut Vec<Expr>) -> Option<()> {
        let mut seen = HashSet::new();
        let mut sound = Some(());
        literal(parts, "{");
        for (n, (name, value)) in fields.iter().enumerate() {
            if !seen.insert(&name.text) {
                self.problems.push(GivenTwice {
                    what: format!("the key `{}`", name.text),
                    span: name.span,
                });
            }
            let key = json_string(name.text.as_bytes());
            literal(parts, if n == 0 { "\"" } else { ",\"" });
            parts.push(Expr::Const(Const::Bytes(key)));
            literal(parts, "\":");
            if self.json_parts(value, parts).is_none() {
                sound = None;
            }
        }
        literal(parts, "}");
        sound
    }

    fn json_list(&mut self, elements: &[Ast], parts: &mut Vec<Expr>) -> Option<()> {
        let mut sound = Some(());
        literal(parts, "[");
        for (n, element) in elements.iter().enumerate() {
            if n > 0 {
                literal(parts, ",");
            }
            if self.json_parts(element, parts).is_none() {
                sound = None;
            }
        }
        literal(parts, "]");
        sound
    }

    /// One value as JSON text.
    fn json_value(&mut self, expr: &Ast) -> Option<Expr> {
        match &expr.kind {
            ExprKind::Null => Some(Expr::Const(Const::Bytes(b"null".to_vec()))),
            ExprKind::Call(path, arguments) if is_raw(path) => self.raw(arguments, expr.span),
            ExprKind::Choose(choose) => {
                let (arms, last) = self.choose(choose, expr.span, Self::json)?;
                Some(Expr::Choose(arms, Box::new(last), STRING))
            }
            ExprKind::Else(values) => self.json_else(values),
            _ => {
                let value = self.check(expr)?;
                self.json_of(value, expr.span)
            }
        }
    }

    fn json_of(&mut self, value: Typed, span: Span) -> Option<Expr> {
        if matches!(value.ty.base, Base::List | Base::Target) {
            let found = self.describe(value.ty);
            return self.fail(NotPrintable { found, span });
        }
        if value.ty.base == Base::Counts {
            return Some(counts_json(value));
        }
        let bytes = match &value.expr {
            Expr::Const(Const::Bytes(bytes)) => {
                let mut quoted = vec![b'"'];
                quoted.extend(json_string(bytes));
                quoted.push(b'"');
                quoted
            }
            Expr::Const(Const::Bool(_) | Const::Int(_, Base::Int) | Const::Float(_)) => {
                match super::text::text_of(value.expr).expr {
                    Expr::Const(Const::Bytes(bytes)) => bytes,
                    other => return Some(other),
                }
            }
            _ => return Some(Expr::ToJson(Box::new(value.expr))),
        };
        Some(Expr::Const(Const::Bytes(bytes)))
    }

    /// The values of an `else` may be of several types in JSON.
    fn json_else(&mut self, values: &[Ast]) -> Option<Expr> {
        let values = super::expr::alternatives(values);
        let (last, before) = values.split_last()?;
        let mut found = Some(Vec::new());
        for value in before {
            let typed = self.check(value);
            let typed = typed.and_then(|typed| self.value(typed, value.span));
            let typed = typed.and_then(|typed| self.alternative(typed, false, value.span));
            match (typed, &mut found) {
                (Some(typed), Some(all)) => all.push((typed, value.span)),
                _ => found = None,
            }
        }
        let last = self.json_last(last);
        let (found, last) = (found?, last?);
        if let Last::Value(value, span) = &last
            && found
                .iter()
                .all(|(it, _)| it.ty.optional && it.ty.base == value.ty.base)
        {
            let mut all: Vec<Expr> = found.into_iter().map(|(it, _)| it.expr).collect();
            all.push(value.expr.clone());
            let (expr, ty) = (Expr::OrElse(all, value.ty), value.ty);
            return self.json_of(Typed { expr, ty }, *span);
        }
        let mut arms = Vec::new();
        for (value, span) in found {
            if !value.ty.optional {
                let always = self.json_of(value, span)?;
                return Some(chosen(arms, always));
            }
            let there = Expr::Present(Box::new(self.copy(&value.expr, span)?));
            let value = Typed {
                ty: Type::of(value.ty.base),
                expr: Expr::Narrowed(Box::new(value.expr)),
            };
            arms.push((there, self.json_of(value, span)?));
        }
        let last = match last {
            Last::Json(json) => json,
            Last::Value(value, span) => self.json_of(value, span)?,
        };
        Some(chosen(arms, last))
    }

    /// What stands behind the last `else`.
    fn json_last(&mut self, expr: &Ast) -> Option<Last> {
        let is_json = match &expr.kind {
            ExprKind::Object(_) | ExprKind::List(_) | ExprKind::Null | ExprKind::Choose(_) => true,
            ExprKind::Call(path, _) => is_raw(path),
            _ => false,
        };
        if is_json {
            return self.json(expr).map(Last::Json);
        }
        let value = self.check(expr)?;
        Some(Last::Value(value, expr.span))
    }
}

/// Counters as an object; what is absent is null, as anywhere in JSON.
fn counts_json(value: Typed) -> Expr {
    let object = |counts| Expr::Builtin(Builtin::CountsJson, vec![counts]);
    if !value.ty.optional {
        return object(value.expr);
    }
    let there = Expr::Present(Box::new(value.expr.clone()));
    let counts = Expr::Narrowed(Box::new(value.expr));
    let null = Expr::Const(Const::Bytes(b"null".to_vec()));
    chosen(vec![(there, object(counts))], null)
}

/// The last alternative of an `else`.
enum Last {
    /// JSON text already.
    Json(Expr),
    /// A value.
    Value(Typed, Span),
}

fn chosen(arms: Vec<(Expr, Expr)>, last: Expr) -> Expr {
    match arms.is_empty() {
        true => last,
        false => Expr::Choose(arms, Box::new(last), STRING),
    }
}

fn literal(parts: &mut Vec<Expr>, text: &str) {
    parts.push(Expr::Const(Const::Bytes(text.as_bytes().to_vec())));
}

/// The content of a JSON string.
fn json_string(bytes: &[u8]) -> Vec<u8> {
    let mut buffer = vec![0; edge_kernels::bounds::ENTITY.capacity(bytes.len())];
    edge_kernels::json::json_escape(bytes, &mut buffer).to_vec()
}
