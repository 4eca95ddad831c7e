//! Interim answers: passed on while the answer is still awaited.

use std::sync::Mutex;
use std::sync::mpsc;

use crate::support::origin::receive;
use crate::support::{Client, Edge, Guest, Origin};

const EARLY: &str = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nConnection: x-secret\r\nX-Secret: 1\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// An origin that says 103, and answers when it is told to.
fn hesitating() -> (Origin, mpsc::Sender<()>) {
    let (go_on, told) = mpsc::channel();
    let told = Mutex::new(told);
    let origin = Origin::start(move |client, _| {
        while receive(client).is_some() {
            client.send(EARLY);
            told.lock().unwrap().recv().unwrap();
            client.send(OK);
        }
    });
    (origin, go_on)
}

#[test]
fn they_come_before_the_answer_is_there() {
    let (origin, go_on) = hesitating();
    let edge = Edge::start(&Guest::shop(&origin.url()));
    let mut client = edge.connect();
    for _ in 0..3 {
        client.send("GET /0/a HTTP/1.1\r\nHost: edge.test\r\n\r\n");
        let (status, fields) = client.head();
        assert_eq!(status, 103);
        let link = ("link".to_owned(), "</a.css>; rel=preload".to_owned());
        assert_eq!(fields, [link], "and nothing that belongs to the hop");
        go_on.send(()).unwrap();
        assert_eq!(client.reply().text(), "ok");
    }
}

#[test]
fn who_speaks_http_1_0_does_not_get_them() {
    let (origin, go_on) = hesitating();
    let edge = Edge::start(&Guest::shop(&origin.url()));
    let mut client = edge.connect();
    go_on.send(()).unwrap();
    client.send("GET /0/a HTTP/1.0\r\nHost: edge.test\r\n\r\n");
    assert_eq!(client.head().0, 200);
}

#[test]
fn too_many_are_left_out() {
    let origin = Origin::start(|client: &mut Client, _| {
        while receive(client).is_some() {
            (0..50).for_each(|_| client.send("HTTP/1.1 102 Processing\r\n\r\n"));
            client.send(OK);
        }
    });
    let edge = Edge::start(&Guest::shop(&origin.url()));
    let mut client = edge.connect();
    client.send("GET /0/a HTTP/1.1\r\nHost: edge.test\r\n\r\n");
    let mut heads = 0;
    while client.head().0 == 102 {
        heads += 1;
    }
    assert!((1..=8).contains(&heads), "{heads}");
}
