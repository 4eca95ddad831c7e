//! A regional tier in the memory of one machine, for itself and for other hosts.

use super::Listener;
use super::background::instance;
use crate::storage::purge::{Purge, Purges};
use crate::storage::said::Said;
use bytes::Bytes;
use http::{Method, StatusCode};
use parking_lot::Mutex;
use quick_cache::Weighter;
use quick_cache::sync::{Cache, DefaultLifecycle};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};
use tokio::sync::watch;
use tokio::time::timeout;

/// How many purges are told to instances that ask later.
const TOLD: usize = 10_000;

/// After so many purges, marks that cover nothing any more are forgotten.
const FORGETFUL: u64 = 1024;

/// Longer than an answer is on its way here, milliseconds.
const ON_ITS_WAY: u64 = 3_600_000;

/// A regional tier that lives in memory, for one machine, for tests, and for the hosts whose parent this one is. Clones are
/// handles of the same one: caches that have one together are instances of a region.
#[derive(Clone)]
pub struct Shelf(Arc<Inner>);

type Values = Cache<Box<[u8]>, (Bytes, u64), ByBytes, RandomState>;

struct Inner {
    values: Values,
    purges: Arc<Purges>,
    listeners: Mutex<Vec<Weak<Listener>>>,
    told: Mutex<Heard>,
    last: watch::Sender<u64>,
    /// The longest that any value was to stay, milliseconds.
    longest: AtomicU64,
    /// How many purges there were.
    count: AtomicU64,
}

/// The purges that other hosts are told.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Heard {
    /// Which shelf says so: another one when its host was started anew.
    pub shelf: u64,
    /// The number of the last.
    pub last: u64,
    /// The number from which on these are all.
    pub floor: u64,
    /// Each with its number and the instance that made it.
    pub purges: VecDeque<(u64, u64, Said)>,
}

impl Heard {
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }
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
    /// How long a host that asks for purges waits for one.
    pub(super) const PATIENCE: Duration = Duration::from_secs(10);

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
            told: Mutex::new(Heard {
                shelf: instance(),
                ..Heard::default()
            }),
            last: watch::Sender::new(0),
            longest: AtomicU64::new(0),
            count: AtomicU64::new(0),
        }))
    }

    /// Answers another host whose parent this one is: what its [`super::Parent`] sent, at a time. It may wait for a purge.
    /// Whoever may send this may put any answer into the cache, so the address needs a token.
    pub async fn answer(
        &self,
        method: &Method,
        path: &str,
        body: Bytes,
        now: u64,
    ) -> (StatusCode, Bytes) {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let parameter = |name: &str| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.find_map(|(key, value)| (key == name).then_some(value))
        };
        let number = |name| parameter(name).and_then(|value| value.parse::<u64>().ok());
        let done = (StatusCode::OK, Bytes::new());
        let refused = (StatusCode::BAD_REQUEST, Bytes::new());
        if let Some(name) = path.strip_prefix("/values/") {
            return match (method, number("until")) {
                (&Method::GET, _) => match self.get(name.as_bytes(), now) {
                    Some(value) => (StatusCode::OK, value),
                    None => (StatusCode::NOT_FOUND, Bytes::new()),
                },
                (&Method::PUT, Some(until)) => {
                    self.put(name.as_bytes(), body, until, now);
                    done
                }
                (&Method::DELETE, _) => {
                    self.remove(name.as_bytes());
                    done
                }
                _ => refused,
            };
        }
        match (path, method, number("after"), number("from")) {
            ("/purges", &Method::GET, Some(after), _) => {
                let told = self.told_after(after, number("shelf")).await;
                (StatusCode::OK, told)
            }
            ("/purges", &Method::POST, _, Some(from)) => {
                let there = |name: &str| self.get(name.as_bytes(), now).is_some();
                let wanted = parameter("if").is_none_or(there);
                match Said::decode(&body) {
                    Some(said) if wanted => {
                        let number = said.say(|what, at| self.add(what, at, from, None));
                        let number = number.to_le_bytes();
                        (StatusCode::OK, Bytes::copy_from_slice(&number))
                    }
                    Some(_) => done,
                    None => refused,
                }
            }
            _ => refused,
        }
    }

    /// The purges after a number, as soon as there is one; all and at once to who asks for the first time, or knows another
    /// shelf.
    async fn told_after(&self, after: u64, shelf: Option<u64>) -> Bytes {
        let known = shelf == Some(self.0.told.lock().shelf);
        if known {
            let mut last = self.0.last.subscribe();
            // without any, it says so
            let _ = timeout(Self::PATIENCE, last.wait_for(|last| *last > after)).await;
        }
        let mut heard = self.0.told.lock().clone();
        if known {
            heard.purges.retain(|(number, ..)| *number > after);
        }
        postcard::to_allocvec(&heard).unwrap_or_default().into()
    }

    pub(crate) fn get(&self, name: &[u8], now: u64) -> Option<Bytes> {
        let (value, until) = self.0.values.get(name)?;
        (now < until).then_some(value)
    }

    pub(crate) fn put(&self, name: &[u8], value: Bytes, until: u64, now: u64) {
        let stays = until.saturating_sub(now);
        self.0.longest.fetch_max(stays, Ordering::SeqCst);
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

    /// Purges, and tells all instances but the one that says so. One URI is not purged where nothing was ever put: each
    /// unsafe request says so.
    pub(crate) fn publish(&self, what: Purge<'_>, soft_at: Option<u64>, from: &Arc<Listener>) {
        let empty = self.0.longest.load(Ordering::SeqCst) == 0;
        if !(empty && matches!(what, Purge::Uri(_))) {
            self.add(what, soft_at, 0, Some(from));
        }
    }

    fn add(
        &self,
        what: Purge<'_>,
        soft_at: Option<u64>,
        instance: u64,
        from: Option<&Arc<Listener>>,
    ) -> u64 {
        let number = self.tell(what, soft_at, instance);
        let others: Vec<_> = self
            .0
            .listeners
            .lock()
            .iter()
            .filter_map(Weak::upgrade)
            .filter(|other| from.is_none_or(|from| !Arc::ptr_eq(other, from)))
            .collect();
        for other in others {
            other(what, soft_at);
        }
        number
    }

    /// Marks a purge, and tells other hosts. Numbers follow the time, so that they go on after a restart.
    fn tell(&self, what: Purge<'_>, soft_at: Option<u64>, instance: u64) -> u64 {
        let mut told = self.0.told.lock();
        let time = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |time| u64::try_from(time.as_millis()).unwrap_or(0));
        self.0.purges.go_on_from(time << 20);
        let number = self.0.purges.purge(what, soft_at);
        if self.0.count.fetch_add(1, Ordering::Relaxed) % FORGETFUL == FORGETFUL - 1 {
            // what a mark of that age has covered is over
            let longest = self.0.longest.load(Ordering::SeqCst);
            let age = longest.saturating_add(ON_ITS_WAY);
            self.0.purges.forget(time.saturating_sub(age) << 20);
        }
        told.last = number;
        told.purges
            .push_back((number, instance, Said::new(what, soft_at)));
        if told.purges.len() > TOLD {
            told.floor = told.purges.pop_front().map_or(0, |(number, ..)| number);
        }
        drop(told);
        self.0.last.send_replace(number);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::place::Place;

    #[test]
    fn one_uri_is_not_purged_where_nothing_is() {
        let shelf = Shelf::new(1 << 20);
        let listener: Arc<Listener> = Arc::new(|_, _| {});
        let place = Place::new("a", b"/", b"");
        shelf.publish(Purge::Uri(&place), None, &listener);
        assert!(!shelf.purges().any());
        shelf.publish(Purge::Tag(b"t"), None, &listener);
        assert!(shelf.purges().any(), "other hosts may have what it names");
        let before = shelf.purges().latest();
        shelf.put(b"name", Bytes::from_static(b"value"), 2_000, 1_000);
        shelf.publish(Purge::Uri(&place), None, &listener);
        assert!(shelf.purges().latest() > before);
    }
}
