//! Statements.

use super::cache::texts;
use super::expr::{expr, path};
use super::item::unbuilt;
use super::{Tree, state};
use crate::ast::{
    Block, EditOp, Expr, Format, Handler, HeaderEdit, Name, Proxy, ProxySettingKind, Respond, Stmt,
    StmtKind,
};

pub(super) fn block(block: &Block) -> impl Iterator<Item = Tree> {
    block.statements.iter().map(statement)
}

pub(super) fn then(word: &str, body: &Block) -> Tree {
    Tree::list(word, block(body))
}

pub(super) fn handler(handler: &Handler) -> Tree {
    let when = handler
        .when
        .iter()
        .map(|when| Tree::list("when", [expr(when)]));
    Tree::list("on-response", when.chain(block(&handler.body)))
}

fn statement(statement: &Stmt) -> Tree {
    match &statement.kind {
        StmtKind::Let {
            name,
            value,
            otherwise,
        } => {
            let otherwise = otherwise.iter().map(|body| then("else", body));
            Tree::list(
                "let",
                [Tree::word(&name.text), expr(value)]
                    .into_iter()
                    .chain(otherwise),
            )
        }
        StmtKind::If { arms, otherwise } => conditional(arms, otherwise.as_ref()),
        StmtKind::Require {
            condition,
            otherwise,
        } => Tree::list("require", [expr(condition), then("else", otherwise)]),
        StmtKind::Waf(group) => Tree::list("waf", [path(group)]),
        StmtKind::Header(edit) => header(edit),
        StmtKind::Log(value) => Tree::list("log", [expr(value)]),
        StmtKind::Respond(answer) => respond(answer),
        StmtKind::Redirect { status, to } => {
            Tree::list("redirect", status.iter().map(expr).chain([expr(to)]))
        }
        StmtKind::Proxy(to) => proxy(to),
        StmtKind::OnResponse(of) => handler(of),
        StmtKind::State(stmt) => state::statement(stmt),
        StmtKind::Unbuilt(what) => unbuilt(what),
    }
}

fn conditional(arms: &[(Expr, Block)], otherwise: Option<&Block>) -> Tree {
    let arms = arms.iter().map(|(condition, body)| {
        Tree::List(
            std::iter::once(expr(condition))
                .chain(block(body))
                .collect(),
        )
    });
    Tree::list("if", arms.chain(otherwise.map(|body| then("else", body))))
}

fn header(edit: &HeaderEdit) -> Tree {
    let word = match edit.op {
        EditOp::Set => "set-header",
        EditOp::Add => "add-header",
        EditOp::Remove => "remove-header",
    };
    Tree::list(
        word,
        std::iter::once(Tree::text(&edit.name.value)).chain(edit.value.iter().map(expr)),
    )
}

pub(super) fn respond(answer: &Respond) -> Tree {
    let body = answer
        .body
        .iter()
        .flat_map(|(format, body)| [Tree::word(format_word(*format)), expr(body)]);
    Tree::list("respond", answer.status.iter().map(expr).chain(body))
}

fn format_word(format: Format) -> &'static str {
    match format {
        Format::Text => "text",
        Format::Html => "html",
        Format::Json => "json",
        Format::Bytes => "bytes",
    }
}

fn proxy(proxy: &Proxy) -> Tree {
    let settings = proxy
        .settings
        .iter()
        .map(|setting| setting_tree(&setting.kind));
    Tree::list(
        "proxy",
        std::iter::once(expr(&proxy.target)).chain(settings),
    )
}

fn setting_tree(setting: &ProxySettingKind) -> Tree {
    match setting {
        ProxySettingKind::Path(value) => Tree::list("path", [expr(value)]),
        ProxySettingKind::Query(key, value) => {
            Tree::list("query", [Tree::text(&key.value), expr(value)])
        }
        ProxySettingKind::RemoveQuery(key) => Tree::list("remove-query", [Tree::text(&key.value)]),
        ProxySettingKind::Method(method) => Tree::list("method", [Tree::word(&method.text)]),
        ProxySettingKind::Host(value) => Tree::list("host", [expr(value)]),
        ProxySettingKind::Header(edit) => header(edit),
        ProxySettingKind::Timeout(value) => Tree::list("timeout", [expr(value)]),
        ProxySettingKind::Retry(times, on) => {
            Tree::list("retry", std::iter::once(expr(times)).chain(names(on)))
        }
        ProxySettingKind::Fallback(to, on) => {
            Tree::list("fallback", std::iter::once(path(to)).chain(names(on)))
        }
        ProxySettingKind::Cache(cache) => Tree::list("cache", [path(cache)]),
        ProxySettingKind::CacheFor(time) => Tree::list("cache", [expr(time)]),
        ProxySettingKind::KeepCookie(names) => Tree::list("keep-cookie", texts(names)),
        ProxySettingKind::RemoveCookie(names) => Tree::list("remove-cookie", texts(names)),
        ProxySettingKind::Unkeyed(names) => Tree::list("unkeyed", texts(names)),
    }
}

fn names(names: &[Name]) -> impl Iterator<Item = Tree> {
    names.iter().map(|name| Tree::word(&name.text))
}
