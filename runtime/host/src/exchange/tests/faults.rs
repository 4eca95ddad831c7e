//! Policies that do what they may not.

use edge_abi::output::edit;
use proptest::prelude::*;

use super::*;
use crate::engine::EngineOptions;
use crate::fixture::{Next, effect, load_wat};

fn answering(effects: impl FnOnce(&mut GuestFixture) -> Vec<Vec<u8>>) -> GuestFixture {
    let mut guest = GuestFixture::new();
    let effects = effects(&mut guest);
    guest.output(Event::Start, &effects, Next::default());
    guest
}

#[test]
fn a_fault_names_its_place() {
    for (reason, status) in [(1, 400), (2, 500), (3, 500)] {
        let guest = answering(|_| vec![effect(Op::Fault, 0, &[0, 1, reason, 0])]);
        let seen = ask_guest(&guest, get("/"));
        assert_eq!(seen.status, status);
        // That a request's path is no path is no statement's doing.
        let of_a_statement = seen.fault().starts_with("policy.edge:7:9: ");
        assert_eq!(of_a_statement, reason != 1, "{}", seen.fault());
        assert!(
            reason != 1 || !seen.fault().contains("policy.edge"),
            "{}",
            seen.fault()
        );
        assert!(
            !seen.body.contains("policy.edge"),
            "clients learn nothing about the policy"
        );
    }
}

#[test]
fn a_value_with_a_line_break_is_500_and_names_its_place() {
    for value in [&b"a\r\nset-cookie: x"[..], b"a\nb", b"a\0b"] {
        let guest = answering(|guest| {
            let edits = guest.edits(&[(edit::Op::Set, "x-a", value)]);
            vec![guest.respond(0, 200, edits, b"")]
        });
        let seen = ask_guest(&guest, get("/"));
        assert_eq!((seen.status, seen.headers.get("set-cookie")), (500, None));
        assert_eq!(
            seen.fault(),
            "policy.edge:7:9: a value with a control character for the header `x-a`"
        );
    }
}

/// Every byte that a value may hold, in an answer and in a request to an origin.
#[test]
fn no_control_character_leaves_the_host() {
    for byte in 0..=u8::MAX {
        let value = [b'a', byte, b'b'];
        let is_fine = byte == b'\t' || !byte.is_ascii_control();
        let status = if is_fine { 200 } else { 500 };
        let answer = answering(|guest| {
            let edits = guest.edits(&[(edit::Op::Set, "x-a", &value)]);
            vec![guest.respond(0, 200, edits, b"")]
        });
        let seen = ask_guest(&answer, get("/"));
        assert_eq!(seen.status, status, "{byte:#x}");
        assert_eq!(seen.headers.contains_key("x-a"), is_fine, "{byte:#x}");

        let forward = answering(|guest| {
            let edits = guest.edits(&[(edit::Op::Add, "x-a", &value)]);
            vec![guest.proxy(0, "/", edits, (0, 0))]
        });
        let origins = Played::with([ok(200, "")]);
        let seen = ask(&worker(forward.policy()), &origins, get("/"));
        assert_eq!(seen.status, status, "{byte:#x}");
        assert_eq!(origins.asked().is_empty(), !is_fine, "{byte:#x}");
    }
}

#[test]
fn edits_without_end_are_refused() {
    for (effects, status) in [(16, 200), (17, 500)] {
        let guest = answering(|guest| {
            let edits = guest.edits(&[(edit::Op::Add, "x-a", &b"1"[..]); 64]);
            let edits = effect(Op::Edits, 0, &[edits.0, edits.1]);
            let mut all = vec![edits; effects];
            all.push(guest.respond(0, 200, (0, 0), b""));
            all
        });
        assert_eq!(ask_guest(&guest, get("/")).status, status);
    }
}

#[test]
fn framing_is_the_host_s_affair() {
    for name in [
        "content-length",
        "transfer-encoding",
        "connection",
        "host",
        "x-edge-rule",
    ] {
        let guest = answering(|guest| {
            let edits = guest.edits(&[(edit::Op::Set, name, b"1")]);
            vec![guest.respond(0, 200, edits, b"")]
        });
        assert_eq!(ask_guest(&guest, get("/")).status, 500, "{name}");
    }
}

#[test]
fn a_path_that_would_become_something_else_is_refused() {
    for path in ["/a?b", "/a#b", "a", "", "/a b", "/a\r\nb"] {
        let guest = answering(|guest| vec![guest.proxy(0, path, (0, 0), (0, 0))]);
        let seen = ask_guest(&guest, get("/"));
        assert_eq!(seen.status, 500, "{path:?}");
        assert!(
            seen.fault().starts_with("policy.edge:3:5: "),
            "{}",
            seen.fault()
        );
    }
}

#[test]
fn a_trap_is_500_and_the_next_request_is_served() {
    let mut guest = answering(|guest| vec![guest.respond(0, 200, (0, 0), b"fine")]);
    // Traps when the method has six letters, and spoils its memory first.
    guest.prologue = format!(
        "(if (i32.eq (i32.load (i32.const {})) (i32.const 6)) (then (memory.fill (i32.const 0) (i32.const 255) (i32.const 4096)) unreachable))",
        crate::fixture::INPUT + 52
    );
    let worker = worker(guest.policy());
    let request = Request::delete("/")
        .header("host", "a")
        .body(empty())
        .unwrap();
    let seen = ask(&worker, &Played::default(), request);
    assert_eq!(seen.status, 500);
    assert!(seen.fault().contains("trapped"), "{}", seen.fault());
    assert_eq!(ask(&worker, &Played::default(), get("/")).body, "fine");
}

#[test]
fn a_policy_without_end_is_stopped_where_fuel_is_counted() {
    let mut guest = answering(|guest| vec![guest.respond(0, 200, (0, 0), b"fine")]);
    let options = EngineOptions {
        fuel: true,
        ..EngineOptions::default()
    };
    let good = worker(load_wat(&guest.wat(), &options).unwrap());
    for _ in 0..3 {
        assert_eq!(ask(&good, &Played::default(), get("/")).status, 200);
    }
    guest.prologue = "(loop $forever (br $forever))".into();
    let endless = worker(load_wat(&guest.wat(), &options).unwrap());
    let seen = ask(&endless, &Played::default(), get("/"));
    assert_eq!(seen.status, 500);
    assert!(seen.fault().contains("fuel"), "{}", seen.fault());
}

#[test]
fn terminals_out_of_their_phase_are_500() {
    let guest = answering(|_| vec![effect(Op::Pass, 0, &[2, 0, 0, 0])]);
    assert_eq!(ask_guest(&guest, get("/")).status, 500);

    let mut guest = GuestFixture::new();
    let respond = guest.respond(0, 200, (0, 0), b"");
    guest.output(
        Event::Start,
        &[respond],
        Next {
            slots: 2,
            wanted: Event::ResponseHead.bit(),
            continuation: b"",
        },
    );
    let proxy = guest.proxy(0, "/", (0, 0), (0, 0));
    guest.output(Event::ResponseHead, &[proxy], Next::default());
    let seen = ask_guest(&guest, get("/"));
    assert_eq!(
        (seen.status, seen.fault()),
        (500, "the policy asks an origin in its response phase")
    );
}

#[test]
fn an_event_without_an_output_is_500() {
    let seen = ask_guest(&GuestFixture::new(), get("/"));
    assert_eq!(seen.status, 500);
    assert!(seen.fault().contains("output"), "{}", seen.fault());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A guest whose records are damaged anywhere is answered or refused, whatever it asks for.
    #[test]
    fn damaged_guests_get_an_answer(changes in prop::collection::vec((0_usize..4096, any::<u8>()), 1..6)) {
        let mut guest = GuestFixture::new();
        let edits = guest.secret_edit("authorization", b"Bearer ", 0);
        let known = guest.edits(&[(edit::Op::Set, "x-a", b"1")]);
        let proxy = guest.proxy(0, "/up", edits, known);
        let follow = Next { slots: 2, wanted: Event::ResponseHead.bit() | Event::Failed.bit(), continuation: b"tag" };
        guest.output(Event::Start, &[proxy], follow);
        let pass = effect(Op::Pass, 0, &[2, 0, known.0, known.1]);
        guest.output(Event::ResponseHead, &[pass], Next::default());
        let respond = guest.respond(0, 503, known, b"sorry");
        guest.output(Event::Failed, &[respond], Next::default());
        for (at, byte) in changes {
            let at = at % guest.data.len();
            guest.data[at] = byte;
        }
        let origins = Played::with([ok(200, "a"), connect_failure(), ok(200, "b"), ok(200, "c")]);
        let worker = worker(guest.policy());
        for _ in 0..2 {
            let seen = ask(&worker, &origins, get("/"));
            prop_assert!((200..=599).contains(&seen.status));
        }
    }
}
