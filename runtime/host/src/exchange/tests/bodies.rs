//! Policies that read the request's body first.

use edge_abi::output::effect::ANSWER;
use http_body::Frame;
use std::pin::Pin;

use super::sent::{frames, post};
use super::*;
use crate::fixture::{Next, effect};

const CONTINUATION: &[u8] = b"tagtagtag123 here";

/// Reads up to `limit` bytes, then proxies, with the body's first bytes checked by an echo in the path's place.
fn reading(limit: u32) -> GuestFixture {
    let mut guest = GuestFixture::new();
    let wait = effect(Op::Body, ANSWER, &[limit, 0]);
    guest.output(
        Event::Start,
        &[wait],
        Next {
            slots: 1,
            wanted: Event::Results.bit(),
            continuation: CONTINUATION,
        },
    );
    guest
}

/// After the wait, answers with the body; the result's status and the continuation are checked in WAT.
fn echoing(limit: u32, expected_status: u32) -> GuestFixture {
    let mut guest = reading(limit);
    let respond = guest.respond(0, 200, (0, 0), b"");
    let segments = u32::from_le_bytes(respond[32..36].try_into().unwrap());
    guest.output(Event::Results, &[respond], Next::default());
    guest.slot_at(segments + 8, 0);
    guest.prologue = format!(
        r#"(if (i32.eq (i32.load16_u (i32.const {event})) (i32.const 2)) (then
             (if (i32.ne (i32.load16_u (i32.const {status})) (i32.const {expected_status})) (then unreachable))
             (if (i32.ne (i32.load16_u (i32.const {op})) (i32.const 22)) (then unreachable))
             (if (i32.ne (i32.load (i32.const {length})) (i32.const {})) (then unreachable))
             (if (i64.ne (i64.load (i32.add (i32.const {input}) (i32.load (i32.const {continuation})))) (i64.const {})) (then unreachable))))"#,
        CONTINUATION.len(),
        i64::from_le_bytes(CONTINUATION[..8].try_into().unwrap()),
        input = crate::fixture::INPUT,
        event = crate::fixture::INPUT + 6,
        status = crate::fixture::INPUT + 48 + 16,
        op = crate::fixture::INPUT + 48 + 16 + 2,
        continuation = crate::fixture::INPUT + 40,
        length = crate::fixture::INPUT + 44,
    );
    guest
}

#[test]
fn the_body_is_a_fact_once_it_is_read() {
    for (body, expected) in [
        (full("hello"), "hello"),
        (frames(&["he", "", "llo"], false), "hello"),
        (empty(), ""),
    ] {
        let seen = ask_guest(&echoing(5, 0), post(body));
        assert_eq!(
            (seen.status, seen.body.as_str(), seen.fault()),
            (200, expected, "")
        );
    }
}

#[test]
fn a_body_over_the_limit_is_no_fact() {
    for body in [full("hello!"), frames(&["hello", "!"], false)] {
        let mut guest = echoing(5, 6);
        guest.prologue.push_str(&format!(
            "(if (i32.eq (i32.load16_u (i32.const {})) (i32.const 2)) (then (if (i32.load (i32.const {})) (then unreachable))))",
            crate::fixture::INPUT + 6,
            crate::fixture::INPUT + 48,
        ));
        let seen = ask_guest(&guest, post(body));
        assert_eq!((seen.status, seen.fault()), (200, ""));
    }
}

#[test]
fn the_origin_gets_the_body_that_was_read() {
    for limit in [100, 3] {
        let mut guest = reading(limit);
        let proxy = guest.proxy(0, "/", (0, 0), (0, 0));
        guest.output(Event::Results, &[proxy], Next::default());
        let origins = Played::with([ok(200, "")]);
        let seen = ask(
            &worker(guest.policy()),
            &origins,
            post(frames(&["he", "llo", " you"], false)),
        );
        assert_eq!((seen.status, seen.fault()), (200, ""));
        assert_eq!(
            origins.got.borrow()[0].1.body(),
            "hello you",
            "limit {limit}"
        );
    }
}

#[test]
fn a_body_that_was_read_can_be_sent_again() {
    let mut guest = reading(100);
    guest.manifest["proxies"] = serde_json::json!([{"retry": {"times": 1, "on": ["reset"]}}]);
    let proxy = guest.proxy(0, "/", (0, 0), (0, 0));
    guest.output(Event::Results, &[proxy], Next::default());
    let origins = Played::with([Err(TryError::Reset("x".into())), ok(200, "")]);
    let request = Request::put("/")
        .header("host", "a")
        .header("transfer-encoding", "chunked")
        .body(frames(&["a", "b"], false))
        .unwrap();
    assert_eq!(ask(&worker(guest.policy()), &origins, request).status, 200);
    let got = origins.got.borrow();
    assert_eq!(
        (got[0].1.body(), got[1].1.body()),
        (&Bytes::from("ab"), &Bytes::from("ab"))
    );
    assert_eq!(got[1].1.headers()["content-length"], "2");
}

#[test]
fn a_body_that_does_not_fit_into_an_input_is_413() {
    let length = crate::fixture::LIMIT as usize + 1;
    let mut guest = GuestFixture::new();
    guest.manifest["limits"]["body"] = serde_json::json!(1 << 20);
    let wait = effect(Op::Body, ANSWER, &[1 << 20, 0]);
    guest.output(
        Event::Start,
        &[wait],
        Next {
            slots: 1,
            wanted: Event::Results.bit(),
            continuation: CONTINUATION,
        },
    );
    assert_eq!(ask_guest(&guest, post(full(vec![0; length]))).status, 413);
}

#[test]
fn a_guest_that_waits_for_ever_is_stopped() {
    let mut guest = reading(5);
    let wait = effect(Op::Body, ANSWER, &[5, 0]);
    guest.output(
        Event::Results,
        &[wait],
        Next {
            slots: 1,
            wanted: Event::Results.bit(),
            continuation: CONTINUATION,
        },
    );
    let seen = ask_guest(&guest, post(full("hello")));
    assert_eq!(
        (seen.status, seen.fault()),
        (500, "the policy waits without end")
    );
}

/// A body that breaks after its first piece, as one does whose client leaves.
struct Breaking(Option<&'static str>);

impl http_body::Body for Breaking {
    type Data = Bytes;
    type Error = crate::upstream::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(Some(match self.0.take() {
            Some(piece) => Ok(Frame::data(Bytes::from_static(piece.as_bytes()))),
            None => Err("the stream ended early".into()),
        }))
    }
}

#[test]
fn half_a_body_is_no_fact() {
    let seen = ask_guest(&echoing(100, 0), post(boxed(Breaking(Some("he")))));
    assert_eq!(
        (seen.status, seen.fault(), seen.header("connection")),
        (
            400,
            "the request's body is broken: the stream ended early",
            Some("close")
        )
    );
}
