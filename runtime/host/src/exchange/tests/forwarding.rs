//! What origins get, and which of them are asked.

use edge_abi::output::edit;
use serde_json::json;

use super::*;
use crate::fixture::Next;

fn proxying(target: u32, options: serde_json::Value) -> GuestFixture {
    let mut guest = GuestFixture::new();
    guest.manifest["proxies"] = json!([options]);
    let proxy = guest.proxy(target, "/up", (0, 0), (0, 0));
    guest.output(Event::Start, &[proxy], Next::default());
    guest
}

fn post(body: &'static str) -> Request<Body> {
    Request::post("/")
        .header("host", "www.example")
        .body(full(body))
        .unwrap()
}

#[test]
fn the_origin_gets_a_request_of_its_own() {
    let mut guest = GuestFixture::new();
    let edits = guest.secret_edit("authorization", b"Bearer ", 0);
    let response = guest.edits(&[
        (edit::Op::Set, "x-edge", b"1"),
        (edit::Op::Remove, "x-powered-*", b""),
    ]);
    let proxy = guest.proxy(0, "/v2/a%20b", edits, response);
    guest.output(Event::Start, &[proxy], Next::default());
    let answer = Response::builder()
        .header("connection", "x-hop")
        .header("x-hop", "1")
        .header("x-powered-by", "php")
        .header("x-powered-for", "us")
        .header("set-cookie", "a=1")
        .header("set-cookie", "b=2")
        .body(full("answer"))
        .unwrap();
    let origins = Played::with([Ok(answer)]);
    let request = Request::get("/here?q=1")
        .header("host", "www.example")
        .header("connection", "keep-alive, x-secret")
        .header("x-secret", "1")
        .header("x-forwarded-for", "6.6.6.6")
        .header("forwarded", "for=6.6.6.6")
        .header("te", "trailers")
        .header("expect", "100-continue")
        .header("accept", "text/html")
        .body(empty())
        .unwrap();
    let seen = ask(&worker(guest.policy()), &origins, request);

    assert_eq!((seen.status, seen.body.as_str()), (200, "answer"));
    assert_eq!(
        (
            seen.header("x-hop"),
            seen.header("connection"),
            seen.header("x-edge")
        ),
        (None, None, Some("1"))
    );
    assert_eq!(
        (seen.header("x-powered-by"), seen.header("x-powered-for")),
        (None, None)
    );
    assert_eq!(seen.headers.get_all("set-cookie").iter().count(), 2);
    assert_eq!(
        (seen.record.origin_name(), seen.record.tries),
        (Some("shop"), 1)
    );

    let got = origins.got.borrow();
    let (_, request, limits) = &got[0];
    let mut fields: Vec<_> = request
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    fields.sort();
    let id = format!("x-request-id: {}", seen.record.id);
    assert_eq!(
        fields,
        [
            "accept: text/html",
            "authorization: Bearer s3cr3t",
            "forwarded: for=203.0.113.9;host=www.example;proto=https",
            "host: shop.internal:8080",
            "via: 1.1 edge",
            "x-forwarded-for: 203.0.113.9",
            "x-forwarded-host: www.example",
            "x-forwarded-proto: https",
            &id,
        ]
    );
    assert_eq!(
        (
            request.method().as_str(),
            request.uri().to_string().as_str()
        ),
        ("GET", "/v2/a%20b")
    );
    assert_eq!((limits.connect.as_secs(), limits.timeout.as_secs()), (1, 5));
    assert!(
        request.headers()["authorization"].is_sensitive(),
        "a secret is never printed"
    );
    assert!(!format!("{:?}", request.headers()).contains("s3cr3t"));
}

#[test]
fn a_body_streams_through_once() {
    let origins = Played::with([ok(201, "made")]);
    let seen = ask(
        &worker(proxying(0, json!({})).policy()),
        &origins,
        post("data"),
    );
    assert_eq!((seen.status, seen.body.as_str()), (201, "made"));
    assert_eq!(origins.got.borrow()[0].1.body(), "data");
}

#[test]
fn an_origin_that_fails_is_502_and_one_that_is_late_504() {
    for (failure, status) in [
        (TryError::Connect("x".into()), 502),
        (TryError::Reset("x".into()), 502),
        (TryError::Timeout, 504),
    ] {
        let origins = Played::with([Err(failure.clone())]);
        let seen = ask(&worker(proxying(0, json!({})).policy()), &origins, get("/"));
        assert_eq!(
            (seen.status, seen.record.failure.as_ref()),
            (status, Some(&failure))
        );
        assert!(
            seen.fault().contains(&failure.to_string()),
            "{}",
            seen.fault()
        );
        assert_eq!(seen.record.origin, None);
    }
}

#[test]
fn an_interim_answer_is_none() {
    let origins = Played::with([ok(101, "")]);
    assert_eq!(
        ask(&worker(proxying(0, json!({})).policy()), &origins, get("/")).status,
        502
    );
}

#[test]
fn retries_are_for_the_failures_that_are_named() {
    let options = json!({"timeout_ms": 70, "retry": {"times": 2, "on": ["connect", "timeout", {"status": 503}]}});
    let policy = proxying(0, options).policy();
    let origins = Played::with([connect_failure(), ok(503, ""), ok(200, "third")]);
    let seen = ask(&worker(policy.clone()), &origins, get("/"));
    assert_eq!((seen.status, seen.record.tries), (200, 3));
    assert_eq!(origins.got.borrow()[0].2.timeout.as_millis(), 70);

    let origins = Played::with([ok(503, ""), ok(503, ""), ok(503, "last")]);
    let seen = ask(&worker(policy.clone()), &origins, get("/"));
    assert_eq!(
        (seen.status, seen.body.as_str(), seen.record.tries),
        (503, "last", 3)
    );

    let origins = Played::with([ok(500, "")]);
    assert_eq!(ask(&worker(policy), &origins, get("/")).status, 500);
}

#[test]
fn what_is_not_idempotent_is_sent_again_only_when_nothing_was_sent() {
    let options = json!({"retry": {"times": 1, "on": ["connect", "timeout", "server_error"]}, "fallback": {"target": 1, "on": ["server_error"]}});
    let policy = proxying(0, options).policy();
    let origins = Played::with([connect_failure(), ok(200, "")]);
    assert_eq!(
        ask(&worker(policy.clone()), &origins, post("data")).status,
        200
    );
    assert_eq!(
        origins.got.borrow()[1].1.body(),
        "data",
        "the body is still whole"
    );

    let origins = Played::with([Err(TryError::Timeout)]);
    assert_eq!(
        ask(&worker(policy.clone()), &origins, post("data")).status,
        504
    );
    let origins = Played::with([ok(500, "")]);
    assert_eq!(
        ask(&worker(policy.clone()), &origins, post("data")).status,
        500
    );

    // PUT is idempotent, but its body has been streamed away.
    let put = Request::put("/")
        .header("host", "a")
        .body(full("data"))
        .unwrap();
    let origins = Played::with([ok(500, "")]);
    assert_eq!(ask(&worker(policy), &origins, put).status, 500);
}

#[test]
fn after_the_retries_comes_the_fallback() {
    let options = json!({"retry": {"times": 1, "on": ["connect"]}, "fallback": {"target": 1, "on": ["connect", "server_error"]}});
    let policy = proxying(0, options).policy();
    let origins = Played::with([connect_failure(), connect_failure(), ok(200, "backup")]);
    let seen = ask(&worker(policy.clone()), &origins, get("/"));
    assert_eq!(
        (seen.body.as_str(), origins.asked()),
        ("backup", vec![0, 0, 1])
    );
    assert_eq!(
        origins.got.borrow()[2].1.headers()["host"],
        "backup.internal:8080"
    );
    assert_eq!(seen.record.origin_name(), Some("backup"));

    let origins = Played::with([ok(502, ""), ok(503, "worse")]);
    assert_eq!(
        ask(&worker(policy), &origins, get("/")).status,
        503,
        "a fallback has no fallback"
    );
}

#[test]
fn a_failover_pool_goes_on_when_a_member_cannot_be_reached() {
    let policy = proxying(2, json!({})).policy();
    let origins = Played::with([connect_failure(), ok(200, "second")]);
    assert_eq!(
        ask(&worker(policy.clone()), &origins, get("/")).body,
        "second"
    );
    assert_eq!(origins.asked(), [0, 1]);
    let origins = Played::with([ok(500, "first")]);
    assert_eq!(
        ask(&worker(policy.clone()), &origins, get("/")).body,
        "first",
        "an answer is an answer"
    );
    let origins = Played::with([connect_failure(), connect_failure()]);
    assert_eq!(ask(&worker(policy), &origins, get("/")).status, 502);
}

#[test]
fn a_weighted_pool_asks_by_weight() {
    let mut guest = proxying(2, json!({}));
    guest.manifest["targets"][2] = json!({"kind": "pool", "name": "p", "choice": "weighted", "members": [{"target": 0, "weight": 0}, {"target": 1, "weight": 1_000_000}]});
    let worker = worker(guest.policy());
    let origins = Played::with((0..20).map(|_| ok(200, "")));
    for _ in 0..20 {
        ask(&worker, &origins, get("/"));
    }
    assert_eq!(origins.asked(), [1; 20]);
}

#[test]
fn a_retry_goes_to_another_member_while_there_is_one() {
    let options = json!({"retry": {"times": 2, "on": ["connect", "server_error"]}});
    let mut guest = proxying(2, options);
    guest.manifest["targets"][2] = json!({"kind": "pool", "name": "p", "choice": "weighted", "members": [{"target": 0, "weight": 500_000}, {"target": 1, "weight": 500_000}]});
    let worker = worker(guest.policy());
    for _ in 0..20 {
        let origins = Played::with([connect_failure(), ok(500, ""), ok(200, "")]);
        assert_eq!(ask(&worker, &origins, get("/")).status, 200);
        let asked = origins.asked();
        assert_ne!(asked[0], asked[1], "{asked:?}");
    }
}

/// A `proxy` that asks with this `Host`.
fn with_host(host: &[u8]) -> GuestFixture {
    let mut guest = GuestFixture::new();
    let place = guest.place(host);
    let mut proxy = guest.proxy(0, "/", (0, 0), (0, 0));
    let at = edge_abi::output::proxy::HOST as usize;
    proxy[at..at + 4].copy_from_slice(&place.0.to_le_bytes());
    proxy[at + 4..at + 8].copy_from_slice(&place.1.to_le_bytes());
    guest.output(Event::Start, &[proxy], Next::default());
    guest
}

#[test]
fn the_host_of_a_proxy_is_judged() {
    let origins = Played::with([ok(200, "")]);
    let seen = ask(
        &worker(with_host(b"api.example:8443").policy()),
        &origins,
        get("/"),
    );
    assert_eq!((seen.status, seen.fault()), (200, ""));
    assert_eq!(
        origins.got.borrow()[0].1.headers()["host"],
        "api.example:8443"
    );
    for host in ["", "a b", "a/b", "u@a", "b\u{fc}cher", "a:b", "a\r\nx: y"] {
        let seen = ask_guest(&with_host(host.as_bytes()), get("/"));
        assert_eq!(seen.status, 500, "{host:?}");
        let fault = seen.fault();
        assert!(fault.starts_with("policy.edge:3:5: "), "{fault}");
        assert!(fault.contains("its `host` "), "{fault}");
        assert_eq!(seen.record.rule_name(), Some("route.home"));
    }
}
