//! Scans while an answer is on its way: of the answer's body, or still of the request's.

use std::io::Read;
use std::sync::mpsc;

use edge_abi::output::scan::{Lane, OverLimit};

use crate::request_scans::{CHUNKED, assert_denied, chunk, scanning, start_post};
use crate::support::origin::{receive, wait};
use crate::support::{Edge, Guest, Origin};

/// Answers when the first piece is there, half of it, and the rest when the upload has ended.
fn hasty() -> Origin {
    Origin::start(|client, _| {
        receive(client);
        client.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nearly");
        if client.chunked().is_some() {
            client.send(" late");
            receive(client);
        }
    })
}

#[test]
fn an_early_answer_goes_on_while_the_upload_is_scanned() {
    let origin = hasty();
    let edge = Edge::start(&scanning(&origin.url(), 100, OverLimit::Block));
    let mut client = edge.connect();
    start_post(&mut client, CHUNKED);
    client.send(chunk(b"some"));
    assert_eq!(client.head().0, 200);
    client.send(chunk(b"more"));
    client.send("0\r\n\r\n");
    let mut body = [0; 10];
    client.reader.read_exact(&mut body).unwrap();
    assert_eq!(&body, b"early late");
    drop(client);
    assert_eq!(edge.only_line()["rule"], "route.test");
}

#[test]
fn a_hit_while_an_early_answer_goes_on_cuts_the_connection() {
    let origin = hasty();
    let edge = Edge::start(&scanning(&origin.url(), 100, OverLimit::Block));
    let mut client = edge.connect();
    start_post(&mut client, CHUNKED);
    client.send(chunk(b"some"));
    assert_eq!(client.head().0, 200);
    client.send(chunk(b"evil!"));
    let mut body = Vec::new();
    // Some systems report the reset, some only the end.
    let _ = client.reader.read_to_end(&mut body);
    assert_eq!(body, b"early");
    drop(client);
    let line = edge.only_line();
    assert_eq!(line["aborted"], "the policy refused the request's body");
    assert_eq!(
        (&line["status"], &line["rule"]),
        (&200.into(), &"waf.body".into())
    );
}

/// Nothing of the origin's answer has begun while its own scan waits for its first piece.
#[test]
fn a_hit_before_an_early_answer_goes_on_still_denies() {
    let origin = Origin::start(|client, _| {
        receive(client);
        client.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
        assert_eq!(client.chunked(), None);
    });
    let guest = scanning(&origin.url(), 100, OverLimit::Block);
    let edge = Edge::start(&guest.scanning(Lane::Response, 100, OverLimit::Block));
    let mut client = edge.connect();
    start_post(&mut client, CHUNKED);
    client.send(chunk(b"some"));
    client.send(chunk(b"more"));
    client.send(chunk(b"evil!"));
    assert_eq!(client.reply().status, 403);
    drop(client);
    assert_denied(&edge.only_line());
}

fn scanning_answers(answer: &'static str) -> Edge {
    let origin = Origin::answering(answer);
    let guest = Guest::shop(&origin.url()).scanning(Lane::Response, 100, OverLimit::Block);
    Edge::start(&guest)
}

#[test]
fn a_clean_answer_is_untouched() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Encoding: x\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: x\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
    ] {
        let edge = scanning_answers(answer);
        let mut client = edge.connect();
        for _ in 0..2 {
            let reply = client.get("/0");
            assert_eq!((reply.status, reply.text()), (200, "hello"));
            assert_eq!(reply.header("content-encoding"), Some("x"));
        }
    }
}

#[test]
fn a_hit_at_an_answers_beginning_replaces_it() {
    let edge =
        scanning_answers("HTTP/1.1 200 OK\r\nContent-Length: 9\r\nX-Old: 1\r\n\r\nan evil!!");
    let mut client = edge.connect();
    let reply = client.get("/0");
    assert_eq!((reply.status, reply.text()), (403, "hello"));
    assert_eq!(reply.header("x-old"), None);
    assert_eq!(client.get("/hello").status, 200, "the connection goes on");
    drop(client);
    let lines = edge.log();
    assert_eq!(lines[0]["rule"], "waf.body");
}

#[test]
fn a_later_hit_cuts_the_answer_and_is_logged() {
    let (told, go) = mpsc::channel::<()>();
    let go = std::sync::Mutex::new(go);
    let origin = Origin::start(move |client, _| {
        receive(client);
        client.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfine so far");
        wait(&go.lock().unwrap());
        client.send(" and then evil! things");
        assert!(client.is_closed());
    });
    let guest = Guest::shop(&origin.url()).scanning(Lane::Response, 100, OverLimit::Block);
    let edge = Edge::start(&guest);
    let mut client = edge.connect();
    client.send("GET /0 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.head().0, 200);
    told.send(()).unwrap();
    let mut body = Vec::new();
    let _ = client.reader.read_to_end(&mut body);
    assert_eq!(body, b"fine so far");
    drop(client);
    let line = edge.only_line();
    assert_eq!(line["aborted"], "the policy refused the response's body");
    assert_eq!(
        (&line["rule"], &line["origin"]),
        (&"waf.body".into(), &"shop".into())
    );
}
