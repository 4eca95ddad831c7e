//! `local_share`: tokens taken from Redis in batches and spent here, so that most charges cost no round trip.
//!
//! A batch is the share of a bucket's `amount`, and it is taken before any of it is spent. So since a key's beginning, no more is
//! admitted than without shares. What is not spent within its life, the time in which the bucket refills a batch (at least 1 s), is
//! thrown away; so whatever all hosts hold at some time was taken within a life, in which no more than `rate × life` came back. In
//! any interval of the length t, a fleet of any size admits at most `capacity + rate × (t + life)`, and may admit less.
//!
//! A refusal is remembered until the time that it named, at most 1 s. Sliding windows and what happens at once are always asked for.

use parking_lot::Mutex;
use quick_cache::unsync::{Cache, DefaultLifecycle};

use crate::Charge;
use crate::clock::Clock;
use crate::limit::Kind;
use crate::memory::{Fingerprint, Identity, Seed};
use crate::taken::Outcome;

/// The tokens at hand.
pub(super) struct Shares {
    /// Millionths.
    share: u64,
    seed: Seed,
    clock: Clock,
    shards: Box<[Mutex<Table>]>,
}

type Table = Cache<Fingerprint, Held, quick_cache::UnitWeighter, Identity>;

/// What is known of a key.
#[derive(Clone, Copy, Default)]
struct Held {
    tokens: u64,
    /// When they are thrown away.
    dies: u64,
    /// Whether a batch is on its way, and until when that is believed.
    asking: u64,
    /// What Redis had left, and when it would all be back.
    remaining: u64,
    reset: u64,
    /// The least cost that was refused, until when.
    refused: u64,
    refused_until: u64,
    /// When what was refused would be allowed.
    retry: u64,
}

const SHARDS: usize = 16;
/// How many keys have tokens at hand at most, about 100 bytes each.
const KEYS: usize = 1 << 18;
/// How long a batch may be on its way, in milliseconds.
const JOURNEY: u64 = 1000;

impl Shares {
    pub(super) fn new(share: u32, clock: Clock) -> Option<Self> {
        let table = || {
            let keys = KEYS / SHARDS;
            Mutex::new(Cache::with(
                keys,
                keys as u64,
                quick_cache::UnitWeighter,
                Identity::default(),
                DefaultLifecycle::default(),
            ))
        };
        (share > 0).then(|| Self {
            share: u64::from(share),
            seed: Seed::random(),
            clock,
            shards: (0..SHARDS).map(|_| table()).collect(),
        })
    }

    /// Charges tokens at hand. None when Redis has to be asked.
    pub(super) fn spend(&self, charge: &Charge<'_>) -> Option<Outcome> {
        let batch = self.batch(charge)?;
        let key = self.seed.fingerprint(charge);
        let now = self.clock.now();
        let mut table = self.shards.get(key.shard(SHARDS))?.lock();
        let mut held = table.get_mut(&key)?;
        held.forget(now);
        // The amount may have been lowered.
        held.tokens = held.tokens.min(batch);
        let asked = charge.cost.max(1);
        if held.tokens >= asked {
            held.tokens -= charge.cost;
            return Some(held.outcome(true, now).within(charge.limit));
        }
        (held.refused_until > now && asked >= held.refused && held.tokens == 0)
            .then(|| held.outcome(false, now).within(charge.limit))
    }

    /// What to ask Redis for beside the cost; none when only for that.
    pub(super) fn want(&self, charge: &Charge<'_>) -> Option<Granted<'_>> {
        let batch = self.batch(charge)?;
        let key = self.seed.fingerprint(charge);
        let now = self.clock.now();
        let mut table = self.shards.get(key.shard(SHARDS))?.lock();
        let mut held = table.get(&key).copied().unwrap_or_default();
        held.forget(now);
        // While one batch is on its way, others ask for what they need: nobody ever holds more than a batch.
        let want = if charge.cost == 0 || held.asking > now || held.tokens > 0 {
            charge.cost
        } else {
            charge.cost.max(batch)
        };
        if want > charge.cost {
            held.asking = now + JOURNEY;
            table.insert(key, held);
        }
        Some(Granted {
            shares: self,
            key,
            want,
            batch,
        })
    }

    /// How many tokens a batch has; none when the limit is not shared so.
    fn batch(&self, charge: &Charge<'_>) -> Option<u64> {
        let Kind::TokenBucket { amount, .. } = charge.limit.kind() else {
            return None;
        };
        let batch = u128::from(amount) * u128::from(self.share) / 1_000_000;
        u64::try_from(batch).ok().filter(|&batch| batch > 1)
    }
}

impl Held {
    fn forget(&mut self, now: u64) {
        if self.dies <= now {
            self.tokens = 0;
        }
        // A clock that was set back must not make a refusal last.
        if self.refused_until > now + JOURNEY {
            self.refused_until = 0;
        }
    }

    fn outcome(&self, allowed: bool, now: u64) -> Outcome {
        Outcome {
            allowed,
            remaining: self.remaining.saturating_add(self.tokens),
            reset: self.reset.saturating_sub(now),
            retry_after: (!allowed).then(|| self.retry.saturating_sub(now)),
        }
    }
}

/// A batch that was asked for.
pub(super) struct Granted<'a> {
    shares: &'a Shares,
    key: Fingerprint,
    want: u64,
    batch: u64,
}

impl Granted<'_> {
    pub(super) fn want(&self) -> u64 {
        self.want
    }

    /// Keeps what came beyond the cost, or the refusal.
    pub(super) fn settle(self, charge: &Charge<'_>, outcome: &mut Outcome, taken: u64) {
        let now = self.shares.clock.now();
        let Some(shard) = self.shares.shards.get(self.key.shard(SHARDS)) else {
            return;
        };
        let mut table = shard.lock();
        let mut held = table.get(&self.key).copied().unwrap_or_default();
        held.forget(now);
        (held.remaining, held.reset) = (outcome.remaining, now + outcome.reset);
        if self.want > charge.cost {
            held.asking = 0;
        }
        let more = taken.saturating_sub(charge.cost);
        if more > 0 {
            held.tokens = held.tokens.saturating_add(more).min(self.batch);
            held.dies = now + self.life(charge);
            outcome.remaining = outcome.remaining.saturating_add(held.tokens);
        }
        if let (false, Some(wait)) = (outcome.allowed, outcome.retry_after) {
            (held.refused, held.retry) = (charge.cost.max(1), now.saturating_add(wait));
            held.refused_until = held.retry.min(now + JOURNEY);
        }
        table.insert(self.key, held);
    }

    /// How long a batch can be spent, in milliseconds: until the bucket has refilled as much.
    fn life(&self, charge: &Charge<'_>) -> u64 {
        match charge.limit.kind() {
            Kind::TokenBucket { amount, per, .. } => {
                let refill = u128::from(self.batch) * u128::from(per) / u128::from(amount.max(1));
                u64::try_from(refill)
                    .unwrap_or(u64::MAX)
                    .clamp(JOURNEY, 1 << 48)
            }
            _ => JOURNEY,
        }
    }
}
