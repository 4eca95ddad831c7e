//! Heads: too long, ambiguous, hop by hop.

use crate::support::origin::{receive, wait};
use crate::support::{Edge, Guest, Origin};

/// A request with one header field of `length` bytes.
fn with_field(length: usize) -> String {
    format!(
        "GET / HTTP/1.1\r\nHost: a\r\nX-Long: {}\r\n\r\n",
        "a".repeat(length)
    )
}

#[test]
fn a_head_that_is_too_long_is_431() {
    let edge = Edge::start(&Guest::default());
    let mut client = edge.connect();
    client.send(with_field(60 << 10));
    assert_eq!(client.reply().status, 200);
    client.send(with_field(66 << 10));
    assert_eq!(client.reply().status, 431);
    assert!(client.is_closed());
    let lines = edge.log();
    assert_eq!(
        (lines.len(), &lines[1]["status"]),
        (2, &431.into()),
        "{lines:?}"
    );
    assert!(lines[1]["fault"].is_string(), "{lines:?}");
}

#[test]
fn the_answer_to_a_far_too_long_head_is_not_lost() {
    let edge = Edge::start(&Guest::default());
    let mut client = edge.connect();
    client.send(with_field(500 << 10));
    assert_eq!(client.reply().status, 431);
}

#[test]
fn too_many_fields_are_431() {
    let edge = Edge::with(&Guest::default(), |config| config.limits.headers = 10);
    let fields = |count: usize| {
        format!(
            "GET / HTTP/1.1\r\n{}\r\n",
            "X-Many: 1\r\n".repeat(count - 1) + "Host: a\r\n"
        )
    };
    let mut client = edge.connect();
    client.send(fields(10));
    assert_eq!(client.reply().status, 200);
    client.send(fields(11));
    assert_eq!(client.reply().status, 431);
}

#[test]
fn the_default_is_a_hundred_fields() {
    let edge = Edge::start(&Guest::default());
    let mut client = edge.connect();
    client.send(format!(
        "GET / HTTP/1.1\r\nHost: a\r\n{}\r\n",
        "X-Many: 1\r\n".repeat(101)
    ));
    assert_eq!(client.reply().status, 431);
}

#[test]
fn what_is_not_http_is_400() {
    for head in [
        "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET /\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 2\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
        "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
    ] {
        let edge = Edge::start(&Guest::default());
        let mut client = edge.connect();
        client.send(head);
        assert_eq!(client.reply().status, 400, "{head:?}");
        assert!(client.is_closed(), "{head:?}");
    }
}

/// RFC 9112, 6.3: a message with both is either refused, or read as chunked without the
/// length and with a close after it. The origin must never see both.
#[test]
fn two_framings_at_once_never_reach_an_origin() {
    for fields in [
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
    ] {
        let (told, seen) = std::sync::mpsc::channel();
        let origin = Origin::start(move |client, _| {
            while let Some(received) = receive(client) {
                let body = client.chunked();
                told.send((received, body)).unwrap();
                client.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }
        });
        let edge = Edge::start(&Guest::shop(&origin.url()));
        let mut client = edge.connect();
        let smuggled = "GET /0/smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
        client.send(format!(
            "POST /0 HTTP/1.1\r\nHost: a\r\n{fields}\r\n2\r\nab\r\n0\r\n\r\n{smuggled}"
        ));
        let reply = client.reply();
        if reply.status == 200 {
            let (received, body) = wait(&seen);
            assert_eq!(received.all("transfer-encoding"), ["chunked"]);
            assert!(received.all("content-length").is_empty(), "{received:?}");
            assert_eq!(body.unwrap(), b"ab");
        } else {
            assert_eq!(reply.status, 400);
        }
        assert!(client.is_closed());
        assert!(
            seen.try_recv().is_err(),
            "what follows was taken for a request"
        );
    }
}

#[test]
fn hop_by_hop_fields_stay_on_their_hop() {
    let (told, seen) = std::sync::mpsc::channel();
    let origin = Origin::start(move |client, _| {
        while let Some(received) = receive(client) {
            told.send(received).unwrap();
            client.send(
                "HTTP/1.1 200 OK\r\nConnection: X-Inner\r\nX-Inner: 1\r\nX-Outer: 1\r\nKeep-Alive: timeout=9\r\n\
                 Proxy-Authenticate: Basic\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n",
            );
        }
    });
    let edge = Edge::start(&Guest::shop(&origin.url()));
    let mut client = edge.connect();
    client.send(
        "GET /0 HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, X-Private\r\nX-Private: 1\r\nX-Public: 1\r\n\
         Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nTE: trailers\r\nUpgrade: websocket\r\n\
         Proxy-Authorization: Basic x\r\n\r\n",
    );
    let reply = client.reply();
    let received = wait(&seen);
    for gone in [
        "connection",
        "x-private",
        "keep-alive",
        "proxy-connection",
        "upgrade",
        "proxy-authorization",
    ] {
        assert!(received.all(gone).is_empty(), "{gone}: {received:?}");
    }
    assert_eq!(received.all("x-public"), ["1"]);
    for gone in ["x-inner", "keep-alive", "proxy-authenticate", "upgrade"] {
        assert_eq!(reply.header(gone), None, "{reply:?}");
    }
    assert_eq!(reply.header("x-outer"), Some("1"));
}

#[test]
fn forged_forwarding_fields_are_replaced() {
    let (origin, seen) = Origin::watching();
    let edge = Edge::start(&Guest::shop(&origin.url()));
    let mut client = edge.connect();
    client.send("GET /0 HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n");
    client.reply();
    assert_eq!(wait(&seen).all("x-forwarded-for"), ["127.0.0.1"]);
}
