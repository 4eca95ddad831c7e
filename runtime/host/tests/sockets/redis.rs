//! Limits that several hosts share through a real Redis, which may be away.

use std::time::Instant;

use edge_abi::manifest::{Fail, Rate};
use edge_host::config::StateUrl;

use crate::support::client::Reply;
use crate::support::redis_server::{Server, is_there};
use crate::support::{Edge, Guest, PATIENCE, Process};

/// How many requests the hosts of a fleet get. By hand, with more:
/// `EDGE_TEST_REQUESTS=200000 cargo test -p edge-host --test sockets --release redis`.
const REQUESTS: &str = "EDGE_TEST_REQUESTS";

fn a_day(amount: u64) -> Rate {
    Rate::TokenBucket {
        amount,
        per_ms: 86_400_000,
        burst: 0,
    }
}

fn serve(guest: &Guest, redis: &Server) -> Edge {
    Edge::with(guest, |config| {
        config.state.url = StateUrl::Text(format!("{}?timeout=2s", redis.url()));
    })
}

/// Asks until an answer is as wanted.
fn until(edge: &Edge, wanted: impl Fn(&Reply) -> bool) -> Reply {
    let begun = Instant::now();
    loop {
        let reply = edge.connect().get("/");
        if wanted(&reply) {
            return reply;
        }
        assert!(begun.elapsed() < PATIENCE, "{reply:?}");
        std::thread::yield_now();
    }
}

#[test]
fn a_redis_that_is_away_decides_nothing_and_comes_back_by_itself() {
    if !is_there() {
        return;
    }
    for (fail, status) in [(Fail::Open, 200), (Fail::Closed, 429)] {
        let mut redis = Server::start(&["--save", "", "--appendonly", "no"]);
        redis.kill();
        // It starts although Redis is away.
        let edge = serve(&Guest::default().limited("test", a_day(1000), fail), &redis);
        let reply = until(&edge, |_| true);
        assert_eq!((reply.status, reply.header("ratelimit")), (status, None));
        assert_eq!(reply.header("retry-after"), None);
        redis.restart();
        let reply = until(&edge, |reply| reply.header("ratelimit").is_some());
        assert_eq!(reply.status, 200);
        redis.kill();
        let reply = until(&edge, |reply| reply.header("ratelimit").is_none());
        assert_eq!(reply.status, status);
        redis.restart();
        until(&edge, |reply| reply.header("ratelimit").is_some());
        let lines = edge.log();
        let degraded = lines[0]["degraded"][0].as_str().unwrap();
        assert!(degraded.starts_with("limit `test`: "), "{degraded}");
        assert_eq!(lines.last().unwrap().get("degraded"), None);
    }
}

#[test]
fn limits_of_a_request_are_one_round_trip() {
    if !is_there() {
        return;
    }
    let redis = Server::start(&["--save", "", "--appendonly", "no"]);
    let guest = Guest::default()
        .limited("one", a_day(1000), Fail::Open)
        .limited("two", a_day(1000), Fail::Open)
        .limited(
            "three",
            Rate::SlidingWindow {
                amount: 1000,
                per_ms: 60_000,
            },
            Fail::Open,
        );
    let edge = serve(&guest, &redis);
    let mut client = edge.connect();
    // The first tells Redis the script.
    assert_eq!(client.get("/").status, 200);
    let before = redis.calls("evalsha");
    for _ in 0..20 {
        let reply = client.get("/");
        assert_eq!(reply.header("ratelimit").unwrap().matches(";r=").count(), 3);
    }
    assert_eq!(redis.calls("evalsha") - before, 20);
}

#[test]
fn the_hosts_of_a_fleet_admit_no_more_than_one_would() {
    if !is_there() {
        return;
    }
    let requests: u64 = std::env::var(REQUESTS).map_or(400, |number| number.parse().unwrap());
    let (hosts, clients, amount) = (4, 2, requests / 5);
    let redis = Server::start(&["--save", "", "--appendonly", "no"]);
    let url = format!("{}?timeout=5s", redis.url());
    let processes: Vec<Process> = (0..hosts).map(|_| Process::limited(&url, amount)).collect();
    let began = redis.time();
    let admitted: u64 = std::thread::scope(|scope| {
        let clients: Vec<_> = processes
            .iter()
            .flat_map(|process| (0..clients).map(|_| process.address))
            .map(|address| {
                scope.spawn(move || {
                    let mut client = crate::support::Client::connect(address);
                    let each = requests / (hosts * clients);
                    (0..each).filter(|_| client.get("/").status == 200).count() as u64
                })
            })
            .collect();
        clients
            .into_iter()
            .map(|client| client.join().unwrap())
            .sum()
    });
    // Tokens come back meanwhile, but not many in a day's share.
    let back = (redis.time() - began) * amount / 86_400_000 + 1;
    assert!(
        (amount..=amount + back).contains(&admitted),
        "{admitted} of {amount}"
    );
}
