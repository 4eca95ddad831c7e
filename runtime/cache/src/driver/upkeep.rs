//! Purges, sweeps and figures.

use super::ask::Cache;
use crate::counters::Counters;
use crate::storage::place::Place;
use crate::storage::purge::Purge;

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

    /// Sweeps out what was purged, one shard at a time, yielding between them. The host calls it now and then in the
    /// background; without purges it does nothing.
    pub async fn tidy(&self) {
        if !self.0.purges.any() {
            return;
        }
        let until = self.0.purges.latest();
        for index in 0..self.0.memory.shards() {
            self.0.memory.sweep(index, &self.0.purges, until);
            tokio::task::yield_now().await;
        }
        self.0.purges.forget(until);
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

    /// What it counts.
    pub fn counters(&self) -> &Counters {
        &self.0.counters
    }

    /// How many fetches are under way that others may join.
    pub fn flights(&self) -> usize {
        self.0.flights.len()
    }
}
