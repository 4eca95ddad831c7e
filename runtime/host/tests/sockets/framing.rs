//! Where messages end: two framings, codings that nobody asked for, bodies that break.

use crate::support::origin::{receive, wait};
use crate::support::{Client, Edge, Guest, Origin};

/// Sends a head to a route of the shop, and reads the answer. The origin must see nothing.
fn refused(fields: &str, body: &str) -> (u16, serde_json::Value) {
    let origin = Origin::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let edge = Edge::start(&Guest::shop(&origin.url()));
    let mut client = edge.connect();
    client.send(format!(
        "POST /0 HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n{body}"
    ));
    let status = client.reply().status;
    assert!(client.is_closed(), "{fields}");
    assert_eq!(origin.connections(), 0, "{fields}");
    // The server would wait for what it might still send.
    drop(client);
    (status, edge.only_line())
}

#[test]
fn codings_that_the_host_does_not_speak_are_501() {
    for fields in [
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: identity, chunked",
    ] {
        let (status, line) = refused(fields, "2\r\nab\r\n0\r\n\r\n");
        assert_eq!(status, 501, "{fields}");
        assert!(
            line["fault"].as_str().unwrap().contains("transfer coding"),
            "{line}"
        );
    }
}

#[test]
fn chunked_twice_is_400() {
    for fields in [
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    ] {
        let (status, line) = refused(fields, "2\r\nab\r\n0\r\n\r\n");
        assert_eq!(status, 400, "{fields}");
        assert!(line["fault"].as_str().unwrap().contains("twice"), "{line}");
    }
}

/// Sends a body that breaks, and reads what the client hears.
fn broken(fields: &str, body: &str) -> (u16, serde_json::Value) {
    let (told, seen) = std::sync::mpsc::channel();
    let origin = Origin::start(move |client, _| {
        let whole =
            receive(client).is_some_and(|received| match received.all("content-length").first() {
                Some(length) => {
                    let mut body = vec![0; length.parse().unwrap()];
                    std::io::Read::read_exact(&mut client.reader, &mut body).is_ok()
                }
                None => client.chunked().is_some(),
            });
        told.send(whole).unwrap();
    });
    let edge = Edge::start(&Guest::shop(&origin.url()));
    let mut client = edge.connect();
    client.send(format!(
        "POST /0 HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n{body}"
    ));
    client.finish_sending();
    let status = client.reply().status;
    assert!(client.is_closed());
    // The body may have broken before the origin heard of it.
    let whole = origin.connections() > 0 && wait(&seen);
    assert!(!whole, "half a body was taken for a whole one");
    (status, edge.only_line())
}

#[test]
fn a_broken_body_is_the_clients_fault() {
    for (fields, body) in [
        ("Transfer-Encoding: chunked", "5\r\nabcde\r\nnonsense\r\n"),
        ("Transfer-Encoding: chunked", "5\r\nabcdeXX0\r\n\r\n"),
        ("Transfer-Encoding: chunked", "5\r\nabcde\r\n"),
        ("Transfer-Encoding: chunked", "5\r\nab"),
        ("Content-Length: 10", "abc"),
    ] {
        let (status, line) = broken(fields, body);
        assert_eq!(status, 400, "{body:?}");
        assert_eq!(line["status"], 400, "{line}");
        assert!(
            line["fault"]
                .as_str()
                .unwrap()
                .starts_with("the request's body is broken"),
            "{line}"
        );
        assert!(line.get("failure").is_none(), "no origin failed: {line}");
    }
}

#[test]
fn trailers_and_extensions_of_chunks_have_their_limits() {
    let trailers = "X-Many: 1\r\n".repeat(101);
    let extension = "a".repeat(17 << 10);
    for body in [
        format!("2\r\nab\r\n0\r\n{trailers}\r\n"),
        format!("2;{extension}\r\nab\r\n0\r\n\r\n"),
    ] {
        assert_eq!(broken("Transfer-Encoding: chunked", &body).0, 400);
    }
}

/// Nobody has judged them, and the origin may take them for fields of the head.
#[test]
fn trailers_of_a_request_go_no_further() {
    let (told, seen) = std::sync::mpsc::channel();
    let origin = Origin::start(move |client, _| {
        let received = receive(client).unwrap();
        told.send((received, client.chunked())).unwrap();
        client.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        receive(client);
    });
    let edge = Edge::start(&Guest::shop(&origin.url()));
    let mut client = edge.connect();
    client.send(
        "POST /0 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Role\r\n\r\n\
         2\r\nab\r\n0\r\nX-Role: admin\r\n\r\n",
    );
    assert_eq!(client.reply().text(), "ok");
    let (received, body) = wait(&seen);
    assert!(received.all("trailer").is_empty(), "{received:?}");
    // A line behind the last chunk would not be an empty one.
    assert_eq!(body.as_deref(), Some(&b"ab"[..]));
    assert_eq!(client.get("/hello").status, 200, "the connection goes on");
}

#[test]
fn of_two_framings_of_an_answer_the_chunks_count() {
    for fields in [
        "Content-Length: 3\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 300",
    ] {
        let answer =
            format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n5\r\nabcde\r\n4\r\nfghi\r\n0\r\n\r\n");
        let origin = Origin::answering(answer);
        let edge = Edge::start(&Guest::shop(&origin.url()));
        let mut client = edge.connect();
        for _ in 0..2 {
            let reply = client.get("/0");
            assert_eq!((reply.status, reply.text()), (200, "abcdefghi"), "{fields}");
            assert_eq!(reply.header("content-length"), None, "{fields}");
            assert_eq!(reply.header("transfer-encoding"), Some("chunked"));
        }
        assert_eq!(origin.connections(), 2, "such a connection is not kept");
    }
}

#[test]
fn codings_of_an_answer_that_nobody_asked_for_are_502() {
    for coding in ["gzip, chunked", "gzip", "chunked, chunked", "identity"] {
        let origin = Origin::answering_once(format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: {coding}\r\n\r\n2\r\nab\r\n0\r\n\r\n"
        ));
        let edge = Edge::start(&Guest::shop(&origin.url()));
        assert_eq!(edge.connect().get("/0").status, 502, "{coding}");
        let line = edge.only_line();
        assert!(
            line["failure"]
                .as_str()
                .unwrap()
                .contains("transfer coding"),
            "{line}"
        );
    }
}

#[test]
fn reset_content_has_no_content() {
    let origin = Origin::answering("HTTP/1.1 205 Reset Content\r\nContent-Length: 5\r\n\r\nabcde");
    let edge = Edge::start(&Guest::shop(&origin.url()));
    let mut client: Client = edge.connect();
    for _ in 0..2 {
        let reply = client.get("/0");
        assert_eq!((reply.status, reply.text()), (205, ""));
        assert_eq!(reply.header("content-length"), Some("0"));
    }
}
