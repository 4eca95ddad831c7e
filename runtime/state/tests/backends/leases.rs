//! What happens at once in a fleet: leases come back from hosts that die, and stay with those that live.

use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

use edge_state::{Backend, Charge, Clock, Limit, Takings, open};
use tokio::runtime::Runtime;

use crate::server::{self, Server};

const LIFE: Duration = Duration::from_secs(1);

fn limit() -> Limit {
    Limit::at_once("at once", 3).unwrap()
}

async fn take(backend: &dyn Backend, cost: u64) -> Takings {
    let limit = limit();
    backend
        .take(&[Charge {
            limit: &limit,
            key: b"key",
            cost,
        }])
        .get()
        .await
        .unwrap()
}

async fn remaining(backend: &dyn Backend) -> u64 {
    take(backend, 0).await[0].quota().unwrap().remaining
}

async fn until(backend: &dyn Backend, wanted: u64) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while remaining(backend).await != wanted {
        assert!(
            Instant::now() < deadline,
            "{} and not {wanted} remain",
            remaining(backend).await
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[test]
fn leases_of_a_host_that_dies_come_back_and_others_stay() {
    if !server::is_there() {
        return;
    }
    let server = Server::start(&[]);
    let url = format!("{}?timeout=10s&lease=1s", server.url());
    let backend = open(&url, Clock::System).unwrap();
    let mut host = crate::child("leases::host", "EDGE_STATE_HOST", &url)
        .spawn()
        .unwrap();
    let out = BufReader::new(host.stdout.take().unwrap());
    assert!(
        out.lines()
            .map_while(Result::ok)
            .any(|line| line == "holding")
    );
    Runtime::new().unwrap().block_on(async {
        let own = take(&*backend, 1).await;
        assert_eq!(remaining(&*backend).await, 0);
        // Both renew for longer than a lease lives.
        let start = Instant::now();
        while start.elapsed() < 2 * LIFE {
            assert_eq!(remaining(&*backend).await, 0);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        host.kill().unwrap();
        host.wait().unwrap();
        until(&*backend, 2).await;
        drop(own);
        until(&*backend, 3).await;
    });
}

#[test]
fn host() {
    let Ok(url) = std::env::var("EDGE_STATE_HOST") else {
        return;
    };
    let backend = open(&url, Clock::System).unwrap();
    Runtime::new().unwrap().block_on(async {
        let held = take(&*backend, 2).await;
        assert!(held[0].is_allowed());
        println!("\nholding");
        tokio::time::sleep(Duration::from_secs(60)).await;
    });
}

/// Redis may lose what it knew; those who hold something tell it again.
#[test]
fn leases_survive_the_loss_of_redis_memory() {
    if !server::is_there() {
        return;
    }
    let server = Server::start(&[]);
    let backend = open(
        &format!("{}?timeout=10s&lease=1s", server.url()),
        Clock::System,
    )
    .unwrap();
    Runtime::new().unwrap().block_on(async {
        let held = take(&*backend, 2).await;
        server.ask("FLUSHALL");
        until(&*backend, 1).await;
        drop(held);
        until(&*backend, 3).await;
    });
}

/// A client that leaves while Redis is being asked leaves nothing behind.
#[test]
fn charges_that_nobody_waits_for_are_given_back() {
    if !server::is_there() {
        return;
    }
    let server = Server::start(&[]);
    let backend = open(&format!("{}?timeout=10s", server.url()), Clock::System).unwrap();
    Runtime::new().unwrap().block_on(async {
        assert_eq!(remaining(&*backend).await, 3);
        for _ in 0..20 {
            tokio::select! {
                biased;
                _ = take(&*backend, 1) => {}
                () = tokio::task::yield_now() => {}
            }
        }
        until(&*backend, 3).await;
    });
}
