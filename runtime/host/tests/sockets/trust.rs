//! What the two sides may say of themselves, and what only the host says.

use crate::support::origin::{Received, receive, wait};
use crate::support::{Edge, Guest, Origin};

fn trusting(guest: &Guest) -> Edge {
    Edge::with(guest, |config| {
        config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
}

/// What the origin gets of a request with these fields, and the log's line.
fn forwarded(edge: fn(&Guest) -> Edge, fields: &str) -> (Received, serde_json::Value) {
    let (origin, seen) = Origin::watching();
    let edge = edge(&Guest::shop(&origin.url()));
    let mut client = edge.connect();
    client.send(format!("GET /0 HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n"));
    assert_eq!(client.reply().status, 200);
    (wait(&seen), edge.only_line())
}

#[test]
fn only_the_host_names_rules() {
    let (received, _) = forwarded(Edge::start, "X-Edge-Rule: waf.fake");
    assert!(received.all("x-edge-rule").is_empty(), "{received:?}");
    let origin = Origin::start(|client, _| {
        receive(client);
        client.send("HTTP/1.1 200 OK\r\nX-Edge-Rule: waf.fake\r\nContent-Length: 0\r\n\r\n");
    });
    let edge = Edge::start(&Guest::shop(&origin.url()));
    assert_eq!(edge.connect().get("/0").header("x-edge-rule"), None);
}

#[test]
fn the_id_of_a_request_is_the_hosts() {
    let forged = "X-Request-Id: forged\r\nX-Request-Id: twice";
    let (received, line) = forwarded(Edge::start, forged);
    assert_eq!(received.all("x-request-id"), [line["id"].as_str().unwrap()]);
    let (received, line) = forwarded(trusting, "X-Request-Id: of-the-proxy");
    assert_eq!(received.all("x-request-id"), ["of-the-proxy"]);
    assert_ne!(line["id"], "of-the-proxy");
    let (received, line) = forwarded(trusting, "X-Other: 1");
    assert_eq!(received.all("x-request-id"), [line["id"].as_str().unwrap()]);
}

#[test]
fn a_client_that_a_trusted_proxy_does_not_name_is_not_the_proxy() {
    let edge = trusting(&Guest::default());
    let mut client = edge.connect();
    for (list, status) in [
        ("198.51.100.7", 200),
        ("unknown, 198.51.100.7", 200),
        ("127.0.0.9", 200),
        ("unknown", 400),
        ("", 400),
        ("198.51.100.7, unknown", 400),
        ("198.51.100.7,", 400),
        ("198.51.100.7, garbage, 127.0.0.9", 400),
    ] {
        client.send(format!(
            "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: {list}\r\n\r\n"
        ));
        assert_eq!(client.reply().status, status, "{list:?}");
    }
    assert_eq!(client.get("/").status, 200, "a proxy that asks for itself");
    let lines = edge.log();
    assert_eq!(lines[0]["client"], "198.51.100.7");
    let fault = lines[3]["fault"].as_str().unwrap();
    assert!(fault.contains("X-Forwarded-For"), "{fault}");
    // From anybody else the field is nothing but bytes.
    let edge = Edge::start(&Guest::default());
    let mut client = edge.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: unknown\r\n\r\n");
    assert_eq!(client.reply().status, 200);
}

#[test]
fn a_host_that_is_none_is_400() {
    let edge = Edge::start(&Guest::default());
    let mut client = edge.connect();
    for (host, status) in [
        ("a", 200),
        ("a:8080", 200),
        ("a:", 200),
        ("[::1]:80", 200),
        ("a:b", 400),
        ("a:99999", 400),
        ("a:80:80", 400),
        ("[::1", 400),
        ("u@a", 400),
        ("a/b", 400),
        ("a b", 400),
        ("", 400),
    ] {
        client.send(format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        assert_eq!(client.reply().status, status, "{host:?}");
    }
    client.send("GET http://a:99999/ HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.reply().status, 400);
}

#[test]
fn underscores_in_names_go_on() {
    let (received, _) = forwarded(Edge::start, "X_Two: 1\r\nX-Two: 2");
    assert_eq!(received.all("x_two"), ["1"]);
    assert_eq!(received.all("x-two"), ["2"]);
}
