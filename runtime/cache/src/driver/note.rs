//! What is remembered of answers that are not stored.

use crate::storage::key::Key;
use parking_lot::Mutex;
use quick_cache::UnitWeighter;
use quick_cache::sync::{Cache, DefaultLifecycle};
use std::collections::hash_map::RandomState;

/// What was seen last under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Note {
    /// An uncacheable answer: nobody waits for another's fetch.
    Pass,
    /// The origin failed: stale answers are served at once.
    Failed,
}

/// A bounded number of notes, each until its time.
#[derive(Debug)]
pub(crate) struct Notes(Cache<Key, (Note, u64), UnitWeighter, RandomState>);

impl Notes {
    pub fn new(count: usize) -> Self {
        let count = count.max(1);
        Self(Cache::with(
            count,
            count as u64,
            UnitWeighter,
            RandomState::new(),
            DefaultLifecycle::default(),
        ))
    }

    pub fn get(&self, key: &Key, now: u64) -> Option<Note> {
        let (note, until) = self.0.get(key)?;
        (now < until).then_some(note)
    }

    pub fn put(&self, key: Key, note: Note, until: u64) {
        self.0.insert(key, (note, until));
    }

    pub fn remove(&self, key: &Key) {
        self.0.remove(key);
    }
}

/// Which keys were fetched before: two bit sets, of which the older is forgotten when the newer is full. It may take a new
/// key for one that it knows, never the other way round within its span.
#[derive(Debug)]
pub(crate) struct Seen(Mutex<Sets>);

#[derive(Debug)]
struct Sets {
    now: Vec<u64>,
    before: Vec<u64>,
    count: usize,
}

/// The number of bits of a set, and of keys until it is full: an error of about one in eight at most.
const BITS: u64 = 1 << 20;
const KEYS: usize = 65_536;

impl Seen {
    pub fn new() -> Self {
        let empty = || vec![0; (BITS / 64) as usize];
        Self(Mutex::new(Sets {
            now: empty(),
            before: empty(),
            count: 0,
        }))
    }

    /// Whether a key was seen before; it is from now on.
    pub fn again(&self, key: &Key) -> bool {
        let bit = (key.short() >> 16) % BITS;
        let (word, mask) = (usize::try_from(bit / 64).unwrap_or(0), 1_u64 << (bit % 64));
        let mut sets = self.0.lock();
        let has = |set: &[u64]| set.get(word).is_some_and(|bits| bits & mask != 0);
        if has(&sets.now) {
            return true;
        }
        let known = has(&sets.before);
        if let Some(bits) = sets.now.get_mut(word) {
            *bits |= mask;
        }
        sets.count += 1;
        if sets.count >= KEYS {
            sets.count = 0;
            let old = std::mem::take(&mut sets.now);
            let mut spare = std::mem::replace(&mut sets.before, old);
            spare.fill(0);
            sets.now = spare;
        }
        known
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::*;

    fn key(at: usize) -> Key {
        Key::of([&at.to_le_bytes()[..]])
    }

    #[test]
    fn notes_end_and_are_bounded() {
        let notes = Notes::new(100);
        notes.put(key(0), Note::Pass, 10);
        assert_eq!(
            (notes.get(&key(0), 9), notes.get(&key(0), 10)),
            (Some(Note::Pass), None)
        );
        (0..10_000).for_each(|at| notes.put(key(at), Note::Failed, 10));
        assert!(notes.0.len() <= 200);
    }

    #[test]
    fn the_second_time_is_known_for_a_while() {
        let seen = Seen::new();
        assert!(!seen.again(&key(0)));
        assert!(seen.again(&key(0)));
        (1..KEYS).for_each(|at| _ = seen.again(&key(at)));
        assert!(seen.again(&key(0)), "one generation later");
        (KEYS..4 * KEYS).for_each(|at| _ = seen.again(&key(at)));
        let news = (10 * KEYS..10 * KEYS + 1000)
            .filter(|at| !seen.again(&key(*at)))
            .count();
        assert!(news > 700, "{news}");
    }
}
