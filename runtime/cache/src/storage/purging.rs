//! Purges as they are made here or heard of: marked for all that the edge has.

use super::disk::log::Log;
use super::purge::{Purge, Purges};
use std::sync::Arc;

/// Where purges of the edge's tiers are marked.
#[derive(Debug, Default)]
pub(crate) struct Purging {
    pub purges: Arc<Purges>,
    /// Where they are written down, with a disk.
    pub log: Option<Log>,
}

impl Purging {
    /// Purges, hard or (with the time of the purge) soft.
    pub fn purge(&self, what: Purge<'_>, soft_at: Option<u64>) {
        let number = self.purges.purge(what, soft_at);
        if let Some(log) = &self.log {
            log.add(number, what, soft_at);
        }
    }
}
