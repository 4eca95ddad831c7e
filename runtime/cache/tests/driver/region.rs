//! What the tests of regions have in common, wherever these are.

use crate::checked::*;
use crate::site::*;
use edge_cache::Rules;
use std::time::{Duration, Instant};

pub const DAY: &str = "Cache-Control: max-age=86400";

/// Five minutes in the edge, an hour in the region.
pub fn rules() -> Rules {
    Rules {
        coalesce: true,
        forward: true,
        ttl: Some(300_000),
        regional_ttl: Some(3_600_000),
        ..Rules::default()
    }
}

/// Waits until an instance is connected.
pub async fn ready(site: &Site) {
    let errors = || site.cache.counters().regional.errors.get();
    until(async || {
        let before = errors();
        drop(site.ask("/nothing", &[], NOW).await);
        errors() == before
    })
    .await;
}

pub async fn until(mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_so().await {
        assert!(Instant::now() < deadline, "it does not come to pass");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Stores, and waits until the region has it.
pub async fn put(site: &Site, path: &str, lines: &[&str], what: u32, len: usize) {
    let fetch = site.fetch(path, &[], NOW).await;
    let (_, filler) = filled(fetch, 200, lines, NOW);
    assert!(write_all(filler, &body(what, 0, len)).await);
    assert!(site.cache.flush().await);
}
