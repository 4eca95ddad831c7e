//! Origins that fail in every way, and clients that leave.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;

use crate::support::origin::{receive, wait};
use crate::support::{Client, Edge, Guest, Origin, PATIENCE};

/// One GET of the shop: the status, and the log's line.
fn outcome(edge: Edge) -> (u16, serde_json::Value) {
    let status = edge.connect().get("/0").status;
    (status, edge.only_line())
}

#[test]
fn an_origin_that_refuses_is_502() {
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let (status, line) = outcome(Edge::start(&Guest::shop(&format!("http://{closed}"))));
    assert_eq!((status, &line["status"]), (502, &502.into()));
    assert!(
        line["failure"].as_str().unwrap().contains("cannot connect"),
        "{line}"
    );
}

#[test]
fn an_origin_without_an_address_is_502() {
    let (status, line) = outcome(Edge::start(&Guest::shop("http://surely-not-there.invalid")));
    assert_eq!(status, 502);
    assert!(
        line["failure"].as_str().unwrap().contains("cannot connect"),
        "{line}"
    );
}

#[test]
fn an_origin_that_takes_too_long_is_504() {
    let (gone, told) = mpsc::channel();
    let origin = Origin::start(move |client, _| {
        receive(client);
        gone.send(client.is_closed()).unwrap();
    });
    let guest = Guest::default().origin("shop", &origin.url(), |origin| origin.timeout_ms = 200);
    let (status, line) = outcome(Edge::start(&guest));
    assert_eq!(status, 504);
    assert!(
        line["failure"]
            .as_str()
            .unwrap()
            .contains("no response in time"),
        "{line}"
    );
    assert!(
        wait(&told),
        "the request is given up towards the origin too"
    );
}

#[test]
fn an_origin_that_trickles_its_head_is_504() {
    let origin = Origin::start(move |client, _| {
        receive(client);
        let stream = client.reader.get_mut();
        while stream.write_all(b"H").is_ok() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    });
    let guest = Guest::default().origin("shop", &origin.url(), |origin| origin.timeout_ms = 200);
    assert!(matches!(outcome(Edge::start(&guest)).0, 502 | 504));
}

#[test]
fn garbage_from_an_origin_is_502() {
    for garbage in [
        "garbage\r\n\r\n",
        "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
        "HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    ] {
        let origin = Origin::answering(garbage);
        let (status, line) = outcome(Edge::start(&Guest::shop(&origin.url())));
        assert_eq!(status, 502, "{garbage:?}");
        assert!(
            line["failure"]
                .as_str()
                .unwrap()
                .contains("the connection broke"),
            "{line}"
        );
    }
}

#[test]
fn an_endless_head_of_an_origin_is_502() {
    let origin = Origin::answering(format!(
        "HTTP/1.1 200 OK\r\nX-Long: {}\r\n\r\n",
        "a".repeat(80 << 10)
    ));
    assert_eq!(outcome(Edge::start(&Guest::shop(&origin.url()))).0, 502);
}

#[test]
fn an_answer_of_more_than_a_hundred_fields_is_502() {
    for (count, expected) in [(100, 200), (101, 502)] {
        // The length is one of them.
        let fields = "X-Many: 1\r\n".repeat(count - 1);
        let origin = Origin::answering(format!(
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n{fields}\r\n"
        ));
        let (status, _) = outcome(Edge::start(&Guest::shop(&origin.url())));
        assert_eq!(status, expected, "{count}");
    }
}

#[test]
fn an_origin_that_closes_before_its_head_is_502() {
    let origin = Origin::start(|client, _| drop(receive(client)));
    let (status, line) = outcome(Edge::start(&Guest::shop(&origin.url())));
    assert_eq!(status, 502);
    assert!(
        line["failure"]
            .as_str()
            .unwrap()
            .contains("the connection broke"),
        "{line}"
    );
    assert_eq!(
        origin.connections(),
        1,
        "a fresh connection that fails is not tried again by itself"
    );
}

/// The first connection of the origin answers once and closes when it is asked again.
fn stale_origin() -> Origin {
    Origin::start(|client, number| {
        receive(client);
        client.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        if number > 0 {
            while receive(client).is_some() {
                client.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nagain");
            }
        }
        receive(client);
    })
}

#[test]
fn a_stale_connection_is_replaced_without_the_client_noticing() {
    let origin = stale_origin();
    let edge = Edge::start(&Guest::shop(&origin.url()));
    let mut client = edge.connect();
    assert_eq!(client.get("/0").text(), "ok");
    assert_eq!(client.get("/0").text(), "ok");
    assert_eq!(origin.connections(), 2);
    assert_eq!(client.get("/0").text(), "again");
}

#[test]
fn a_request_that_changes_something_is_not_sent_twice() {
    let origin = stale_origin();
    let edge = Edge::start(&Guest::shop(&origin.url()));
    let mut client = edge.connect();
    assert_eq!(client.get("/0").text(), "ok");
    client.send("POST /0 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(client.reply().status, 502);
    assert_eq!(origin.connections(), 1);
}

#[test]
fn a_connection_that_the_origin_has_closed_is_not_used() {
    let (closed, told) = mpsc::channel();
    let origin = Origin::start(move |client, number| {
        receive(client);
        client.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        if number == 0 {
            client.finish_sending();
            closed.send(client.is_closed()).unwrap();
        }
    });
    let edge = Edge::start(&Guest::shop(&origin.url()));
    let mut client = edge.connect();
    assert_eq!(client.get("/0").text(), "ok");
    assert!(
        wait(&told),
        "the pooled connection is closed on this side too"
    );
    client.send("POST /0 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(client.reply().text(), "ok");
}

#[test]
fn idle_connections_to_an_origin_are_closed_in_time() {
    let (closed, told) = mpsc::channel();
    let origin = Origin::start(move |client, _| {
        receive(client);
        client.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        closed.send(client.is_closed()).unwrap();
    });
    let guest = Guest::default().origin("shop", &origin.url(), |origin| origin.idle_ms = 100);
    let edge = Edge::start(&guest);
    assert_eq!(edge.connect().get("/0").text(), "ok");
    assert!(wait(&told));
}

#[test]
fn an_origin_that_dies_in_a_chunked_body_breaks_the_clients_stream() {
    let origin = Origin::answering_once(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n",
    );
    let edge = Edge::start(&Guest::shop(&origin.url()));
    let mut client = edge.connect();
    client.send("GET /0 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.head().0, 200);
    assert_eq!(client.chunked(), None, "the body must not look whole");
    let line = edge.only_line();
    assert_eq!((&line["status"], &line["bytes"]), (&200.into(), &5.into()));
    assert!(line["aborted"].is_string(), "{line}");
}

#[test]
fn an_origin_that_dies_in_a_sized_body_breaks_the_clients_stream() {
    let origin = Origin::answering_once("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabcde");
    let edge = Edge::start(&Guest::shop(&origin.url()));
    let mut client = edge.connect();
    client.send("GET /0 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.head().0, 200);
    let mut body = Vec::new();
    // Some systems report the reset, some only the end.
    let _ = std::io::Read::read_to_end(&mut client.reader, &mut body);
    assert!(body.len() < 10);
    assert!(edge.only_line()["aborted"].is_string());
}

#[test]
fn an_origin_that_falls_silent_in_its_body_is_given_up() {
    let origin = Origin::start(|client, _| {
        receive(client);
        client.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabcde");
        assert!(client.is_closed());
    });
    let guest = Guest::default().origin("shop", &origin.url(), |origin| origin.idle_ms = 150);
    let edge = Edge::start(&guest);
    let mut client = edge.connect();
    client.send("GET /0 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.head().0, 200);
    let mut body = Vec::new();
    let _ = std::io::Read::read_to_end(&mut client.reader, &mut body);
    assert_eq!(body, b"abcde");
    let line = edge.only_line();
    assert!(
        line["aborted"].as_str().unwrap().contains("silent"),
        "{line}"
    );
}

#[test]
fn a_client_that_leaves_before_the_answer_ends_the_origins_work() {
    let (seen, told) = mpsc::channel();
    let origin = Origin::start(move |client, _| {
        receive(client);
        seen.send(()).unwrap();
        assert!(client.is_closed());
        seen.send(()).unwrap();
    });
    let guest = Guest::default().origin("shop", &origin.url(), |origin| {
        origin.timeout_ms = 2 * u64::try_from(PATIENCE.as_millis()).unwrap();
    });
    let edge = Edge::start(&guest);
    let mut client = edge.connect();
    client.send("GET /0/slow HTTP/1.1\r\nHost: a\r\n\r\n");
    wait(&told);
    drop(client);
    wait(&told);
    let line = edge.only_line();
    assert_eq!(line["aborted"], "the client left");
    assert_eq!(line["path"], "/0/slow");
    assert!(line.get("status").is_none());
}

#[test]
fn a_client_that_leaves_in_the_middle_of_a_body_ends_the_origins_work() {
    let (gone, told) = mpsc::channel();
    let origin = Origin::start(move |client, _| {
        receive(client);
        client.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        let chunk = format!("10000\r\n{}\r\n", "a".repeat(0x10000));
        while client.reader.get_mut().write_all(chunk.as_bytes()).is_ok() {}
        gone.send(()).unwrap();
    });
    let edge = Edge::start(&Guest::shop(&origin.url()));
    let mut client = edge.connect();
    client.send("GET /0 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.head().0, 200);
    drop(client);
    wait(&told);
    assert_eq!(edge.only_line()["aborted"], "the client left");
}

#[test]
fn a_client_that_leaves_in_the_middle_of_its_upload_ends_the_origins_work() {
    let (gone, told) = mpsc::channel();
    let origin = Origin::start(move |client, _| {
        receive(client);
        gone.send(client.chunked().is_none()).unwrap();
    });
    let edge = Edge::start(&Guest::shop(&origin.url()));
    let mut client = Client::new(TcpStream::connect(edge.address).unwrap());
    client.send("POST /0 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n");
    drop(client);
    assert!(
        wait(&told),
        "the origin must not take half a body for a whole one"
    );
}

#[test]
fn an_answer_that_comes_before_the_upload_ends_is_delivered() {
    let origin = Origin::start(|client, _| {
        receive(client);
        client.send(
            "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig",
        );
        client.finish_sending();
        let _ = std::io::copy(&mut client.reader, &mut std::io::sink());
    });
    let edge = Edge::start(&Guest::shop(&origin.url()));
    let mut client = edge.connect();
    client.send("POST /0 HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\nstart");
    let reply = client.reply();
    assert_eq!((reply.status, reply.text()), (413, "big"));
}
