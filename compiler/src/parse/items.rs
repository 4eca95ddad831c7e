//! Declarations.

use crate::ast::{
    Block, ConstValue, Elements, Fn, Handler, ItemKind, Name, Route, Text, TypeName, Use, UseTarget,
};

use super::builder::Builder;
use super::grammar::{Node, Rule, parts};

/// The declaration that a node holds.
pub(super) fn kind(b: &mut Builder<'_, '_>, node: Node<'_>) -> Option<ItemKind> {
    Some(match node.as_rule() {
        Rule::use_decl => ItemKind::Use(use_decl(b, node)?),
        Rule::origin => ItemKind::Origin(b.origin(node)?),
        Rule::pool => ItemKind::Pool(b.pool(node)?),
        Rule::experiment => ItemKind::Experiment(b.experiment(node)?),
        Rule::waf => ItemKind::Waf(b.waf(node)?),
        Rule::secret => ItemKind::Secret(b.name(&parts(node).next()?)),
        Rule::param => param(b, node)?,
        Rule::set_decl => set_decl(b, node)?,
        Rule::const_decl => const_decl(b, node)?,
        Rule::fn_decl => ItemKind::Fn(fn_decl(b, node)?),
        Rule::route => ItemKind::Route(route(b, node)?),
        Rule::on_request => ItemKind::OnRequest(only_block(b, node)?),
        Rule::on_response => ItemKind::OnResponse(b.handler(node)?),
        Rule::on_error => ItemKind::OnError(only_block(b, node)?),
        Rule::default => ItemKind::Default(only_block(b, node)?),
        Rule::limit => ItemKind::Limit(b.limit(node)?),
        Rule::store => ItemKind::Store(b.keyed(node)?),
        Rule::counter => ItemKind::Counter(b.keyed(node)?),
        Rule::cache => ItemKind::Cache(b.cache(node)?),
        Rule::test => ItemKind::Test(b.test(node)?),
        rule => unbuilt(b, rule, node)?,
    })
}

/// What the language has and the compiler doesn't build yet.
fn unbuilt(b: &mut Builder<'_, '_>, rule: Rule, node: Node<'_>) -> Option<ItemKind> {
    let what = match rule {
        Rule::auth => "`auth` declarations",
        Rule::map => "`map` declarations",
        Rule::site => "`site` declarations",
        Rule::log_decl => "`log` declarations",
        _ => return None,
    };
    let first = parts(node)
        .next()
        .filter(|part| part.as_rule() == Rule::name);
    let name = first.map(|part| b.name(&part));
    Some(ItemKind::Unbuilt { what, name })
}

/// `use std.waf`, `use "./shared.edge" as s`
fn use_decl(b: &mut Builder<'_, '_>, node: Node<'_>) -> Option<Use> {
    let mut parts = parts(node);
    let target = parts.next()?;
    let target = match target.as_rule() {
        Rule::text => UseTarget::Path(b.text(target)?),
        _ => {
            let mut name = b.name(&target);
            name.text = name.text.strip_prefix("std.")?.to_owned();
            name.span.start += 4;
            UseTarget::Std(name)
        }
    };
    let alias = parts.next().map(|alias| b.name(&alias));
    Some(Use { target, alias })
}

/// `param N: type = E`
fn param(b: &mut Builder<'_, '_>, node: Node<'_>) -> Option<ItemKind> {
    let mut parts = parts(node);
    let name = b.name(&parts.next()?);
    let ty = b.name(&parts.next()?);
    let default = match parts.next() {
        Some(value) => Some(b.expr(value)?),
        None => None,
    };
    Some(ItemKind::Param { name, ty, default })
}

/// `set N = [ … ]`, `set N = load "f"`
fn set_decl(b: &mut Builder<'_, '_>, node: Node<'_>) -> Option<ItemKind> {
    let mut inner = parts(node);
    let name = b.name(&inner.next()?);
    let value = inner.next()?;
    let value = match value.as_rule() {
        Rule::load => Elements::Load(load(b, value)?),
        _ => {
            let span = b.span(&value);
            Elements::List(b.exprs(parts(value))?, span)
        }
    };
    Some(ItemKind::Set { name, value })
}

/// `const N = E`, `const N = load "f"`
fn const_decl(b: &mut Builder<'_, '_>, node: Node<'_>) -> Option<ItemKind> {
    let mut inner = parts(node);
    let name = b.name(&inner.next()?);
    let value = inner.next()?;
    let value = match value.as_rule() {
        Rule::load => ConstValue::Load(load(b, value)?),
        _ => ConstValue::Expr(b.expr(value)?),
    };
    Some(ItemKind::Const { name, value })
}

fn load(b: &mut Builder<'_, '_>, node: Node<'_>) -> Option<Text> {
    b.text(parts(node).next()?)
}

/// `fn f(a: string) = E`
fn fn_decl(b: &mut Builder<'_, '_>, node: Node<'_>) -> Option<Fn> {
    let mut inner = parts(node);
    let name = b.name(&inner.next()?);
    let mut params = Vec::new();
    for part in inner {
        if part.as_rule() != Rule::fn_param {
            let body = b.expr(part)?;
            return Some(Fn { name, params, body });
        }
        params.push(fn_param(b, part)?);
    }
    None
}

fn fn_param(b: &mut Builder<'_, '_>, node: Node<'_>) -> Option<(Name, TypeName)> {
    let mut parts = parts(node);
    Some((b.name(&parts.next()?), b.type_name(parts.next()?)?))
}

/// `route [name] [METHOD, …] ["pattern"] [when C] { … }`
fn route(b: &mut Builder<'_, '_>, node: Node<'_>) -> Option<Route> {
    let start = b.span(&node);
    let mut inner = parts(node);
    let head = inner.next()?;
    let (mut name, mut methods, mut pattern, mut when) = (None, Vec::new(), None, None);
    let head_end = b.span(&head).start + u32::try_from(head.as_str().trim_end().len()).ok()?;
    for part in parts(head) {
        match part.as_rule() {
            Rule::name => name = Some(b.name(&part)),
            Rule::methods => methods = parts(part).map(|method| b.name(&method)).collect(),
            Rule::text => pattern = Some(b.text(part)?),
            _ => when = Some(b.expr(part)?),
        }
    }
    let mut head = start;
    head.end = head_end.max(start.start + 5);
    let body = b.block(inner.next()?)?;
    Some(Route {
        name,
        methods,
        pattern,
        when,
        body,
        head,
    })
}

fn only_block(b: &mut Builder<'_, '_>, node: Node<'_>) -> Option<Block> {
    b.block(parts(node).next()?)
}

impl Builder<'_, '_> {
    /// `on response [when C] { … }`
    pub(super) fn handler(&mut self, node: Node<'_>) -> Option<Handler> {
        let mut when = None;
        for part in parts(node) {
            match part.as_rule() {
                Rule::block => {
                    let body = self.block(part)?;
                    return Some(Handler { when, body });
                }
                _ => when = Some(self.expr(part)?),
            }
        }
        None
    }
}
