//! Limits: a bounded table of buckets and windows.

use std::sync::Arc;

use parking_lot::Mutex;
use quick_cache::unsync::{Cache, DefaultLifecycle};
use quick_cache::{OptionsBuilder, Weighter};

use super::{Fingerprint, Identity, InFlight, Seed};
use crate::bucket::{Bucket, Rate};
use crate::limit::Kind;
use crate::taken::{Lease, Outcome};
use crate::window::Window;
use crate::{Charge, Clock, Taken, Takings};

/// The limits of a process.
///
/// When a shard is full, the entry goes that was used least (Clock-PRO): half of the room is kept for keys that were
/// used more than once, so a flood of new keys pushes out itself.
pub(crate) struct Limits {
    seed: Seed,
    clock: Clock,
    shards: Box<[Mutex<Table>]>,
    in_flight: Arc<InFlight>,
}

type Table = Cache<Fingerprint, State, Size, Identity>;

/// What is known of a key.
#[derive(Clone)]
enum State {
    Bucket(Bucket),
    Window(Box<Window>),
}

/// Bytes of an entry: its fingerprint and state, its links and its place in the index, both at the fill they have on average.
const ENTRY: u64 = 96;
const SHARDS: usize = 32;

#[derive(Clone)]
struct Size;

impl Weighter<Fingerprint, State> for Size {
    fn weight(&self, _: &Fingerprint, state: &State) -> u64 {
        match state {
            State::Bucket(_) => ENTRY,
            State::Window(window) => ENTRY + (size_of::<Window>() + window.bytes()) as u64,
        }
    }
}

impl Limits {
    pub(crate) fn new(bytes: u64, clock: Clock) -> Self {
        let shard = bytes / SHARDS as u64;
        Self {
            seed: Seed::random(),
            clock,
            shards: (0..SHARDS).map(|_| Mutex::new(table(shard))).collect(),
            in_flight: Arc::new(InFlight::new()),
        }
    }

    /// Charges in order until one refuses.
    pub(crate) fn take(&self, charges: &[Charge<'_>]) -> Takings {
        let now = self.clock.now();
        let mut refused = false;
        charges
            .iter()
            .map(|charge| {
                if refused {
                    return Taken::Skipped;
                }
                let taken = self.charge(charge, now);
                refused = !taken.is_allowed();
                taken
            })
            .collect()
    }

    fn charge(&self, charge: &Charge<'_>, now: u64) -> Taken {
        let key = self.seed.fingerprint(charge);
        match charge.limit.kind() {
            Kind::TokenBucket { amount, per, burst } => {
                let rate = Rate { amount, per, burst };
                self.entry(key, charge.cost, |state| match state {
                    Some(State::Bucket(bucket)) => (bucket.take(rate, now, charge.cost), None),
                    _ => {
                        let mut bucket = Bucket::default();
                        (
                            bucket.take(rate, now, charge.cost),
                            Some(State::Bucket(bucket)),
                        )
                    }
                })
            }
            Kind::SlidingWindow { amount, per } => {
                self.entry(key, charge.cost, |state| match state {
                    Some(State::Window(window)) => {
                        (window.take(amount, per, now, charge.cost), None)
                    }
                    _ => {
                        let mut window = Box::<Window>::default();
                        (
                            window.take(amount, per, now, charge.cost),
                            Some(State::Window(window)),
                        )
                    }
                })
            }
            Kind::AtOnce { amount } => {
                let outcome = self.in_flight.take(key, amount, charge.cost);
                let lease = (outcome.allowed && charge.cost > 0)
                    .then(|| Lease::memory(Arc::clone(&self.in_flight), key, charge.cost));
                outcome.taken(lease)
            }
        }
    }

    /// Works on a key's state, under its shard's lock; what was new is kept if something was taken.
    fn entry(
        &self,
        key: Fingerprint,
        cost: u64,
        work: impl FnOnce(Option<&mut State>) -> (Outcome, Option<State>),
    ) -> Taken {
        let outcome = match self.shards.get(key.shard(SHARDS)) {
            None => work(None).0,
            Some(shard) => {
                let mut table = shard.lock();
                match table.get_mut(&key) {
                    Some(mut state) => work(Some(&mut state)).0,
                    None => {
                        let (outcome, state) = work(None);
                        if let Some(state) = state.filter(|_| outcome.allowed && cost > 0) {
                            table.insert(key, state);
                        }
                        outcome
                    }
                }
            }
        };
        outcome.taken(None)
    }

    /// How many keys are known.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }
}

fn table(bytes: u64) -> Table {
    let entries = usize::try_from(bytes / ENTRY).unwrap_or(usize::MAX).max(1);
    let options = OptionsBuilder::new()
        .estimated_items_capacity(entries)
        .weight_capacity(bytes)
        .hot_allocation(0.5)
        .ghost_allocation(0.0)
        .build();
    match options {
        Ok(options) => Cache::with_options(
            options,
            Size,
            Identity::default(),
            DefaultLifecycle::default(),
        ),
        Err(_) => Cache::with(
            entries,
            bytes,
            Size,
            Identity::default(),
            DefaultLifecycle::default(),
        ),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::time::Duration;

    use super::*;
    use crate::Limit;

    fn one<'a>(limit: &'a Limit, key: &'a [u8]) -> [Charge<'a>; 1] {
        [Charge {
            limit,
            key,
            cost: 1,
        }]
    }

    #[test]
    fn a_flood_of_keys_stays_within_its_bytes_and_keeps_what_is_in_use() {
        let (clock, _) = Clock::at(1_000_000);
        let limits = Limits::new(4 << 20, clock);
        let limit =
            Limit::token_bucket("flood", 1_000_000, Duration::from_secs(86_400), 0).unwrap();
        let mut in_use = 0;
        for key in 0..2_000_000_u64 {
            limits.take(&one(&limit, &key.to_le_bytes()));
            if key % 1000 == 0 {
                in_use += 1;
                let taken = limits.take(&one(&limit, b"in use"));
                assert_eq!(
                    taken.first().unwrap().quota().unwrap().remaining,
                    1_000_000 - in_use
                );
            }
        }
        let weight: u64 = limits
            .shards
            .iter()
            .map(|shard| shard.lock().weight())
            .sum();
        assert!(weight <= 4 << 20, "{weight}");
        assert!(limits.len() > 40_000, "{}", limits.len());
    }

    #[test]
    fn windows_are_counted_with_their_logs() {
        let (clock, time) = Clock::at(1_000_000);
        let limits = Limits::new(1 << 20, clock);
        let limit = Limit::sliding_window("log", 10_000, Duration::from_secs(86_400)).unwrap();
        for key in 0..1000_u64 {
            for _ in 0..200 {
                time.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                limits.take(&one(&limit, &key.to_le_bytes()));
            }
        }
        let weight: u64 = limits
            .shards
            .iter()
            .map(|shard| shard.lock().weight())
            .sum();
        assert!(weight <= 1 << 20, "{weight}");
        assert!(limits.len() < 400, "{}", limits.len());
    }

    #[test]
    fn looks_and_refusals_of_new_keys_take_no_room() {
        let (clock, _) = Clock::at(1_000_000);
        let limits = Limits::new(1 << 20, clock);
        let limit = Limit::token_bucket("look", 10, Duration::from_secs(1), 0).unwrap();
        for key in 0..100_u64 {
            limits.take(&[Charge {
                limit: &limit,
                key: &key.to_le_bytes(),
                cost: 0,
            }]);
            limits.take(&[Charge {
                limit: &limit,
                key: &key.to_le_bytes(),
                cost: 11,
            }]);
        }
        assert_eq!(limits.len(), 0);
    }
}
