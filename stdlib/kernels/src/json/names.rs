//! Whether the names of an object are distinct, in time that no choice of names makes long.
//!
//! A hash table would be quick but for those who know the hash: they fill one bucket. So the names are
//! sorted by their hashes, by merging, which takes its `n log2 n` steps whatever these are. Names are compared only
//! where hashes are equal, and nobody knows many names of one SipHash.

use super::content::Content;
use super::sip::sip_hash;
use crate::writer::split;
use core::cmp::Ordering;

/// Members of the objects that are open at a time: of one, and of those that it stands in.
pub const MOST_MEMBERS: usize = 4_096;

/// The hash of a name, eight bytes, and where its content begins, four.
type Name = [u8; 12];

/// Bytes for the names of a text.
pub const ROOM: usize = 2 * MOST_MEMBERS * size_of::<Name>();

/// The names of the objects that are open, the innermost last.
pub(super) struct Names<'t, 's> {
    text: &'t [u8],
    names: &'s mut [Name],
    count: usize,
    spare: &'s mut [Name],
}

impl<'t, 's> Names<'t, 's> {
    /// Takes [`ROOM`] bytes.
    pub(super) fn new(text: &'t [u8], room: &'s mut [u8]) -> Self {
        let (names, _) = room.as_chunks_mut();
        let (names, spare) = names.split_at_mut_checked(MOST_MEMBERS).unwrap_or_default();
        Self {
            text,
            names,
            count: 0,
            spare,
        }
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Adds the name whose content begins there; `None` where there are too many.
    pub(super) fn push(&mut self, offset: usize) -> Option<()> {
        let name = self.names.get_mut(self.count)?;
        let hash = sip_hash(content(self.text, offset));
        *name.first_chunk_mut()? = hash.to_le_bytes();
        *name.last_chunk_mut()? = (offset as u32).to_le_bytes();
        self.count += 1;
        Some(())
    }

    /// Forgets the names from `start` on; `None` where two are the same.
    pub(super) fn close(&mut self, start: usize) -> Option<()> {
        let mut from = self.names.get_mut(start..self.count)?;
        let mut to = self.spare.get_mut(..from.len())?;
        self.count = start;
        let mut width = 1usize;
        while width < from.len() {
            // The compiler is shown that it is not 0.
            let both = width.saturating_mul(2).max(2);
            for (run, to) in from.chunks(both).zip(to.chunks_mut(both)) {
                let (left, right) = run.split_at_checked(width).unwrap_or((run, &[]));
                merge(self.text, left, right, to)?;
            }
            core::mem::swap(&mut from, &mut to);
            width = both;
        }
        Some(())
    }
}

/// Two names that are the same meet in some merge: nothing else could order them.
fn merge<'a>(
    text: &[u8],
    mut left: &'a [Name],
    mut right: &'a [Name],
    to: &mut [Name],
) -> Option<()> {
    for place in to {
        let order = match (left.first(), right.first()) {
            (Some(a), Some(b)) => order(text, a, b),
            (Some(_), None) => Ordering::Less,
            _ => Ordering::Greater,
        };
        let from = match order {
            Ordering::Less => &mut left,
            Ordering::Greater => &mut right,
            Ordering::Equal => return None,
        };
        let (&first, rest) = from.split_first()?;
        (*place, *from) = (first, rest);
    }
    Some(())
}

fn order(text: &[u8], a: &Name, b: &Name) -> Ordering {
    let by_hash = hash(a).cmp(&hash(b));
    by_hash.then_with(|| content(text, offset(a)).cmp(content(text, offset(b))))
}

fn hash(name: &Name) -> u64 {
    name.first_chunk()
        .map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

fn offset(name: &Name) -> usize {
    name.last_chunk()
        .map_or(0, |bytes| u32::from_le_bytes(*bytes) as usize)
}

fn content(text: &[u8], offset: usize) -> Content<'_> {
    Content::new(split(text, offset).1)
}
