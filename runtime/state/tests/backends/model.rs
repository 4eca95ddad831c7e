//! What every backend should answer, as plainly as it can be said: nothing is bounded, nothing is fast.

use std::collections::BTreeMap;

use edge_state::{Kind, Limit};

/// How far back a clock may be without counting as set, in milliseconds.
const JITTER: i128 = 1000;

#[derive(Default)]
pub struct Model {
    buckets: BTreeMap<Key, Bucket>,
    windows: BTreeMap<Key, Vec<i128>>,
    in_flight: BTreeMap<Key, u64>,
    values: BTreeMap<Key, (Vec<u8>, u64)>,
    counts: BTreeMap<Key, (i64, u64)>,
    /// The latest time at which a store or a counter was used: what ends has ended by that.
    latest: u64,
}

type Key = (String, Vec<u8>);

/// The first form of GCRA in ITU-T I.371, virtual scheduling: when the next cell is expected. In milliseconds times `amount`.
struct Bucket {
    amount: i128,
    expected: i128,
    changed: i128,
}

/// Allowed or not, remaining, reset, retry after.
pub type Answer = (bool, u64, u64, Option<u64>);

impl Model {
    /// Charges in order; none for those that were skipped.
    pub fn take(&mut self, charges: &[(&Limit, &[u8], u64)], now: u64) -> Vec<Option<Answer>> {
        let mut refused = false;
        let answers = charges.iter().map(|&(limit, key, cost)| {
            if refused {
                return None;
            }
            let key = (limit.name().to_owned(), key.to_vec());
            let answer = match limit.kind() {
                Kind::TokenBucket { amount, per, burst } => self.bucket(
                    key,
                    i128::from(amount),
                    i128::from(per),
                    i128::from(amount + burst),
                    now,
                    cost,
                ),
                Kind::SlidingWindow { amount, per } => {
                    self.window(key, amount, i128::from(per), now, cost)
                }
                Kind::AtOnce { amount } => self.at_once(key, amount, cost),
            };
            refused = !answer.0;
            Some(answer)
        });
        answers.collect()
    }

    fn bucket(
        &mut self,
        key: Key,
        amount: i128,
        per: i128,
        capacity: i128,
        now: u64,
        cost: u64,
    ) -> Answer {
        let mut now = i128::from(now);
        let mut expected = now * amount;
        if let Some(bucket) = self.buckets.get_mut(&key) {
            // Of another amount: what is owed stays, up to what this one holds.
            bucket.expected += bucket.changed * (amount - bucket.amount);
            let owed = (bucket.expected - bucket.changed * amount).min(capacity * per);
            bucket.amount = amount;
            if bucket.changed - now > JITTER {
                bucket.expected = now * amount + owed;
                bucket.changed = now;
            }
            now = now.max(bucket.changed);
            expected = (bucket.changed * amount + owed).max(now * amount);
        }
        let (asked, latest) = (i128::from(cost.max(1)), (now * amount) + capacity * per);
        let left = |expected: i128| ((latest - expected) / per) as u64;
        let reset = |expected: i128| {
            (expected - now * amount)
                .unsigned_abs()
                .div_ceil(amount as u128) as u64
        };
        if asked > capacity {
            return (false, left(expected), reset(expected), None);
        }
        let next = expected + asked * per;
        if next > latest {
            let wait = (next - latest).unsigned_abs().div_ceil(amount as u128) as u64;
            return (false, left(expected), reset(expected), Some(wait));
        }
        if cost == 0 {
            return (true, left(expected), reset(expected), None);
        }
        self.buckets.insert(
            key,
            Bucket {
                amount,
                expected: next,
                changed: now,
            },
        );
        (true, left(next), reset(next), None)
    }

    fn window(&mut self, key: Key, amount: u64, per: i128, now: u64, cost: u64) -> Answer {
        let mut now = i128::from(now);
        let log = self.windows.entry(key).or_default();
        if let Some(&newest) = log.last() {
            if newest - now > JITTER {
                log.iter_mut().for_each(|at| *at -= newest - now);
            }
            now = now.max(*log.last().unwrap());
        }
        log.retain(|&at| now - at < per);
        let (asked, taken) = (cost.max(1), log.len() as u64);
        let reset = |log: &[i128]| log.last().map_or(0, |&newest| (newest + per - now) as u64);
        if asked > amount {
            return (false, amount.saturating_sub(taken), reset(log), None);
        }
        if taken + asked > amount {
            let last_to_go = log[(taken + asked - amount - 1) as usize];
            return (
                false,
                amount.saturating_sub(taken),
                reset(log),
                Some((last_to_go + per - now) as u64),
            );
        }
        log.extend(std::iter::repeat_n(now, cost as usize));
        (true, amount - taken - cost, reset(log), None)
    }

    fn at_once(&mut self, key: Key, amount: u64, cost: u64) -> Answer {
        let taken = self.in_flight.entry(key).or_default();
        let room = amount.saturating_sub(*taken);
        if cost.max(1) > room {
            return (false, room, 0, (cost <= amount).then_some(0));
        }
        *taken += cost;
        (true, room - cost, 0, None)
    }

    pub fn give_back(&mut self, limit: &Limit, key: &[u8], cost: u64) {
        *self
            .in_flight
            .get_mut(&(limit.name().to_owned(), key.to_vec()))
            .unwrap() -= cost;
    }

    pub fn get(&mut self, store: &str, key: &[u8], now: u64) -> Option<Vec<u8>> {
        let now = self.time(now);
        let value = self.values.get(&(store.to_owned(), key.to_vec()));
        value
            .filter(|(_, end)| *end > now)
            .map(|(value, _)| value.clone())
    }

    pub fn put(&mut self, store: &str, key: &[u8], value: &[u8], ttl: Option<u64>, now: u64) {
        let now = self.time(now);
        let end = ttl.map_or(u64::MAX, |ttl| now + ttl);
        self.values
            .insert((store.to_owned(), key.to_vec()), (value.to_vec(), end));
    }

    pub fn delete(&mut self, store: &str, key: &[u8], now: u64) {
        self.time(now);
        self.values.remove(&(store.to_owned(), key.to_vec()));
    }

    pub fn increment(
        &mut self,
        counter: &str,
        key: &[u8],
        by: i64,
        expire: Option<u64>,
        now: u64,
    ) -> i64 {
        let now = self.time(now);
        let count = self
            .counts
            .entry((counter.to_owned(), key.to_vec()))
            .or_insert((0, u64::MAX));
        let old = if count.1 > now { count.0 } else { 0 };
        *count = (
            old.saturating_add(by),
            expire.map_or(u64::MAX, |expire| now + expire),
        );
        count.0
    }

    pub fn read(&mut self, counter: &str, key: &[u8], now: u64) -> Option<i64> {
        let now = self.time(now);
        let count = self.counts.get(&(counter.to_owned(), key.to_vec()));
        count.filter(|(_, end)| *end > now).map(|(value, _)| *value)
    }

    pub fn list(
        &mut self,
        counter: &str,
        prefix: &[u8],
        at_most: usize,
        now: u64,
    ) -> Vec<(Vec<u8>, i64)> {
        let now = self.time(now);
        let of = self.counts.iter().filter(|((name, key), (_, end))| {
            name == counter && key.starts_with(prefix) && *end > now
        });
        of.map(|((_, key), (value, _))| (key.clone(), *value))
            .take(at_most)
            .collect()
    }

    fn time(&mut self, now: u64) -> u64 {
        self.latest = self.latest.max(now);
        self.latest
    }
}
