//! What is on the disk, by key, and what makes room first.
//!
//! Answers stand in a row. At the head of the row, one that was used since it came there goes back to the end, another one
//! makes room (the second-chance algorithm).

use crate::semantics::vary::Selecting;
use crate::storage::entry::MAX_VARIANTS;
use crate::storage::key::Key;
use crate::storage::residents::Presence;
use http::HeaderMap;
use std::collections::{HashMap, VecDeque};

/// One answer on the disk.
#[derive(Debug)]
pub(crate) struct Slot {
    /// The number of its record's file; of two, the greater is the newer.
    pub id: u64,
    /// The number of its body's file, if it has one.
    pub body: Option<u64>,
    /// What it takes on the disk.
    pub bytes: u64,
    pub selecting: Selecting,
    /// When its request was sent, as a number of purges; no purge until this number covers it.
    pub born: u64,
    pub used: bool,
    pub _presence: Presence,
}

/// All answers on the disk.
#[derive(Debug, Default)]
pub(crate) struct Index {
    keys: HashMap<Key, Vec<Slot>>,
    row: VecDeque<(Key, u64)>,
    count: usize,
    bytes: u64,
}

impl Index {
    /// The newest answer that a request selects, which counts as used.
    pub fn find(&mut self, key: &Key, sent: &HeaderMap) -> Option<u64> {
        let none = HeaderMap::new();
        let slots = self.keys.get_mut(key)?;
        let slot = slots
            .iter_mut()
            .find(|slot| slot.selecting.fits(sent, &none))?;
        slot.used = true;
        Some(slot.id)
    }

    /// Adds an answer, and gives back what it takes the place of: that may be itself, if there is a newer one.
    pub fn insert(&mut self, key: Key, slot: Slot) -> Vec<Slot> {
        let slots = self.keys.entry(key).or_default();
        let newer = |have: &Slot| have.selecting == slot.selecting && have.id > slot.id;
        if slots.iter().any(newer) {
            return vec![slot];
        }
        let mut out: Vec<_> = slots
            .extract_if(.., |have| have.selecting == slot.selecting)
            .collect();
        self.row.push_back((key, slot.id));
        self.bytes += slot.bytes;
        let at = slots.partition_point(|have| have.id > slot.id);
        slots.insert(at, slot);
        out.extend(slots.drain(MAX_VARIANTS.min(slots.len())..));
        self.count += 1;
        for old in &out {
            self.count -= 1;
            self.bytes -= old.bytes;
        }
        self.tidy_row();
        out
    }

    /// Puts an answer in place of one of a number, and gives that back; itself, if that is gone.
    pub fn replace(&mut self, key: &Key, id: u64, slot: Slot) -> Slot {
        let slots = self.keys.get_mut(key).map_or(&mut [][..], |slots| slots);
        let Some(old) = slots.iter_mut().find(|old| old.id == id) else {
            return slot;
        };
        self.bytes = self.bytes - old.bytes + slot.bytes;
        self.row.push_back((*key, slot.id));
        std::mem::replace(old, slot)
    }

    /// Takes one answer out.
    pub fn remove(&mut self, key: &Key, id: u64) -> Option<Slot> {
        self.remove_if(key, |slot| slot.id == id)
    }

    /// Takes the answer out that was selected so.
    pub fn remove_variant(&mut self, key: &Key, selecting: &Selecting) -> Option<Slot> {
        self.remove_if(key, |slot| slot.selecting == *selecting)
    }

    fn remove_if(&mut self, key: &Key, which: impl Fn(&Slot) -> bool) -> Option<Slot> {
        let slots = self.keys.get_mut(key)?;
        let slot = slots.remove(slots.iter().position(which)?);
        if slots.is_empty() {
            self.keys.remove(key);
        }
        self.count -= 1;
        self.bytes -= slot.bytes;
        Some(slot)
    }

    /// Takes out the one that makes room.
    pub fn evict(&mut self) -> Option<(Key, Slot)> {
        while let Some((key, id)) = self.row.pop_front() {
            let slots = self.keys.get_mut(&key).map_or(&mut [][..], |slots| slots);
            let Some(slot) = slots.iter_mut().find(|slot| slot.id == id) else {
                continue;
            };
            if !std::mem::take(&mut slot.used) {
                return self.remove(&key, id).map(|slot| (key, slot));
            }
            self.row.push_back((key, id));
        }
        None
    }

    /// Says that no purge until a number covers an answer.
    pub fn reborn(&mut self, key: &Key, id: u64, born: u64) {
        let slots = self.keys.get_mut(key).map_or(&mut [][..], |slots| slots);
        if let Some(slot) = slots.iter_mut().find(|slot| slot.id == id) {
            slot.born = slot.born.max(born);
        }
    }

    /// Those that purges after their birth and until a number may cover.
    pub fn born_before(&self, until: u64) -> Vec<(Key, u64)> {
        let slots = self.keys.iter().flat_map(|(key, slots)| {
            slots
                .iter()
                .filter(|slot| slot.born < until)
                .map(|slot| (*key, slot.id))
        });
        slots.collect()
    }

    /// Whether an answer under a key has this body.
    pub fn has_body(&self, key: &Key, body: u64) -> bool {
        let slots = self.keys.get(key).map_or(&[][..], |slots| slots);
        slots.iter().any(|slot| slot.body == Some(body))
    }

    /// The files of all bodies.
    pub fn bodies(&self) -> impl Iterator<Item = u64> {
        self.keys.values().flatten().filter_map(|slot| slot.body)
    }

    /// Orders the row by age, after answers were added in any order.
    pub fn sort(&mut self) {
        self.row
            .make_contiguous()
            .sort_unstable_by_key(|(_, id)| *id);
    }

    /// How many bytes all take.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many answers there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Forgets the places of those that are gone, when these are many.
    fn tidy_row(&mut self) {
        if self.row.len() > self.count * 2 + 64 {
            let keys = &self.keys;
            self.row.retain(|(key, id)| {
                keys.get(key)
                    .is_some_and(|slots| slots.iter().any(|slot| slot.id == *id))
            });
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
    use crate::storage::place::Place;
    use crate::storage::residents::Residents;
    use std::sync::Arc;

    fn slot(id: u64) -> Slot {
        Slot {
            id,
            body: None,
            bytes: 10,
            selecting: Selecting::default(),
            born: id,
            used: false,
            _presence: Arc::new(Residents::default()).present(&Place::default()),
        }
    }

    fn key(at: u64) -> Key {
        Key::of([&at.to_le_bytes()[..]])
    }

    #[test]
    fn the_newest_stays_whatever_the_order() {
        let mut index = Index::default();
        assert!(index.insert(key(0), slot(5)).is_empty());
        assert_eq!(index.insert(key(0), slot(4))[0].id, 4);
        assert_eq!(index.insert(key(0), slot(6))[0].id, 5);
        assert_eq!(index.find(&key(0), &HeaderMap::new()), Some(6));
        assert_eq!((index.len(), index.bytes()), (1, 10));
        assert!(index.remove(&key(0), 5).is_none());
        assert!(index.remove(&key(0), 6).is_some());
        assert_eq!((index.len(), index.bytes()), (0, 0));
        assert!(index.evict().is_none());
    }

    #[test]
    fn what_is_used_has_a_second_chance() {
        let mut index = Index::default();
        (0..4).for_each(|at| assert!(index.insert(key(at), slot(at)).is_empty()));
        index.find(&key(0), &HeaderMap::new());
        let order: Vec<_> = std::iter::from_fn(|| index.evict().map(|(_, slot)| slot.id)).collect();
        assert_eq!(order, [1, 2, 3, 0]);
    }

    #[test]
    fn the_row_stays_short() {
        let mut index = Index::default();
        (0..10_000).for_each(|id| drop(index.insert(key(0), slot(id))));
        assert!(index.row.len() < 100);
    }
}
