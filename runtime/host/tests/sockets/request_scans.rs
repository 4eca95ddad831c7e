//! Requests' bodies that are scanned while they stream, by a policy that looks for `evil!`.

use std::io::Read;
use std::sync::mpsc::{self, Receiver};

use edge_abi::output::scan::{Lane, OverLimit};
use serde_json::Value;

use crate::support::origin::{receive, wait};
use crate::support::{Client, Edge, Guest, Origin};

pub const CHUNKED: &str = "Transfer-Encoding: chunked";

/// Takes bodies, and tells what came of each; none when it had no end, and when a connection
/// ends.
fn taking() -> (Origin, Receiver<Option<Vec<u8>>>) {
    let (told, seen) = mpsc::channel();
    let origin = Origin::start(move |client, _| {
        while let Some(received) = receive(client) {
            let body = match received.all("content-length").first() {
                Some(length) => {
                    let mut body = vec![0; length.parse().unwrap()];
                    client.reader.read_exact(&mut body).ok().map(|()| body)
                }
                None => client.chunked(),
            };
            // The test may not want to know.
            let _ = told.send(body);
            client.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
        let _ = told.send(None);
    });
    (origin, seen)
}

pub fn scanning(url: &str, limit: u32, over: OverLimit) -> Guest {
    Guest::shop(url).scanning(Lane::Request, limit, over)
}

pub fn start_post(client: &mut Client, fields: &str) {
    client.send(format!("POST /0 HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n"));
}

pub fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

/// Bytes without a pattern.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // No `~`, which traps.
        (state >> 24) as u8 & 0x5f
    };
    std::iter::repeat_with(next).take(length).collect()
}

#[test]
fn a_clean_body_arrives_byte_for_byte() {
    let (origin, seen) = taking();
    let edge = Edge::start(&scanning(&origin.url(), 1 << 30, OverLimit::Block));
    let mut client = edge.connect();
    let body = noise(1_000_003);
    start_post(&mut client, &format!("Content-Length: {}", body.len()));
    client.send(&body);
    assert_eq!(client.reply().text(), "ok");
    assert!(wait(&seen).as_deref() == Some(&body));

    start_post(&mut client, CHUNKED);
    for size in [1, 16_383, 16_384, 16_385, 70_000] {
        client.send(chunk(&body[..size]));
    }
    client.send("0\r\n\r\n");
    assert_eq!(client.reply().text(), "ok");
    let sizes = [1, 16_383, 16_384, 16_385, 70_000];
    let expected = sizes.map(|size| &body[..size]).concat();
    assert!(wait(&seen).as_deref() == Some(&expected[..]));
    assert_eq!(origin.connections(), 1);
}

/// An answer 403 by the scan, and its line.
pub fn assert_denied(line: &Value) {
    assert_eq!(
        (&line["status"], &line["rule"]),
        (&403.into(), &"waf.body".into())
    );
    for field in ["failure", "fault", "origin", "aborted"] {
        assert!(line.get(field).is_none(), "{line}");
    }
}

#[test]
fn a_hit_in_the_middle_denies_and_the_origin_sees_no_end() {
    let before = noise(100_000);
    for length in [None, Some(200_000)] {
        let (origin, seen) = taking();
        let edge = Edge::start(&scanning(&origin.url(), 1 << 30, OverLimit::Block));
        let mut client = edge.connect();
        match length {
            Some(length) => {
                start_post(&mut client, &format!("Content-Length: {length}"));
                client.send(&before);
                client.send("ev");
                client.send("il!");
            }
            None => {
                start_post(&mut client, CHUNKED);
                client.send(chunk(&before));
                client.send(chunk(b"ev"));
                client.send(chunk(b"il!"));
            }
        }
        // The rest never comes, and the answer does not wait for it.
        let reply = client.reply();
        assert_eq!((reply.status, reply.text()), (403, "hello"));
        assert_eq!(reply.header("x-edge-rule"), Some("waf.body"));
        assert!(client.is_closed());
        assert_eq!(wait(&seen), None);
        drop(client);
        assert_denied(&edge.only_line());
    }
}

#[test]
fn a_hit_in_the_last_piece_denies() {
    for (fields, body) in [
        ("Content-Length: 10", &b"hello evil!"[1..]),
        (CHUNKED, b"5\r\nhello\r\n5\r\nevil!\r\n0\r\n\r\n"),
    ] {
        let (origin, seen) = taking();
        let edge = Edge::start(&scanning(&origin.url(), 100, OverLimit::Block));
        let mut client = edge.connect();
        start_post(&mut client, fields);
        client.send(body);
        assert_eq!(client.reply().status, 403);
        assert_eq!(wait(&seen), None, "the end did not go on");
        drop(client);
        assert_denied(&edge.only_line());
    }
}

#[test]
fn a_length_over_the_limit_is_blocked_before_the_origin_hears_of_it() {
    let (origin, _seen) = taking();
    let edge = Edge::start(&scanning(&origin.url(), 10, OverLimit::Block));
    let mut client = edge.connect();
    start_post(&mut client, "Content-Length: 11\r\nExpect: 100-continue");
    assert_eq!(client.reply().status, 413, "without an interim answer");
    assert_eq!(origin.connections(), 0);
}

/// The answer's status, and the body as it came to the origin.
fn post_chunked(over: OverLimit, pieces: &[&str]) -> (u16, Option<String>) {
    let (origin, seen) = taking();
    let edge = Edge::start(&scanning(&origin.url(), 10, over));
    let mut client = edge.connect();
    start_post(&mut client, CHUNKED);
    for piece in pieces {
        client.send(chunk(piece.as_bytes()));
    }
    client.send("0\r\n\r\n");
    let status = client.reply().status;
    (
        status,
        wait(&seen).map(|body| String::from_utf8(body).unwrap()),
    )
}

#[test]
fn chunks_over_the_limit_are_blocked_or_go_on_unseen() {
    let whole = |text: &str| Some(text.to_owned());
    let just = ["12345", "67890"];
    let long = ["12345", "67890evil!"];
    assert_eq!(
        post_chunked(OverLimit::Block, &just),
        (200, whole("1234567890"))
    );
    assert_eq!(post_chunked(OverLimit::Block, &long), (413, None));
    let unseen = (200, whole("1234567890evil!"));
    assert_eq!(post_chunked(OverLimit::Pass, &long), unseen);
    assert_eq!(post_chunked(OverLimit::Truncate, &long), unseen);
    assert_eq!(
        post_chunked(OverLimit::Truncate, &["evil!", "1234567"]).0,
        403
    );
}

#[test]
fn a_trap_on_a_piece_is_500_and_the_piece_goes_nowhere() {
    let (origin, seen) = taking();
    let edge = Edge::start(&scanning(&origin.url(), 100, OverLimit::Block));
    let mut client = edge.connect();
    start_post(&mut client, "Content-Length: 1");
    client.send("~");
    assert_eq!(client.reply().status, 500);
    assert_eq!(wait(&seen), None);
    let mut next = edge.connect();
    start_post(&mut next, "Content-Length: 1");
    next.send("a");
    assert_eq!(next.reply().text(), "ok", "the instance is a new one");
    drop((client, next));
    let lines = edge.log();
    assert!(
        lines[0]["fault"].as_str().unwrap().contains("trapped"),
        "{lines:?}"
    );
}

#[test]
fn a_refused_connection_leaves_the_body_whole() {
    let (origin, seen) = taking();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let guest = Guest::shop(&nobody)
        .origin("spare", &origin.url(), |_| {})
        .fallback()
        .scanning(Lane::Request, 100, OverLimit::Block);
    let edge = Edge::start(&guest);
    let mut client = edge.connect();
    start_post(&mut client, CHUNKED);
    client.send("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    assert_eq!(client.reply().text(), "ok");
    assert_eq!(wait(&seen).as_deref(), Some(&b"abcde"[..]));
}

#[test]
fn a_client_that_leaves_in_the_middle_ends_the_origins_request() {
    let (origin, seen) = taking();
    let edge = Edge::start(&scanning(&origin.url(), 100, OverLimit::Block));
    let mut client = edge.connect();
    start_post(&mut client, CHUNKED);
    client.send(chunk(b"half of an ev"));
    drop(client);
    assert_eq!(wait(&seen), None);
    // Another request's scan begins anew.
    let mut client = edge.connect();
    start_post(&mut client, "Content-Length: 3");
    client.send("il!");
    assert_eq!(client.reply().text(), "ok");
}

#[test]
fn many_scans_at_once_do_not_meet() {
    let (origin, seen) = taking();
    let edge = Edge::start(&scanning(&origin.url(), 100, OverLimit::Block));
    let mut clients: Vec<Client> = (0..8).map(|_| edge.connect()).collect();
    for client in &mut clients {
        start_post(client, CHUNKED);
    }
    for piece in ["e", "v", "i", "l"] {
        for client in &mut clients {
            client.send(chunk(piece.as_bytes()));
        }
    }
    for (number, client) in clients.iter_mut().enumerate() {
        client.send(if number % 2 == 0 {
            "1\r\n!\r\n"
        } else {
            "1\r\n?\r\n"
        });
        client.send("0\r\n\r\n");
    }
    for (number, client) in clients.iter_mut().enumerate() {
        assert_eq!(
            client.reply().status,
            if number % 2 == 0 { 403 } else { 200 }
        );
    }
    let mut whole = std::iter::repeat_with(|| wait(&seen)).flatten();
    for _ in 0..4 {
        assert_eq!(whole.next().as_deref(), Some(&b"evil?"[..]));
    }
}
