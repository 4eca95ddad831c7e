//! Reading an answer from the disk.

use super::body::{DiskBody, Open};
use super::files::{CHUNK, Kind, read_whole};
use super::inner::Inner;
use super::threads::Threads;
use crate::storage::content::{Chunks, Content};
use crate::storage::entry::Entry;
use crate::storage::key::Key;
use crate::storage::record::{BodyAt, Decoded};
use bytes::Bytes;
use std::fs::File;
use std::io;
use std::sync::Arc;

impl Inner {
    /// Reads an answer: with its body when that is short, else with the body's file open.
    pub fn load(
        self: &Arc<Self>,
        readers: &Arc<Threads>,
        key: &Key,
        id: u64,
    ) -> Option<(Entry, u64)> {
        let disk = &self.counters.disk;
        disk.reads.one();
        let read = self.files.record(id).and_then(|(len, read)| {
            disk.read_bytes.add(len);
            match read {
                Some((decoded, body)) if decoded.key == *key => {
                    self.with_body(readers, key, id, decoded, body)
                }
                _ => Ok(None),
            }
        });
        match read {
            Ok(Some(entry)) => {
                self.health.well();
                Some((entry, id))
            }
            Ok(None) => {
                self.damaged(key, id);
                None
            }
            // evicted since it was looked up
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let slot = self.index.lock().remove(key, id);
                if slot.is_some() {
                    self.counters.disk.errors.one();
                }
                self.delete(key, slot);
                None
            }
            Err(_) => {
                self.failed();
                None
            }
        }
    }

    fn with_body(
        self: &Arc<Self>,
        readers: &Arc<Threads>,
        key: &Key,
        record: u64,
        decoded: Decoded,
        body: Bytes,
    ) -> io::Result<Option<Entry>> {
        let mut entry = decoded.entry;
        let BodyAt::File { id, len, sums } = decoded.body else {
            entry.content = Content::Whole(Chunks::shared(body));
            return Ok(Some(entry));
        };
        let file = File::open(self.files.path(Kind::Body, id))?;
        let chunks = len.div_ceil(CHUNK as u64);
        if file.metadata()?.len() != len || sums.len() as u64 != chunks {
            return Ok(None);
        }
        if len <= self.small {
            self.counters.disk.reads.add(chunks);
            self.counters.disk.read_bytes.add(len);
            let whole = read_whole(&file, id, len, &sums)?;
            return Ok(whole.map(|whole| {
                entry.content = Content::Whole(whole);
                entry
            }));
        }
        entry.content = Content::Disk(DiskBody::new(Open {
            file,
            id,
            len,
            sums,
            key: *key,
            record,
            tier: self.clone(),
            readers: readers.clone(),
        }));
        Ok(Some(entry))
    }
}
