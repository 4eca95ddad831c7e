//! What time it is, for everything that expires or refills.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Where a backend has its time from, in milliseconds since 1970 (UTC).
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The system's clock when the process started, and what has passed since on a clock that no one sets: within a
    /// process it never goes back. A Redis backend asks Redis instead.
    #[default]
    System,
    /// A number that tests move, also back.
    Virtual(Arc<AtomicU64>),
}

impl Clock {
    /// A clock for tests that stands at `millis`, and the number that moves it.
    #[must_use]
    pub fn at(millis: u64) -> (Clock, Arc<AtomicU64>) {
        let time = Arc::new(AtomicU64::new(millis));
        (Clock::Virtual(Arc::clone(&time)), time)
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub fn now(&self) -> u64 {
        match self {
            Clock::System => system(),
            // Beyond that, sums would not be exact everywhere.
            Clock::Virtual(time) => time.load(Ordering::Relaxed).min(LATEST),
        }
    }

    /// The same number for a script in Redis; none when Redis should use its own clock.
    pub(crate) fn given(&self) -> Option<u64> {
        match self {
            Clock::System => None,
            Clock::Virtual(_) => Some(self.now()),
        }
    }
}

/// The latest time that a clock can show: the year 10889.
const LATEST: u64 = 1 << 48;

fn system() -> u64 {
    static START: OnceLock<(u64, Instant)> = OnceLock::new();
    let (wall, instant) = START.get_or_init(|| {
        let wall = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        (millis(wall), Instant::now())
    });
    wall + millis(instant.elapsed())
}

/// A clock for what expires: it never goes back, so that what has expired stays so.
#[derive(Debug)]
pub(crate) struct Expiry {
    clock: Clock,
    latest: AtomicU64,
}

impl Expiry {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            latest: AtomicU64::new(0),
        }
    }

    pub(crate) fn now(&self) -> u64 {
        let now = self.clock.now();
        match self.clock {
            Clock::System => now,
            Clock::Virtual(_) => self.latest.fetch_max(now, Ordering::Relaxed).max(now),
        }
    }

    /// The latest time that an operation has seen: what had expired then may be removed.
    pub(crate) fn seen(&self) -> u64 {
        match self.clock {
            Clock::System => self.clock.now(),
            Clock::Virtual(_) => self.latest.load(Ordering::Relaxed),
        }
    }

    /// As [`Clock::given`].
    pub(crate) fn given(&self) -> Option<u64> {
        self.clock.given().map(|_| self.now())
    }

    /// When something ends that lives for `ttl` from now on.
    pub(crate) fn end(&self, ttl: Option<Duration>) -> u64 {
        ttl.map_or(NEVER, |ttl| self.now() + lifetime(ttl))
    }
}

/// The end of what does not end.
pub(crate) const NEVER: u64 = u64::MAX;

/// A time to live in milliseconds, rounded up, at most a hundred years.
pub(crate) fn lifetime(ttl: Duration) -> u64 {
    const CENTURY: u64 = 36_525 * 24 * 60 * 60 * 1000;
    let millis = ttl.as_nanos().div_ceil(1_000_000);
    u64::try_from(millis).unwrap_or(CENTURY).min(CENTURY)
}

/// Whole milliseconds.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// How far a clock has moved since a key was charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moved {
    /// By that many milliseconds, perhaps none.
    On(u64),
    /// Back by that many milliseconds: it was set. No time has passed for the key, and it goes on from here.
    Back(u64),
}

/// How far back a clock may be before it counts as set: clocks of several threads or servers differ.
pub(crate) const JITTER: u64 = 1000;

/// Judges a clock's move. One that is a little behind stands still, so that no refill is given twice.
pub(crate) fn moved(since: u64, now: u64) -> Moved {
    match since.checked_sub(now) {
        Some(behind) if behind > JITTER => Moved::Back(behind),
        Some(_) => Moved::On(0),
        None => Moved::On(now - since),
    }
}
