//! Purges made here that a region elsewhere has not yet.

use crate::storage::said::Said;
use std::collections::VecDeque;

/// How many wait; more are one of everything.
const MOST: usize = 10_000;

/// A purge on its way.
pub(super) struct Outgoing {
    /// Its number among those that wait.
    pub number: u64,
    pub said: Said,
    /// The value that must be there, if one must.
    pub only_if: Option<Vec<u8>>,
}

/// They are told in their order.
#[derive(Default)]
pub(super) struct Outbox(VecDeque<Outgoing>);

impl Outbox {
    pub fn push(&mut self, outgoing: Outgoing) {
        let number = outgoing.number;
        self.0.push_back(outgoing);
        if self.0.len() > MOST {
            self.0.clear();
            self.0.push_back(Outgoing {
                number,
                said: Said::everything(),
                only_if: None,
            });
        }
    }

    /// The next one, which stays until it is told.
    pub fn first(&self) -> Option<&Outgoing> {
        self.0.front()
    }

    pub fn told(&mut self) {
        self.0.pop_front();
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
