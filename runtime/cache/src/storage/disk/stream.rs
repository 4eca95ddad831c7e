//! A long body that goes to the disk while it comes.

use super::files::{BodyFile, Kind};
use super::inner::Inner;
use super::tier::DiskTier;
use crate::storage::entry::Entry;
use crate::storage::key::Key;
use crate::storage::purge::UnderWay;
use bytes::Bytes;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A body that is being written. Dropped before [`Stream::finish`], nothing remains of it.
#[derive(Debug)]
pub(crate) struct Stream {
    tier: Arc<DiskTier>,
    writing: Arc<Writing>,
}

#[derive(Debug, Default)]
struct Writing {
    state: Mutex<State>,
    given_up: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    file: Option<BodyFile>,
    /// What of the tier's room is taken for it.
    taken: u64,
}

impl Stream {
    /// Begins one, if the disk may be written to.
    pub fn begin(tier: &Arc<DiskTier>) -> Option<Self> {
        tier.inner.is_usable().then(|| Self {
            tier: tier.clone(),
            writing: Arc::default(),
        })
    }

    /// Adds a piece. False when the disk is behind or failed: it is given up.
    pub fn push(&self, piece: Bytes) -> bool {
        if self.writing.given_up.load(Ordering::Relaxed) {
            return false;
        }
        let len = piece.len() as u64;
        let writing = self.writing.clone();
        let queued = self
            .tier
            .queue(len, move |tier| writing.write(tier, &piece));
        if !queued {
            self.writing.given_up.store(true, Ordering::Relaxed);
        }
        queued
    }

    /// Says that the body is complete: the record follows. False when it was given up.
    pub fn finish(self, key: Key, entry: Entry, under_way: UnderWay) -> bool {
        let writing = self.writing.clone();
        let queued = !writing.given_up.load(Ordering::Relaxed);
        queued
            && self.tier.queue(0, move |tier| {
                writing.finish(tier, &key, &entry);
                drop(under_way);
            })
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // what was finished has no file any more
        let writing = self.writing.clone();
        self.tier.queue(0, move |tier| writing.give_up(tier));
    }
}

impl Writing {
    fn write(&self, tier: &Inner, piece: &[u8]) {
        if self.given_up.load(Ordering::Relaxed) {
            return;
        }
        let mut state = self.state.lock();
        let written = state.write(tier, piece);
        drop(state);
        if let Err(error) = written {
            tier.write_failed(&error);
            self.give_up(tier);
        }
    }

    fn finish(&self, tier: &Inner, key: &Key, entry: &Entry) {
        if !tier.is_usable() {
            self.give_up(tier);
        }
        let mut state = self.state.lock();
        let taken = std::mem::take(&mut state.taken);
        let Some(file) = state.file.take() else {
            tier.counters.disk.skipped.one();
            return;
        };
        let id = file.id();
        let at = file.finish();
        if at.is_err() {
            tier.files.remove(Kind::Body, id);
        }
        let stored = at.and_then(|at| tier.record(key, entry, at, &[]));
        tier.unfinished.fetch_sub(taken, Ordering::Relaxed);
        match stored {
            Ok(()) => tier.health.well(),
            Err(error) => tier.write_failed(&error),
        }
    }

    fn give_up(&self, tier: &Inner) {
        self.given_up.store(true, Ordering::Relaxed);
        let mut state = self.state.lock();
        tier.unfinished
            .fetch_sub(std::mem::take(&mut state.taken), Ordering::Relaxed);
        if let Some(file) = state.file.take() {
            tier.files.remove(Kind::Body, file.id());
        }
    }
}

impl State {
    fn write(&mut self, tier: &Inner, piece: &[u8]) -> std::io::Result<()> {
        let need = piece.len() as u64;
        if !tier.make_room(need) {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        tier.unfinished.fetch_add(need, Ordering::Relaxed);
        self.taken += need;
        let file = match &mut self.file {
            Some(file) => file,
            empty => empty.insert(BodyFile::create(&tier.files, tier.number())?),
        };
        file.write(piece)
    }
}
