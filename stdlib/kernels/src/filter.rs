//! Which names of a query or of cookies a policy lets through: a list that the compiler writes.
//!
//! `+` (only these) or `-` (all but these), then each name: `u32` length, its bytes. A name that ends in `*`
//! stands for all that begin so.

use crate::writer::split;

/// A list of names, as it is written.
#[derive(Debug, Clone, Copy)]
pub struct Filter<'a> {
    keeps: bool,
    names: &'a [u8],
}

impl<'a> Filter<'a> {
    /// Reads a list. What is not one lets everything through.
    #[must_use]
    pub fn new(list: &'a [u8]) -> Self {
        let (kind, names) = split(list, 1);
        Filter {
            keeps: kind == b"+",
            names,
        }
    }

    /// Whether something goes through whose name is, as `is` says, one of the list.
    pub fn lets_through(self, is: impl Fn(&[u8]) -> bool) -> bool {
        self.names().any(is) == self.keeps
    }

    /// Whether only what is on the list goes through.
    #[must_use]
    pub fn keeps(self) -> bool {
        self.keeps
    }

    /// The names, in order.
    pub fn names(self) -> impl Iterator<Item = &'a [u8]> {
        let mut rest = self.names;
        core::iter::from_fn(move || {
            let (length, names) = rest.split_first_chunk()?;
            let (name, left) = split(names, u32::from_le_bytes(*length) as usize);
            rest = left;
            Some(name)
        })
    }
}
