//! Counters: ordered, so that they can be listed, and never thrown away before they expire.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::ops::Bound;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;

use crate::Failure;
use crate::backend::Counter;
use crate::clock::Expiry;
use crate::key::{join, prefix, split};

/// The numbers of all counters.
pub(crate) struct Counters {
    time: Arc<Expiry>,
    hasher: RandomState,
    shards: Box<[Mutex<Shard>]>,
    /// How many bytes a shard may hold.
    bytes: usize,
}

#[derive(Default)]
struct Shard {
    counts: BTreeMap<Box<[u8]>, Count>,
    bytes: usize,
    /// When a full shard was last searched for what has expired.
    swept: u64,
    /// Where the next small search begins.
    cursor: Box<[u8]>,
}

struct Count {
    value: i64,
    end: u64,
}

/// Bytes of an entry beside its key: its place in the tree, at the fill it has on average, and the key's allocation.
const ENTRY: usize = 80;
const SHARDS: usize = 16;
/// How many entries each new key looks at, to drop what has expired.
const STEP: usize = 4;
/// A full shard is searched as a whole at most once in so many milliseconds.
const SWEEP: u64 = 1000;

impl Counters {
    pub(crate) fn new(bytes: u64, time: Arc<Expiry>) -> Self {
        Self {
            time,
            hasher: RandomState::new(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            bytes: usize::try_from(bytes).unwrap_or(usize::MAX) / SHARDS,
        }
    }

    pub(crate) fn increment(
        &self,
        counter: &Counter<'_>,
        key: &[u8],
        by: i64,
    ) -> Result<i64, Failure> {
        let key = join(counter.name, key)?;
        let now = self.time.now();
        let end = self.time.end(counter.expire);
        let Some(shard) = self.shard(&key) else {
            return Err(Failure::Full("no shard".into()));
        };
        let mut shard = shard.lock();
        if let Some(count) = shard.counts.get_mut(&key[..]) {
            let old = if count.end > now { count.value } else { 0 };
            (count.value, count.end) = (old.saturating_add(by), end);
            return Ok(count.value);
        }
        shard.make_room(key.len() + ENTRY, self.bytes, now)?;
        shard
            .counts
            .insert(key.into_vec().into(), Count { value: by, end });
        Ok(by)
    }

    pub(crate) fn read(&self, counter: &Counter<'_>, key: &[u8]) -> Result<Option<i64>, Failure> {
        let key = join(counter.name, key)?;
        let now = self.time.now();
        let Some(shard) = self.shard(&key) else {
            return Ok(None);
        };
        let shard = shard.lock();
        Ok(shard
            .counts
            .get(&key[..])
            .filter(|count| count.end > now)
            .map(|count| count.value))
    }

    pub(crate) fn list(
        &self,
        counter: &Counter<'_>,
        begin: &[u8],
        at_most: usize,
    ) -> Result<Vec<(Bytes, i64)>, Failure> {
        let mut from = prefix(counter.name)?;
        from.extend_from_slice(begin);
        let now = self.time.now();
        let mut found = Vec::new();
        for shard in &self.shards {
            let shard = shard.lock();
            let counts = shard
                .counts
                .range::<[u8], _>((Bound::Included(&from[..]), Bound::Unbounded))
                .take_while(|(key, _)| key.starts_with(&from))
                .filter(|(_, count)| count.end > now)
                .filter_map(|(key, count)| Some((split(key)?, count.value)));
            found.extend(counts.take(at_most));
        }
        found.sort_unstable();
        found.truncate(at_most);
        Ok(found)
    }

    fn shard(&self, key: &[u8]) -> Option<&Mutex<Shard>> {
        let hash = usize::try_from(self.hasher.hash_one(key) >> 32).unwrap_or(0);
        self.shards.get(hash % SHARDS)
    }
}

impl Shard {
    /// Accounts for `needed` more bytes, or refuses.
    fn make_room(&mut self, needed: usize, limit: usize, now: u64) -> Result<(), Failure> {
        self.sweep_some(now);
        if self.bytes + needed > limit && now >= self.swept.saturating_add(SWEEP) {
            self.swept = now;
            let bytes = &mut self.bytes;
            self.counts.retain(|key, count| {
                let stays = count.end > now;
                if !stays {
                    *bytes -= key.len() + ENTRY;
                }
                stays
            });
        }
        if self.bytes + needed > limit {
            return Err(Failure::Full(
                "counters have no room for another key; `bytes` sets how much they have".into(),
            ));
        }
        self.bytes += needed;
        Ok(())
    }

    /// Drops what has expired among the next few entries.
    fn sweep_some(&mut self, now: u64) {
        let next = self
            .counts
            .range::<[u8], _>((Bound::Excluded(&self.cursor[..]), Bound::Unbounded))
            .take(STEP);
        let seen: Vec<_> = next
            .map(|(key, count)| (key.clone(), count.end <= now))
            .collect();
        self.cursor = seen.last().map(|(key, _)| key.clone()).unwrap_or_default();
        for (key, _) in seen.iter().filter(|(_, expired)| *expired) {
            self.counts.remove(key);
            self.bytes -= key.len() + ENTRY;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::atomic::Ordering;
    use std::time::Duration;

    use super::*;
    use crate::Clock;

    #[test]
    fn full_counters_keep_what_they_have_until_it_expires() {
        let (clock, time) = Clock::at(1_000_000);
        let counters = Counters::new(1 << 20, Arc::new(Expiry::new(clock)));
        let counter = Counter {
            name: "views",
            expire: Some(Duration::from_secs(60)),
            listed: true,
        };
        let mut kept = Vec::new();
        let failure = loop {
            let key = format!("post {}", kept.len());
            match counters.increment(&counter, key.as_bytes(), 1) {
                Ok(_) => kept.push(key),
                Err(failure) => break failure,
            }
        };
        assert!(matches!(failure, Failure::Full(_)));
        assert!(kept.len() > 8000, "{}", kept.len());
        for key in &kept {
            assert_eq!(counters.increment(&counter, key.as_bytes(), 1), Ok(2));
        }
        time.fetch_add(60_000, Ordering::Relaxed);
        for number in 0..kept.len() / 2 {
            assert_eq!(
                counters.increment(&counter, format!("new {number}").as_bytes(), 1),
                Ok(1)
            );
        }
    }

    #[test]
    fn what_has_expired_is_dropped_bit_by_bit() {
        let (clock, time) = Clock::at(1_000_000);
        let counters = Counters::new(1 << 20, Arc::new(Expiry::new(clock)));
        let counter = Counter {
            name: "c",
            expire: Some(Duration::from_secs(1)),
            listed: false,
        };
        for key in 0..100_000_u64 {
            time.fetch_add(1, Ordering::Relaxed);
            counters.increment(&counter, &key.to_le_bytes(), 1).unwrap();
        }
        let left: usize = counters
            .shards
            .iter()
            .map(|shard| shard.lock().counts.len())
            .sum();
        assert!(left < 4000, "{left}");
    }
}
