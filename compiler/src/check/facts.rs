//! Facts: what the policy can know, its type, and where it is known.

use super::fact_table::{INDEXED, PLAIN, STRING, TEXT, UNBUILT};
use super::scope::{Key, Place};
use super::{Checker, Typed};
use crate::ast::{Expr as Ast, ExprKind, Name};
use crate::diagnostics::{
    FactNotHere, Misplaced, OutOfRange, UnknownField, UnknownPathParam, WrongArguments,
};
use crate::hir::{Base, Const, Expr, Fact, Type};
use crate::resolve::suggest;
use crate::source::Span;
use edge_abi::manifest::Fact as Raw;

/// The longest request body that a policy may ask for.
const MOST_BODY: i64 = 8 << 20;
/// What `request.body` reads when it says nothing.
pub(super) const BODY: u32 = 64 << 10;

impl Checker<'_> {
    /// `owner.name`
    pub(super) fn field(&mut self, owner: &Ast, name: &Name, span: Span) -> Option<Typed> {
        if let Some(group) = self.fact_group(owner) {
            return self.group_field(&group, name, span);
        }
        if let ExprKind::Name(text) = &owner.kind
            && self.scope.local(text).is_none()
            && let Some(decl) = self.declared(self.scope.unit, text)
            && matches!(decl.kind, crate::resolve::DeclKind::Unit(_))
        {
            let member = self.member(&decl, text, name, "name")?;
            return self.declared_value(&member, &name.text, span);
        }
        let value = self.check(owner)?;
        let of = self.describe(value.ty);
        let help = match name.text.as_str() {
            "len" | "length" | "size" => Some(format!("write `len({})`", self.code(owner.span))),
            "lower" | "upper" | "trim" => {
                Some(format!("write `{}({})`", name.text, self.code(owner.span)))
            }
            _ => None,
        };
        self.unknown_field(of, name, help)
    }

    /// The group of facts that an expression names: `request`, `client.tls` …
    fn fact_group(&self, expr: &Ast) -> Option<String> {
        match &expr.kind {
            ExprKind::Name(name)
                if super::names::FACT_GROUPS.contains(&name.as_str())
                    && self.scope.local(name).is_none() =>
            {
                Some(name.clone())
            }
            ExprKind::Field(owner, name) if name.text == "tls" => {
                (self.fact_group(owner)? == "client").then(|| "client.tls".to_owned())
            }
            _ => None,
        }
    }

    fn group_field(&mut self, group: &str, name: &Name, span: Span) -> Option<Typed> {
        if group == "params" {
            return self.path_param(name, span);
        }
        let field = name.text.as_str();
        let found = PLAIN.iter().find(|(g, f, ..)| *g == group && *f == field);
        if let Some((_, _, fact, ty)) = found {
            if matches!(fact, Fact::Body(_)) {
                self.hir.body_limit = self.hir.body_limit.max(BODY);
            }
            return self.fact(fact.clone(), *ty, span);
        }
        if UNBUILT.contains(&(group, field)) {
            return self.unsupported(&format!("{group}.{field}"), span);
        }
        let help = if INDEXED.contains(&(group, field)) {
            Some(format!("name one: `{group}.{field}[\"…\"]`"))
        } else {
            let plain = PLAIN
                .iter()
                .filter(|(g, ..)| *g == group)
                .map(|(_, f, ..)| *f);
            let indexed = INDEXED.iter().filter(|(g, _)| *g == group).map(|(_, f)| *f);
            suggest(field, plain.chain(indexed))
        };
        if help
            .as_ref()
            .is_some_and(|help| help.starts_with("name one"))
        {
            return self.fail(Misplaced {
                what: format!("`{group}.{field}`"),
                span,
                help,
            });
        }
        self.unknown_field(format!("`{group}`"), name, help)
    }

    fn unknown_field<T>(&mut self, of: String, name: &Name, help: Option<String>) -> Option<T> {
        self.fail(UnknownField {
            of,
            name: name.text.clone(),
            span: name.span,
            help,
        })
    }

    fn path_param(&mut self, name: &Name, span: Span) -> Option<Typed> {
        let Some(params) = self.scope.path_params.clone() else {
            if self.scope.broken_pattern {
                return None;
            }
            return self.fail(UnknownPathParam {
                place: self.scope.place.noun().to_owned(),
                name: name.text.clone(),
                span,
                help: Some("only a route with a pattern has `params`".to_owned()),
            });
        };
        if let Some((_, fact)) = params.iter().find(|(known, _)| *known == name.text) {
            return self.fact(fact.clone(), STRING, span);
        }
        let help =
            suggest(&name.text, params.iter().map(|(name, _)| name.as_str())).or_else(|| {
                let text = &name.text;
                Some(format!(
                    "name it in the pattern: `:{text}` is a segment, `*{text}` all that follows"
                ))
            });
        self.fail(UnknownPathParam {
            place: "this route's pattern".to_owned(),
            name: name.text.clone(),
            span: name.span,
            help,
        })
    }

    /// `owner[key]`
    pub(super) fn indexed(&mut self, owner: &Ast, key: &Ast, span: Span) -> Option<Typed> {
        if let Some(keeper) = self.keeper_named(owner) {
            return self.read(keeper, key, span);
        }
        let Some((group, field)) = self.indexed_group(owner) else {
            self.unknown_keeper(owner)?;
            self.misspelt_index(owner)?;
            let what = self.quote(span);
            return self.fail(Misplaced {
                what,
                span,
                help: Some("headers, query parameters and cookies are read with `[…]`".to_owned()),
            });
        };
        let name = self.constant_text(key, "the name in brackets")?;
        let (fact, ty) = match (group, field) {
            (_, "header" | "headers") => {
                let name = self.header_name(&name, key.span)?;
                match (group, field) {
                    ("request", "header") => (Fact::Raw(Raw::Header { name }), TEXT),
                    ("request", _) => (Fact::Raw(Raw::HeaderList { name }), Type::of(Base::List)),
                    (_, "header") => (Fact::Raw(Raw::ResponseHeader { name }), TEXT),
                    _ => (
                        Fact::Raw(Raw::ResponseHeaderList { name }),
                        Type::of(Base::List),
                    ),
                }
            }
            (_, "query") => (Fact::Query(name), TEXT),
            (_, "queries") => (Fact::QueryList(name), Type::of(Base::List)),
            _ => (Fact::Cookie(name), TEXT),
        };
        self.fact(fact, ty, span)
    }

    /// Reports a field that no group has and that is nearly one that is read with `[…]`.
    fn misspelt_index(&mut self, owner: &Ast) -> Option<()> {
        let ExprKind::Field(of, field) = &owner.kind else {
            return Some(());
        };
        let Some(group) = self.fact_group(of) else {
            return Some(());
        };
        let indexed = INDEXED.iter().filter(|(g, _)| *g == group).map(|(_, f)| *f);
        match suggest(&field.text, indexed) {
            Some(help)
                if !PLAIN
                    .iter()
                    .any(|(g, f, ..)| *g == group && *f == field.text) =>
            {
                self.unknown_field(format!("`{group}`"), field, Some(help))
            }
            _ => Some(()),
        }
    }

    fn indexed_group(&self, owner: &Ast) -> Option<(&'static str, &'static str)> {
        let ExprKind::Field(group, field) = &owner.kind else {
            return None;
        };
        let group = self.fact_group(group)?;
        let mut known = INDEXED.iter();
        known
            .find(|(g, f)| *g == group && *f == field.text)
            .copied()
    }

    /// `request.body(256KiB)`
    pub(super) fn body(&mut self, arguments: &[Ast], span: Span) -> Option<Typed> {
        let [size] = arguments else {
            return self.fail(WrongArguments {
                name: "request.body".to_owned(),
                expected: "a size".to_owned(),
                found: arguments.len(),
                span,
                help: Some("for instance `request.body(256KiB)`".to_owned()),
            });
        };
        let bytes = self.constant_integer(size, Base::Size, "the longest body that is read")?;
        if !(1..=MOST_BODY).contains(&bytes) {
            return self.fail(OutOfRange {
                what: "the longest body that is read".to_owned(),
                range: "from 1B to 8MiB".to_owned(),
                span: size.span,
            });
        }
        let bytes = u32::try_from(bytes).unwrap_or(BODY);
        self.hir.body_limit = self.hir.body_limit.max(bytes);
        self.fact(Fact::Body(bytes), STRING, span)
    }

    /// A fact, if it is known where the code stands.
    pub(super) fn fact(&mut self, fact: Fact, ty: Type, span: Span) -> Option<Typed> {
        let body = matches!(fact, Fact::Body(_));
        let response = matches!(
            fact,
            Fact::Raw(
                Raw::ResponseStatus
                    | Raw::ResponseOrigin
                    | Raw::ResponseCache
                    | Raw::ResponseHeader { .. }
                    | Raw::ResponseHeaderList { .. }
            )
        );
        self.check_reads(body, response, span)?;
        if matches!(fact, Fact::Raw(Raw::ResponseCache)) && self.scope.place == Place::Admission {
            let help = "it is known when the answer is delivered: read it in `on response`";
            return self.not_here(span, help);
        }
        let expr = Expr::Fact(fact, ty);
        Some(self.narrow(Typed { expr, ty }))
    }

    /// Reports what is read where it is not known, and remembers it for those who use a function or a group.
    pub(super) fn check_reads(&mut self, body: bool, response: bool, span: Span) -> Option<()> {
        let place = self.scope.place;
        if matches!(place, Place::Function | Place::Group | Place::Limit) {
            if body {
                self.scope.reads.body.get_or_insert(span);
            }
            if response {
                self.scope.reads.response.get_or_insert(span);
            }
            return Some(());
        }
        let help = if place == Place::Constant {
            return self.fail(crate::diagnostics::NotConstant {
                what: "this",
                span,
                help: Some("a `fn` or a `let` can depend on the request".to_owned()),
            });
        } else if response && place == Place::CacheKey {
            "the key is made before there is an answer: `only when`, `ttl` and `tag` know it"
        } else if response && !matches!(place, Place::Response | Place::Admission) {
            "facts of the response are known in `on response`"
        } else if body && place == Place::Admission {
            "what is kept is asked with the head of an answer: read the body where the request is decided"
        } else if body && !matches!(place, Place::Request | Place::CacheKey) && !self.scope.of_route
        {
            "the body is known where the request is decided: read it there, or in a route's own `on response`"
        } else {
            return Some(());
        };
        self.not_here(span, help)
    }

    fn not_here<T>(&mut self, span: Span, help: &str) -> Option<T> {
        let fact = self.quote(span);
        self.fail(FactNotHere {
            fact,
            place: self.scope.place.noun(),
            span,
            help: Some(help.to_owned()),
        })
    }

    /// The value without `?` where something before proved it present.
    pub(super) fn narrow(&self, value: Typed) -> Typed {
        if !value.ty.optional || !self.scope.is_proven(&value.expr) {
            return value;
        }
        Typed {
            expr: Expr::Narrowed(Box::new(value.expr)),
            ty: Type::of(value.ty.base),
        }
    }

    /// The bytes of a constant string.
    pub(super) fn constant_text(&mut self, expr: &Ast, what: &'static str) -> Option<Vec<u8>> {
        let value = self.check(expr)?;
        match value.expr {
            Expr::Const(Const::Bytes(bytes)) => Some(bytes),
            Expr::Const(_) => self.wrong_type(STRING, value.ty, expr.span, None),
            _ => self.not_constant(what, expr.span),
        }
    }

    /// What was written at a place, without backticks.
    pub(super) fn code(&self, span: Span) -> String {
        self.quote(span).trim_matches('`').to_owned()
    }
}

/// The key under which presence is remembered, if the value may be absent.
pub(super) fn key(value: &Typed) -> Option<Key> {
    value.ty.optional.then(|| Key::of(&value.expr)).flatten()
}
