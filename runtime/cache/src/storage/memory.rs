//! The memory tier: answers in shards, each bounded in bytes.
//!
//! Each shard is a Clock-PRO cache (`quick_cache`), weighted by all bytes that an answer takes. An answer that is larger than
//! a shard's share is not kept.

use super::entry::{Entry, Resource, with};
use super::key::Key;
use super::place::Place;
use super::purge::{Left, Purges};
use super::residents::Residents;
use parking_lot::Mutex;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{OptionsBuilder, Weighter};
use std::collections::hash_map::RandomState;
use std::sync::Arc;

type Shard = Cache<Key, Arc<Resource>, ByBytes, RandomState>;

#[derive(Clone, Debug)]
struct ByBytes;

impl Weighter<Key, Arc<Resource>> for ByBytes {
    fn weight(&self, _: &Key, resource: &Arc<Resource>) -> u64 {
        resource.weight.max(1)
    }
}

/// Answers in memory.
#[derive(Debug)]
pub(crate) struct Memory {
    shards: Box<[Shard]>,
    /// Writers of one key take turns, so that none loses another's variant.
    writers: Box<[Mutex<()>]>,
    residents: Arc<Residents>,
    purges: Arc<Purges>,
    host_quota: Option<u64>,
}

impl Memory {
    /// Room for `bytes`, in shards that hold several objects of `max_object` bytes each.
    pub fn new(
        bytes: u64,
        max_object: u64,
        host_quota: Option<u64>,
        residents: Arc<Residents>,
        purges: Arc<Purges>,
    ) -> Self {
        let shards = (bytes / max_object.saturating_mul(8).max(1)).clamp(1, 64);
        let each = (bytes / shards).max(1);
        // an object of 16 KiB on average; the tables grow as needed
        let items = usize::try_from(each / 16_384)
            .unwrap_or(usize::MAX)
            .clamp(64, 1 << 16);
        let shard = || match OptionsBuilder::new()
            .shards(1)
            .estimated_items_capacity(items)
            .weight_capacity(each)
            .build()
        {
            Ok(options) => Cache::with_options(
                options,
                ByBytes,
                RandomState::new(),
                DefaultLifecycle::default(),
            ),
            Err(_) => Cache::with(
                items,
                each,
                ByBytes,
                RandomState::new(),
                DefaultLifecycle::default(),
            ),
        };
        Self {
            shards: (0..shards).map(|_| shard()).collect(),
            writers: (0..64).map(|_| Mutex::new(())).collect(),
            residents,
            purges,
            host_quota,
        }
    }

    /// What is stored under a key.
    pub fn get(&self, key: &Key) -> Option<Arc<Resource>> {
        self.shard(key)?.get(key)
    }

    /// Stores a variant under a key, in place of the one that was selected alike.
    pub fn put(&self, key: Key, entry: Arc<Entry>) {
        self.change(&key, |entries| with(entries, entry));
    }

    /// Removes one variant of a key.
    pub fn remove(&self, key: &Key, entry: &Entry) {
        self.change(key, |entries| {
            entries
                .iter()
                .filter(|have| have.selecting != entry.selecting)
                .cloned()
                .collect()
        });
    }

    /// Removes all variants of a key.
    pub fn remove_all(&self, key: &Key) {
        if let Some(shard) = self.shard(key) {
            shard.remove(key);
        }
    }

    fn change(&self, key: &Key, change: impl FnOnce(&[Arc<Entry>]) -> Vec<Arc<Entry>>) {
        let (Some(shard), Some(writer)) = (
            self.shard(key),
            self.writers.get(pick(key, self.writers.len())),
        ) else {
            return;
        };
        let turn = writer.lock();
        let before = shard.peek(key);
        let entries = match &before {
            Some(resource) if self.purges.any() => {
                let until = self.purges.latest();
                let left = resource.entries.iter();
                let left = left.filter_map(|entry| swept(entry, &self.purges, until));
                change(&left.collect::<Vec<_>>())
            }
            Some(resource) => change(&resource.entries),
            None => change(&[]),
        };
        let Some(place) = entries.first().map(|entry| entry.place.clone()) else {
            shard.remove(key);
            return;
        };
        let weight = entries
            .iter()
            .fold(0_u64, |sum, entry| sum.saturating_add(entry.weight()));
        let residence = self.residents.settle(
            *key,
            &place,
            weight,
            self.host_quota.is_some() && before.is_none(),
        );
        shard.insert(
            *key,
            Arc::new(Resource {
                entries,
                weight,
                _residence: residence,
            }),
        );
        drop((before, turn));
        self.make_room(&place);
    }

    /// Removes a host's oldest answers as long as it has more than its quota.
    fn make_room(&self, place: &Place) {
        let Some(quota) = self.host_quota else { return };
        while let Some(key) = self.residents.over_quota(place, quota) {
            self.remove_all(&key);
        }
    }

    /// How many shards there are, for sweeping them one by one.
    pub fn shards(&self) -> usize {
        self.shards.len()
    }

    /// What one shard holds, one after the other; it is locked for each by itself.
    pub fn iter(&self, index: usize) -> impl Iterator<Item = (Key, Arc<Resource>)> + '_ {
        self.shards.get(index).into_iter().flat_map(Cache::iter)
    }

    /// Removes of one key what is purged, and writes down what is stale since a soft purge. What is stored while a sweep
    /// goes on is swept by whoever stores it, so the sweep need not see it.
    pub fn sweep(&self, key: &Key, resource: &Resource) {
        let valid = |entry: &Arc<Entry>| self.purges.left(entry) == Left::Valid;
        if !resource.entries.iter().all(valid) {
            self.change(key, <[_]>::to_vec);
        }
    }

    /// How many bytes are held.
    pub fn weight(&self) -> u64 {
        self.shards.iter().map(Cache::weight).sum()
    }

    /// How many keys are held.
    pub fn len(&self) -> usize {
        self.shards.iter().map(Cache::len).sum()
    }

    fn shard(&self, key: &Key) -> Option<&Shard> {
        self.shards.get(pick(key, self.shards.len()))
    }
}

/// An entry as a sweep leaves it: with the purges so far worked into its terms.
fn swept(entry: &Arc<Entry>, purges: &Purges, until: u64) -> Option<Arc<Entry>> {
    match purges.left(entry) {
        Left::Gone => None,
        Left::Valid => Some(entry.clone()),
        Left::Stale(at) => {
            let terms = entry.terms.stale_from(at);
            Some(Arc::new(Entry {
                terms,
                born: entry.born.max(until),
                ..Entry::clone(entry)
            }))
        }
    }
}

/// One of `count`, by the upper half of the key's short form: the tables inside use the lower.
fn pick(key: &Key, count: usize) -> usize {
    usize::try_from((key.short() >> 32) % (count.max(1) as u64)).unwrap_or(0)
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
    use crate::storage::entry::tests::entry;
    use crate::storage::purge::Purge;

    fn key(at: u32) -> Key {
        Key::of([&at.to_le_bytes()[..]])
    }

    fn memory(bytes: u64, quota: Option<u64>) -> Memory {
        Memory::new(bytes, bytes / 16, quota, Arc::default(), Arc::default())
    }

    #[test]
    fn it_stays_within_its_bytes() {
        let memory = memory(1 << 20, None);
        for at in 0..2000 {
            memory.put(key(at), Arc::new(entry(&[0; 4096])));
        }
        assert!(memory.weight() <= 1 << 20);
        assert!(memory.len() > 100);
        let live = memory.residents.clone();
        for at in 0..2000 {
            memory.remove_all(&key(at));
        }
        assert_eq!((memory.weight(), memory.len()), (0, 0));
        assert!(!live.is_present(&entry(b"").place));
    }

    #[test]
    fn a_host_over_its_quota_loses_its_oldest() {
        let memory = memory(1 << 24, Some(20_000));
        for at in 0..10 {
            memory.put(key(at), Arc::new(entry(&[0; 4096])));
        }
        let held: Vec<_> = (0..10)
            .filter(|at| memory.get(&key(*at)).is_some())
            .collect();
        assert_eq!(held, [6, 7, 8, 9]);
    }

    #[test]
    fn sweeps_remove_and_write_down() {
        let memory = memory(1 << 24, None);
        let purges = memory.purges.clone();
        for (at, tag) in [(1, "hard"), (2, "soft"), (3, "none")] {
            let tags = Arc::new([Box::from(tag.as_bytes())]);
            memory.put(
                key(at),
                Arc::new(Entry {
                    tags,
                    ..entry(b"x")
                }),
            );
        }
        purges.purge(Purge::Tag(b"hard"), None);
        purges.purge(Purge::Tag(b"soft"), Some(7));
        let until = purges.latest();
        for index in 0..memory.shards() {
            memory
                .iter(index)
                .for_each(|(key, resource)| memory.sweep(&key, &resource));
        }
        purges.forget(until);
        assert!(!purges.any());
        assert!(memory.get(&key(1)).is_none());
        assert_eq!(memory.get(&key(2)).unwrap().entries[0].terms.stale_at, 7);
        assert_eq!(memory.get(&key(3)).unwrap().entries[0].terms.stale_at, 1000);
    }
}
