//! What the host remembers between requests.

use super::Tree;
use super::expr::{expr, exprs, path};
use super::statement::{respond, then};
use crate::ast::{
    Increment, Keyed, KeyedSettingKind, Limit, LimitSettingKind, ListRead, StateStmt,
};

pub(super) fn limit(limit: &Limit) -> Tree {
    let settings = limit.settings.iter().map(|setting| match &setting.kind {
        LimitSettingKind::Rate { amount, per, by } => Tree::list(
            "rate",
            [expr(amount), expr(per)].into_iter().chain(exprs(by)),
        ),
        LimitSettingKind::AtOnce { amount, by } => {
            Tree::list("at-once", std::iter::once(expr(amount)).chain(exprs(by)))
        }
        LimitSettingKind::Burst(of) => Tree::list("burst", [expr(of)]),
        LimitSettingKind::Algorithm(of) => Tree::list("algorithm", [Tree::word(&of.text)]),
        LimitSettingKind::Mode(of) => Tree::list("mode", [Tree::word(&of.text)]),
        LimitSettingKind::Fail(of) => Tree::list("fail", [Tree::word(&of.text)]),
        LimitSettingKind::Respond(of) => respond(of),
    });
    let name = std::iter::once(Tree::word(&limit.name.text));
    Tree::list("limit", name.chain(settings))
}

pub(super) fn keyed(word: &str, decl: &Keyed) -> Tree {
    let settings = decl.settings.iter().map(|setting| match &setting.kind {
        KeyedSettingKind::Ttl(of) => Tree::list("ttl", [expr(of)]),
        KeyedSettingKind::MaxValue(of) => Tree::list("max-value", [expr(of)]),
        KeyedSettingKind::Expire(of) => Tree::list("expire", [expr(of)]),
        KeyedSettingKind::OnFailure(of) => Tree::list("on-failure", [Tree::word(&of.text)]),
    });
    let name = std::iter::once(Tree::word(&decl.name.text));
    Tree::list(word, name.chain(settings))
}

pub(super) fn statement(stmt: &StateStmt) -> Tree {
    match stmt {
        StateStmt::Limit {
            limit,
            cost,
            otherwise,
        } => {
            let cost = cost.iter().map(|cost| Tree::list("cost", [expr(cost)]));
            let otherwise = otherwise.iter().map(|block| then("else", block));
            let limit = std::iter::once(path(limit));
            Tree::list("limit", limit.chain(cost).chain(otherwise))
        }
        StateStmt::Put {
            at,
            value,
            ttl,
            otherwise,
        } => {
            let ttl = ttl.iter().map(|ttl| Tree::list("ttl", [expr(ttl)]));
            let otherwise = otherwise.iter().map(|block| then("else", block));
            let what = [expr(at), expr(value)].into_iter();
            Tree::list("put", what.chain(ttl).chain(otherwise))
        }
        StateStmt::Delete { at, otherwise } => {
            let otherwise = otherwise.iter().map(|block| then("else", block));
            Tree::list("delete", std::iter::once(expr(at)).chain(otherwise))
        }
        StateStmt::Purge { path, what } => {
            let kind = Tree::word(if *path { "path" } else { "tag" });
            Tree::list("purge", std::iter::once(kind).chain(exprs(what)))
        }
        StateStmt::Increment(it) => increment(it),
    }
}

pub(super) fn increment(it: &Increment) -> Tree {
    let by = it.by.iter().map(|by| Tree::list("by", [expr(by)]));
    Tree::list("increment", std::iter::once(expr(&it.at)).chain(by))
}

pub(super) fn list(it: &ListRead) -> Tree {
    let prefix = it.prefix.iter();
    let prefix = prefix.map(|of| Tree::list("prefix", [expr(of)]));
    let most = it.at_most.iter();
    let most = most.map(|of| Tree::list("at-most", [expr(of)]));
    let counter = std::iter::once(path(&it.counter));
    Tree::list("list", counter.chain(prefix).chain(most))
}
