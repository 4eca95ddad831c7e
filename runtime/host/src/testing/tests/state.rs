//! What a test gives and expects of what is remembered.

use edge_abi::output::effect::ANSWER;

use super::*;
use crate::fixture::{ITEMS, PER_IP};

/// Asks a limit and a store, counts, puts and purges, and answers with what it was told.
fn remembering() -> Arc<Policy> {
    let mut guest = GuestFixture::remembering();
    let effects = [
        guest.state((Op::Limit, ANSWER), 0, PER_IP, ("k", "", 1)),
        guest.state((Op::StoreGet, ANSWER), 1, ITEMS, ("k", "", 0)),
        guest.state((Op::CounterAdd, 0), 0, 0, ("seen", "", 2)),
        guest.state((Op::Put, 0), 0, ITEMS, ("new", "fresh", 0)),
        guest.state((Op::Purge, 0), 0, 0, ("one", "", 0)),
        guest.state((Op::Purge, 0), 0, 1, ("/two", "", 0)),
    ];
    guest.asking(&effects, &["bool", "bytes"]);
    guest.policy()
}

fn given_store(key: &str, value: &str) -> Value {
    json!({"step": "given", "given": "store", "name": "items", "key": key, "value": value})
}

fn given_counter(value: i64) -> Value {
    json!({"step": "given", "given": "counter", "name": "views", "key": "seen", "value": value})
}

fn given_state(kind: &str, name: &str, fails: bool) -> Value {
    json!({"step": "given", "given": "state", "kind": kind, "name": name, "fails": fails})
}

fn store(key: &str, op: &str, value: &str) -> Value {
    expect(
        json!({"subject": "store", "name": "items", "key": key}),
        op,
        value,
    )
}

fn counter(value: &str) -> Value {
    let subject = json!({"subject": "counter", "name": "views", "key": "seen"});
    expect(subject, "equals", value)
}

fn purged(path: bool, op: &str, value: &str) -> Value {
    expect(json!({"subject": "purged", "path": path}), op, value)
}

fn body(value: &str) -> Value {
    expect(json!({"subject": "body"}), "equals", value)
}

fn after(ms: u64) -> Value {
    json!({"step": "after", "ms": ms})
}

fn passes(steps: Value) {
    let report = run_steps_of(&remembering(), steps);
    assert!(report.passed, "{report:#?}");
}

#[test]
fn what_is_given_is_found_and_what_is_written_can_be_expected() {
    passes(json!([
        store("k", "absent", ""),
        given_store("k", "v"),
        given_counter(40),
        store("k", "equals", "v"),
        counter("40"),
        get(),
        body("\u{0}\u{0}\u{1}v"),
        counter("42"),
        store("new", "equals", "fresh"),
        given_counter(-7),
        counter("-7"),
        purged(false, "equals", "one"),
        purged(false, "not_equals", "/two"),
        purged(true, "equals", "/two"),
        purged(true, "present", ""),
    ]));
}

#[test]
fn time_refills_limits_and_ends_values() {
    passes(json!([
        given_store("k", "v"),
        get(),
        get(),
        get(),
        body("\u{0}\u{0}\u{1}v"),
        get(),
        body("\u{2}\u{0}\u{0}v"),
        after(29_999),
        get(),
        body("\u{2}\u{0}\u{0}v"),
        after(1),
        get(),
        body("\u{0}\u{0}\u{1}v"),
        after(29_999),
        store("k", "present", ""),
        after(1),
        store("k", "absent", ""),
        store("new", "present", ""),
        get(),
        body("\u{0}\u{1}\u{1}"),
        after(60_000),
        store("new", "absent", ""),
    ]));
}

#[test]
fn what_fails_does_so_until_it_works_again() {
    passes(json!([
        given_store("k", "v"),
        given_state("limit", "per_ip", true),
        given_state("store", "items", true),
        get(),
        status("503"),
        store("k", "equals", "v"),
        given_state("store", "items", false),
        get(),
        body("\u{0}\u{0}\u{1}v"),
        given_state("counter", "views", true),
        get(),
        status("503"),
        expect(
            json!({"subject": "header", "name": "ratelimit"}),
            "absent",
            ""
        ),
        given_state("counter", "views", false),
        given_state("limit", "per_ip", false),
        get(),
        expect(
            json!({"subject": "header", "name": "ratelimit"}),
            "present",
            ""
        ),
    ]));
}

#[test]
fn each_test_begins_with_nothing() {
    let steps = json!([
        store("new", "absent", ""),
        get(),
        store("new", "present", "")
    ]);
    let test = |name: &str| json!({"name": name, "place": [0, 1, 1], "steps": steps});
    let plan = json!({"files": ["policy.edge"], "tests": [test("a"), test("b")]});
    let report = run(&remembering(), &serde_json::from_value(plan).unwrap());
    assert!(report.is_success(), "{report}");
}

#[test]
fn a_failure_names_the_key() {
    let report = run_steps_of(
        &remembering(),
        json!([
            get(),
            store("new", "equals", "stale"),
            counter("3"),
            purged(false, "equals", "x")
        ]),
    );
    let told: Vec<_> = report
        .failures
        .iter()
        .map(|it| (&*it.expected, &*it.got))
        .collect();
    assert_eq!(
        told,
        [
            ("items[\"new\"]: \"stale\"", "items[\"new\"]: \"fresh\""),
            ("views[\"seen\"]: 3", "views[\"seen\"]: 2"),
            ("purged tag: \"x\"", "purged tag: \"one\""),
        ]
    );
}

#[test]
fn what_can_not_be_kept_can_not_be_given() {
    let report = run_steps_of(
        &remembering(),
        json!([given_store("k", "123456789"), get()]),
    );
    let [failure] = report.failures.as_slice() else {
        unreachable!("{report:#?}")
    };
    assert_eq!(failure.text, "given items[\"k\"]");
    assert!(failure.got.contains("9 bytes"), "{}", failure.got);
}
