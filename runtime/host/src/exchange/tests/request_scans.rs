//! Scans of the request's body.

use edge_abi::output::effect::ANSWER;
use edge_abi::output::scan::{Lane, OverLimit};
use http_body::Frame;
use std::pin::Pin;

use super::sent::{frames, post};
use super::*;
use crate::fixture::{Next, effect};

const PIECE: usize = 16 << 10;

/// Proxies with a scan; `evil!` is denied.
pub(super) fn proxying(limit: u32, over: OverLimit) -> GuestFixture {
    let mut guest = GuestFixture::new();
    answering_pieces(&mut guest, Next::default());
    let scan = guest.scan(Lane::Request, limit, over);
    let proxy = guest.proxy(0, "/", (0, 0), (0, 0));
    guest.output(Event::Start, &[scan, proxy], Next::default());
    guest
}

fn answering_pieces(guest: &mut GuestFixture, next: Next<'_>) {
    let hit = guest.respond(1, 403, (0, 0), b"no");
    let over = guest.respond(0, 413, (0, 0), b"too much");
    guest.scanning(Lane::Request, (hit, next), over);
}

/// The lengths of the pieces that were shown; negative: the last.
pub(super) fn shown(seen: &Seen) -> Vec<i64> {
    let length = |line: &LogLine| match line.place {
        0 => line.text.len() as i64,
        _ => -(line.text.len() as i64),
    };
    seen.record.findings.logs.iter().map(length).collect()
}

pub(super) fn send(guest: &GuestFixture, body: Body) -> (Seen, Played) {
    let origins = Played::with([ok(200, "fine")]);
    let seen = ask(&worker(guest.policy()), &origins, post(body));
    (seen, origins)
}

#[test]
fn a_clean_body_arrives_as_it_was_and_is_shown_in_pieces() {
    let long = vec![b'a'; 2 * PIECE + 7];
    let whole = [&long[..], b"bc"].concat();
    for (sized, expected) in [
        (true, &[16_384, 16_384, 7, -2][..]),
        (false, &[16_384, 16_384, 7, 2, 0]),
    ] {
        let body = frames(&[&long[..], b"", b"bc"], sized);
        let (seen, origins) = send(&proxying(1 << 20, OverLimit::Block), body);
        assert_eq!((seen.status, seen.fault()), (200, ""));
        assert_eq!(origins.got.borrow()[0].1.body(), &whole);
        assert_eq!(shown(&seen), expected);
        let last = seen.record.findings.logs.last().unwrap();
        assert_eq!(last.place, 1, "the last piece is said to be the last");
    }
}

#[test]
fn a_hit_denies_wherever_the_pieces_are_cut() {
    for pieces in [
        &["evil!"][..],
        &["so e", "vil!", " more"],
        &["e", "v", "i", "l", "!"],
    ] {
        for sized in [true, false] {
            let (seen, origins) = send(&proxying(100, OverLimit::Block), frames(pieces, sized));
            assert_eq!((seen.status, seen.body.as_str()), (403, "no"));
            assert_eq!(seen.header("x-edge-rule"), Some("require.login"));
            assert_eq!(seen.record.rule_name(), Some("require.login"));
            assert_eq!((seen.record.origin, seen.fault()), (None, ""));
            assert!(seen.record.failure.is_none(), "no origin has failed");
            assert!(origins.got.borrow().is_empty(), "no origin sees the end");
        }
    }
}

#[test]
fn a_word_across_the_cut_of_a_long_frame_is_seen() {
    for before in PIECE - 5..=PIECE {
        let body = [&vec![b'a'; before][..], b"evil!", b"rest"].concat();
        let (seen, _) = send(&proxying(1 << 20, OverLimit::Block), full(body));
        assert_eq!(seen.status, 403, "{before}");
    }
}

#[test]
fn without_a_body_there_is_no_scan() {
    for body in [empty(), frames(&[""], false)] {
        let (seen, origins) = send(&proxying(100, OverLimit::Block), body);
        assert_eq!((seen.status, shown(&seen).len()), (200, 0));
        assert_eq!(origins.asked(), [0]);
    }
}

/// Reads the body with a scan, then proxies, with another one.
fn reading(limit: u32, scans: [bool; 2]) -> GuestFixture {
    let mut guest = GuestFixture::new();
    answering_pieces(&mut guest, Next::default());
    let mut first = vec![effect(Op::Body, ANSWER, &[limit, 0])];
    let mut second = vec![guest.proxy(0, "/", (0, 0), (0, 0))];
    for (effects, scanned) in [(&mut first, scans[0]), (&mut second, scans[1])] {
        if scanned {
            effects.insert(0, guest.scan(Lane::Request, 1000, OverLimit::Block));
        }
    }
    let next = Next {
        slots: 1,
        wanted: Event::Results.bit(),
        continuation: b"",
    };
    guest.output(Event::Start, &first, next);
    guest.output(Event::Results, &second, Next::default());
    guest
}

#[test]
fn a_body_that_is_read_and_sent_on_is_shown_once() {
    let pieces = &["ab", "cd", "ef"];
    for (limit, scans, expected) in [
        (100, [true, true], &[2, 2, 2, 0][..]),
        (100, [true, false], &[2, 2, 2, 0]),
        // It is whole then.
        (100, [false, true], &[-6]),
        // It is too long to be read, and streams.
        (3, [true, true], &[2, 2, 2, 0]),
        (3, [true, false], &[2, 2, 2, 0]),
        (3, [false, true], &[2, 2, 2, 0]),
    ] {
        let (seen, origins) = send(&reading(limit, scans), frames(pieces, false));
        assert_eq!((seen.status, seen.fault()), (200, ""));
        assert_eq!(shown(&seen), expected, "{limit} {scans:?}");
        assert_eq!(origins.got.borrow()[0].1.body(), "abcdef");
    }
}

#[test]
fn a_hit_denies_also_where_the_body_is_read() {
    for (limit, scans) in [
        (100, [true, false]),
        (100, [false, true]),
        (3, [true, false]),
        (3, [false, true]),
    ] {
        let (seen, origins) = send(&reading(limit, scans), frames(&["ev", "il", "!"], false));
        assert_eq!((seen.status, seen.fault()), (403, ""), "{limit} {scans:?}");
        assert!(origins.got.borrow().is_empty());
    }
}

#[test]
fn a_refused_connection_shows_nothing_twice() {
    for sized in [true, false] {
        let mut guest = proxying(100, OverLimit::Block);
        guest.manifest["proxies"] = serde_json::json!([{"retry": {"times": 2, "on": ["connect"]}}]);
        let origins = Played::with([connect_failure(), connect_failure(), ok(200, "")]);
        let body = frames(&["ab", "cd"], sized);
        let seen = ask(&worker(guest.policy()), &origins, post(body));
        assert_eq!((seen.status, seen.record.tries), (200, 3));
        assert_eq!(shown(&seen)[..1], [2]);
        let expected = if sized { 2 } else { 3 };
        assert_eq!(shown(&seen).len(), expected);
    }
}

#[test]
fn a_refused_body_is_not_sent_again() {
    let mut guest = proxying(100, OverLimit::Block);
    guest.manifest["proxies"] = serde_json::json!([{
        "retry": {"times": 2, "on": ["reset"]}, "fallback": {"target": 1, "on": ["reset"]}}]);
    let origins = Played::with([ok(200, ""), ok(200, ""), ok(200, "")]);
    let request = Request::put("/").header("host", "a");
    let request = request.body(frames(&["evil!"], true)).unwrap();
    let seen = ask(&worker(guest.policy()), &origins, request);
    assert_eq!((seen.status, seen.record.tries), (403, 1));
}

#[test]
fn a_policy_that_fails_on_a_piece_lets_nothing_through() {
    for (piece, reason) in [("a ~", "trapped"), ("a ^", "no output record")] {
        for sized in [true, false] {
            let guest = proxying(100, OverLimit::Truncate);
            let worker = worker(guest.policy());
            let origins = Played::with([ok(200, ""), ok(200, "")]);
            let seen = ask(&worker, &origins, post(frames(&["ok", piece], sized)));
            assert_eq!(seen.status, 500);
            assert!(seen.fault().contains(reason), "{}", seen.fault());
            assert!(origins.got.borrow().is_empty());
            let seen = ask(&worker, &origins, post(frames(&["ok"], sized)));
            assert_eq!(seen.status, 200, "the instance is a new one");
        }
    }
}

#[test]
fn an_answer_of_another_lane_lets_nothing_through() {
    let mut guest = proxying(100, OverLimit::Block);
    let other = effect(Op::Scan, 0, &[1, 0, 0, 0, 0, 0]);
    guest.output(Event::RequestChunk, &[other], Next::default());
    let (seen, origins) = send(&guest, full("abc"));
    assert_eq!(seen.status, 500);
    assert!(origins.got.borrow().is_empty());
}

#[test]
fn the_answer_to_a_piece_may_want_the_response_phase() {
    let mut guest = GuestFixture::new();
    let next = Next {
        slots: 2,
        wanted: Event::ResponseHead.bit(),
        continuation: b"",
    };
    answering_pieces(&mut guest, next);
    let known = guest.edits(&[(edge_abi::output::edit::Op::Set, "x-known", b"1")]);
    let scan = guest.scan(Lane::Request, 100, OverLimit::Block);
    let proxy = guest.proxy(0, "/", (0, 0), known);
    guest.output(Event::Start, &[scan, proxy], Next::default());
    let late = guest.edits(&[(edge_abi::output::edit::Op::Set, "x-late", b"1")]);
    let pass = effect(Op::Pass, 0, &[2, 0, late.0, late.1]);
    guest.output(Event::ResponseHead, &[pass], Next::default());
    let (seen, _) = send(&guest, full("evil!"));
    assert_eq!((seen.status, seen.fault()), (403, ""));
    assert_eq!(seen.header("x-late"), Some("1"));
    assert_eq!(seen.header("x-known"), None, "it has no edits but its own");
    assert_eq!(seen.record.rule_name(), Some("require.login"));
}

#[test]
fn the_pieces_do_not_count_as_calls_and_their_lines_are_bounded() {
    let pieces = vec!["a"; 1000];
    let (seen, origins) = send(&proxying(1 << 20, OverLimit::Block), frames(&pieces, false));
    assert_eq!((seen.status, seen.fault()), (200, ""));
    assert_eq!(origins.got.borrow()[0].1.body().len(), 1000);
    assert_eq!(seen.record.findings.logs.len(), 256);
}

#[test]
fn the_calls_of_a_scan_know_the_requests_header() {
    let mut guest = proxying(100, OverLimit::Block);
    // The word is looked for in a field instead.
    guest.manifest["slot_sets"][3][0] =
        serde_json::json!({"fact": "request.header", "name": "x-in"});
    let origins = Played::with([ok(200, "")]);
    let request = Request::post("/")
        .header("host", "a")
        .header("x-in", "evil!");
    let request = request.body(full("innocent")).unwrap();
    assert_eq!(ask(&worker(guest.policy()), &origins, request).status, 403);
}

#[test]
fn a_broken_body_is_still_the_clients_fault() {
    struct Breaking(bool);
    impl http_body::Body for Breaking {
        type Data = Bytes;
        type Error = crate::upstream::BoxError;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            Poll::Ready(Some(match std::mem::replace(&mut self.0, true) {
                false => Ok(Frame::data(Bytes::from_static(b"half"))),
                true => Err("the stream ended early".into()),
            }))
        }
    }
    let (seen, _) = send(&proxying(100, OverLimit::Block), boxed(Breaking(false)));
    assert_eq!(seen.status, 400);
    assert_eq!(shown(&seen), [4], "what is broken has no last piece");
}
