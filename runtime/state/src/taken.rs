//! What came of a charge.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use smallvec::SmallVec;

use crate::Limit;
use crate::memory::Fingerprint;
use crate::memory::InFlight;
use crate::redis::RedisLease;

/// What came of several charges, in their order. Four fit without an allocation.
pub type Takings = SmallVec<[Taken; 4]>;

/// What came of one charge.
#[derive(Debug)]
pub enum Taken {
    /// It was taken (or, at cost 0, 1 could be).
    Allowed {
        /// What is left.
        quota: Quota,
        /// Of a limit of what happens at once: to be kept until it ends.
        lease: Option<Lease>,
    },
    /// It was not, and nothing was taken.
    Refused {
        /// What is left.
        quota: Quota,
        /// When the same charge would be allowed if nobody took any until then. Zero for requests at once: as soon as another ends.
        /// None when it never can, since it costs more than the limit has.
        retry_after: Option<Duration>,
    },
    /// A charge before it was refused.
    Skipped,
}

/// What a key has left of a limit, after a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// How much can be taken now.
    pub remaining: u64,
    /// When all of it is back if nobody takes any. Zero for requests at once: nobody knows.
    pub reset: Duration,
}

impl Taken {
    /// Whether it was taken.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        matches!(self, Taken::Allowed { .. })
    }

    /// What is left; none when it was skipped.
    #[must_use]
    pub fn quota(&self) -> Option<Quota> {
        match self {
            Taken::Allowed { quota, .. } | Taken::Refused { quota, .. } => Some(*quota),
            Taken::Skipped => None,
        }
    }
}

/// An outcome in milliseconds, as the algorithms compute it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub allowed: bool,
    pub remaining: u64,
    pub reset: u64,
    pub retry_after: Option<u64>,
}

impl Outcome {
    /// At most what the limit has: what was heard before may be of one with a larger amount.
    pub(crate) fn within(mut self, limit: &Limit) -> Self {
        self.remaining = self.remaining.min(limit.capacity());
        self.reset = self.reset.min(limit.longest_reset());
        self
    }

    pub(crate) fn taken(self, lease: Option<Lease>) -> Taken {
        let quota = Quota {
            remaining: self.remaining,
            reset: Duration::from_millis(self.reset),
        };
        if self.allowed {
            Taken::Allowed { quota, lease }
        } else {
            Taken::Refused {
                quota,
                retry_after: self.retry_after.map(Duration::from_millis),
            }
        }
    }
}

/// A place among what happens at once. Dropping it gives the place back, without waiting for anything.
pub struct Lease(#[expect(dead_code, reason = "held for its drop")] Held);

/// Small, since every answer has room for four.
enum Held {
    Memory(#[expect(dead_code, reason = "held for its drop")] MemoryLease),
    Redis(#[expect(dead_code, reason = "held for its drop")] Box<RedisLease>),
}

impl Lease {
    pub(crate) fn memory(places: Arc<InFlight>, key: Fingerprint, count: u64) -> Self {
        Lease(Held::Memory(MemoryLease { places, key, count }))
    }

    pub(crate) fn redis(lease: RedisLease) -> Self {
        Lease(Held::Redis(Box::new(lease)))
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lease")
    }
}

struct MemoryLease {
    places: Arc<InFlight>,
    key: Fingerprint,
    count: u64,
}

impl Drop for MemoryLease {
    fn drop(&mut self) {
        self.places.give_back(self.key, self.count);
    }
}
