//! Limits over real connections.

use std::sync::mpsc;

use edge_abi::manifest::{Fail, Rate};

use crate::support::client::Reply;
use crate::support::origin::{receive, wait};
use crate::support::{Client, Edge, Guest, Origin};

const AT_ONCE: Rate = Rate::AtOnce { amount: 1 };

fn an_hour(amount: u64, burst: u64) -> Rate {
    Rate::TokenBucket {
        amount,
        per_ms: 3_600_000,
        burst,
    }
}

fn limited(rate: Rate) -> Guest {
    Guest::default().limited("test", rate, Fail::Open)
}

/// The seconds of a `Retry-After`.
fn wait_of(reply: &Reply) -> u64 {
    reply.header("retry-after").unwrap().parse().unwrap()
}

#[test]
fn a_burst_goes_through_and_the_rest_is_told_to_wait() {
    let edge = Edge::start(&limited(an_hour(60, 20)));
    let mut client = edge.connect();
    for left in (0..80).rev() {
        let reply = client.get("/");
        assert_eq!((reply.status, reply.text()), (200, "hello"));
        assert_eq!(
            reply.header("ratelimit-policy"),
            Some("\"test\";q=80;w=3600")
        );
        let expected = format!("\"test\";r={left};t=");
        assert!(reply.header("ratelimit").unwrap().starts_with(&expected));
        assert_eq!(reply.header("retry-after"), None);
    }
    let reply = client.get("/");
    assert_eq!(reply.status, 429);
    assert_eq!(reply.header("x-edge-rule"), Some("limit.test"));
    assert!(
        (1..=60).contains(&wait_of(&reply)),
        "a token comes back each minute"
    );
    let lines = edge.log();
    assert_eq!(lines[79]["rule"], "route.test");
    assert_eq!(lines[80]["rule"], "limit.test");
    assert!(lines[80]["state_ms"].as_f64().unwrap() > 0.0);
    assert_eq!(lines[80].get("degraded"), None);
}

#[test]
fn two_limits_are_told_of_together() {
    let window = Rate::SlidingWindow {
        amount: 2,
        per_ms: 3_600_000,
    };
    let guest = limited(an_hour(10, 0)).limited("tight", window, Fail::Closed);
    let edge = Edge::start(&guest);
    let mut client = edge.connect();
    let statuses = [0; 3].map(|_| client.get("/").status);
    assert_eq!(statuses, [200, 200, 429]);
    let reply = client.get("/");
    assert!(wait_of(&reply) > 3500);
    assert_eq!(
        reply.header("ratelimit-policy"),
        Some("\"test\";q=10;w=3600, \"tight\";q=2;w=3600")
    );
    assert!(
        reply
            .header("ratelimit")
            .unwrap()
            .contains("\"tight\";r=0;t=36")
    );
}

#[test]
fn all_workers_count_together() {
    let edge = Edge::with(&limited(an_hour(5, 0)), |config| config.workers = Some(3));
    let statuses: Vec<u16> = (0..30).map(|_| edge.connect().get("/").status).collect();
    let admitted = statuses.iter().filter(|status| **status == 200).count();
    assert_eq!(admitted, 5, "{statuses:?}");
}

/// An origin that sends half an answer and says so, and ends it when it is told to.
fn slow() -> (Origin, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let (begun, beginning) = mpsc::channel();
    let (end, ending) = mpsc::channel::<()>();
    let ending = std::sync::Mutex::new(ending);
    let origin = Origin::start(move |client, _| {
        while receive(client).is_some() {
            client.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha");
            begun.send(()).unwrap();
            // An error means that the answer is to break off.
            if ending.lock().unwrap().recv().is_err() {
                return;
            }
            client.send("lf");
        }
    });
    (origin, beginning, end)
}

/// Begins an answer as soon as a place is free, which the server may notice a little later than its client.
fn begin(edge: &Edge, begun: &mpsc::Receiver<()>) -> Client {
    loop {
        let mut client = edge.connect();
        client.send("GET /0/ HTTP/1.1\r\nHost: edge.test\r\n\r\n");
        let (status, _) = client.head();
        if status == 200 {
            wait(begun);
            return client;
        }
        assert_eq!(status, 429);
    }
}

/// Asks until a place is free.
fn until_free(edge: &Edge) {
    while edge.connect().get("/x").status == 429 {
        std::thread::yield_now();
    }
}

#[test]
fn a_place_is_free_when_the_answer_has_ended_however_it_does() {
    let (origin, begun, end) = slow();
    let guest = Guest::shop(&origin.url()).limited("test", AT_ONCE, Fail::Open);
    let edge = Edge::start(&guest);

    let mut client = begin(&edge, &begun);
    let reply = edge.connect().get("/x");
    assert_eq!(reply.status, 429);
    assert_eq!(wait_of(&reply), 1);
    let policy = "\"test\";q=1;qu=\"concurrent-requests\"";
    assert_eq!(reply.header("ratelimit-policy"), Some(policy));
    end.send(()).unwrap();
    let mut body = [0; 4];
    std::io::Read::read_exact(&mut client.reader, &mut body).unwrap();
    until_free(&edge);

    // The client leaves.
    let client = begin(&edge, &begun);
    assert_eq!(edge.connect().get("/x").status, 429);
    drop(client);
    until_free(&edge);
    end.send(()).unwrap();

    // The origin breaks off.
    let mut client = begin(&edge, &begun);
    assert_eq!(edge.connect().get("/x").status, 429);
    drop(end);
    let mut rest = Vec::new();
    let _ = std::io::Read::read_to_end(&mut client.reader, &mut rest);
    assert_eq!(rest, b"ha");
    until_free(&edge);
}

#[test]
fn a_place_is_free_when_the_client_leaves_before_there_is_an_answer() {
    let (asked, asking) = mpsc::channel();
    let origin = Origin::start(move |client, _| {
        receive(client);
        asked.send(()).unwrap();
        // It never answers: only the end of the connection ends this.
        receive(client);
    });
    let guest = Guest::shop(&origin.url()).limited("test", AT_ONCE, Fail::Open);
    let edge = Edge::start(&guest);
    let mut client = edge.connect();
    client.send("GET /0/ HTTP/1.1\r\nHost: edge.test\r\n\r\n");
    wait(&asking);
    assert_eq!(edge.connect().get("/x").status, 429);
    drop(client);
    until_free(&edge);
}

#[test]
fn of_many_in_parallel_as_many_are_let_in_as_may_be_at_once() {
    const PLACES: u64 = 3;
    const CLIENTS: usize = 24;
    let (asked, asking) = mpsc::channel();
    let (end, ends) = mpsc::channel::<()>();
    let ends = std::sync::Mutex::new(ends);
    let origin = Origin::start(move |client, _| {
        while receive(client).is_some() {
            asked.send(()).unwrap();
            // One at a time waits here; each answer needs one word.
            let told = ends.lock().unwrap().recv();
            if told.is_ok() {
                client.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }
        }
    });
    let guest = Guest::default()
        .origin("shop", &origin.url(), |origin| origin.timeout_ms = 60_000)
        .limited("test", Rate::AtOnce { amount: PLACES }, Fail::Open);
    let edge = Edge::with(&guest, |config| config.workers = Some(4));
    for _ in 0..3 {
        let (told, statuses) = mpsc::channel();
        for _ in 0..CLIENTS {
            let (mut client, told) = (edge.connect(), told.clone());
            std::thread::spawn(move || told.send(client.get("/0").status).unwrap());
        }
        // All but those that are let in are refused while these wait at the origin.
        for _ in 0..CLIENTS - PLACES as usize {
            assert_eq!(wait(&statuses), 429);
        }
        for _ in 0..PLACES {
            wait(&asking);
            end.send(()).unwrap();
            assert_eq!(wait(&statuses), 200);
        }
        until_free(&edge);
    }
}
