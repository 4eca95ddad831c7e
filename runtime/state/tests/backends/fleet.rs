//! Several processes on one Redis: limits stay exact, and no increment is lost.

use std::collections::BTreeMap;
use std::process::Child;
use std::sync::Arc;
use std::time::Duration;

use edge_state::{Backend, Charge, Clock, Counter, Limit, Store, open};
use tokio::runtime::Runtime;

use crate::server::{self, Server};

const PROCESSES: u64 = 4;
const TASKS: u64 = 16;
const COUNTER: Counter<'static> = Counter {
    name: "requests",
    expire: None,
    listed: true,
};

/// 100 tokens a second, 500 at first.
fn rate() -> Limit {
    Limit::token_bucket("rate", 100, Duration::from_secs(1), 400).unwrap()
}

/// 3 a key, and none comes back while the test runs.
fn few() -> [Limit; 2] {
    let hours = Duration::from_secs(100 * 3600);
    [
        Limit::token_bucket("few", 3, hours, 0).unwrap(),
        Limit::sliding_window("few", 3, hours).unwrap(),
    ]
}

fn keys() -> u64 {
    crate::number("EDGE_STATE_KEYS", 300) as u64
}

/// How many requests each process makes: set it to 50,000, and the keys to 10,000, for a run by hand.
fn requests() -> u64 {
    crate::number("EDGE_STATE_REQUESTS", 600) as u64
}

#[test]
fn four_processes_on_one_limit_and_on_many_keys() {
    if !server::is_there() {
        return;
    }
    let server = Server::start(&[]);
    let url = format!("{}?timeout=10s", server.url());
    let runtime = Runtime::new().unwrap();
    let backend = open(&url, Clock::System).unwrap();
    let limit = rate();
    let look = |cost| {
        let backend = &backend;
        let charge = [Charge {
            limit: &limit,
            key: b"one",
            cost,
        }];
        // Redis' own clock, before and after.
        runtime.block_on(async {
            let before = server.time();
            let takings = backend.take(&charge).get().await.unwrap();
            (before, takings[0].quota().unwrap().remaining, server.time())
        })
    };
    // So much that it is not full again before the others begin: what comes back to a full bucket is lost.
    let (first, _, first_at_latest) = look(400);

    let children: Vec<Child> = (0..PROCESSES)
        .map(|process| {
            let mut child = crate::child("fleet::process", "EDGE_STATE_FLEET", &url);
            child
                .env("EDGE_STATE_PROCESS", process.to_string())
                .spawn()
                .unwrap()
        })
        .collect();
    let (mut admitted, mut of_keys) = (400, 0);
    for child in children {
        let out = child.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        assert!(out.status.success(), "{text}");
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("admitted "))
            .unwrap();
        let (one, many) = line.split_once(' ').unwrap();
        admitted += one.parse::<u64>().unwrap();
        of_keys += many.parse::<u64>().unwrap();
    }

    let (last, remaining, last_at_latest) = look(0);
    // Tokens that came back are spent or still there; times are in milliseconds, and so is the rate of 0.1.
    let least = 500 + (last - first_at_latest) / 10;
    let most = 500 + (last_at_latest - first) / 10;
    let seen = admitted + remaining;
    println!("{admitted} admitted and {remaining} left, {least} to {most} expected");
    assert!(
        least <= seen + 1 && seen <= most + 1,
        "{seen} is not within {least} and {most}"
    );
    assert!(
        remaining < 500,
        "never full in between, else tokens would be lost"
    );
    assert_eq!(of_keys, expected_of_keys(), "3 of each key and limit");
    let counts = runtime
        .block_on(backend.list(&COUNTER, b"", 10).get())
        .unwrap();
    assert_eq!(
        counts.iter().map(|(_, count)| *count as u64).sum::<u64>(),
        PROCESSES * requests()
    );
}

/// How many requests of a key are admitted, over all keys and both limits.
fn expected_of_keys() -> u64 {
    let mut requested = BTreeMap::<u64, u64>::new();
    for process in 0..PROCESSES {
        for request in 0..requests() {
            *requested.entry(key(process, request)).or_default() += 1;
        }
    }
    requested.values().map(|&count| 2 * count.min(3)).sum()
}

fn key(process: u64, request: u64) -> u64 {
    (request * 7 + process * 13) % keys()
}

#[test]
fn process() {
    let Ok(url) = std::env::var("EDGE_STATE_FLEET") else {
        return;
    };
    let process: u64 = std::env::var("EDGE_STATE_PROCESS")
        .unwrap()
        .parse()
        .unwrap();
    let backend = open(&url, Clock::System).unwrap();
    let admitted = Runtime::new().unwrap().block_on(async {
        let tasks: Vec<_> = (0..TASKS)
            .map(|task| tokio::spawn(requests_of(Arc::clone(&backend), process, task)))
            .collect();
        let mut sums = (0, 0);
        for task in tasks {
            let (one, many) = task.await.unwrap();
            sums = (sums.0 + one, sums.1 + many);
        }
        sums
    });
    println!("\nadmitted {} {}", admitted.0, admitted.1);
}

async fn requests_of(backend: Arc<dyn Backend>, process: u64, task: u64) -> (u64, u64) {
    let (limit, [bucket, window]) = (rate(), few());
    let (mut one, mut many) = (0, 0);
    for request in (task..requests()).step_by(TASKS as usize) {
        let key = key(process, request).to_le_bytes();
        let takings = backend
            .take(&[Charge {
                limit: &limit,
                key: b"one",
                cost: 1,
            }])
            .get()
            .await
            .unwrap();
        one += u64::from(takings[0].is_allowed());
        let charges = [&bucket, &window].map(|limit| Charge {
            limit,
            key: &key,
            cost: 1,
        });
        let takings = backend.take(&charges).get().await.unwrap();
        many += takings.iter().filter(|taken| taken.is_allowed()).count() as u64;
        backend
            .increment(&COUNTER, &[process as u8], 1)
            .get()
            .await
            .unwrap();
    }
    (one, many)
}

#[test]
fn all_limits_of_a_request_are_one_round_trip() {
    if !server::is_there() {
        return;
    }
    let server = Server::start(&[]);
    let backend = open(&format!("{}?timeout=10s", server.url()), Clock::System).unwrap();
    let at_once = Limit::at_once("at once", 100).unwrap();
    let (rate, [few, window]) = (rate(), few());
    let charges = [&rate, &few, &window, &at_once].map(|limit| Charge {
        limit,
        key: b"key",
        cost: 1,
    });
    Runtime::new().unwrap().block_on(async {
        // The first one loads the script.
        let mut held = vec![backend.take(&charges).await.unwrap()];
        let before = (server.calls("evalsha"), server.calls("eval"));
        for _ in 0..2 {
            held.push(backend.take(&charges).await.unwrap());
        }
        assert!(held.iter().flatten().all(edge_state::Taken::is_allowed));
        assert_eq!(
            (server.calls("evalsha"), server.calls("eval")),
            (before.0 + 2, before.1)
        );
    });
}

#[test]
fn scripts_that_redis_forgot_are_sent_again() {
    if !server::is_there() {
        return;
    }
    let server = Server::start(&[]);
    let backend = open(&format!("{}?timeout=10s", server.url()), Clock::System).unwrap();
    Runtime::new().unwrap().block_on(async {
        for expected in 1..4 {
            assert_eq!(backend.increment(&COUNTER, b"key", 1).await, Ok(expected));
            assert!(server.ask("SCRIPT FLUSH").starts_with("+OK"));
        }
    });
}

#[test]
fn what_is_not_ours_is_said_to_be_corrupt() {
    if !server::is_there() {
        return;
    }
    let server = Server::start(&[]);
    let backend = open(&format!("{}?timeout=10s", server.url()), Clock::System).unwrap();
    let store = Store {
        name: "s",
        ttl: None,
        max_value: 100,
    };
    server.ask("SET edge:store:1:s:k short");
    server.ask("SET edge:counter:8:requests:k text");
    server.ask("SET edge:limit:t:4:rate:1000:key:k text");
    let limit = rate();
    let corrupt = |failure| {
        assert!(
            matches!(failure, edge_state::Failure::Corrupt(_)),
            "{failure}"
        )
    };
    Runtime::new().unwrap().block_on(async {
        corrupt(backend.get(&store, b"k").await.unwrap_err());
        corrupt(backend.read(&COUNTER, b"k").await.unwrap_err());
        corrupt(backend.increment(&COUNTER, b"k", 1).await.unwrap_err());
        corrupt(
            backend
                .take(&[Charge {
                    limit: &limit,
                    key: b"k",
                    cost: 1,
                }])
                .await
                .unwrap_err(),
        );
    });
}
