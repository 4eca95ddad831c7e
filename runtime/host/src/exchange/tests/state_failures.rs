//! State effects whose backends fail.

use edge_abi::output::effect::{ANSWER, CHAINED};
use edge_abi::test_plan::StateKind;

use super::state::{Asked, asked, guest, remembering, worker_with};
use super::*;
use crate::fixture::{CLOSED, ITEMS, LAX_ITEMS, Next, PER_IP, WATCHING};

const fn limit<'a>(ask: u32, id: u32, flags: u16) -> Asked<'a> {
    (Op::Limit, flags, ask, id, "k", "", 1)
}

#[test]
fn a_limit_that_nobody_can_ask_fails_as_it_says() {
    let asks = [
        limit(0, PER_IP, ANSWER),
        limit(1, WATCHING, ANSWER | CHAINED),
        limit(2, CLOSED, ANSWER | CHAINED),
        limit(3, PER_IP, ANSWER | CHAINED),
    ];
    let guest = guest(&asks, &["bool", "bool", "bool", "bool"]);
    let memory = remembering(&guest);
    for name in ["per_ip", "watching", "closed"] {
        memory.fail(StateKind::Limit, name, true);
    }
    let worker = worker_with(&guest, &memory);
    let seen = asked(&worker);
    assert_eq!(seen.body, "\0\0\u{5}\u{7}\u{1}\u{1}\0");
    let reason =
        |name: &str| format!("limit `{name}`: the state is unavailable: given by the test");
    assert_eq!(
        seen.record.degraded,
        ["per_ip", "watching", "closed"].map(reason)
    );
    assert!(seen.record.findings.shadow.is_empty(), "nobody knows");
    assert_eq!(seen.header("ratelimit"), None);
    assert_eq!(seen.header("retry-after"), None);
    memory.fail(StateKind::Limit, "per_ip", false);
    let seen = asked(&worker);
    assert_eq!(seen.body, "\0\0\0\0\u{1}\u{1}\u{1}\u{1}");
    assert!(seen.record.degraded.is_empty());
}

#[test]
fn a_read_that_fails_has_no_answer() {
    let asks = [
        (Op::StoreGet, ANSWER, 0, ITEMS, "k", "", 0),
        (Op::CounterGet, ANSWER, 1, 0, "k", "", 0),
        (Op::CounterAdd, ANSWER, 2, 0, "k", "", 1),
        (Op::CounterList, ANSWER, 3, 0, "k", "", 9),
    ];
    let guest = guest(&asks, &["bytes", "i64", "i64", "bytes"]);
    let memory = remembering(&guest);
    memory.put("items", "k", "v").unwrap();
    memory.fail(StateKind::Store, "items", true);
    memory.fail(StateKind::Counter, "views", true);
    let seen = asked(&worker_with(&guest, &memory));
    assert_eq!(seen.body, "\u{5}\u{5}\u{5}\u{5}");
    assert_eq!(seen.record.degraded.len(), 2, "each reason once");
    assert_eq!(seen.record.rule_name(), Some("route.home"));
}

#[test]
fn a_write_with_an_answer_says_whether_it_was_done() {
    let put = |key, value| (Op::Put, ANSWER, 0, ITEMS, key, value, 0);
    let long_key = "k".repeat(1025);
    for (asked_for, expected) in [
        (put("k", "12345678"), "\0\u{1}"),
        (put("k", "123456789"), "\u{6}\0"),
        (put(&long_key, "v"), "\u{6}\0"),
    ] {
        let guest = guest(&[asked_for], &["bool"]);
        let seen = asked(&worker_with(&guest, &remembering(&guest)));
        assert_eq!(seen.body, expected);
        assert_eq!(seen.record.degraded.is_empty(), expected.starts_with('\0'));
    }
}

#[test]
fn a_value_that_is_too_long_takes_the_old_one_with_it() {
    for store in [ITEMS, LAX_ITEMS] {
        let name = ["items", "lax_items"][store as usize];
        let put = (Op::Put, 0, 0, store, "k", "123456789", 0);
        let get = (Op::StoreGet, ANSWER, 0, store, "k", "", 0);
        let guest = guest(&[put, get], &["bytes"]);
        let memory = remembering(&guest);
        memory.put(name, "k", "old").unwrap();
        let seen = asked(&worker_with(&guest, &memory));
        assert_eq!(memory.value(name, "k"), None);
        match store {
            ITEMS => assert_eq!(seen.status, 503),
            _ => assert_eq!((seen.status, seen.body.as_str()), (200, "\u{1}")),
        }
    }
}

/// A guest that writes without an answer and responds at once. Whoever sees its answer sets a field.
fn writing(write: Asked<'_>) -> GuestFixture {
    let mut guest = GuestFixture::remembering();
    let (op, flags, ask, id, key, value, number) = write;
    let write = guest.state((op, flags), ask, id, (key, value, number));
    let edits = guest.edits(&[(edge_abi::output::edit::Op::Set, "x-queued", b"1")]);
    let queued = crate::fixture::effect(Op::Edits, 0, &[edits.0, edits.1]);
    let respond = guest.respond(0, 200, (0, 0), b"done");
    let next = Next {
        slots: 2,
        wanted: Event::ResponseHead.bit(),
        continuation: b"response",
    };
    guest.output(Event::Start, &[queued, write, respond], next);
    let edits = guest.edits(&[(edge_abi::output::edit::Op::Set, "x-seen", b"1")]);
    let pass = crate::fixture::effect(Op::Pass, 0, &[2, 0, edits.0, edits.1]);
    guest.output(Event::ResponseHead, &[pass], Next::default());
    guest
}

#[test]
fn a_write_that_must_be_kept_and_is_not_is_answered_503() {
    let put = |store| (Op::Put, 0, 0, store, "k", "v", 0);
    let delete = |store| (Op::Delete, 0, 0, store, "k", "", 0);
    let add = (Op::CounterAdd, 0, 0, 0, "k", "", 1);
    for (write, status) in [
        (put(ITEMS), 503),
        (delete(ITEMS), 503),
        (add, 503),
        (put(LAX_ITEMS), 200),
        (delete(LAX_ITEMS), 200),
    ] {
        let guest = writing(write);
        let memory = remembering(&guest);
        assert_eq!(asked(&worker_with(&guest, &memory)).status, 200);
        for name in ["items", "lax_items"] {
            memory.fail(StateKind::Store, name, true);
        }
        memory.fail(StateKind::Counter, "views", true);
        let seen = asked(&worker_with(&guest, &memory));
        assert_eq!(seen.status, status, "{:?}", seen.record.degraded);
        assert_eq!(seen.record.degraded.len(), 1);
        assert_eq!(seen.fault().is_empty(), status == 200);
        let both = [seen.header("x-queued"), seen.header("x-seen")];
        assert_eq!(both, [Some("1"); 2], "the response phase sees it");
        let body = if status == 200 {
            "done"
        } else {
            "503 Service Unavailable\n"
        };
        assert_eq!(seen.body, body);
    }
}

#[test]
fn a_charge_and_a_purge_that_fail_change_nothing() {
    let guest = writing((Op::Limit, 0, 0, CLOSED, "k", "", 1));
    let memory = remembering(&guest);
    memory.fail(StateKind::Limit, "closed", true);
    let seen = asked(&worker_with(&guest, &memory));
    assert_eq!((seen.status, seen.record.degraded.len()), (200, 1));
}
