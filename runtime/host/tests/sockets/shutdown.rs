//! Stopping: what is in flight is finished, within bounds.

use std::net::TcpStream;
use std::sync::mpsc;
use std::time::Duration;

use edge_host::config::Span;

use crate::support::origin::{receive, wait};
use crate::support::{Client, Edge, Guest, Origin, PATIENCE, Process};

/// An origin that says when it is asked, and answers when it is told.
fn gate() -> (Origin, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let (asked, seen) = mpsc::channel();
    let (open, opened) = mpsc::channel();
    let opened = std::sync::Mutex::new(opened);
    let origin = Origin::start(move |client, _| {
        receive(client);
        asked.send(()).unwrap();
        if opened.lock().unwrap().recv_timeout(2 * PATIENCE).is_ok() {
            client.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
    });
    (origin, seen, open)
}

/// A policy whose origin has all the time it wants.
fn patient(origin: &Origin) -> Guest {
    Guest::default().origin("shop", &origin.url(), |settings| {
        settings.timeout_ms = 60_000
    })
}

#[test]
fn a_request_in_flight_is_finished() {
    let (origin, seen, open) = gate();
    let mut edge = Edge::start(&patient(&origin));
    let (mut busy, mut idle) = (edge.connect(), edge.connect());
    assert_eq!(idle.get("/").status, 200);
    busy.send("GET /0 HTTP/1.1\r\nHost: a\r\n\r\n");
    wait(&seen);
    edge.shut_down();
    assert!(idle.is_closed(), "nobody waits on this connection");
    while TcpStream::connect(edge.address).is_ok() {
        std::thread::yield_now();
    }
    open.send(()).unwrap();
    let reply = busy.reply();
    assert_eq!(reply.text(), "ok");
    assert_eq!(reply.header("connection"), Some("close"));
    assert!(busy.is_closed());
    assert_eq!(edge.log().len(), 2);
}

#[test]
fn connections_without_a_request_do_not_hold_it_up() {
    let mut edge = Edge::with(&Guest::default(), |config| {
        config.shutdown_deadline = Span(4 * PATIENCE)
    });
    let (mut new, mut idle) = (edge.connect(), edge.connect());
    idle.send(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
    );
    assert_eq!(idle.reply().status, 200);
    edge.shut_down();
    assert!(new.is_closed() && idle.is_closed());
    assert_eq!(edge.log().len(), 1);
}

#[test]
fn the_deadline_ends_what_is_not_finished() {
    let (origin, seen, _open) = gate();
    let mut edge = Edge::with(&patient(&origin), |config| {
        config.shutdown_deadline = Span(Duration::from_millis(200));
    });
    let mut client = edge.connect();
    client.send("GET /0 HTTP/1.1\r\nHost: a\r\n\r\n");
    wait(&seen);
    edge.shut_down();
    assert!(client.is_closed());
    assert_eq!(edge.only_line()["aborted"], "the server ended");
}

#[test]
fn asked_twice_it_ends_at_once() {
    let (origin, seen, _open) = gate();
    let mut edge = Edge::with(&patient(&origin), |config| {
        config.shutdown_deadline = Span(4 * PATIENCE)
    });
    let mut client = edge.connect();
    client.send("GET /0 HTTP/1.1\r\nHost: a\r\n\r\n");
    wait(&seen);
    edge.shut_down_now();
    assert!(client.is_closed());
    assert_eq!(edge.only_line()["aborted"], "the server ended");
}

#[test]
fn a_signal_lets_requests_finish() {
    for signal in ["TERM", "INT"] {
        let (origin, seen, open) = gate();
        let server = Process::start(&origin.url());
        let mut client = Client::connect(server.address);
        client.send("GET /0 HTTP/1.1\r\nHost: a\r\n\r\n");
        wait(&seen);
        server.signal(signal);
        while TcpStream::connect(server.address).is_ok() {
            std::thread::yield_now();
        }
        open.send(()).unwrap();
        assert_eq!(client.reply().text(), "ok");
        assert!(server.wait().success());
    }
}

#[test]
fn a_hangup_ends_nothing() {
    let server = Process::start("http://127.0.0.1:9");
    server.signal("HUP");
    let mut client = Client::connect(server.address);
    assert_eq!(client.get("/").text(), "hello");
    server.signal("TERM");
    assert!(server.wait().success());
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let (origin, seen, _open) = gate();
    let server = Process::start(&origin.url());
    let mut client = Client::connect(server.address);
    client.send("GET /0 HTTP/1.1\r\nHost: a\r\n\r\n");
    wait(&seen);
    server.signal("TERM");
    while TcpStream::connect(server.address).is_ok() {
        std::thread::yield_now();
    }
    server.signal("INT");
    assert!(client.is_closed());
    assert!(server.wait().success());
}

#[test]
fn a_taken_port_is_an_error_before_anything_runs() {
    let edge = Edge::start(&Guest::default());
    let mut config = Edge::config("/dev/null".into());
    config.listen = edge.address;
    let error = Edge::bind(&Guest::default(), config)
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains(&edge.address.to_string()), "{error}");
}

#[test]
fn what_is_missing_is_an_error_before_anything_runs() {
    let bind = |guest: &Guest, text: &str| {
        let mut config = edge_host::config::Config::parse(text, "host.toml".as_ref()).unwrap();
        config.listen = "127.0.0.1:0".parse().unwrap();
        Edge::bind(guest, config)
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    };
    let guest = Guest::default()
        .secret("API_KEY")
        .origin("shop", "http://a", |_| {});
    let with_key = "[secrets]\nAPI_KEY = { env = \"PATH\" }\n";
    assert!(bind(&guest, "").contains("`API_KEY`"));
    assert!(
        bind(
            &guest,
            &format!("{with_key}[origins.shap]\nurl = \"http://b\"")
        )
        .contains("`[origins.shap]`")
    );
    assert!(bind(&guest, &format!("{with_key}[origins.shop]\nurl = \"b\"")).contains("`b`"));
    assert!(
        bind(
            &guest,
            &format!("{with_key}[log]\ntarget = {{ file = \"/nonexistent/log\" }}")
        )
        .contains("/nonexistent/log")
    );
}
