//! Interning arenas: equal things are one thing, named by a typed handle.

use std::{collections::HashMap, fmt, hash::Hash, marker::PhantomData};

/// The index of a `T` in its arena.
pub struct Handle<T> {
    index: u32,
    kind: PhantomData<fn() -> T>,
}

impl<T> Handle<T> {
    /// The handle of an index.
    #[must_use]
    pub const fn new(index: u32) -> Self {
        Handle {
            index,
            kind: PhantomData,
        }
    }

    /// Its index.
    #[must_use]
    pub const fn index(self) -> usize {
        self.index as usize
    }
}

impl<T> Clone for Handle<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Handle<T> {}
impl<T> PartialEq for Handle<T> {
    fn eq(&self, other: &Self) -> bool {
        self.index == other.index
    }
}
impl<T> Eq for Handle<T> {}
impl<T> PartialOrd for Handle<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Handle<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.index.cmp(&other.index)
    }
}
impl<T> Hash for Handle<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.index.hash(state);
    }
}
impl<T> fmt::Debug for Handle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.index)
    }
}

/// An arena in which every element is there once. What an element refers to was there
/// before it, so indices are a topological order.
#[derive(Debug, Clone)]
pub struct Arena<T> {
    list: Vec<T>,
    index: HashMap<T, u32>,
}

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Arena {
            list: Vec::new(),
            index: HashMap::new(),
        }
    }
}

impl<T: Clone + Eq + Hash> Arena<T> {
    /// The handle of an element, added if it is new.
    pub fn intern(&mut self, element: T) -> Handle<T> {
        if let Some(&index) = self.index.get(&element) {
            return Handle::new(index);
        }
        let index = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        self.list.push(element.clone());
        self.index.insert(element, index);
        Handle::new(index)
    }

    /// The handle of an element that is there.
    #[must_use]
    pub fn find(&self, element: &T) -> Option<Handle<T>> {
        self.index.get(element).map(|index| Handle::new(*index))
    }

    /// The element of a handle.
    #[must_use]
    #[expect(
        clippy::indexing_slicing,
        reason = "handles are made only by `intern` of this arena"
    )]
    pub fn get(&self, handle: Handle<T>) -> &T {
        &self.list[handle.index()]
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All with their handles, in topological order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Handle<T>, &T)> {
        self.list
            .iter()
            .enumerate()
            .map(|(i, t)| (Handle::new(u32::try_from(i).unwrap_or(u32::MAX)), t))
    }
}
