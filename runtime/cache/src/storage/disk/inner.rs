//! What the disk tier's threads work on.

use super::Disk;
use super::files::{BodyFile, CHUNK, Files, Kind, rounded};
use super::health::Health;
use super::index::{Index, Slot};
use crate::counters::Counters;
use crate::storage::content::{Chunks, Content};
use crate::storage::entry::Entry;
use crate::storage::key::Key;
use crate::storage::record::{BodyAt, Decoded, FRAME, encode};
use crate::storage::residents::Residents;
use parking_lot::Mutex;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

pub(crate) struct Inner {
    pub config: Disk,
    pub files: Files,
    pub index: Mutex<Index>,
    pub health: Health,
    pub counters: Arc<Counters>,
    pub residents: Arc<Residents>,
    /// Bodies up to this length are read at once, and go to memory.
    pub small: u64,
    /// The number of the next file.
    pub next: AtomicU64,
    /// What bodies that are not finished take.
    pub unfinished: AtomicU64,
    /// What waits to be written.
    pub queued: AtomicU64,
    /// Whether all that was there at the start is known.
    pub loaded: AtomicBool,
    /// Whether the tier is not to be used: purges can't be written down.
    pub off: AtomicBool,
    pub closing: AtomicBool,
}

impl Inner {
    pub fn is_usable(&self) -> bool {
        !self.off.load(Ordering::SeqCst) && !self.health.is_resting()
    }

    pub fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Something on the disk failed.
    pub fn failed(&self) {
        self.counters.disk.errors.one();
        self.health.failed();
    }

    /// A file of an answer is damaged: it is removed.
    pub fn damaged(&self, key: &Key, id: u64) {
        self.counters.disk.corrupt.one();
        self.remove(key, id);
    }

    pub fn remove(&self, key: &Key, id: u64) {
        let slot = self.index.lock().remove(key, id);
        self.delete(key, slot);
    }

    /// Deletes the files of answers that were taken out of the index; a body that another record has stays.
    pub fn delete(&self, key: &Key, slots: impl IntoIterator<Item = Slot>) {
        for slot in slots {
            self.files.remove(Kind::Record, slot.id);
            if let Some(body) = slot.body
                && !self.index.lock().has_body(key, body)
            {
                self.files.remove(Kind::Body, body);
            }
        }
    }

    /// Evicts until so many bytes more have room; false when there is none.
    pub fn make_room(&self, bytes: u64) -> bool {
        loop {
            let evicted = {
                let mut index = self.index.lock();
                let unfinished = self.unfinished.load(Ordering::Relaxed);
                let taken = index.bytes().saturating_add(unfinished);
                if taken.saturating_add(bytes) <= self.config.bytes {
                    return true;
                }
                index.evict()
            };
            let Some((key, slot)) = evicted else {
                return false;
            };
            self.counters.disk.evictions.one();
            self.delete(&key, [slot]);
        }
    }

    /// A write failed. On a full disk others make room for what comes next.
    pub fn write_failed(&self, error: &io::Error) {
        self.failed();
        if matches!(
            error.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
        ) {
            let bytes = self.index.lock().bytes();
            let least = self.config.bytes.saturating_sub(bytes - bytes / 16);
            self.make_room(least);
        }
    }

    /// Writes an answer: its body, then its record. On a thread of the tier.
    pub fn store(&self, key: &Key, entry: &Entry) {
        if !self.is_usable() {
            self.counters.disk.skipped.one();
            return;
        }
        let stored = match &entry.content {
            Content::Whole(chunks) if chunks.len() <= CHUNK as u64 => {
                self.record(key, entry, BodyAt::Here, &chunks.joined())
            }
            Content::Whole(chunks) => self
                .body(chunks)
                .and_then(|at| self.record(key, entry, at, &[])),
            Content::Disk(body) => {
                let (id, sums) = body.file();
                let at = BodyAt::File {
                    id,
                    len: body.len(),
                    sums: sums.into(),
                };
                self.record(key, entry, at, &[])
            }
            Content::Parts(_) => return,
        };
        match stored {
            Ok(()) => self.health.well(),
            Err(error) => self.write_failed(&error),
        }
    }

    fn body(&self, chunks: &Chunks) -> io::Result<BodyAt> {
        if !self.make_room(rounded(chunks.len())) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let mut file = BodyFile::create(&self.files, self.number())?;
        let id = file.id();
        let written = chunks
            .chunks()
            .iter()
            .try_for_each(|chunk| file.write(chunk))
            .and_then(|()| file.finish());
        if written.is_err() {
            self.files.remove(Kind::Body, id);
        }
        written
    }

    /// Writes a record, and makes it known. A body's file that it names is removed when that fails.
    pub fn record(&self, key: &Key, entry: &Entry, at: BodyAt, body: &[u8]) -> io::Result<()> {
        let slot = self.write(key, entry, at, body)?;
        let mut index = self.index.lock();
        let out = if self.off.load(Ordering::SeqCst) {
            vec![slot]
        } else {
            index.insert(*key, slot)
        };
        drop(index);
        self.delete(key, out);
        self.make_room(0);
        Ok(())
    }

    /// Writes a record in place of another one of the same body, unless that is gone meanwhile.
    pub fn replace(&self, key: &Key, id: u64, entry: &Entry, at: BodyAt, body: &[u8]) {
        match self.write(key, entry, at, body) {
            Ok(slot) => {
                let out = self.index.lock().replace(key, id, slot);
                self.delete(key, [out]);
            }
            Err(error) => {
                self.write_failed(&error);
                self.remove(key, id);
            }
        }
    }

    fn write(&self, key: &Key, entry: &Entry, at: BodyAt, body: &[u8]) -> io::Result<Slot> {
        let file = match &at {
            BodyAt::File { id, len, .. } => Some((*id, *len)),
            BodyAt::Here => None,
        };
        let id = self.number();
        let written = encode(key, entry, at, body)
            .ok_or(io::ErrorKind::InvalidData.into())
            .and_then(|record| {
                let len = (record.len() + body.len()) as u64;
                self.make_room(rounded(len));
                let written = self.files.write(Kind::Record, id, &[&record, body]);
                written.map(|()| len)
            });
        let len = match written {
            Ok(len) => len,
            Err(error) => {
                if let Some((body, _)) = file
                    && !self.index.lock().has_body(key, body)
                {
                    self.files.remove(Kind::Body, body);
                }
                return Err(error);
            }
        };
        let disk = &self.counters.disk;
        disk.writes.one();
        disk.written_bytes.add(len + file.map_or(0, |(_, len)| len));
        Ok(Slot {
            id,
            body: file.map(|(body, _)| body),
            bytes: rounded(len) + file.map_or(0, |(_, len)| rounded(len)),
            selecting: entry.selecting.clone(),
            born: entry.born,
            used: false,
            _presence: self.residents.present(&entry.place),
        })
    }

    /// Adds an answer that was there at the start.
    pub fn recovered(&self, id: u64, decoded: Decoded, bytes: u64) {
        let entry = decoded.entry;
        let slot = Slot {
            id,
            body: match decoded.body {
                BodyAt::File { id, .. } => Some(id),
                BodyAt::Here => None,
            },
            bytes,
            selecting: entry.selecting,
            born: entry.born,
            used: false,
            _presence: self.residents.present(&entry.place),
        };
        let out = self.index.lock().insert(decoded.key, slot);
        self.delete(&decoded.key, out);
    }

    /// Deletes everything.
    pub fn wipe(&self) {
        *self.index.lock() = Index::default();
        for directory in 0..=u8::MAX {
            for (kind, id) in self.files.list(directory) {
                self.files.remove(kind, id);
            }
        }
    }
}

/// The least that a record takes, for the queue's account.
pub(crate) const LEAST: u64 = FRAME as u64 + 1024;
