//! Stores: a bounded cache of values.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use quick_cache::unsync::{Cache, DefaultLifecycle};
use quick_cache::{OptionsBuilder, Weighter};

use crate::Failure;
use crate::backend::Store;
use crate::clock::Expiry;
use crate::key::{MAX_VALUE, check, join};

/// The values of all stores. When a shard is full, what was used least goes.
pub(crate) struct Stores {
    time: Arc<Expiry>,
    hasher: RandomState,
    shards: Box<[Mutex<Table>]>,
    max_value: usize,
}

type Table = Cache<Box<[u8]>, Value, Size, RandomState>;

#[derive(Clone)]
struct Value {
    bytes: Bytes,
    end: u64,
}

/// Bytes of an entry beside its key and its value.
const ENTRY: u64 = 128;
const SHARDS: usize = 4;

#[derive(Clone)]
struct Size;

impl Weighter<Box<[u8]>, Value> for Size {
    fn weight(&self, key: &Box<[u8]>, value: &Value) -> u64 {
        ENTRY + (key.len() + value.bytes.len()) as u64
    }
}

impl Stores {
    pub(crate) fn new(bytes: u64, time: Arc<Expiry>) -> Self {
        let shard = bytes / SHARDS as u64;
        let hasher = RandomState::new();
        Self {
            time,
            shards: (0..SHARDS)
                .map(|_| Mutex::new(table(shard, &hasher)))
                .collect(),
            hasher,
            // A value must not push out all others.
            max_value: MAX_VALUE.min(usize::try_from(shard / 4).unwrap_or(MAX_VALUE)),
        }
    }

    pub(crate) fn get(&self, store: &Store<'_>, key: &[u8]) -> Result<Option<Bytes>, Failure> {
        let key = join(store.name, key)?;
        let now = self.time.now();
        let Some(shard) = self.shard(&key) else {
            return Ok(None);
        };
        let mut table = shard.lock();
        let Some(value) = table.get(&key[..]) else {
            return Ok(None);
        };
        if value.end > now {
            return Ok(Some(value.bytes.clone()));
        }
        table.remove(&key[..]);
        Ok(None)
    }

    pub(crate) fn put(
        &self,
        store: &Store<'_>,
        key: &[u8],
        value: &[u8],
        ttl: Option<Duration>,
    ) -> Result<(), Failure> {
        check("value", value.len(), self.max_value.min(store.max_value))?;
        let key = join(store.name, key)?;
        let now = self.time.now();
        let value = Value {
            bytes: Bytes::copy_from_slice(value),
            end: self.time.end(ttl.or(store.ttl)),
        };
        if let Some(shard) = self.shard(&key) {
            let mut table = shard.lock();
            if value.end > now {
                table.insert(key.into_vec().into(), value);
            } else {
                table.remove(&key[..]);
            }
        }
        Ok(())
    }

    pub(crate) fn delete(&self, store: &Store<'_>, key: &[u8]) -> Result<(), Failure> {
        let key = join(store.name, key)?;
        // So that all operations move the time alike.
        self.time.now();
        if let Some(shard) = self.shard(&key) {
            shard.lock().remove(&key[..]);
        }
        Ok(())
    }

    fn shard(&self, key: &[u8]) -> Option<&Mutex<Table>> {
        let hash = usize::try_from(self.hasher.hash_one(key) >> 32).unwrap_or(0);
        self.shards.get(hash % SHARDS)
    }
}

fn table(bytes: u64, hasher: &RandomState) -> Table {
    let entries = usize::try_from(bytes / 1024).unwrap_or(usize::MAX).max(1);
    let options = OptionsBuilder::new()
        .estimated_items_capacity(entries)
        .weight_capacity(bytes)
        .hot_allocation(0.8)
        .ghost_allocation(0.1)
        .build();
    match options {
        Ok(options) => {
            Cache::with_options(options, Size, hasher.clone(), DefaultLifecycle::default())
        }
        Err(_) => Cache::with(
            entries,
            bytes,
            Size,
            hasher.clone(),
            DefaultLifecycle::default(),
        ),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::Clock;

    const STORE: Store<'static> = Store {
        name: "items",
        ttl: None,
        max_value: 1 << 20,
    };

    #[test]
    fn values_stay_within_their_bytes_and_what_is_read_stays() {
        let (clock, _) = Clock::at(1_000_000);
        let stores = Stores::new(4 << 20, Arc::new(Expiry::new(clock)));
        stores.put(&STORE, b"in use", b"here", None).unwrap();
        for key in 0..100_000_u64 {
            stores
                .put(&STORE, &key.to_le_bytes(), &[7; 1000], None)
                .unwrap();
            if key % 100 == 0 {
                assert!(stores.get(&STORE, b"in use").unwrap().is_some(), "{key}");
            }
        }
        let weight: u64 = stores
            .shards
            .iter()
            .map(|shard| shard.lock().weight())
            .sum();
        assert!(weight <= 4 << 20, "{weight}");
    }

    #[test]
    fn a_value_beyond_the_limit_changes_nothing() {
        let (clock, _) = Clock::at(1_000_000);
        let stores = Stores::new(64 << 20, Arc::new(Expiry::new(clock)));
        stores.put(&STORE, b"key", b"old", None).unwrap();
        let failure = stores
            .put(&STORE, b"key", &vec![0; (1 << 20) + 1], None)
            .unwrap_err();
        assert_eq!(
            failure,
            Failure::TooLarge {
                what: "value",
                bytes: (1 << 20) + 1,
                limit: 1 << 20
            }
        );
        assert_eq!(stores.get(&STORE, b"key").unwrap().unwrap(), &b"old"[..]);
    }
}
