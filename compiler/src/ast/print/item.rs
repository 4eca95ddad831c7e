//! Declarations.

use super::expr::{expr, exprs, path, type_name};
use super::statement::{block, handler, respond};
use super::test::steps;
use super::{Tree, cache, state};
use crate::ast::{
    ConstValue, Elements, Experiment, Fn, InspectKind, InspectTarget, Item, ItemKind, Name, Origin,
    OriginSetting, Pool, PoolChoice, Route, Text, Use, UseTarget, Waf, WafEntry, WafRule, Weight,
};

pub(super) fn item(item: &Item) -> Tree {
    let tree = kind(&item.kind);
    match (&item.docs, tree) {
        (Some(text), Tree::List(mut parts)) => {
            parts.push(docs(text));
            Tree::List(parts)
        }
        (_, tree) => tree,
    }
}

fn docs(text: &str) -> Tree {
    Tree::list("docs", [Tree::text(text)])
}

fn name(name: &Name) -> Tree {
    Tree::word(&name.text)
}

fn kind(kind: &ItemKind) -> Tree {
    match kind {
        ItemKind::Use(used) => use_decl(used),
        ItemKind::Origin(decl) => origin(decl),
        ItemKind::Pool(decl) => pool(decl),
        ItemKind::Experiment(decl) => experiment(decl),
        ItemKind::Waf(decl) => waf(decl),
        ItemKind::Secret(of) => Tree::list("secret", [name(of)]),
        ItemKind::Param {
            name: of,
            ty,
            default,
        } => Tree::list(
            "param",
            [name(of), name(ty)]
                .into_iter()
                .chain(default.iter().map(expr)),
        ),
        ItemKind::Set { name: of, value } => match value {
            Elements::List(list, _) => {
                Tree::list("set", std::iter::once(name(of)).chain(exprs(list)))
            }
            Elements::Load(file) => Tree::list("set", [name(of), load(file)]),
        },
        ItemKind::Const { name: of, value } => {
            let value = match value {
                ConstValue::Expr(value) => expr(value),
                ConstValue::Load(file) => load(file),
            };
            Tree::list("const", [name(of), value])
        }
        ItemKind::Fn(decl) => fn_decl(decl),
        ItemKind::Route(decl) => route(decl),
        ItemKind::OnRequest(body) => Tree::list("on-request", block(body)),
        ItemKind::OnResponse(of) => handler(of),
        ItemKind::OnError(body) => Tree::list("on-error", block(body)),
        ItemKind::Default(body) => Tree::list("default", block(body)),
        ItemKind::Test(decl) => Tree::list(
            "test",
            std::iter::once(Tree::text(&decl.name.value)).chain(steps(&decl.steps)),
        ),
        ItemKind::Limit(decl) => state::limit(decl),
        ItemKind::Store(decl) => state::keyed("store", decl),
        ItemKind::Counter(decl) => state::keyed("counter", decl),
        ItemKind::Cache(decl) => cache::cache(decl),
        ItemKind::Unbuilt { what, name: of } => Tree::list(
            "unbuilt",
            std::iter::once(Tree::text(what)).chain(of.iter().map(name)),
        ),
    }
}

fn load(file: &Text) -> Tree {
    Tree::list("load", [Tree::text(&file.value)])
}

fn use_decl(used: &Use) -> Tree {
    let target = match &used.target {
        UseTarget::Std(of) => Tree::word(format!("std.{}", of.text)),
        UseTarget::Path(of) => Tree::text(&of.value),
    };
    Tree::list(
        "use",
        std::iter::once(target).chain(used.alias.iter().map(name)),
    )
}

fn origin(origin: &Origin) -> Tree {
    let settings = origin.settings.iter().map(|setting| match setting {
        OriginSetting::Url(of) => Tree::list("url", [Tree::text(&of.value)]),
        OriginSetting::Host(of) => Tree::list("host", [Tree::text(&of.value)]),
        OriginSetting::Region(of) => Tree::list("region", [Tree::text(&of.value)]),
        OriginSetting::Connect(of) => Tree::list("connect", [expr(of)]),
        OriginSetting::Timeout(of) => Tree::list("timeout", [expr(of)]),
        OriginSetting::Idle(of) => Tree::list("idle", [expr(of)]),
        OriginSetting::Protocol(of) => Tree::list("protocol", [name(of)]),
        OriginSetting::Unbuilt { what, .. } => unbuilt(what),
    });
    Tree::list(
        "origin",
        std::iter::once(name(&origin.name)).chain(settings),
    )
}

pub(super) fn unbuilt(what: &str) -> Tree {
    Tree::list("unbuilt", [Tree::text(what)])
}

fn pool(pool: &Pool) -> Tree {
    let choices = pool.choices.iter().map(|choice| match choice {
        PoolChoice::Failover(members, _) => Tree::list("failover", members.iter().map(name)),
        PoolChoice::Weighted(members, _) => Tree::list("weighted", members.iter().map(weight)),
        PoolChoice::Unbuilt(what, _) => unbuilt(what),
    });
    let others = pool.unbuilt.iter().map(|(what, _)| unbuilt(what));
    Tree::list(
        "pool",
        std::iter::once(name(&pool.name))
            .chain(choices)
            .chain(others),
    )
}

fn weight((member, weight): &(Name, Weight)) -> Tree {
    let share = match weight {
        Weight::Share(share) => expr(share),
        Weight::Rest(_) => Tree::word("rest"),
    };
    Tree::List(vec![name(member), share])
}

fn experiment(of: &Experiment) -> Tree {
    let one = |word: &str, value: &Option<crate::ast::Expr>| {
        value.as_ref().map(|value| Tree::list(word, [expr(value)]))
    };
    let split = of
        .split
        .iter()
        .map(|(arm, share)| Tree::List(vec![name(arm), expr(share)]));
    let parts = [
        Some(name(&of.name)),
        one("unit", &of.unit),
        Some(Tree::list("split", split)),
        one("when", &of.when),
        one("force", &of.force),
        of.salt
            .as_ref()
            .map(|salt| Tree::list("salt", [Tree::text(&salt.value)])),
    ];
    let others = of.unbuilt.iter().map(|(what, _)| unbuilt(what));
    Tree::list("experiment", parts.into_iter().flatten().chain(others))
}

fn waf(waf: &Waf) -> Tree {
    let entries = waf.entries.iter().map(|entry| match entry {
        WafEntry::Include(paths) => Tree::list("include", paths.iter().map(path)),
        WafEntry::Rule(rule) => waf_rule(rule),
        WafEntry::Respond(answer) => respond(answer),
        WafEntry::Exclude { rule, when } => {
            let when = when.iter().map(|when| Tree::list("when", [expr(when)]));
            Tree::list("exclude", std::iter::once(path(rule)).chain(when))
        }
        WafEntry::Threshold(number) => Tree::list("threshold", [expr(number)]),
        WafEntry::Mode(mode) => Tree::list("mode", [name(mode)]),
        WafEntry::Inspect(targets) => Tree::list("inspect", targets.iter().map(inspect_target)),
    });
    Tree::list("waf", std::iter::once(name(&waf.name)).chain(entries))
}

fn inspect_target(target: &InspectTarget) -> Tree {
    match &target.kind {
        InspectKind::Named(word) => name(word),
        InspectKind::Header(of) => Tree::list("header", [Tree::text(&of.value)]),
        InspectKind::Body { limit, over_limit } => {
            let limit = limit.as_ref().map(expr);
            let over = over_limit.as_ref();
            let over = over.map(|word| Tree::list("over_limit", [name(word)]));
            Tree::list("body", limit.into_iter().chain(over))
        }
    }
}

fn waf_rule(rule: &WafRule) -> Tree {
    let tags = rule.tags.iter().map(|tag| Tree::text(&tag.value));
    let parts = [
        Some(name(&rule.name)),
        rule.when
            .as_ref()
            .map(|when| Tree::list("when", [expr(when)])),
        rule.severity
            .as_ref()
            .map(|severity| Tree::list("severity", [name(severity)])),
        (!rule.tags.is_empty()).then(|| Tree::list("tags", tags)),
        rule.score
            .as_ref()
            .map(|score| Tree::list("score", [expr(score)])),
        rule.docs.as_deref().map(docs),
    ];
    let others = rule.unbuilt.iter().map(|(what, _)| unbuilt(what));
    Tree::list("rule", parts.into_iter().flatten().chain(others))
}

fn fn_decl(of: &Fn) -> Tree {
    let params = of
        .params
        .iter()
        .map(|(param, ty)| Tree::List(vec![name(param), type_name(ty)]));
    Tree::list(
        "fn",
        [name(&of.name), Tree::List(params.collect()), expr(&of.body)],
    )
}

fn route(route: &Route) -> Tree {
    let parts = [
        route.name.as_ref().map(name),
        (!route.methods.is_empty()).then(|| Tree::list("methods", route.methods.iter().map(name))),
        route
            .pattern
            .as_ref()
            .map(|pattern| Tree::text(&pattern.value)),
        route
            .when
            .as_ref()
            .map(|when| Tree::list("when", [expr(when)])),
    ];
    Tree::list(
        "route",
        parts.into_iter().flatten().chain(block(&route.body)),
    )
}
