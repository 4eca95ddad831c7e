//! The regional tier: answers that several hosts share.
//!
//! A value is found by a name made of the key. An answer that varies stands under a name made of its selecting fields too;
//! the plain name then says which fields these are. What is found is held against the region's own purges: an answer
//! carries the last of them that was known when its request was sent, so that one which came meanwhile covers it.

mod background;
mod known;
mod outbox;
mod parent;
mod queue;
mod redis;
mod rest;
mod shelf;

pub use self::redis::RedisRegion;
pub use parent::{Parent, ParentAnswer, ParentRegion};
pub use shelf::Shelf;

use self::parent::ParentStore;
use self::redis::RedisStore;
use super::content::Content;
use super::entry::Entry;
use super::key::Key;
use super::place::Place;
use super::purge::{Left, Purge};
use super::purging::Purging;
use super::record::{pack, unpack};
use crate::counters::Counters;
use crate::semantics::vary::Selecting;
use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderName};
use std::fmt;
use std::sync::{Arc, Weak};

/// Which regional tier there is.
#[derive(Clone, Debug)]
pub enum Regional {
    /// In the memory of this machine.
    Memory(Shelf),
    /// In Redis or Valkey.
    Redis(RedisRegion),
    /// In the memory of another host of ours.
    Parent(ParentRegion),
}

/// Told of each purge that another instance made.
type Listener = dyn Fn(Purge<'_>, Option<u64>) + Send + Sync;

/// The regional tier as one instance has it.
pub(crate) struct Region {
    store: Store,
    max_object: u64,
    counters: Arc<Counters>,
}

enum Store {
    Shelf(Shelf, Arc<Listener>),
    Redis(RedisStore),
    Parent(ParentStore),
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Region")
    }
}

/// The first byte of a value.
const ANSWER: u8 = 0;
const VARIES: u8 = 1;

impl Region {
    /// Takes part in a region; its purges are worked into `purging` as they are heard.
    pub fn new(
        config: Regional,
        max_object: u64,
        purging: Weak<Purging>,
        counters: Arc<Counters>,
    ) -> Self {
        let heard = counters.clone();
        let listener = move |what: Purge<'_>, soft_at: Option<u64>| {
            heard.regional.heard.one();
            if let Some(purging) = purging.upgrade() {
                purging.purge(what, soft_at);
            }
        };
        let listener: Arc<Listener> = Arc::new(listener);
        let store = match config {
            Regional::Memory(shelf) => {
                shelf.join(&listener);
                Store::Shelf(shelf, listener)
            }
            Regional::Redis(redis) => {
                Store::Redis(RedisStore::start(redis, listener, counters.clone()))
            }
            Regional::Parent(parent) => {
                Store::Parent(ParentStore::start(parent, listener, counters.clone()))
            }
        };
        Self {
            store,
            max_object,
            counters,
        }
    }

    /// The last purge of the region that is known here.
    pub fn known(&self) -> u64 {
        match &self.store {
            Store::Shelf(shelf, _) => shelf.purges().latest(),
            Store::Redis(redis) => redis.known().latest(),
            Store::Parent(parent) => parent.known().latest(),
        }
    }

    /// The answer that fits a request, as purges left it, at a time.
    pub async fn get(&self, key: &Key, sent: &HeaderMap, now: u64) -> Option<Entry> {
        let counters = &self.counters.regional;
        counters.gets.one();
        let mut value = self.value(&name(key, None), now).await?;
        if let Some(names) = varying(&value) {
            value = self
                .value(&name(key, Some(&Selecting::of(&names, sent))), now)
                .await?;
        }
        let entry = match value.first() {
            Some(&ANSWER) => unpack(key, &value.slice(1..)),
            _ => None,
        };
        let Some(mut entry) = entry else {
            counters.corrupt.one();
            return None;
        };
        let left = match &self.store {
            Store::Shelf(..) => self.left(&entry),
            Store::Redis(redis) => redis.known().left_there(&entry),
            Store::Parent(parent) => parent.known().left_there(&entry),
        };
        match left {
            _ if !entry.selecting.fits(sent, &entry.headers) => return None,
            Left::Gone => return None,
            Left::Stale(at) => entry.terms = entry.terms.stale_from(at),
            Left::Valid => {}
        }
        Some(entry)
    }

    async fn value(&self, name: &[u8], now: u64) -> Option<Bytes> {
        match &self.store {
            Store::Shelf(shelf, _) => shelf.get(name, now),
            Store::Redis(redis) => redis.get(name).await,
            Store::Parent(parent) => parent.get(name).await,
        }
    }

    /// What the region's purges left of an answer, wherever it is: those that came before this instance was there, too.
    pub fn left(&self, entry: &Entry) -> Left {
        match &self.store {
            Store::Shelf(shelf, _) => shelf.purges().left_since(entry, entry.known),
            Store::Redis(redis) => redis.known().left(entry),
            Store::Parent(parent) => parent.known().left(entry),
        }
    }

    /// Hands an answer over, if it may be used there at all.
    pub fn put(&self, key: &Key, entry: &Entry) {
        let Some(terms) = entry.terms.in_region() else {
            return;
        };
        let Content::Whole(chunks) = &entry.content else {
            return;
        };
        if terms.always_validate || terms.fresh_for(terms.received) == 0 {
            return;
        }
        let packed = pack(key, entry).filter(|_| chunks.len() <= self.max_object);
        let Some(packed) = packed else {
            self.counters.regional.skipped.one();
            return;
        };
        let until = terms.last_use();
        let names: Vec<_> = entry.selecting.names().cloned().collect();
        let mut selecting = None;
        if !names.is_empty() {
            selecting = Some(&entry.selecting);
            self.set(&name(key, None), vary_value(&names), until, terms.received);
        }
        if !matches!(self.store, Store::Shelf(..)) {
            let there = Bytes::from_static(&[ANSWER]);
            self.set(&name_of_uri(&entry.place), there, until, terms.received);
        }
        let mut value = BytesMut::with_capacity(packed.len() + 1);
        value.put_u8(ANSWER);
        value.put(packed);
        let name = name(key, selecting);
        if self.set(&name, value.freeze(), until, terms.received) {
            self.counters.regional.puts.one();
        } else {
            self.counters.regional.skipped.one();
        }
    }

    fn set(&self, name: &[u8], value: Bytes, until: u64, now: u64) -> bool {
        match &self.store {
            Store::Shelf(shelf, _) => {
                shelf.put(name, value, until, now);
                true
            }
            Store::Redis(redis) => redis.set(name, value, until.saturating_sub(now)),
            Store::Parent(parent) => parent.set(name, value, until),
        }
    }

    /// Whether all purges that were made here are known to the region.
    pub async fn flush(&self) -> bool {
        match &self.store {
            Store::Shelf(..) => true,
            Store::Redis(redis) => redis.flush().await,
            Store::Parent(parent) => parent.flush().await,
        }
    }

    /// Removes one variant.
    pub fn remove(&self, key: &Key, entry: &Entry) {
        let varies = entry.selecting.names().next().is_some();
        let name = name(key, varies.then_some(&entry.selecting));
        match &self.store {
            Store::Shelf(shelf, _) => shelf.remove(&name),
            Store::Redis(redis) => redis.remove(&name),
            Store::Parent(parent) => parent.remove(&name),
        }
    }

    /// Tells the region of a purge that was made here.
    pub fn publish(&self, what: Purge<'_>, soft_at: Option<u64>) {
        match &self.store {
            Store::Shelf(shelf, listener) => shelf.publish(what, soft_at, listener),
            Store::Redis(redis) => redis.publish(what, soft_at),
            Store::Parent(parent) => parent.publish(what, soft_at),
        }
    }
}

/// The name of an answer: of the key, and of what selects it.
fn name(key: &Key, selecting: Option<&Selecting>) -> Vec<u8> {
    let mut name = Vec::new();
    hex(&key.0, &mut name);
    if let Some(selecting) = selecting {
        let parts: Vec<&[u8]> = selecting
            .fields()
            .flat_map(|(name, value)| {
                let (is, value): (&[u8], _) = value.map_or((b"", &b""[..]), |value| (b"=", value));
                [name.as_str().as_bytes(), is, value]
            })
            .collect();
        name.push(b':');
        hex(&Key::of(parts).0, &mut name);
    }
    name
}

/// The name that says that there is something of a URI.
fn name_of_uri(place: &Place) -> Vec<u8> {
    let mut name = b"uri:".to_vec();
    let parts = [place.host.as_bytes(), &place.path, &place.query];
    hex(&Key::of(parts).0, &mut name);
    name
}

fn hex(bytes: &[u8], to: &mut Vec<u8>) {
    for byte in bytes {
        to.extend_from_slice(format!("{byte:02x}").as_bytes());
    }
}

/// The value that names the fields an answer varies by.
fn vary_value(names: &[HeaderName]) -> Bytes {
    let names: Vec<_> = names.iter().map(HeaderName::as_str).collect();
    let mut value = vec![VARIES];
    value.extend_from_slice(names.join(",").as_bytes());
    value.into()
}

fn varying(value: &[u8]) -> Option<Vec<HeaderName>> {
    let (&VARIES, names) = value.split_first()? else {
        return None;
    };
    names
        .split(|byte| *byte == b',')
        .map(|name| HeaderName::from_bytes(name).ok())
        .collect()
}
