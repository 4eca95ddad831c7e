//! Clients that take more than their share: too many, too slow, too silent.

use std::sync::mpsc;
use std::time::Duration;

use edge_host::config::{Limits, Span};

use crate::support::origin::{receive, wait};
use crate::support::{Edge, Guest, Origin};

const SHORT: Span = Span(Duration::from_millis(150));

fn edge(guest: &Guest, set: impl FnOnce(&mut Limits)) -> Edge {
    Edge::with(guest, |config| set(&mut config.limits))
}

#[test]
fn a_connection_too_many_is_refused_politely() {
    let edge = edge(&Guest::default(), |limits| limits.connections = 2);
    let (mut first, mut second) = (edge.connect(), edge.connect());
    assert_eq!(first.get("/").status, 200);
    assert_eq!(second.get("/").status, 200);
    let mut third = edge.connect();
    let reply = third.get("/");
    assert_eq!(reply.status, 503);
    assert_eq!(reply.header("connection"), Some("close"));
    assert!(third.is_closed());
    drop(first);
    // The place is free as soon as the server has noticed.
    while edge.connect().get("/").status == 503 {
        std::thread::yield_now();
    }
    assert_eq!(second.get("/").status, 200);
}

#[test]
fn a_head_that_never_ends_is_cut_off() {
    let edge = edge(&Guest::default(), |limits| limits.head_timeout = SHORT);
    let mut silent = edge.connect();
    let mut slow = edge.connect();
    slow.send("GET / HTTP/1.1\r\nX-Slow: ");
    assert!(silent.is_closed());
    assert!(slow.is_closed());
    assert_eq!(edge.connect().get("/").status, 200);
}

#[test]
fn a_trickled_head_is_cut_off() {
    use std::io::Write;
    let edge = edge(&Guest::default(), |limits| limits.head_timeout = SHORT);
    let client = edge.connect();
    let mut sending = client.reader.get_ref().try_clone().unwrap();
    let trickle = std::thread::spawn(move || {
        sending.write_all(b"GET / HTTP/1.1\r\nX-Slow: ").unwrap();
        while sending.write_all(b"a").is_ok() {
            std::thread::sleep(Duration::from_millis(10));
        }
    });
    trickle.join().unwrap();
}

#[test]
fn an_idle_connection_is_closed_in_time() {
    let edge = edge(&Guest::default(), |limits| limits.idle_timeout = SHORT);
    let mut client = edge.connect();
    assert_eq!(client.get("/").status, 200);
    assert_eq!(client.get("/").status, 200);
    assert!(client.is_closed());
}

#[test]
fn a_slow_answer_is_not_an_idle_connection() {
    let origin = Origin::start(|client, _| {
        receive(client);
        std::thread::sleep(4 * SHORT.0);
        client.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    let edge = edge(&Guest::shop(&origin.url()), |limits| {
        limits.idle_timeout = SHORT;
        limits.head_timeout = SHORT;
        limits.body_timeout = SHORT;
        limits.write_timeout = SHORT;
    });
    assert_eq!(edge.connect().get("/0").text(), "ok");
}

#[test]
fn an_upload_that_stops_is_cut_off() {
    let (gone, told) = mpsc::channel();
    let origin = Origin::start(move |client, _| {
        receive(client);
        let mut body = Vec::new();
        let _ = std::io::Read::read_to_end(&mut client.reader, &mut body);
        gone.send(body).unwrap();
    });
    let edge = edge(&Guest::shop(&origin.url()), |limits| {
        limits.body_timeout = SHORT
    });
    let mut client = edge.connect();
    client.send("POST /0 HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    assert_eq!(wait(&told), b"abc");
    let _ = client.is_closed();
    assert_eq!(edge.only_line()["aborted"], "the client was too slow");
}

#[test]
fn a_long_upload_is_not_a_slow_origin() {
    let origin = Origin::start(|client, _| {
        receive(client);
        assert_eq!(client.chunked().unwrap().len(), 20);
        client.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    let guest = Guest::default().origin("shop", &origin.url(), |origin| origin.timeout_ms = 200);
    let edge = Edge::start(&guest);
    let mut client = edge.connect();
    client.send("POST /0 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    for _ in 0..20 {
        client.send("1\r\na\r\n");
        std::thread::sleep(Duration::from_millis(25));
    }
    client.send("0\r\n\r\n");
    assert_eq!(client.reply().text(), "ok");
}

#[test]
fn a_client_that_does_not_read_is_cut_off() {
    use std::io::Write;
    let (gone, told) = mpsc::channel();
    let origin = Origin::start(move |client, _| {
        receive(client);
        client.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        let chunk = format!("10000\r\n{}\r\n", "a".repeat(0x10000));
        while client.reader.get_mut().write_all(chunk.as_bytes()).is_ok() {}
        gone.send(()).unwrap();
    });
    let edge = edge(&Guest::shop(&origin.url()), |limits| {
        limits.write_timeout = SHORT
    });
    let mut client = edge.connect();
    client.send("GET /0 HTTP/1.1\r\nHost: a\r\n\r\n");
    wait(&told);
    assert_eq!(edge.only_line()["aborted"], "the client was too slow");
}
