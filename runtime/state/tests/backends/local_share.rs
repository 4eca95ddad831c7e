//! `local_share`: how far over a limit a fleet gets, and how few round trips it takes.

use std::sync::atomic::Ordering;
use std::time::Duration;

use edge_state::{Charge, Clock, Limit, open};
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};
use tokio::runtime::Runtime;

use crate::server::{self, Server};

const HOSTS: u64 = 4;
const AMOUNT: u64 = 100;
const BATCH: u64 = 10;
/// Milliseconds.
const PER: u64 = 10_000;

/// In any interval of the length t: at most `capacity + rate × (t + life)`, where a batch's life is as long as it takes to
/// refill; from the beginning on, no more than `capacity + rate × t`.
#[test]
fn the_overshoot_is_bounded() {
    if !server::is_there() {
        return;
    }
    let server = Server::start(&[]);
    let (clock, time) = Clock::at(1_700_000_000_000);
    let url = format!("{}?timeout=10s&local_share=10%25", server.url());
    let hosts: Vec<_> = (0..HOSTS)
        .map(|_| open(&url, clock.clone()).unwrap())
        .collect();
    let limit = Limit::token_bucket("shared", AMOUNT, Duration::from_millis(PER), 0).unwrap();
    let charge = [Charge {
        limit: &limit,
        key: b"key",
        cost: 1,
    }];
    let start = time.load(Ordering::Relaxed);
    let mut random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut admitted = Vec::new();
    let mut asked = 0;
    Runtime::new().unwrap().block_on(async {
        for turn in 0..60_u64 {
            let pick = random.next_u32();
            // All hosts take a batch from a full bucket, and spend it when it is refilled.
            time.fetch_add(
                if turn % 3 == 0 {
                    PER
                } else {
                    u64::from(pick) % 3000
                },
                Ordering::Relaxed,
            );
            for request in 0..120_u64 {
                let random = u64::from(random.next_u32());
                asked += 1;
                if hosts[(request % HOSTS) as usize]
                    .take(&charge)
                    .await
                    .unwrap()[0]
                    .is_allowed()
                {
                    admitted.push(time.load(Ordering::Relaxed) - start);
                }
                let pause = if request + 1 == HOSTS {
                    900
                } else {
                    u64::from(random % 20 == 0)
                };
                time.fetch_add(pause, Ordering::Relaxed);
            }
        }
    });
    let in_all = admitted.len() as u64;
    let end = time.load(Ordering::Relaxed) - start;
    assert!(
        in_all <= AMOUNT + AMOUNT * end / PER,
        "{in_all} in {end} ms"
    );
    let worst = worst(&admitted);
    let trips = server.calls("evalsha") + server.calls("eval");
    println!("{asked} asked, {in_all} admitted, {trips} round trips, {worst} of {BATCH} over");
    assert!((1..=BATCH).contains(&worst), "{worst}");
    assert!(trips * 2 < asked, "{trips} round trips for {asked}");
}

/// How much more than `capacity + rate × t` was admitted in the worst interval.
fn worst(admitted: &[u64]) -> u64 {
    let mut worst = 0;
    for (first, from) in admitted.iter().enumerate() {
        for (last, to) in admitted.iter().enumerate().skip(first) {
            let count = (last - first + 1) as u64;
            worst = worst.max(count.saturating_sub(AMOUNT + AMOUNT * (to - from) / PER));
        }
    }
    worst
}

#[test]
fn tokens_that_nobody_spends_are_thrown_away() {
    if !server::is_there() {
        return;
    }
    let server = Server::start(&[]);
    let (clock, time) = Clock::at(1_700_000_000_000);
    let host = open(
        &format!("{}?timeout=10s&local_share=10%25", server.url()),
        clock,
    )
    .unwrap();
    let limit = Limit::token_bucket("shared", AMOUNT, Duration::from_millis(PER), 0).unwrap();
    let charge = |cost| {
        [Charge {
            limit: &limit,
            key: b"key",
            cost,
        }]
    };
    Runtime::new().unwrap().block_on(async {
        let first = host.take(&charge(1)).await.unwrap()[0].quota().unwrap();
        assert_eq!(first.remaining, AMOUNT - 1, "what is at hand counts");
        time.fetch_add(999, Ordering::Relaxed);
        let before = server.calls("evalsha");
        assert!(host.take(&charge(1)).await.unwrap()[0].is_allowed());
        assert_eq!(server.calls("evalsha"), before, "at hand");
        time.fetch_add(1, Ordering::Relaxed);
        assert!(host.take(&charge(1)).await.unwrap()[0].is_allowed());
        assert_eq!(server.calls("evalsha"), before + 1, "too old");
    });
}
