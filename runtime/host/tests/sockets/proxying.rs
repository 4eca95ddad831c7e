//! What works: requests there, answers back, connections kept.

use crate::support::origin::{receive, wait};
use crate::support::{Client, Edge, Guest, Origin};

#[test]
fn a_request_reaches_its_origin_and_the_answer_comes_back() {
    let (origin, seen) = Origin::watching();
    let edge = Edge::start(&Guest::shop(&origin.url()));
    let reply = edge.connect().get("/0/cart?item=1");
    assert_eq!((reply.status, reply.text()), (200, "ok"));
    let received = wait(&seen);
    assert_eq!(received.line, "GET /0/cart?item=1 HTTP/1.1");
    assert_eq!(received.all("host"), [origin.address.to_string()]);
    let line = edge.only_line();
    assert_eq!(line["status"], 200);
    assert_eq!(line["path"], "/0/cart");
    assert_eq!(line["rule"], "route.test");
    assert_eq!(line["origin"], "shop");
    assert_eq!(line["host"], "edge.test");
    assert_eq!(line["bytes"], 2);
    assert_eq!(line["tries"], 1);
    assert_eq!(line["client"], "127.0.0.1");
    assert_eq!(line["id"], received.all("x-request-id")[0]);
    assert!(line.get("aborted").is_none(), "{line}");
}

#[test]
fn the_policy_answers_by_itself() {
    let edge = Edge::start(&Guest::default());
    assert_eq!(edge.connect().get("/").text(), "hello");
    let line = edge.only_line();
    assert_eq!((&line["tries"], &line["bytes"]), (&0.into(), &5.into()));
    assert!(line.get("origin").is_none());
}

#[test]
fn both_sides_keep_their_connections() {
    let (origin, _seen) = Origin::watching();
    let edge = Edge::start(&Guest::shop(&origin.url()));
    let mut client = edge.connect();
    for _ in 0..5 {
        assert_eq!(client.get("/0").text(), "ok");
    }
    let mut other = edge.connect();
    assert_eq!(other.get("/0").text(), "ok");
    assert_eq!(origin.connections(), 1);
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let origin = Origin::start(|client, _| {
        while let Some(received) = receive(client) {
            let path = received.line.split(' ').nth(1).unwrap().to_owned();
            client.send(format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{path}",
                path.len()
            ));
        }
    });
    let edge = Edge::start(&Guest::shop(&origin.url()));
    let mut client = edge.connect();
    let paths: Vec<_> = (0..20)
        .map(|n| {
            if n % 3 == 0 {
                "/hello".to_owned()
            } else {
                format!("/0/{n}")
            }
        })
        .collect();
    let all: String = paths
        .iter()
        .map(|path| format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"))
        .collect();
    client.send(all);
    for path in &paths {
        let expected = if path == "/hello" {
            "hello"
        } else {
            path.as_str()
        };
        assert_eq!(client.reply().text(), expected);
    }
    assert_eq!(edge.log().len(), 20);
}

#[test]
fn bodies_of_either_framing_go_through() {
    let origin = Origin::start(|client, _| {
        while let Some(received) = receive(client) {
            let body = match received.all("content-length").first() {
                Some(length) => {
                    let mut body = vec![0; length.parse().unwrap()];
                    std::io::Read::read_exact(&mut client.reader, &mut body).unwrap();
                    body
                }
                None => client.chunked().unwrap(),
            };
            client.send(format!(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n",
                body.len()
            ));
            client.send(&body);
            client.send("\r\n0\r\n\r\n");
        }
    });
    let edge = Edge::start(&Guest::shop(&origin.url()));
    let mut client = edge.connect();
    client.send("POST /0 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde");
    assert_eq!(client.reply().text(), "abcde");
    client.send("POST /0 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nfgh\r\n2\r\nij\r\n0\r\n\r\n");
    assert_eq!(client.reply().text(), "fghij");
    assert_eq!(origin.connections(), 1);
}

#[test]
fn a_body_that_ends_with_its_connection_is_whole() {
    let origin = Origin::start(|client, _| {
        receive(client);
        client.send("HTTP/1.0 200 OK\r\n\r\nuntil the end");
    });
    let edge = Edge::start(&Guest::shop(&origin.url()));
    let mut client = edge.connect();
    assert_eq!(client.get("/0").text(), "until the end");
    assert_eq!(client.get("/0").text(), "until the end");
    assert_eq!(origin.connections(), 2);
}

#[test]
fn an_expectation_is_answered_before_the_body() {
    let origin = Origin::start(|client, _| {
        while receive(client).is_some() {
            let mut body = [0; 4];
            std::io::Read::read_exact(&mut client.reader, &mut body).unwrap();
            client.send("HTTP/1.1 204 No Content\r\n\r\n");
        }
    });
    let edge = Edge::start(&Guest::shop(&origin.url()));
    let mut client = edge.connect();
    client.send("PUT /0 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(client.head().0, 100);
    client.send("body");
    assert_eq!(client.reply().status, 204);
}

#[test]
fn a_head_request_has_a_length_but_no_body() {
    let origin = Origin::answering("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    let edge = Edge::start(&Guest::shop(&origin.url()));
    let mut client = edge.connect();
    for _ in 0..2 {
        client.send("HEAD /0 HTTP/1.1\r\nHost: a\r\n\r\n");
        let (status, headers) = client.head();
        assert_eq!(status, 200);
        assert!(
            headers.contains(&("content-length".to_owned(), "1000".to_owned())),
            "{headers:?}"
        );
    }
    assert_eq!(origin.connections(), 1);
    let lines = edge.log();
    assert!(
        lines
            .iter()
            .all(|line| line["bytes"] == 0 && line.get("aborted").is_none()),
        "{lines:?}"
    );
}

#[test]
fn an_origin_can_be_elsewhere_than_the_policy_says() {
    let (origin, seen) = Origin::watching();
    let edge = Edge::with(&Guest::shop("http://shop.invalid"), |config| {
        config.origins.entry("shop".to_owned()).or_default().url = Some(origin.url());
    });
    assert_eq!(edge.connect().get("/0").text(), "ok");
    assert_eq!(wait(&seen).all("host"), [origin.address.to_string()]);
}

#[test]
fn an_http_1_0_client_gets_an_answer_and_the_end() {
    let origin = Origin::answering(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    );
    let edge = Edge::start(&Guest::shop(&origin.url()));
    let mut client = edge.connect();
    client.send("GET /0 HTTP/1.0\r\nHost: a\r\n\r\n");
    let reply = client.reply();
    assert_eq!(reply.text(), "ok");
    assert_eq!(reply.header("transfer-encoding"), None);
    assert!(client.is_closed());
}

#[test]
fn a_client_that_only_stops_sending_gets_its_answer_if_allowed() {
    let (origin, _seen) = Origin::watching();
    let edge = Edge::with(&Guest::shop(&origin.url()), |config| {
        config.limits.half_close = true
    });
    let mut client = edge.connect();
    client.send("GET /0 HTTP/1.1\r\nHost: a\r\n\r\n");
    client.finish_sending();
    assert_eq!(client.reply().text(), "ok");
    assert!(client.is_closed());
}

#[test]
fn several_workers_share_the_port() {
    let edge = Edge::with(&Guest::default(), |config| config.workers = Some(3));
    let mut clients: Vec<Client> = (0..30).map(|_| edge.connect()).collect();
    for client in &mut clients {
        assert_eq!(client.get("/").text(), "hello");
    }
    assert_eq!(edge.log().len(), 30);
}

#[test]
fn the_demo_origins_tell_what_they_were_asked() {
    use edge_host::demo::Demo;
    use edge_host::engine::{Engine, EngineOptions, Policy};
    let guest = Guest::shop("http://shop.invalid");
    let engine = Engine::new(&EngineOptions::default()).unwrap();
    let policy = Policy::load(&engine, &guest.wasm()).unwrap();
    let demo = Demo::start(policy.manifest()).unwrap();
    let edge = Edge::with(&guest, |config| demo.stand_in(config));
    let mut client = edge.connect();
    client.send(
        "POST /0/a?b=c HTTP/1.1\r\nHost: a\r\nX-Two: 1\r\nX-Two: 2\r\nContent-Length: 3\r\n\r\nabc",
    );
    let seen: serde_json::Value = serde_json::from_slice(&client.reply().body).unwrap();
    assert_eq!(seen["origin"], "shop");
    assert_eq!(seen["method"], "POST");
    assert_eq!(seen["path"], "/0/a");
    assert_eq!(seen["query"], "b=c");
    assert_eq!(seen["body_bytes"], 3);
    assert_eq!(seen["headers"]["x-two"], serde_json::json!(["1", "2"]));
}

#[test]
fn pieces_are_passed_on_as_they_come() {
    let (go_on, told) = std::sync::mpsc::channel::<()>();
    let told = std::sync::Mutex::new(told);
    let (arrived, seen) = std::sync::mpsc::channel();
    let origin = Origin::start(move |client, _| {
        receive(client);
        let mut piece = [0; 8];
        std::io::Read::read_exact(&mut client.reader, &mut piece).unwrap();
        arrived.send(piece).unwrap();
        client.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
        told.lock().unwrap().recv().unwrap();
        client.send("3\r\ntwo\r\n0\r\n\r\n");
    });
    let edge = Edge::start(&Guest::shop(&origin.url()));
    let mut client = edge.connect();
    client.send("POST /0 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    // Neither side has ended its body, and each has what the other has sent.
    assert_eq!(&wait(&seen), b"3\r\nabc\r\n");
    assert_eq!(client.head().0, 200);
    let mut piece = [0; 8];
    std::io::Read::read_exact(&mut client.reader, &mut piece).unwrap();
    assert_eq!(&piece, b"3\r\none\r\n");
    go_on.send(()).unwrap();
    assert_eq!(client.chunked().unwrap(), b"two");
}
