//! State effects beside proxies, bodies and scans, and in the phases of a response.

use edge_abi::output::edit;
use edge_abi::output::effect::ANSWER;
use edge_abi::output::scan::{Lane, OverLimit};
use edge_abi::test_plan::StateKind;

use super::sent::post;
use super::state::{asked, guest, remembering, worker_with};
use super::*;
use crate::fixture::{CLOSED, ITEMS, Next, PER_IP, effect};

const LIMIT: super::state::Asked<'static> = (Op::Limit, ANSWER, 0, CLOSED, "k", "", 1);

/// A guest whose limit is asked, and that answers with this status when it has been.
fn limiting(status: u32, edits: &[(edit::Op, &str, &[u8])]) -> GuestFixture {
    let mut guest = guest(&[LIMIT], &["bool"]);
    let edits = guest.edits(edits);
    let respond = guest.respond(1, status, edits, b"slow down");
    guest.output(Event::Results, &[respond], Next::default());
    guest
}

#[test]
fn who_is_refused_hears_when_to_come_back() {
    for (status, expected) in [(429, Some("60")), (503, Some("60")), (403, None)] {
        let guest = limiting(status, &[]);
        let worker = worker_with(&guest, &remembering(&guest));
        assert_eq!(
            asked(&worker).header("retry-after"),
            None,
            "it was not refused"
        );
        let seen = asked(&worker);
        assert_eq!(seen.header("retry-after"), expected, "{status}");
        assert_eq!(seen.header("x-edge-rule"), Some("require.login"));
        assert_eq!(seen.header("ratelimit"), Some("\"closed\";r=0;t=60"));
    }
}

#[test]
fn what_the_policy_says_itself_stays() {
    let own = [
        (edit::Op::Set, "retry-after", &b"7"[..]),
        (edit::Op::Set, "ratelimit", b"\"mine\";r=1"),
    ];
    let guest = limiting(429, &own);
    let worker = worker_with(&guest, &remembering(&guest));
    asked(&worker);
    let seen = asked(&worker);
    assert_eq!(seen.header("retry-after"), Some("7"));
    assert_eq!(seen.header("ratelimit"), Some("\"mine\";r=1"));
    assert_eq!(seen.header("ratelimit-policy"), Some("\"closed\";q=1;w=60"));
}

/// A guest that asks a limit, proxies, and does these effects when an origin has answered.
fn proxying(in_response: impl FnOnce(&mut GuestFixture) -> Vec<Vec<u8>>) -> GuestFixture {
    let mut guest = guest(&[(Op::Limit, ANSWER, 0, PER_IP, "k", "", 1)], &["bool"]);
    let proxy = guest.proxy(0, "/", (0, 0), (0, 0));
    let next = Next {
        slots: 5,
        wanted: Event::ResponseHead.bit() | Event::Failed.bit(),
        continuation: b"response",
    };
    guest.output(Event::Results, &[proxy], next);
    let effects = in_response(&mut guest);
    guest.output(Event::ResponseHead, &effects, Next::default());
    guest
}

fn put_and_pass(guest: &mut GuestFixture) -> Vec<Vec<u8>> {
    vec![
        guest.state((Op::Put, 0), 0, ITEMS, ("k", "new", 0)),
        guest.state((Op::Limit, 0), 0, CLOSED, ("k", "", 1)),
        guest.state((Op::Purge, 0), 0, 0, ("tag", "", 0)),
        effect(Op::Pass, 0, &[2, 0, 0, 0]),
    ]
}

#[test]
fn a_response_phase_writes_before_the_answer_goes_out() {
    let guest = proxying(put_and_pass);
    let memory = remembering(&guest);
    let origin = Played::with([ok(200, "fine")]);
    let seen = ask(&worker_with(&guest, &memory), &origin, get("/"));
    assert_eq!(
        (seen.status, seen.body.as_str(), seen.fault()),
        (200, "fine", "")
    );
    assert_eq!(memory.value("items", "k").as_deref(), Some(&b"new"[..]));
    assert_eq!(seen.record.purged.len(), 1);
    assert_eq!(
        seen.header("ratelimit-policy"),
        Some("\"per_ip\";q=3;w=60, \"closed\";q=1;w=60"),
        "also on an origin's answer"
    );
}

#[test]
fn an_answer_whose_write_fails_does_not_go_out() {
    let guest = proxying(put_and_pass);
    let memory = remembering(&guest);
    memory.fail(StateKind::Store, "items", true);
    let origin = Played::with([ok(200, "fine")]);
    let seen = ask(&worker_with(&guest, &memory), &origin, get("/"));
    assert_eq!(
        (seen.status, seen.body.as_str()),
        (503, "503 Service Unavailable\n")
    );
    assert!(
        seen.fault().contains("could not be written"),
        "{}",
        seen.fault()
    );
    assert!(
        seen.record.purged.is_empty(),
        "nothing that follows is done"
    );
    assert_eq!(seen.header("retry-after"), None);
}

#[test]
fn a_response_phase_does_not_wait() {
    let asking =
        |guest: &mut GuestFixture| vec![guest.state((Op::Limit, ANSWER), 0, PER_IP, ("k", "", 1))];
    let mut guest = proxying(asking);
    let again = asking(&mut guest);
    let next = Next {
        slots: 5,
        wanted: Event::Results.bit(),
        continuation: b"",
    };
    guest.output(Event::ResponseHead, &again, next);
    let memory = remembering(&guest);
    let origin = Played::with([ok(200, "fine")]);
    let seen = ask(&worker_with(&guest, &memory), &origin, get("/"));
    assert_eq!(seen.fault(), "the policy waits in its response phase");
}

#[test]
fn a_policy_writes_when_no_origin_answers() {
    for fails in [false, true] {
        let mut guest = proxying(|_| vec![effect(Op::Pass, 0, &[2, 0, 0, 0])]);
        let put = guest.state((Op::Put, 0), 0, ITEMS, ("down", "1", 0));
        let respond = guest.respond(0, 200, (0, 0), b"sorry");
        guest.output(Event::Failed, &[put, respond], Next::default());
        let memory = remembering(&guest);
        memory.fail(StateKind::Store, "items", fails);
        let origin = Played::with([connect_failure()]);
        let seen = ask(&worker_with(&guest, &memory), &origin, get("/"));
        assert_eq!(seen.status, if fails { 503 } else { 200 });
        assert_eq!(memory.value("items", "down").is_some(), !fails);
    }
}

#[test]
fn a_scan_ordered_beside_a_limit_holds_for_what_follows() {
    for body in ["good", "so evil!"] {
        let mut guest = GuestFixture::remembering();
        let limit = guest.state((Op::Limit, ANSWER), 0, PER_IP, ("k", "", 1));
        let scan = guest.scan(Lane::Request, 100, OverLimit::Block);
        guest.asking(&[scan, limit], &["bool"]);
        let proxy = guest.proxy(0, "/", (0, 0), (0, 0));
        guest.output(Event::Results, &[proxy], Next::default());
        let denied = guest.respond(1, 403, (0, 0), b"no");
        let long = guest.respond(1, 413, (0, 0), b"");
        guest.scanning(Lane::Request, (denied, Next::default()), long);
        let origin = Played::with([ok(200, "fine")]);
        let worker = worker_with(&guest, &remembering(&guest));
        let seen = ask(&worker, &origin, post(full(body)));
        let expected = if body == "good" { 200 } else { 403 };
        assert_eq!((seen.status, seen.fault()), (expected, ""));
    }
}

#[test]
fn a_body_and_a_limit_can_be_asked_for_in_one_output() {
    let mut guest = GuestFixture::remembering();
    let body = effect(Op::Body, ANSWER, &[5, 0]);
    let limit = guest.state((Op::Limit, ANSWER | 2), 0, CLOSED, ("k", "", 1));
    guest.asking(&[body, limit], &["bool"]);
    let worker = worker_with(&guest, &remembering(&guest));
    let send = |body: &'static str| ask(&worker, &Played::default(), post(full(body))).body;
    assert_eq!(send("too long"), "\u{6}\u{7}");
    assert_eq!(send("hello"), "\0\0\u{1}");
    assert_eq!(send("hello"), "\0\u{2}\0");
}

#[test]
fn the_calls_of_a_scan_know_what_was_answered() {
    let mut guest = guest(&[LIMIT], &["bool"]);
    let sets = guest.manifest["slot_sets"].as_array_mut().unwrap();
    let answer = serde_json::json!({"fact": "answer", "ask": 0, "kind": "bool"});
    sets[4] = serde_json::json!([{"fact": "response.chunk"}, answer]);
    let respond = guest.respond(0, 200, (0, 0), b"text");
    let next = Next {
        slots: 5,
        wanted: Event::ResponseHead.bit(),
        continuation: b"response",
    };
    guest.output(Event::Results, &[respond], next);
    let scan = guest.scan(Lane::Response, 100, OverLimit::Block);
    let pass = effect(Op::Pass, 0, &[2, 0, 0, 0]);
    guest.output(Event::ResponseHead, &[scan, pass], Next::default());
    // The first request may go on: its scan finds a 1. The second finds a 0, and traps.
    let hit = guest.respond(1, 403, (0, 0), b"");
    guest.scanning(Lane::Response, (hit.clone(), Next::default()), hit);
    let input = crate::fixture::INPUT;
    guest.prologue.insert_str(0, &format!(
        "(if (i32.eq (i32.load16_u (i32.const {event})) (i32.const 5)) (then
           (if (i32.eqz (i32.load8_u (i32.add (i32.const {input}) (i32.load (i32.const {slot}))))) (then unreachable))))",
        event = input + 6,
        slot = input + 48 + 8,
    ));
    let worker = worker_with(&guest, &remembering(&guest));
    let seen = asked(&worker);
    assert_eq!((seen.status, seen.body.as_str()), (200, "text"));
    let seen = asked(&worker);
    assert_eq!(seen.status, 500, "{}", seen.fault());
}
