//! Where the origin's body is written.

use super::cache::Cache;
use super::fill::Fill;
use super::flight::Lead;
use super::note::Note;
use crate::semantics::partial;
use crate::semantics::rules::Rules;
use crate::storage::content::{Chunks, Content};
use crate::storage::disk::stream::Stream;
use crate::storage::entry::Entry;
use crate::storage::key::Key;
use crate::storage::parts::Parts;
use crate::storage::purge::{Left, UnderWay};
use crate::storage::residents::Presence;
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};
use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::time::timeout;

/// Takes the origin's body, for all who read it and for storing. Dropped before [`Filler::finish`] it breaks off: nothing is
/// stored, and readers get an error.
#[derive(Debug)]
pub struct Filler {
    cache: Cache,
    key: Key,
    fill: Arc<Fill>,
    lead: Option<Lead>,
    /// Whether it may still be stored.
    keep: bool,
    /// Whether all of it is held, so that more may join.
    held: bool,
    written: u64,
    /// Where it is written when it is too long for memory.
    stream: Option<Stream>,
    /// Makes a tag of the body, for `etag on`.
    tagger: Option<Sha256>,
    /// Until when it is remembered as one that is not stored.
    until: u64,
    _under_way: UnderWay,
    _presence: Presence,
}

/// Nobody reads the body any more, and it is not to be stored: the origin's connection may be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended;

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody reads the body any more")
    }
}

impl std::error::Error for Ended {}

impl Filler {
    #[expect(
        clippy::too_many_arguments,
        reason = "it takes over what a fetch holds, piece by piece"
    )]
    pub(crate) fn new(
        cache: Cache,
        key: Key,
        fill: Arc<Fill>,
        lead: Option<Lead>,
        rules: &Rules,
        keep: bool,
        until: u64,
        under_way: UnderWay,
        presence: Presence,
    ) -> Self {
        let (_under_way, _presence) = (under_way, presence);
        let head = &fill.head;
        let untagged = head.status == StatusCode::OK && !head.headers.contains_key(header::ETAG);
        Self {
            stream: None,
            tagger: (rules.etag && untagged).then(|| tagger(head)),
            cache,
            key,
            fill,
            lead,
            keep,
            held: true,
            written: 0,
            until,
            _under_way,
            _presence,
        }
    }

    /// Writes a piece. It waits only when the body is not held in memory and its readers are behind.
    ///
    /// # Errors
    ///
    /// [`Ended`], when going on is of no use.
    pub async fn write(&mut self, piece: Bytes) -> Result<(), Ended> {
        if piece.is_empty() {
            return Ok(());
        }
        let config = &self.cache.0.config;
        let len = piece.len() as u64;
        self.written = self.written.saturating_add(len);
        let filling = if self.held {
            self.cache
                .0
                .filling
                .fetch_add(len, Ordering::Relaxed)
                .saturating_add(len)
        } else {
            0
        };
        if let Some(tagger) = &mut self.tagger {
            tagger.update(&piece);
        }
        self.fill.push(piece.clone());
        if self.held && (self.written > config.max_object || filling > config.max_filling) {
            self.stream = self.to_disk();
            self.let_go(self.written);
        } else if let Some(stream) = &self.stream
            && !(self.is_for_disk() && stream.push(piece))
        {
            self.stream = None;
            self.note_pass();
        }
        if self.held { Ok(()) } else { self.room().await }
    }

    /// Whether it is not too long for the disk, and may be stored there.
    fn is_for_disk(&self) -> bool {
        let disk = self.cache.0.disk.as_ref();
        let whole = self.fill.head.status != StatusCode::PARTIAL_CONTENT;
        let most = disk.map_or(0, |disk| disk.inner.config.max_object);
        self.keep && whole && self.written.max(self.fill.length.unwrap_or(0)) <= most
    }

    /// Begins to write what came so far to the disk.
    fn to_disk(&self) -> Option<Stream> {
        let disk = self.cache.0.disk.as_ref()?;
        let stream = self.is_for_disk().then(|| Stream::begin(disk)).flatten()?;
        let chunks = self.fill.chunks();
        chunks
            .into_iter()
            .all(|chunk| stream.push(chunk))
            .then_some(stream)
    }

    /// Says that the body is complete, and stores it. Returns whether it was stored: not when it is too long, shorter
    /// than announced, or was purged meanwhile.
    pub fn finish(mut self) -> bool {
        let complete = self.fill.length.is_none_or(|length| length == self.written);
        let stored = complete
            && self.keep
            && match self.stream.take() {
                Some(stream) => self.store_on_disk(stream),
                None => self.held && self.store(),
            };
        // first it is stored, then the flight ends, so that nobody finds neither
        self.fill.end(complete);
        stored
    }

    fn store(&mut self) -> bool {
        let chunks = Chunks::packed(&self.fill.chunks());
        let mut entry = Entry::clone(&self.fill.head);
        if entry.status == StatusCode::PARTIAL_CONTENT {
            match self.part(entry, chunks) {
                Some(combined) => entry = combined,
                None => return false,
            }
        } else {
            self.tag(&mut entry);
            entry.content = Content::Whole(chunks);
        }
        if self.cache.left(&entry) == Left::Gone {
            return false;
        }
        self.cache.keep(self.key, Arc::new(entry));
        true
    }

    /// A body that went to the disk as it came. What memory and the region have of it is older.
    fn store_on_disk(&mut self, stream: Stream) -> bool {
        let mut entry = Entry::clone(&self.fill.head);
        self.tag(&mut entry);
        if self.cache.left(&entry) == Left::Gone {
            return false;
        }
        let under_way = self.cache.0.purges.hold(entry.born);
        self.cache.forget_above_disk(&self.key, &entry);
        stream.finish(self.key, entry, under_way)
    }

    fn tag(&mut self, entry: &mut Entry) {
        if let Some(tagger) = self.tagger.take() {
            entry.headers.insert(header::ETAG, tag_of(tagger));
        }
    }

    /// A 206 becomes parts, joined with those that are stored of the same bytes (RFC 9111 3.4), or the whole.
    fn part(&self, mut entry: Entry, chunks: Chunks) -> Option<Entry> {
        let part = partial::part(&entry.headers)?;
        if chunks.is_empty() || chunks.len() > part.span.len() {
            return None;
        }
        let mut parts = Parts::new(part.span.first, chunks, part.complete);
        let resource = self.cache.0.memory.get(&self.key);
        let before = resource.as_ref().and_then(|all| {
            all.entries
                .iter()
                .find(|have| have.selecting == entry.selecting)
        });
        if let Some(before) =
            before.filter(|before| partial::combine(&before.headers, &entry.headers))
        {
            match &before.content {
                Content::Parts(have) => parts = have.with(&parts),
                Content::Whole(whole) => {
                    parts = Parts::new(0, whole.clone(), whole.len()).with(&parts)
                }
                Content::Disk(_) => {}
            }
        }
        entry.headers.remove(header::CONTENT_RANGE);
        entry.headers.remove(header::CONTENT_LENGTH);
        if let Some(whole) = parts.whole() {
            entry.status = StatusCode::OK;
            entry.content = Content::Whole(whole);
        } else {
            entry.content = Content::Parts(parts);
        }
        Some(entry)
    }

    /// It will not be stored in memory: nobody may join, and what was read is let go.
    fn let_go(&mut self, counted: u64) {
        self.held = false;
        self.cache.0.filling.fetch_sub(counted, Ordering::Relaxed);
        if self.stream.is_none() {
            self.note_pass();
        }
        self.lead = None;
        self.fill.pass();
    }

    fn note_pass(&self) {
        self.cache.0.notes.put(self.key, Note::Pass, self.until);
    }

    /// Waits until the slowest reader is near enough; those who stall are cut off.
    async fn room(&self) -> Result<(), Ended> {
        let config = &self.cache.0.config;
        loop {
            let room = poll_fn(|cx| self.fill.poll_room(cx, config.window));
            match timeout(config.stall, room).await {
                Ok(true) => return Ok(()),
                Ok(false) if self.stream.is_some() => return Ok(()),
                Ok(false) => return Err(Ended),
                Err(_) => self.fill.cut(),
            }
        }
    }
}

impl Drop for Filler {
    fn drop(&mut self) {
        if self.held {
            self.cache
                .0
                .filling
                .fetch_sub(self.written, Ordering::Relaxed);
        }
        self.fill.end(false);
    }
}

/// Begins a strong tag made of the body and its coding: the same bytes have the same tag on every host.
fn tagger(head: &Entry) -> Sha256 {
    let mut hasher = Sha256::new();
    for name in [header::CONTENT_ENCODING, header::CONTENT_TYPE] {
        let value = head
            .headers
            .get(name)
            .map(|value| value.as_bytes())
            .unwrap_or_default();
        hasher.update((value.len() as u64).to_le_bytes());
        hasher.update(value);
    }
    hasher
}

fn tag_of(tagger: Sha256) -> HeaderValue {
    let hash: String = tagger
        .finalize()
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    HeaderValue::from_str(&format!("\"{hash}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}
