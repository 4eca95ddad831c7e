//! What an instance knows of the purges of a region that is elsewhere.

use super::outbox::Outgoing;
use super::{Listener, name_of_uri};
use crate::storage::entry::Entry;
use crate::storage::purge::{Left, Purge, Purges};
use crate::storage::said::Said;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Purges by their numbers in the region, on whose order all instances agree.
pub(super) struct Known {
    /// Those that were heard, and those made here that the region has.
    purges: Purges,
    /// Those made here that the region has not yet.
    waiting: Purges,
    /// Nothing that knows less than this is trusted.
    floor: AtomicU64,
    listener: Arc<Listener>,
}

impl Known {
    pub fn new(listener: Arc<Listener>) -> Self {
        Self {
            purges: Purges::default(),
            waiting: Purges::default(),
            floor: 0.into(),
            listener,
        }
    }

    /// The last one.
    pub fn latest(&self) -> u64 {
        self.purges.latest()
    }

    /// What purges left of an answer that was here.
    pub fn left(&self, entry: &Entry) -> Left {
        if entry.known < self.floor.load(Ordering::SeqCst) {
            return Left::Gone;
        }
        self.purges.left_since(entry, entry.known)
    }

    /// The same for an answer that comes from the region: purges that are on their way there cover it too.
    pub fn left_there(&self, entry: &Entry) -> Left {
        match self.waiting.left_since(entry, 0) {
            Left::Valid => self.left(entry),
            _ => Left::Gone,
        }
    }

    /// Marks a purge that is made here, and that the region is to be told. One URI is purged only if the region has
    /// anything of it.
    pub fn purge(&self, what: Purge<'_>, soft_at: Option<u64>) -> Outgoing {
        let only_if = match what {
            Purge::Uri(place) => Some(name_of_uri(place)),
            _ => None,
        };
        Outgoing {
            number: self.waiting.purge(what, soft_at),
            said: Said::new(what, soft_at),
            only_if,
        }
    }

    /// The region has it, under this number; none when it had nothing of that URI.
    pub fn told(&self, outgoing: &Outgoing, number: Option<u64>) {
        if let Some(number) = number {
            self.mark(number, &outgoing.said);
        }
        self.waiting.forget(outgoing.number);
    }

    /// A purge that is to be held against answers, of which nobody here need be told.
    pub fn mark(&self, number: u64, said: &Said) {
        said.say(|what, soft_at| self.purges.restore(number, what, soft_at));
    }

    /// A purge that another instance made.
    pub fn hear(&self, number: u64, said: &Said) {
        said.say(|what, soft_at| {
            self.purges.restore(number, what, soft_at);
            (self.listener)(what, soft_at);
        });
    }

    /// What was purged before this number is unknown.
    pub fn trust_from(&self, number: u64) {
        self.floor.fetch_max(number, Ordering::SeqCst);
    }
}
