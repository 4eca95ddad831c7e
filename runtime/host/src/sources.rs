//! Time and randomness, as traits, so that a test can fix both.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// The time of day.
pub trait Clock {
    /// Milliseconds since 1970, UTC.
    fn now_ms(&self) -> u64;
}

/// Unguessable bits.
pub trait Entropy {
    /// 64 bits that nobody can foresee.
    fn next_u64(&self) -> u64;
}

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> u64 {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

/// How many bytes one call to the system fetches.
const POOL: usize = 512;

/// The system's generator, asked for 512 bytes at a time.
pub struct SystemEntropy {
    pool: RefCell<[u8; POOL]>,
    used: Cell<usize>,
}

impl Default for SystemEntropy {
    fn default() -> Self {
        SystemEntropy {
            pool: RefCell::new([0; POOL]),
            used: Cell::new(POOL),
        }
    }
}

impl Entropy for SystemEntropy {
    fn next_u64(&self) -> u64 {
        let mut pool = self.pool.borrow_mut();
        if self.used.get() >= POOL {
            // Without the system's generator no id and no choice can be trusted, so there
            // is nothing to do but ask again; on a running system the first time answers.
            while getrandom::fill(pool.as_mut_slice()).is_err() {}
            self.used.set(0);
        }
        let at = self.used.get();
        self.used.set(at + 8);
        let mut word = [0; 8];
        if let Some(fresh) = pool.get_mut(at..at + 8) {
            word.copy_from_slice(fresh);
            fresh.fill(0);
        }
        u64::from_le_bytes(word)
    }
}

/// A clock that stands still until it is told to go on.
#[derive(Debug, Default)]
pub struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    /// A clock that shows `now_ms`.
    #[must_use]
    pub fn at(now_ms: u64) -> Self {
        ManualClock(Arc::new(AtomicU64::new(now_ms)))
    }

    /// Lets `ms` milliseconds pass.
    pub fn advance(&self, ms: u64) {
        let later = self.now_ms().saturating_add(ms);
        self.0.store(later, Ordering::Relaxed);
    }

    /// The same clock for what expires.
    #[must_use]
    pub fn of_state(&self) -> edge_state::Clock {
        edge_state::Clock::Virtual(Arc::clone(&self.0))
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A repeatable sequence (SplitMix64): for tests only.
#[derive(Debug)]
pub struct SeededEntropy(Cell<u64>);

impl SeededEntropy {
    /// A sequence that depends on the text alone (FNV-1a of it is the seed).
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        let seed = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        SeededEntropy(Cell::new(seed))
    }
}

impl Entropy for SeededEntropy {
    fn next_u64(&self) -> u64 {
        let state = self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl<T: Clock + ?Sized> Clock for std::rc::Rc<T> {
    fn now_ms(&self) -> u64 {
        (**self).now_ms()
    }
}

impl<T: Entropy + ?Sized> Entropy for std::rc::Rc<T> {
    fn next_u64(&self) -> u64 {
        (**self).next_u64()
    }
}
