//! Steps of tests.

use super::Tree;
use super::expr::{expr, path, predicate};
use crate::ast::{
    Expectation, ExpectationKind, Expr, Hit, Name, Predicate, Received, RequestSetting,
    RespondsSetting, TestStep, TestStepKind, Text,
};

pub(super) fn steps(steps: &[TestStep]) -> impl Iterator<Item = Tree> {
    steps.iter().map(step)
}

fn step(step: &TestStep) -> Tree {
    match &step.kind {
        TestStepKind::Given(fact, value) => Tree::list("given", [path(fact), expr(value)]),
        TestStepKind::Responds {
            origin,
            status,
            body,
            settings,
        } => responds(origin, status, body, settings),
        TestStepKind::Fails { origin, how } => {
            Tree::list("fails", [Tree::word(&origin.text), Tree::word(&how.text)])
        }
        TestStepKind::Request {
            method,
            target,
            settings,
        } => {
            let settings = settings.iter().map(request_setting);
            Tree::list(
                &method.text,
                std::iter::once(Tree::text(&target.value)).chain(settings),
            )
        }
        TestStepKind::Expect(list) => Tree::list("expect", list.iter().map(expectation)),
        TestStepKind::After(time) => Tree::list("after", [expr(time)]),
        TestStepKind::Repeat(times, inner) => {
            Tree::list("repeat", std::iter::once(expr(times)).chain(steps(inner)))
        }
        TestStepKind::GivenState { counter, at, value } => Tree::list(
            "given",
            [Tree::word(keeper(*counter)), expr(at), expr(value)],
        ),
        TestStepKind::Failing { kind, name, fails } => {
            let how = if *fails { "fails" } else { "works" };
            Tree::list(how, [Tree::word(&kind.text), path(name)])
        }
    }
}

fn keeper(counter: bool) -> &'static str {
    if counter { "counter" } else { "store" }
}

fn keyed(word: &str, key: &Text, value: &Expr) -> Tree {
    Tree::list(word, [Tree::text(&key.value), expr(value)])
}

fn responds(
    origin: &Name,
    status: &Option<Expr>,
    body: &Option<Expr>,
    settings: &[RespondsSetting],
) -> Tree {
    let first =
        std::iter::once(Tree::word(&origin.text)).chain(status.iter().chain(body).map(expr));
    let settings = settings.iter().map(|setting| match setting {
        RespondsSetting::Header(name, value) => keyed("header", name, value),
        RespondsSetting::Body(value) => Tree::list("body", [expr(value)]),
        RespondsSetting::Delay(value) => Tree::list("delay", [expr(value)]),
    });
    Tree::list("responds", first.chain(settings))
}

fn request_setting(setting: &RequestSetting) -> Tree {
    match setting {
        RequestSetting::Header(name, value) => keyed("header", name, value),
        RequestSetting::Cookie(name, value) => keyed("cookie", name, value),
        RequestSetting::Body(value) => Tree::list("body", [expr(value)]),
        RequestSetting::Fact(fact, value) => Tree::List(vec![path(fact), expr(value)]),
    }
}

fn expectation(expectation: &Expectation) -> Tree {
    match &expectation.kind {
        ExpectationKind::Status(status) => Tree::list("status", [expr(status)]),
        ExpectationKind::Header(name, of) => header(name, of),
        ExpectationKind::Body(of) => Tree::list("body", [predicate(of)]),
        ExpectationKind::Because(rule) => Tree::list("because", [Tree::text(&rule.value)]),
        ExpectationKind::Hits { scored, rule } => {
            let rule = match rule {
                Hit::Rule(rule) => Tree::text(&rule.value),
                Hit::Some => Tree::word("present"),
                Hit::None => Tree::word("absent"),
            };
            Tree::list(if *scored { "scored" } else { "shadow" }, [rule])
        }
        ExpectationKind::Received(origin, parts) => Tree::list(
            "received",
            std::iter::once(Tree::word(&origin.text)).chain(parts.iter().map(received)),
        ),
        ExpectationKind::NotCalled(origin) => Tree::list("not-called", [Tree::word(&origin.text)]),
        ExpectationKind::State {
            counter,
            at,
            predicate: of,
        } => Tree::list(keeper(*counter), [expr(at), predicate(of)]),
        ExpectationKind::Purged {
            path,
            predicate: of,
        } => {
            let what = if *path { "path" } else { "tag" };
            Tree::list("purged", [Tree::word(what), predicate(of)])
        }
        ExpectationKind::Cache(how) => {
            let how = how.as_ref().map_or("absent", |how| how.text.as_str());
            Tree::list("cache", [Tree::word(how)])
        }
    }
}

fn header(name: &Text, of: &Predicate) -> Tree {
    Tree::list("header", [Tree::text(&name.value), predicate(of)])
}

fn received(part: &Received) -> Tree {
    match part {
        Received::Method(method) => Tree::list("method", [Tree::word(&method.text)]),
        Received::Path(of) => Tree::list("path", [predicate(of)]),
        Received::Query(of) => Tree::list("query", [predicate(of)]),
        Received::Header(name, of) => header(name, of),
        Received::Body(of) => Tree::list("body", [predicate(of)]),
    }
}
