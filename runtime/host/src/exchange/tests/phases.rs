//! The response phase and the failed phase.

use edge_abi::output::edit;

use super::*;
use crate::fixture::{Next, effect};

const TO_RESPONSE: Next<'static> = Next {
    slots: 2,
    wanted: 1 << 3,
    continuation: b"",
};

fn pass(guest: &mut GuestFixture, edits: &[(edit::Op, &str, &[u8])]) -> Vec<u8> {
    let edits = guest.edits(edits);
    effect(Op::Pass, 0, &[2, 0, edits.0, edits.1])
}

/// Proxies with a known edit, then passes with an edit whose value is a slot.
fn passing(slot: u32) -> GuestFixture {
    let mut guest = GuestFixture::new();
    let known = guest.edits(&[(edit::Op::Set, "x-from", b"the policy")]);
    let proxy = guest.proxy(0, "/", (0, 0), known);
    guest.output(Event::Start, &[proxy], TO_RESPONSE);
    let pass = pass(&mut guest, &[(edit::Op::Set, "x-seen", b"")]);
    let edits = u32::from_le_bytes(pass[16..20].try_into().unwrap());
    guest.output(Event::ResponseHead, &[pass], Next::default());
    guest.slot_at(edits + 16, slot);
    guest
}

#[test]
fn the_response_phase_sees_the_origin_and_the_edits_before_it() {
    for (slot, expected) in [(0, "shop"), (1, "the policy")] {
        let seen = ask(
            &worker(passing(slot).policy()),
            &Played::with([ok(200, "body")]),
            get("/"),
        );
        assert_eq!(
            (seen.header("x-seen"), seen.header("x-from"), seen.fault()),
            (Some(expected), Some("the policy"), "")
        );
        assert_eq!(
            (seen.body.as_str(), seen.record.rule_name()),
            ("body", Some("route.home"))
        );
    }
}

#[test]
fn the_response_phase_also_sees_answers_of_the_policy() {
    let mut guest = GuestFixture::new();
    let respond = guest.respond(1, 403, (0, 0), b"no");
    guest.output(Event::Start, &[respond], TO_RESPONSE);
    let pass = pass(
        &mut guest,
        &[
            (edit::Op::Set, "x-late", b"1"),
            (edit::Op::Remove, "content-type", b""),
        ],
    );
    guest.output(Event::ResponseHead, &[pass], Next::default());
    let seen = ask_guest(&guest, get("/"));
    assert_eq!(
        (
            seen.status,
            seen.header("x-late"),
            seen.header("content-type")
        ),
        (403, Some("1"), None)
    );
    assert_eq!(seen.header("x-edge-rule"), Some("require.login"));
}

#[test]
fn the_response_phase_can_replace_the_answer() {
    let mut guest = GuestFixture::new();
    let known = guest.edits(&[(edit::Op::Set, "x-known", b"1")]);
    let proxy = guest.proxy(0, "/", (0, 0), known);
    guest.output(Event::Start, &[proxy], TO_RESPONSE);
    let respond = guest.respond(2, 503, (0, 0), b"sorry");
    guest.output(Event::ResponseHead, &[respond], Next::default());
    let seen = ask(
        &worker(guest.policy()),
        &Played::with([ok(500, "stack trace")]),
        get("/"),
    );
    assert_eq!(
        (
            seen.status,
            seen.body.as_str(),
            seen.header("content-length")
        ),
        (503, "sorry", Some("5"))
    );
    assert_eq!(
        (seen.header("x-known"), seen.record.rule_name()),
        (Some("1"), Some("on_response"))
    );
}

#[test]
fn edits_before_a_wait_hold_for_the_answer() {
    let mut guest = GuestFixture::new();
    let edits = guest.edits(&[
        (edit::Op::Set, "x-early", b"1"),
        (edit::Op::Set, "x-both", b"early"),
    ]);
    let edits = effect(Op::Edits, 0, &[edits.0, edits.1]);
    let wait = effect(Op::Body, edge_abi::output::effect::ANSWER, &[10, 0]);
    guest.output(
        Event::Start,
        &[edits, wait],
        Next {
            slots: 1,
            wanted: Event::Results.bit(),
            continuation: b"",
        },
    );
    let late = guest.edits(&[(edit::Op::Set, "x-both", b"late")]);
    let respond = guest.respond(0, 200, late, b"");
    guest.output(Event::Results, &[respond], Next::default());
    let seen = ask_guest(&guest, get("/"));
    assert_eq!(
        (seen.header("x-early"), seen.header("x-both")),
        (Some("1"), Some("late"))
    );
}

#[test]
fn when_no_origin_answers_the_policy_may() {
    let mut guest = GuestFixture::new();
    let known = guest.edits(&[(edit::Op::Set, "x-known", b"1")]);
    let proxy = guest.proxy(0, "/", (0, 0), known);
    guest.output(
        Event::Start,
        &[proxy],
        Next {
            slots: 2,
            wanted: Event::Failed.bit() | Event::ResponseHead.bit(),
            continuation: b"",
        },
    );
    let respond = guest.respond(0, 503, (0, 0), b"back soon");
    guest.output(Event::Failed, &[respond], TO_RESPONSE);
    let pass = pass(&mut guest, &[(edit::Op::Set, "x-late", b"1")]);
    guest.output(Event::ResponseHead, &[pass], Next::default());
    let policy = guest.policy();
    let seen = ask(
        &worker(policy.clone()),
        &Played::with([connect_failure()]),
        get("/"),
    );
    assert_eq!(
        (seen.status, seen.body.as_str(), seen.fault()),
        (503, "back soon", "")
    );
    assert_eq!(
        (seen.header("x-known"), seen.header("x-late")),
        (Some("1"), Some("1"))
    );
    let seen = ask(&worker(policy), &Played::with([ok(200, "fine")]), get("/"));
    assert_eq!((seen.status, seen.header("x-late")), (200, Some("1")));
}

#[test]
fn the_host_s_own_502_goes_through_the_response_phase() {
    let seen = ask(
        &worker(passing(1).policy()),
        &Played::with([connect_failure()]),
        get("/"),
    );
    assert_eq!(
        (seen.status, seen.header("x-seen")),
        (502, Some("the policy"))
    );
}

#[test]
fn a_failed_phase_that_passes_keeps_the_response_phase() {
    let mut guest = GuestFixture::new();
    let proxy = guest.proxy(0, "/", (0, 0), (0, 0));
    let both = Next {
        slots: 2,
        wanted: Event::Failed.bit() | Event::ResponseHead.bit(),
        continuation: b"",
    };
    guest.output(Event::Start, &[proxy], both);
    let failed = pass(&mut guest, &[(edit::Op::Set, "x-failed", b"1")]);
    guest.output(Event::Failed, &[failed], Next::default());
    let late = pass(&mut guest, &[(edit::Op::Set, "x-late", b"1")]);
    guest.output(Event::ResponseHead, &[late], Next::default());
    let seen = ask(
        &worker(guest.policy()),
        &Played::with([connect_failure()]),
        get("/"),
    );
    assert_eq!(
        (seen.status, seen.header("x-failed"), seen.header("x-late")),
        (502, Some("1"), Some("1"))
    );
}

#[test]
fn a_type_that_was_set_before_the_answer_stays() {
    let mut guest = GuestFixture::new();
    let known = guest.edits(&[(edit::Op::Set, "content-type", b"text/early")]);
    let proxy = guest.proxy(0, "/", (0, 0), known);
    let next = Next {
        slots: 2,
        wanted: Event::Failed.bit(),
        continuation: b"",
    };
    guest.output(Event::Start, &[proxy], next);
    let respond = guest.respond(0, 503, (0, 0), b"late");
    guest.output(Event::Failed, &[respond], Next::default());
    let seen = ask(
        &worker(guest.policy()),
        &Played::with([connect_failure()]),
        get("/"),
    );
    assert_eq!(seen.header("content-type"), Some("text/early"));
}

#[test]
fn a_second_failure_is_the_last() {
    let mut guest = GuestFixture::new();
    let proxy = guest.proxy(0, "/", (0, 0), (0, 0));
    let next = Next {
        slots: 2,
        wanted: Event::Failed.bit(),
        continuation: b"",
    };
    guest.output(Event::Start, std::slice::from_ref(&proxy), next);
    guest.output(Event::Failed, &[proxy], next);
    let origins = Played::with([connect_failure(), connect_failure()]);
    assert_eq!(ask(&worker(guest.policy()), &origins, get("/")).status, 502);
    assert_eq!(origins.asked().len(), 2);
}
