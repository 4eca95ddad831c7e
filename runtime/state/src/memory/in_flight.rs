//! What happens at once: a count for each key that something is happening for.

use std::collections::HashMap;

use parking_lot::Mutex;

use super::{Fingerprint, Identity};
use crate::taken::Outcome;

/// Counts of what is in flight. There are never more keys than requests being served.
pub(crate) struct InFlight {
    shards: Box<[Mutex<HashMap<Fingerprint, u64, Identity>>]>,
}

const SHARDS: usize = 16;

impl InFlight {
    pub(crate) fn new() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
        }
    }

    /// Takes `cost` of `amount` places, or none.
    pub(crate) fn take(&self, key: Fingerprint, amount: u64, cost: u64) -> Outcome {
        let Some(shard) = self.shards.get(key.shard(SHARDS)) else {
            return outcome(false, 0, None);
        };
        let mut counts = shard.lock();
        let taken = counts.get(&key).copied().unwrap_or(0);
        let room = amount.saturating_sub(taken);
        if cost.max(1) > room {
            return outcome(false, room, (cost <= amount).then_some(0));
        }
        if cost > 0 {
            counts.insert(key, taken + cost);
        }
        outcome(true, room - cost, None)
    }

    pub(crate) fn give_back(&self, key: Fingerprint, count: u64) {
        let Some(shard) = self.shards.get(key.shard(SHARDS)) else {
            return;
        };
        let mut counts = shard.lock();
        if let Some(taken) = counts.get_mut(&key) {
            *taken = taken.saturating_sub(count);
            if *taken == 0 {
                counts.remove(&key);
            }
        }
    }
}

fn outcome(allowed: bool, remaining: u64, retry_after: Option<u64>) -> Outcome {
    Outcome {
        allowed,
        remaining,
        reset: 0,
        retry_after,
    }
}
