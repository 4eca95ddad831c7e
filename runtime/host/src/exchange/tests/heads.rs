//! Requests that the host judges before the policy, and answers of the policy alone.

use edge_abi::output::edit;

use super::*;
use crate::fixture::Next;

fn hello() -> GuestFixture {
    let mut guest = GuestFixture::new();
    let edits = guest.edits(&[
        (edit::Op::Set, "x-a", b"1"),
        (edit::Op::Add, "x-a", b"2"),
        (edit::Op::Set, "content-type", b"text/html"),
    ]);
    let respond = guest.respond(0, 200, edits, b"hello");
    guest.output(Event::Start, &[respond], Next::default());
    guest
}

#[test]
fn the_policy_answers() {
    let seen = ask_guest(&hello(), get("/"));
    assert_eq!((seen.status, seen.body.as_str()), (200, "hello"));
    assert_eq!(seen.header("content-length"), Some("5"));
    assert_eq!(
        seen.header("content-type"),
        Some("text/html"),
        "an edit overwrites the content type"
    );
    assert_eq!(seen.headers.get_all("x-a").iter().count(), 2);
    assert_eq!(seen.record.rule_name(), Some("route.home"));
    assert_eq!(seen.header("x-edge-rule"), None, "a route denies nothing");
}

#[test]
fn head_has_the_header_of_get_and_no_body() {
    let request = Request::head("/")
        .header("host", "a")
        .body(empty())
        .unwrap();
    let seen = ask_guest(&hello(), request);
    assert_eq!(
        (
            seen.status,
            seen.body.as_str(),
            seen.header("content-length")
        ),
        (200, "", Some("5"))
    );
}

#[test]
fn a_denial_names_its_rule() {
    let mut guest = GuestFixture::new();
    let respond = guest.respond(1, 403, (0, 0), b"no");
    guest.output(Event::Start, &[respond], Next::default());
    assert_eq!(
        ask_guest(&guest, get("/")).header("x-edge-rule"),
        Some("require.login")
    );
}

#[test]
fn no_content_has_neither_body_nor_length() {
    let mut guest = GuestFixture::new();
    let respond = guest.respond(0, 204, (0, 0), b"dropped");
    guest.output(Event::Start, &[respond], Next::default());
    let seen = ask_guest(&guest, get("/"));
    assert_eq!(
        (
            seen.status,
            seen.body.as_str(),
            seen.header("content-length")
        ),
        (204, "", None)
    );
}

#[test]
fn reset_content_has_no_content() {
    let mut guest = GuestFixture::new();
    let respond = guest.respond(0, 205, (0, 0), b"dropped");
    guest.output(Event::Start, &[respond], Next::default());
    let seen = ask_guest(&guest, get("/"));
    assert_eq!(
        (
            seen.status,
            seen.body.as_str(),
            seen.header("content-length")
        ),
        (205, "", Some("0"))
    );
}

#[test]
fn what_is_no_request_for_a_policy_is_answered_by_the_host() {
    let worker = worker(hello().policy());
    let request = |method: &str, uri: &str, hosts: &[&str]| {
        let mut builder = Request::builder().method(method).uri(uri);
        for host in hosts {
            builder = builder.header("host", *host);
        }
        builder.body(empty()).unwrap()
    };
    for (method, uri, hosts, status) in [
        ("CONNECT", "a.example:443", &["a.example:443"][..], 501),
        ("TRACE", "/", &["a"], 405),
        ("OPTIONS", "*", &["a"], 200),
        ("GET", "*", &["a"], 400),
        ("GET", "/", &[], 400),
        ("GET", "/", &["a", "b"], 400),
        ("GET", "/", &[""], 400),
        ("GET", "/", &["a b"], 400),
        ("GET", "/", &["user@a"], 400),
        ("GET", "/", &["a:b"], 400),
        ("GET", "/", &["a:99999"], 400),
        ("GET", "/", &["[::1]:8080"], 200),
        ("GET", "http://a.example", &["a.example"], 200),
        ("GET", "http://a.example?x=1", &["a.example"], 200),
    ] {
        let seen = ask(&worker, &Played::default(), request(method, uri, hosts));
        assert_eq!(seen.status, status, "{method} {uri} {hosts:?}");
        assert_eq!(seen.record.fault.is_some(), status >= 400, "{method} {uri}");
        assert_eq!(
            seen.header("allow").is_some(),
            matches!(method, "TRACE") || (method, uri) == ("OPTIONS", "*")
        );
    }
}

#[test]
fn an_absolute_target_is_taken_apart() {
    let mut guest = GuestFixture::new();
    let respond = guest.respond(0, 200, (0, 0), b"");
    let segments = u32::from_le_bytes(respond[32..36].try_into().unwrap());
    guest.output(Event::Start, &[respond], Next::default());
    guest.slot_at(segments + 8, 1);
    let request = Request::get("http://a.example?x=1")
        .header("host", "other")
        .body(empty())
        .unwrap();
    assert_eq!(ask_guest(&guest, request).body, "/?x=1");
    let request = Request::get("http://a.example/p?q")
        .header("host", "other")
        .body(empty())
        .unwrap();
    assert_eq!(ask_guest(&guest, request).body, "/p?q");
}

#[test]
fn http_1_0_needs_no_host() {
    let mut request = get("/");
    request.headers_mut().clear();
    *request.version_mut() = http::Version::HTTP_10;
    assert_eq!(ask_guest(&hello(), request).status, 200);
}

#[test]
fn a_header_over_the_limit_is_431() {
    let mut guest = hello();
    guest.manifest["slot_sets"][0][0] =
        serde_json::json!({"fact": "request.header", "name": "x-long", "kind": "bytes"});
    let mut request = get("/");
    request.headers_mut().insert(
        "x-long",
        "a".repeat(crate::fixture::LIMIT as usize).parse().unwrap(),
    );
    let worker = worker(guest.policy());
    assert_eq!(ask(&worker, &Played::default(), request).status, 431);
    assert_eq!(ask(&worker, &Played::default(), get("/")).status, 200);
}

#[test]
fn ids_differ_and_logs_and_notes_are_kept() {
    let mut guest = GuestFixture::new();
    let text = guest.place(b"seen");
    let log = crate::fixture::effect(Op::Log, 0, &[1, 0, text.0, text.1]);
    let note = crate::fixture::effect(Op::Note, 0, &[1, 0, 1, 0]);
    let rules = guest.place(&[2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0]);
    let shadow = crate::fixture::effect(Op::Hits, 0, &[1, 0, rules.0, rules.1]);
    let scored = crate::fixture::effect(Op::Hits, 0, &[2, 0, rules.0, 4]);
    let respond = guest.respond(0, 200, (0, 0), b"");
    guest.output(
        Event::Start,
        &[
            log,
            note.clone(),
            note,
            shadow.clone(),
            scored,
            shadow,
            respond,
        ],
        Next::default(),
    );
    let worker = worker(guest.policy());
    let (first, second) = (
        ask(&worker, &Played::default(), get("/")),
        ask(&worker, &Played::default(), get("/")),
    );
    assert_ne!(first.record.id, second.record.id);
    assert_eq!(first.record.id.as_str().len(), 32);
    assert_eq!(
        first.record.findings.logs,
        [LogLine {
            place: 1,
            text: "seen".into()
        }]
    );
    assert_eq!(
        (
            first.record.findings.shadow.as_slice(),
            first.record.findings.scored.as_slice()
        ),
        (&[2, 1][..], &[2][..])
    );
    assert_eq!(
        first.record.findings.exposures,
        [Exposure {
            experiment: 0,
            arm: 1
        }]
    );
    assert_eq!(
        first.record.exposure_names().collect::<Vec<_>>(),
        [("homepage", "redesign")]
    );
}
