//! The runner over hand-written guests.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod state;

use edge_abi::input::Event;
use edge_abi::output::scan::{Lane, OverLimit};
use edge_abi::output::{Op, edit};
use serde_json::{Value, json};

use super::*;
use crate::fixture::{GuestFixture, Next, effect};

/// Proxies to `shop`, falls back to `backup`, and answers with the known header `x-edge`.
fn policy() -> Arc<Policy> {
    let mut guest = GuestFixture::new();
    guest.manifest["proxies"] =
        json!([{"timeout_ms": 1000, "fallback": {"target": 1, "on": ["connect", "timeout"]}}]);
    let secret = guest.secret_edit("authorization", b"Bearer ", 0);
    let known = guest.edits(&[(edit::Op::Set, "x-edge", b"one")]);
    let proxy = guest.proxy(0, "/up", secret, known);
    guest.output(Event::Start, &[proxy], Next::default());
    guest.policy()
}

fn get() -> Value {
    json!({"step": "request", "place": [0, 3, 3], "method": "GET", "target": "/here"})
}

fn gives(origin: &str, status: u16, body: &str) -> Value {
    json!({"step": "given", "given": "origin", "name": origin, "answer": {"answer": "respond", "status": status, "body": body}})
}

fn fails(origin: &str, failure: &str) -> Value {
    json!({"step": "given", "given": "origin", "name": origin, "answer": {"answer": "fail", "failure": failure}})
}

fn expect(subject: Value, op: &str, value: &str) -> Value {
    json!({"step": "expect", "place": [0, 4, 10], "text": "as written", "subject": subject, "op": op, "value": value})
}

fn status(value: &str) -> Value {
    expect(json!({"subject": "status"}), "equals", value)
}

fn received(origin: &str, part: Value, op: &str, value: &str) -> Value {
    expect(
        json!({"subject": "received", "origin": origin, "part": part}),
        op,
        value,
    )
}

fn run_steps(steps: Value) -> TestReport {
    run_steps_of(&policy(), steps)
}

fn run_steps_of(policy: &Arc<Policy>, steps: Value) -> TestReport {
    let plan = json!({"files": ["policy.edge"], "tests": [{"name": "t", "place": [0, 1, 1], "steps": steps}]});
    let plan: TestPlan = serde_json::from_value(plan).unwrap();
    run(policy, &plan).tests.remove(0)
}

fn passes(steps: Value) {
    let report = run_steps(steps);
    assert!(report.passed, "{report:#?}");
}

#[test]
fn every_part_of_an_answer_can_be_expected() {
    let body = || json!({"subject": "body"});
    passes(json!([
        gives("shop", 201, "hello world"),
        get(),
        status("201"),
        expect(
            json!({"subject": "header", "name": "X-Edge"}),
            "equals",
            "one"
        ),
        expect(json!({"subject": "header", "name": "x-none"}), "absent", ""),
        expect(
            json!({"subject": "header", "name": "x-edge"}),
            "present",
            ""
        ),
        expect(body(), "contains", "lo wo"),
        expect(body(), "starts_with", "hello"),
        expect(body(), "ends_with", "world"),
        expect(body(), "matches", "^h[a-z]+ w"),
        expect(body(), "not_equals", "hello"),
        expect(json!({"subject": "because"}), "equals", "route.home"),
        expect(json!({"subject": "cache"}), "absent", ""),
        received("shop", json!({"part": "count"}), "equals", "1"),
        received("shop", json!({"part": "method"}), "equals", "GET"),
        received("shop", json!({"part": "path"}), "equals", "/up"),
        received("shop", json!({"part": "query"}), "absent", ""),
        received(
            "shop",
            json!({"part": "header", "name": "Host"}),
            "equals",
            "shop.internal:8080"
        ),
        received(
            "shop",
            json!({"part": "header", "name": "x-forwarded-for"}),
            "equals",
            "192.0.2.1"
        ),
        received("backup", json!({"part": "count"}), "equals", "0"),
    ]));
}

#[test]
fn origins_answer_in_sequence_and_the_last_is_repeated() {
    passes(json!([
        gives("shop", 200, "a"),
        gives("shop", 201, "b"),
        get(),
        status("200"),
        get(),
        status("201"),
        get(),
        status("201"),
        get(),
        status("201"),
        gives("shop", 202, "c"),
        get(),
        status("202"),
        get(),
        status("202"),
    ]));
}

#[test]
fn failures_and_delays_take_virtual_time_only() {
    let slow = json!({"step": "given", "given": "origin", "name": "shop", "answer": {"answer": "respond", "status": 200, "delay_ms": 1001}});
    passes(json!([
        slow,
        gives("backup", 200, "backup"),
        get(),
        expect(json!({"subject": "body"}), "equals", "backup")
    ]));
    passes(json!([
        fails("shop", "connect"),
        gives("backup", 200, "b"),
        get(),
        status("200"),
        received("shop", json!({"part": "count"}), "equals", "0")
    ]));
    passes(json!([
        fails("shop", "timeout"),
        gives("backup", 200, "b"),
        get(),
        status("200"),
        received("shop", json!({"part": "count"}), "equals", "1")
    ]));
    passes(json!([fails("shop", "reset"), get(), status("502")]));
    passes(json!([
        fails("shop", "connect"),
        fails("backup", "timeout"),
        get(),
        status("504")
    ]));
}

#[test]
fn secrets_are_given_or_are_their_own_names() {
    let authorization = |value| {
        received(
            "shop",
            json!({"part": "header", "name": "authorization"}),
            "equals",
            value,
        )
    };
    passes(json!([
        gives("shop", 200, ""), get(), authorization("Bearer KEY"),
        {"step": "given", "given": "secret", "name": "KEY", "value": "abc"},
        get(), authorization("Bearer abc"),
    ]));
}

#[test]
fn a_failure_tells_what_was_expected_and_what_came() {
    let report = run_steps(json!([
        gives("shop", 200, "hello"),
        get(),
        status("404"),
        expect(json!({"subject": "body"}), "equals", "bye"),
        get(),
        status("1")
    ]));
    assert!(!report.passed);
    let [first, second] = report.failures.as_slice() else {
        unreachable!("{report:#?}")
    };
    assert_eq!(
        (first.expected.as_str(), first.got.as_str()),
        ("404", "200")
    );
    assert_eq!(
        (second.expected.as_str(), second.got.as_str()),
        ("\"bye\"", "\"hello\"")
    );
    assert_eq!(first.rule.as_deref(), Some("route.home"));
    assert_eq!(first.request.as_deref(), Some("GET /here"));
    assert_eq!(
        (first.text.as_str(), first.place.to_string().as_str()),
        ("as written", "policy.edge:4:10")
    );
}

#[test]
fn an_origin_that_was_not_given_must_not_be_asked() {
    let report = run_steps(json!([get(), status("502")]));
    assert_eq!(report.failures.len(), 1, "{report:#?}");
    assert!(report.failures[0].got.contains("`shop`"), "{report:#?}");
}

#[test]
fn a_repetition_is_counted_and_ends_with_the_first_failure() {
    let steps = json!([
        gives("shop", 200, ""), gives("shop", 200, ""), gives("shop", 500, ""),
        {"step": "repeat", "times": 5, "steps": [get(), status("200"), {"step": "after", "ms": 1}]},
        get(), status("1"),
    ]);
    let report = run_steps(steps);
    assert_eq!(report.failures.len(), 1);
    assert_eq!(report.failures[0].repetition, Some(3));
}

#[test]
fn a_report_reads_well() {
    let plan = json!({"files": ["policy.edge"], "tests": [
        {"name": "good", "place": [0, 1, 1], "steps": []},
        {"name": "bad", "place": [0, 2, 1], "steps": [gives("shop", 200, ""), {"step": "repeat", "times": 2, "steps": [get(), status("404")]}]},
    ]});
    let report = run(&policy(), &serde_json::from_value(plan).unwrap());
    let expected = "\
ok     good
FAILED bad
  policy.edge:4:10: as written
    request   GET /here (repetition 1)
    expected  404
    got       200
    because   route.home
1 passed, 1 failed
";
    assert_eq!(report.to_string(), expected);
}

#[test]
fn reports_are_data() {
    let plan = TestPlan::default();
    let report = run(&policy(), &plan);
    assert!(report.is_success());
    assert_eq!(
        serde_json::to_value(report).unwrap(),
        json!({"passed": 0, "failed": 0, "tests": []})
    );
}

#[test]
fn an_expectation_before_any_request_fails() {
    let report = run_steps(json!([status("200")]));
    assert_eq!(report.failures[0].got, "no request has been sent");
}

/// Scans both bodies: `evil!` in the request's is denied, in the response's is replaced.
fn scanning() -> Arc<Policy> {
    let mut guest = GuestFixture::new();
    for (lane, rule, status) in [(Lane::Request, 1, 403), (Lane::Response, 2, 451)] {
        let hit = guest.respond(rule, status, (0, 0), b"");
        let over = guest.respond(0, 413, (0, 0), b"");
        guest.scanning(lane, (hit, Next::default()), over);
    }
    let scan = guest.scan(Lane::Request, 1 << 20, OverLimit::Block);
    let proxy = guest.proxy(0, "/", (0, 0), (0, 0));
    let next = Next {
        slots: 2,
        wanted: Event::ResponseHead.bit(),
        continuation: b"",
    };
    guest.output(Event::Start, &[scan, proxy], next);
    let scan = guest.scan(Lane::Response, 1 << 20, OverLimit::Block);
    let pass = effect(Op::Pass, 0, &[2, 0, 0, 0]);
    guest.output(Event::ResponseHead, &[scan, pass], Next::default());
    guest.policy()
}

#[test]
fn bodies_of_requests_and_of_origins_are_scanned() {
    let post = |body: &str| json!({"step": "request", "place": [0, 3, 3], "method": "POST", "target": "/", "body": body});
    let count = |value| received("shop", json!({"part": "count"}), "equals", value);
    let because = |value| expect(json!({"subject": "because"}), "equals", value);
    let body = |value| expect(json!({"subject": "body"}), "equals", value);
    let got = |value| received("shop", json!({"part": "body"}), "equals", value);
    let report = run_steps_of(
        &scanning(),
        json!([
            gives("shop", 200, "fine"),
            gives("shop", 200, "so evil!"),
            gives("shop", 200, "fine"),
            post("abc"),
            status("200"),
            body("fine"),
            got("abc"),
            // It comes in two pieces, which are cut in the middle of the word.
            post("evil!"),
            status("403"),
            because("require.login"),
            count("0"),
            // It has used no answer of the origin.
            post("abc"),
            status("451"),
            because("on_response"),
            count("1"),
            post("abc"),
            status("200"),
        ]),
    );
    assert!(report.passed, "{report:#?}");
}

#[test]
fn an_answer_that_is_cut_is_what_came_of_it() {
    let long = format!("{}evil!", "a".repeat(16 << 10));
    let report = run_steps_of(
        &scanning(),
        json!([
            gives("shop", 200, "evil!"),
            gives("shop", 200, &long),
            get(),
            status("451"),
            get(),
            status("200"),
            expect(json!({"subject": "because"}), "equals", "on_response"),
            expect(json!({"subject": "body"}), "equals", &long[..16 << 10]),
        ]),
    );
    assert!(report.passed, "{report:#?}");
}
