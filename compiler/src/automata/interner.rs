//! Numbers for items: equal items get the same one, in the order in which they are met.

use std::collections::HashMap;
use std::hash::Hash;

/// The items so far.
pub(super) struct Interner<T> {
    numbers: HashMap<T, u32>,
    items: Vec<T>,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Interner {
            numbers: HashMap::new(),
            items: Vec::new(),
        }
    }
}

impl<T: Clone + Eq + Hash> Interner<T> {
    /// The number of an item.
    pub fn intern(&mut self, item: T) -> u32 {
        let next = self.items.len() as u32;
        if let Some(&number) = self.numbers.get(&item) {
            return number;
        }
        self.items.push(item.clone());
        self.numbers.insert(item, next);
        next
    }

    /// The items, each at its number.
    pub fn items(&self) -> &[T] {
        &self.items
    }

    /// The items, each at its number.
    pub fn into_items(self) -> Vec<T> {
        self.items
    }
}
