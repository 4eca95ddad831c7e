//! Scans of the response's body.

use edge_abi::output::edit;
use edge_abi::output::scan::{Lane, OverLimit};
use http_body::Body as _;

use super::request_scans::shown;
use super::sent::frames;
use super::*;
use crate::fixture::{Next, effect};

const TO_RESPONSE: Next<'static> = Next {
    slots: 2,
    wanted: 1 << 3,
    continuation: b"",
};

/// Proxies, then passes with a scan; `evil!` is replaced.
fn passing(limit: u32, over: OverLimit, after_hit: Next<'_>) -> GuestFixture {
    let mut guest = GuestFixture::new();
    let hit = guest.respond(1, 451, (0, 0), b"gone");
    let too_long = guest.respond(0, 502, (0, 0), b"too long");
    guest.scanning(Lane::Response, (hit, after_hit), too_long);
    let known = guest.edits(&[(edit::Op::Set, "x-known", b"1")]);
    let proxy = guest.proxy(0, "/", (0, 0), known);
    guest.output(Event::Start, &[proxy], TO_RESPONSE);
    let late = guest.edits(&[(edit::Op::Set, "x-late", b"1")]);
    let scan = guest.scan(Lane::Response, limit, over);
    let pass = effect(Op::Pass, 0, &[2, 0, late.0, late.1]);
    guest.output(Event::ResponseHead, &[scan, pass], Next::default());
    guest
}

fn answer(body: Body) -> Result<Response<Body>, TryError> {
    Ok(Response::new(body))
}

fn take(guest: &GuestFixture, body: Body) -> Seen {
    let origins = Played::with([answer(body)]);
    ask(&worker(guest.policy()), &origins, get("/"))
}

/// What the client gets of an answer that is cut, and the record at its end.
fn cut(guest: &GuestFixture, body: Body) -> (String, String, Record) {
    let origins = Played::with([answer(body)]);
    let worker = worker(guest.policy());
    let mut answer = finish(handle(&worker, &origins, get("/"), client()));
    assert_eq!(answer.response.status(), 200);
    let mut got = String::new();
    let body = answer.response.body_mut();
    let error = loop {
        match finish(body.frame()).ok_or("the body looks whole").unwrap() {
            Ok(frame) => got.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap()),
            Err(error) => break error.to_string(),
        }
    };
    assert!(!body.is_end_stream());
    answer.scans.settle(&mut answer.record);
    (got, error, answer.record)
}

#[test]
fn a_clean_answer_goes_on_as_it_is() {
    let guest = passing(100, OverLimit::Block, Next::default());
    for (sized, expected) in [(true, &[2, -2][..]), (false, &[2, 2, 0])] {
        let seen = take(&guest, frames(&["ab", "cd"], sized));
        assert_eq!((seen.status, seen.body.as_str()), (200, "abcd"));
        assert_eq!(seen.header("x-late"), Some("1"));
        assert_eq!(shown(&seen), expected);
    }
}

#[test]
fn a_hit_in_the_first_piece_replaces_the_answer() {
    let guest = passing(100, OverLimit::Block, Next::default());
    let seen = take(&guest, frames(&["x evil!", "cd"], false));
    assert_eq!((seen.status, seen.body.as_str()), (451, "gone"));
    assert_eq!(seen.header("x-edge-rule"), Some("require.login"));
    assert_eq!(seen.header("x-known"), Some("1"));
    assert_eq!(
        seen.header("x-late"),
        None,
        "nothing of the other answer stays"
    );
    assert_eq!(seen.record.rule_name(), Some("require.login"));
}

#[test]
fn a_later_hit_cuts_the_connection() {
    let guest = passing(100, OverLimit::Block, Next::default());
    let (got, error, record) = cut(&guest, frames(&["good e", "vil!", "more"], false));
    assert_eq!(got, "good e");
    assert_eq!(error, "the policy refused the response's body");
    assert_eq!(record.rule_name(), Some("require.login"));
}

#[test]
fn a_policy_that_fails_on_a_piece_lets_nothing_through() {
    let guest = passing(100, OverLimit::Block, Next::default());
    let seen = take(&guest, frames(&["a~", "b"], false));
    assert_eq!(seen.status, 500);
    assert!(seen.fault().contains("trapped"), "{}", seen.fault());
    let (got, _, record) = cut(&guest, frames(&["a", "b^", "c"], false));
    assert_eq!(got, "a");
    assert!(record.fault.unwrap().contains("no output record"));
}

#[test]
fn an_answer_that_replaces_may_want_the_response_phase() {
    // The one that replaces is scanned too: it has no evil in it.
    let guest = passing(100, OverLimit::Block, TO_RESPONSE);
    let seen = take(&guest, full("evil!"));
    assert_eq!((seen.status, seen.body.as_str()), (451, "gone"));
    assert_eq!(seen.header("x-late"), Some("1"));
    assert_eq!(shown(&seen), [-4]);
}

#[test]
fn answers_that_are_replaced_without_end_are_500() {
    let mut guest = GuestFixture::new();
    let hit = guest.respond(1, 451, (0, 0), b"evil!");
    let over = guest.respond(0, 502, (0, 0), b"");
    guest.scanning(Lane::Response, (hit, TO_RESPONSE), over);
    let proxy = guest.proxy(0, "/", (0, 0), (0, 0));
    guest.output(Event::Start, &[proxy], TO_RESPONSE);
    let scan = guest.scan(Lane::Response, 100, OverLimit::Block);
    let pass = effect(Op::Pass, 0, &[2, 0, 0, 0]);
    guest.output(Event::ResponseHead, &[scan, pass], Next::default());
    assert_eq!(take(&guest, full("evil!")).status, 500);
}

#[test]
fn an_answer_without_content_has_no_scan() {
    let guest = passing(100, OverLimit::Block, Next::default());
    let bodiless = [
        (get("/"), 204, empty()),
        (get("/"), 304, full("evil!")),
        (get("/"), 205, full("evil!")),
        (get("/"), 200, empty()),
        (get("/"), 200, frames(&[""], false)),
    ];
    let mut head = get("/");
    *head.method_mut() = http::Method::HEAD;
    for (request, status, body) in bodiless.into_iter().chain([(head, 200, full("evil!"))]) {
        let mut response = Response::new(body);
        *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
        let origins = Played::with([Ok(response)]);
        let worker = worker(guest.policy());
        let mut answer = finish(handle(&worker, &origins, request, client()));
        assert_eq!(answer.response.status(), status);
        answer.scans.settle(&mut answer.record);
        assert!(answer.record.findings.logs.is_empty());
    }
}

#[test]
fn an_answer_over_the_limit_is_blocked_let_go_on_or_shown_in_part() {
    let of = |over, sized| {
        let seen = take(
            &passing(4, over, Next::default()),
            frames(&["abcdef", "evil!"], sized),
        );
        (seen.status, shown(&seen))
    };
    assert_eq!(of(OverLimit::Block, true), (502, vec![]));
    assert_eq!(of(OverLimit::Pass, true), (200, vec![]));
    assert_eq!(of(OverLimit::Pass, false), (200, vec![4]));
    assert_eq!(of(OverLimit::Truncate, true), (200, vec![4]));
    let guest = passing(4, OverLimit::Block, Next::default());
    let (got, ..) = cut(&guest, frames(&["abcdef", "more"], false));
    assert_eq!(got, "abcd", "the head is gone when the limit is reached");
}

#[test]
fn an_origin_that_breaks_before_its_first_piece_is_502() {
    struct Broken;
    impl http_body::Body for Broken {
        type Data = Bytes;
        type Error = crate::upstream::BoxError;

        fn poll_frame(
            self: std::pin::Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
            Poll::Ready(Some(Err("reset".into())))
        }
    }
    let guest = passing(100, OverLimit::Block, Next::default());
    let seen = take(&guest, boxed(Broken));
    assert_eq!(seen.status, 502);
    assert_eq!(seen.fault(), "the origin broke off: reset");
}

#[test]
fn the_policys_own_answers_are_scanned_too() {
    let mut guest = passing(100, OverLimit::Block, Next::default());
    let respond = guest.respond(0, 200, (0, 0), b"an evil! answer");
    guest.output(Event::Start, &[respond], TO_RESPONSE);
    assert_eq!(ask_guest(&guest, get("/")).status, 451);
}

/// An origin that answers at once, with the request's body as it comes.
#[derive(Clone)]
struct Echo;

impl Upstream for Echo {
    async fn send(
        &self,
        _: u32,
        request: Request<Body>,
        _: Try,
    ) -> Result<Response<Body>, TryError> {
        Ok(Response::new(request.into_body()))
    }
}

/// Scans both bodies: a word in the request's is denied, the response's is only looked at.
fn both() -> GuestFixture {
    let mut guest = passing(100, OverLimit::Block, Next::default());
    let denied = guest.respond(1, 403, (0, 0), b"no");
    let over = guest.respond(0, 413, (0, 0), b"");
    guest.scanning(Lane::Request, (denied, Next::default()), over);
    let scan = guest.scan(Lane::Request, 100, OverLimit::Block);
    let proxy = guest.proxy(0, "/", (0, 0), (0, 0));
    guest.output(Event::Start, &[scan, proxy], TO_RESPONSE);
    guest
}

fn post(pieces: &[&str]) -> Request<Body> {
    let request = Request::post("/").header("host", "a");
    request.body(frames(pieces, false)).unwrap()
}

#[test]
fn while_the_response_waits_for_its_first_piece_the_request_can_be_denied() {
    let seen = ask(&worker(both().policy()), &Echo, post(&["so evil!"]));
    assert_eq!((seen.status, seen.body.as_str()), (403, "no"));
    assert_eq!((seen.record.origin, seen.fault()), (None, ""));
    assert_eq!(seen.record.rule_name(), Some("require.login"));
}

#[test]
fn a_request_that_is_denied_after_its_answer_has_begun_cuts_it() {
    let worker = worker(both().policy());
    let mut answer = finish(handle(&worker, &Echo, post(&["fine ", "evil!"]), client()));
    let (body, mut got) = (answer.response.body_mut(), Vec::new());
    let error = loop {
        match finish(body.frame()).ok_or("the body looks whole").unwrap() {
            Ok(frame) => got.extend_from_slice(frame.data_ref().unwrap()),
            Err(error) => break error.to_string(),
        }
    };
    assert_eq!(got, b"fine ");
    assert_eq!(error, "the policy refused the request's body");
    assert!(answer.scans.settle(&mut answer.record));
    assert_eq!(answer.record.rule_name(), Some("require.login"));
    assert_eq!(answer.record.origin_name(), Some("shop"));
}
