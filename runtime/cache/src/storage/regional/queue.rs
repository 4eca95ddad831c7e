//! How many bytes wait to be handed over.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A bound on what waits.
#[derive(Clone)]
pub(super) struct Queue {
    bytes: Arc<AtomicU64>,
    most: u64,
}

/// What a value takes of it, until it is sent or dropped.
pub(super) struct Queued(Queue, u64);

impl Queue {
    pub fn new(most: u64) -> Self {
        let bytes = Arc::default();
        Self { bytes, most }
    }

    /// Room for a value, if there is any.
    pub fn take(&self, len: usize) -> Option<Queued> {
        let len = len as u64;
        let before = self.bytes.fetch_add(len, Ordering::Relaxed);
        let queued = Queued(self.clone(), len);
        (before.saturating_add(len) <= self.most).then_some(queued)
    }
}

impl Drop for Queued {
    fn drop(&mut self) {
        self.0.bytes.fetch_sub(self.1, Ordering::Relaxed);
    }
}
