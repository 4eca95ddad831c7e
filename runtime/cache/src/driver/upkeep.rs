//! Purges, sweeps and figures.

use super::cache::Cache;
use crate::counters::Counters;
use crate::storage::entry::Entry;
use crate::storage::place::Place;
use crate::storage::purge::{Left, Purge};
use std::sync::atomic::Ordering;

/// How many keys are swept before others have their turn.
const AT_ONCE: usize = 64;

/// How many purges are kept before the disk is swept, to forget them.
const SWEEP_AT: usize = 10_000;

impl Cache {
    /// Purges, at once and whatever is under way: hard, or soft, which makes stale at `now`.
    pub fn purge(&self, what: Purge<'_>, soft: bool, now: u64) {
        let soft_at = soft.then_some(now);
        self.0.purging.purge(what, soft_at);
        if let Some(region) = &self.0.region {
            region.publish(what, soft_at);
        }
    }

    /// Makes the URIs invalid that an unsafe request changed (RFC 9111 4.4); see [`crate::semantics::invalidate`].
    pub fn invalidate(&self, places: &[Place]) {
        for place in places {
            if self.0.residents.is_present(place) {
                self.0.purging.purge(Purge::Uri(place), None);
            }
            if let Some(region) = &self.0.region {
                region.publish(Purge::Uri(place), None);
            }
        }
    }

    /// Sweeps out what was purged, a few keys at a time, yielding between them. The host calls it now and then in the
    /// background; without purges it does nothing. The disk is swept when many purges have come together.
    pub async fn tidy(&self) {
        let purges = &self.0.purges;
        if !purges.any() {
            return;
        }
        let until = purges.latest();
        if self.0.swept.load(Ordering::Relaxed) < until {
            for index in 0..self.0.memory.shards() {
                let mut all = self.0.memory.iter(index);
                loop {
                    let batch: Vec<_> = all.by_ref().take(AT_ONCE).collect();
                    if batch.is_empty() {
                        break;
                    }
                    for (key, resource) in &batch {
                        self.0.memory.sweep(key, resource);
                    }
                    drop(batch);
                    tokio::task::yield_now().await;
                }
            }
            self.0.swept.store(until, Ordering::Relaxed);
        }
        match (&self.0.disk, &self.0.purging.log) {
            (Some(disk), Some(log)) => {
                let due = log.len() >= SWEEP_AT && disk.is_loaded();
                if due && disk.sweep(purges, until).await {
                    log.forget(purges.forget(until));
                }
            }
            _ => _ = purges.forget(until),
        }
    }

    /// Waits until all that was stored so far is on the disk, and all purges so far are safe there. The host calls it
    /// before it ends, and after a purge that it confirms. False when purges are not safe: after a restart, or on other
    /// hosts, what they cover may come back.
    pub async fn flush(&self) -> bool {
        if let Some(disk) = &self.0.disk {
            disk.flush().await;
        }
        self.purged().await
    }

    /// Waits until all purges so far would survive the process, and are known to the region; see [`Cache::flush`].
    pub async fn purged(&self) -> bool {
        let written = match &self.0.purging.log {
            Some(log) => log.flush().await,
            None => true,
        };
        let told = match &self.0.region {
            Some(region) => region.flush().await,
            None => true,
        };
        written && told
    }

    /// What purges left of an answer: those made or heard here, and those that the region had before.
    pub(crate) fn left(&self, entry: &Entry) -> Left {
        let here = self.0.purges.left(entry);
        let Some(region) = self.0.region.as_ref().filter(|_| here != Left::Gone) else {
            return here;
        };
        match (here, region.left(entry)) {
            (Left::Stale(here), Left::Stale(there)) => Left::Stale(here.min(there)),
            (here, Left::Valid) => here,
            (_, there) => there,
        }
    }

    /// How many bytes are stored in memory.
    pub fn weight(&self) -> u64 {
        self.0.memory.weight()
    }

    /// How many keys have something stored.
    pub fn len(&self) -> usize {
        self.0.memory.len()
    }

    /// Whether nothing is stored.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many answers are on the disk, and what they take.
    pub fn on_disk_now(&self) -> (usize, u64) {
        self.0.disk.as_ref().map_or((0, 0), |disk| {
            let index = disk.inner.index.lock();
            (index.len(), index.bytes())
        })
    }

    /// Whether all that was on the disk at the start is known by now.
    pub fn is_loaded(&self) -> bool {
        self.0.disk.as_ref().is_none_or(|disk| disk.is_loaded())
    }

    /// What it counts.
    pub fn counters(&self) -> &Counters {
        &self.0.counters
    }

    /// How many fetches are under way that others may join.
    pub fn flights(&self) -> usize {
        self.0.flights.len()
    }
}
