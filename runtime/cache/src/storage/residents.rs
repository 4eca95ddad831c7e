//! Who lives in memory: bytes a host, and which URIs have anything stored or under way.

use super::key::Key;
use super::place::{Label, Place, host};
use parking_lot::Mutex;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// The accounts. Hosts and URIs without anything stored have none.
#[derive(Debug, Default)]
pub(crate) struct Residents {
    hosts: Mutex<HashMap<Label, Account>>,
    uris: Mutex<HashMap<Label, usize>>,
}

#[derive(Debug, Default)]
struct Account {
    bytes: u64,
    resources: usize,
    order: VecDeque<Key>,
}

/// The bytes of one host and the presence of one URI, until it is dropped.
#[derive(Debug)]
pub(crate) struct Residence {
    of: Arc<Residents>,
    host: Label,
    bytes: u64,
    _uri: Presence,
}

/// The presence of one URI, until it is dropped.
#[derive(Debug)]
pub(crate) struct Presence {
    of: Arc<Residents>,
    uri: Label,
}

impl Residents {
    /// Counts a URI as present.
    pub fn present(self: &Arc<Self>, place: &Place) -> Presence {
        let uri = place.uri();
        *self.uris.lock().entry(uri).or_default() += 1;
        Presence {
            of: self.clone(),
            uri,
        }
    }

    /// Whether a URI has anything stored or under way.
    pub fn is_present(&self, place: &Place) -> bool {
        self.uris.lock().contains_key(&place.uri())
    }

    /// Charges a host for a resource; with a quota, its key is queued for making room.
    pub fn settle(
        self: &Arc<Self>,
        key: Key,
        place: &Place,
        bytes: u64,
        queued: bool,
    ) -> Residence {
        let label = host(&place.host);
        let mut hosts = self.hosts.lock();
        let account = hosts.entry(label).or_default();
        account.bytes += bytes;
        account.resources += 1;
        if queued {
            account.order.push_back(key);
        }
        drop(hosts);
        Residence {
            of: self.clone(),
            host: label,
            bytes,
            _uri: self.present(place),
        }
    }

    /// The oldest key of a host that has more than its quota, for removal. What was removed otherwise may come up too.
    pub fn over_quota(&self, place: &Place, quota: u64) -> Option<Key> {
        let mut hosts = self.hosts.lock();
        let account = hosts.get_mut(&host(&place.host))?;
        let many = account.order.len() > account.resources.saturating_mul(4).saturating_add(64);
        if account.bytes > quota || many {
            account.order.pop_front()
        } else {
            None
        }
    }
}

impl Drop for Residence {
    fn drop(&mut self) {
        if let Entry::Occupied(mut account) = self.of.hosts.lock().entry(self.host) {
            let it = account.get_mut();
            it.bytes = it.bytes.saturating_sub(self.bytes);
            it.resources = it.resources.saturating_sub(1);
            if it.resources == 0 {
                account.remove();
            }
        }
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        if let Entry::Occupied(mut count) = self.of.uris.lock().entry(self.uri) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
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

    #[test]
    fn accounts_end_with_what_they_are_for() {
        let residents = Arc::new(Residents::default());
        let place = Place::new("a", b"/", b"");
        let (one, two) = (Key::of([&b"1"[..]]), Key::of([&b"2"[..]]));
        let first = residents.settle(one, &place, 100, true);
        let second = residents.settle(two, &place, 100, true);
        assert_eq!(residents.over_quota(&place, 200), None);
        assert_eq!(residents.over_quota(&place, 199), Some(one));
        drop(first);
        assert_eq!(residents.over_quota(&place, 199), None);
        assert!(residents.is_present(&place));
        drop(second);
        assert!(!residents.is_present(&place));
        assert!(residents.hosts.lock().is_empty());
    }
}
