//! Redis that is away: killed in the middle, not there at first, silent, or closed to us.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use edge_state::{Backend, Charge, Clock, Counter, Failure, Limit, Store, open};
use tokio::runtime::Runtime;

use crate::server::{self, Server};

const COUNTER: Counter<'static> = Counter {
    name: "c",
    expire: None,
    listed: false,
};
const STORE: Store<'static> = Store {
    name: "s",
    ttl: None,
    max_value: 100,
};

/// Waits until Redis answers again; the backend is not touched otherwise.
async fn back(backend: &dyn Backend) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while let Err(failure) = backend.get(&STORE, b"").await {
        assert!(Instant::now() < deadline, "not back: {failure}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until an operation fails because Redis is known to be away.
async fn away(backend: &dyn Backend) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        match backend.get(&STORE, b"").await {
            Err(Failure::Unavailable(_)) => return,
            Ok(_) | Err(Failure::Timeout(_)) => assert!(Instant::now() < deadline, "not away"),
            Err(failure) => panic!("{failure}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// With every write on the disk before it is answered, a counter has what was acknowledged, and at most what is in doubt on top.
#[test]
fn killed_and_restarted_in_the_middle_of_increments() {
    if !server::is_there() {
        return;
    }
    let mut server = Server::start(&["--appendonly", "yes", "--appendfsync", "always"]);
    let backend = open(&format!("{}?timeout=1s", server.url()), Clock::System).unwrap();
    let (acknowledged, doubtful) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let done = Arc::new(AtomicBool::new(false));
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        back(&*backend).await;
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let (backend, done) = (Arc::clone(&backend), Arc::clone(&done));
                let (acknowledged, doubtful) = (Arc::clone(&acknowledged), Arc::clone(&doubtful));
                tokio::spawn(async move {
                    while !done.load(Ordering::Relaxed) {
                        let result = backend.increment(&COUNTER, b"key", 1).get().await;
                        let counted = if result.is_ok() {
                            &acknowledged
                        } else {
                            &doubtful
                        };
                        counted.fetch_add(1, Ordering::Relaxed);
                        tokio::task::yield_now().await;
                    }
                })
            })
            .collect();
        for round in 1..=3 {
            while acknowledged.load(Ordering::Relaxed) < round * 300 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            server.kill();
            away(&*backend).await;
            server.restart();
            back(&*backend).await;
        }
        done.store(true, Ordering::Relaxed);
        for task in tasks {
            task.await.unwrap();
        }
        let (acknowledged, doubtful) = (
            acknowledged.load(Ordering::Relaxed),
            doubtful.load(Ordering::Relaxed),
        );
        let value = backend.read(&COUNTER, b"key").await.unwrap().unwrap() as u64;
        println!("{acknowledged} acknowledged, {value} counted, {doubtful} failed");
        assert!((acknowledged..=acknowledged + doubtful).contains(&value));
    });
}

#[test]
fn not_there_at_first() {
    if !server::is_there() {
        return;
    }
    let mut server = Server::start(&[]);
    server.kill();
    let backend = open(&server.url(), Clock::System).unwrap();
    let limit = Limit::token_bucket("l", 1, Duration::from_secs(1), 0).unwrap();
    Runtime::new().unwrap().block_on(async {
        away(&*backend).await;
        // All fail at once: none of them waits for a timeout or a queue.
        for _ in 0..10_000 {
            let failure = backend
                .take(&[Charge {
                    limit: &limit,
                    key: b"k",
                    cost: 1,
                }])
                .await
                .unwrap_err();
            assert!(matches!(failure, Failure::Unavailable(_)), "{failure}");
        }
        server.restart();
        back(&*backend).await;
        assert!(
            backend
                .take(&[Charge {
                    limit: &limit,
                    key: b"k",
                    cost: 1
                }])
                .await
                .unwrap()[0]
                .is_allowed()
        );
    });
}

#[test]
fn silent_for_a_while() {
    if !server::is_there() {
        return;
    }
    let server = Server::start(&[]);
    let backend = open(&format!("{}?timeout=50ms", server.url()), Clock::System).unwrap();
    Runtime::new().unwrap().block_on(async {
        back(&*backend).await;
        server.signal("STOP");
        let failure = backend.increment(&COUNTER, b"key", 1).await.unwrap_err();
        assert_eq!(failure, Failure::Timeout(Duration::from_millis(50)));
        away(&*backend).await;
        server.signal("CONT");
        back(&*backend).await;
        // It was in doubt, and not sent a second time.
        assert!(backend.increment(&COUNTER, b"key", 1).await.unwrap() <= 2);
    });
}

#[test]
fn passwords_are_used_and_not_shown() {
    if !server::is_there() {
        return;
    }
    let server = Server::start(&["--requirepass", "s3cret"]);
    Runtime::new().unwrap().block_on(async {
        let right = open(
            &format!("redis://:s3cret@127.0.0.1:{}/0", server.port),
            Clock::System,
        )
        .unwrap();
        back(&*right).await;
        assert_eq!(
            right.place(),
            format!("redis://127.0.0.1:{}/0", server.port)
        );
        for login in ["", ":wr0ng@", "user:wr0ng@"] {
            let wrong = open(
                &format!("redis://{login}127.0.0.1:{}", server.port),
                Clock::System,
            )
            .unwrap();
            away(&*wrong).await;
            let failure = wrong.get(&STORE, b"").await.unwrap_err();
            assert!(
                !format!("{failure} {failure:?} {}", wrong.place()).contains("wr0ng"),
                "{failure}"
            );
            assert!(
                failure.to_string().to_lowercase().contains("auth"),
                "{failure}"
            );
        }
    });
}
