//! What a limit in memory costs, beside `governor`: nanoseconds a check, bytes a key.
//!
//! ```sh
//! cargo run --release -p edge-state --example cost
//! ```

#![allow(clippy::unwrap_used, clippy::panic, reason = "an example")]

use std::hint::black_box;
use std::num::NonZeroU32;
use std::time::Duration;

use cpu_time::ProcessTime;
use edge_state::{Backend, Charge, Clock, Limit, open};
use governor::{Quota, RateLimiter};

const CHECKS: u64 = 4_000_000;
const MILLION: u64 = 1_000_000;

fn main() {
    let per_second = NonZeroU32::new(1_000_000).unwrap();
    let limit = Limit::token_bucket("per_ip", 1_000_000, Duration::from_secs(1), 0).unwrap();
    println!(
        "{:>10} keys {:>12} {:>12}   ns a check",
        "", "edge-state", "governor"
    );
    for keys in [1, 1000, 100_000] {
        let backend = open("memory://?bytes=1GiB", Clock::System).unwrap();
        let ours = checks(keys, |key| {
            black_box(backend.take(&[Charge {
                limit: &limit,
                key,
                cost: 1,
            }]));
        });
        let peer = RateLimiter::dashmap(Quota::per_second(per_second));
        let theirs = checks(keys, |key| {
            let _ = black_box(peer.check_key(key));
        });
        println!("{keys:>10}      {ours:>12.0} {theirs:>12.0}");
    }
    let backend = open("memory://?bytes=1GiB", Clock::System).unwrap();
    let before = resident();
    fill(&*backend, &limit);
    println!(
        "{:.0} bytes a key at a million",
        (resident() - before) as f64 / MILLION as f64
    );
    let before = resident();
    let peer = RateLimiter::dashmap(Quota::per_second(per_second));
    for number in 0..MILLION {
        let _ = black_box(peer.check_key(&address(number)));
    }
    println!(
        "{:.0} bytes a key of `governor`",
        (resident() - before) as f64 / MILLION as f64
    );
}

fn fill(backend: &dyn Backend, limit: &Limit) {
    for number in 0..MILLION {
        let key = address(number);
        black_box(backend.take(&[Charge {
            limit,
            key: &key,
            cost: 1,
        }]));
    }
}

/// Nanoseconds of processor time a check, the best of five rounds.
fn checks(keys: u64, mut check: impl FnMut(&[u8; 16])) -> f64 {
    let all: Vec<_> = (0..keys).map(address).collect();
    let rounds = (0..5).map(|_| {
        let start = ProcessTime::now();
        let mut made = 0;
        while made < CHECKS / 5 {
            all.iter().for_each(&mut check);
            made += keys;
        }
        start.elapsed().as_secs_f64() * 1e9 / made as f64
    });
    rounds.fold(f64::INFINITY, f64::min)
}

/// A client's address, as a key.
fn address(number: u64) -> [u8; 16] {
    let scattered = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (u128::from(number) << 64 | u128::from(scattered)).to_be_bytes()
}

/// Bytes of this process that are in memory.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    4096 * pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap()
}
