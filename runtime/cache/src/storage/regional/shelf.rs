//! A regional tier in the memory of one machine.

use super::Listener;
use crate::storage::purge::{Purge, Purges};
use bytes::Bytes;
use parking_lot::Mutex;
use quick_cache::Weighter;
use quick_cache::sync::{Cache, DefaultLifecycle};
use std::collections::hash_map::RandomState;
use std::fmt;
use std::sync::{Arc, Weak};

/// A regional tier that lives in memory, for one machine and for tests. Clones are handles of the same one: caches that
/// have one together are instances of a region.
#[derive(Clone)]
pub struct Shelf(Arc<Inner>);

type Values = Cache<Box<[u8]>, (Bytes, u64), ByBytes, RandomState>;

struct Inner {
    values: Values,
    purges: Arc<Purges>,
    listeners: Mutex<Vec<Weak<Listener>>>,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Box<[u8]>, (Bytes, u64)> for ByBytes {
    fn weight(&self, name: &Box<[u8]>, value: &(Bytes, u64)) -> u64 {
        (name.len() + value.0.len() + 128) as u64
    }
}

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shelf")
            .field("values", &self.0.values.len())
            .finish()
    }
}

impl Shelf {
    /// Room for so many bytes.
    pub fn new(bytes: u64) -> Self {
        let items = usize::try_from(bytes / 16_384)
            .unwrap_or(usize::MAX)
            .clamp(64, 1 << 16);
        Self(Arc::new(Inner {
            values: Cache::with(
                items,
                bytes,
                ByBytes,
                RandomState::new(),
                DefaultLifecycle::default(),
            ),
            purges: Arc::default(),
            listeners: Mutex::default(),
        }))
    }

    pub(crate) fn get(&self, name: &[u8], now: u64) -> Option<Bytes> {
        let (value, until) = self.0.values.get(name)?;
        (now < until).then_some(value)
    }

    pub(crate) fn put(&self, name: &[u8], value: Bytes, until: u64) {
        self.0.values.insert(name.into(), (value, until));
    }

    pub(crate) fn remove(&self, name: &[u8]) {
        self.0.values.remove(name);
    }

    /// The marks that its values are held against.
    pub(crate) fn purges(&self) -> &Arc<Purges> {
        &self.0.purges
    }

    /// Lets an instance hear the others' purges, as long as it holds the listener.
    pub(crate) fn join(&self, listener: &Arc<Listener>) {
        let mut listeners = self.0.listeners.lock();
        listeners.retain(|other| other.strong_count() > 0);
        listeners.push(Arc::downgrade(listener));
    }

    /// Purges, and tells all instances but the one that says so.
    pub(crate) fn publish(&self, what: Purge<'_>, soft_at: Option<u64>, from: &Arc<Listener>) {
        self.0.purges.purge(what, soft_at);
        let others: Vec<_> = self
            .0
            .listeners
            .lock()
            .iter()
            .filter_map(Weak::upgrade)
            .filter(|other| !Arc::ptr_eq(other, from))
            .collect();
        for other in others {
            other(what, soft_at);
        }
    }
}
