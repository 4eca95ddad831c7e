//! Where the origin's body is written.

use super::ask::Cache;
use super::fill::Fill;
use super::flight::Lead;
use super::note::Note;
use crate::semantics::partial;
use crate::semantics::rules::Rules;
use crate::storage::content::{Chunks, Content, Parts};
use crate::storage::entry::Entry;
use crate::storage::key::Key;
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
    rules: Arc<Rules>,
    /// Whether it may still be stored.
    keep: bool,
    /// Whether all of it is held, so that more may join.
    held: bool,
    written: u64,
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
        rules: Arc<Rules>,
        keep: bool,
        until: u64,
        under_way: UnderWay,
        presence: Presence,
    ) -> Self {
        let (_under_way, _presence) = (under_way, presence);
        Self {
            cache,
            key,
            fill,
            lead,
            rules,
            keep,
            held: true,
            written: 0,
            until,
            _under_way,
            _presence,
        }
    }

    /// Writes a piece. It waits only when the body is not to be stored and its readers are behind.
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
        self.fill.push(piece);
        if self.held && (self.written > config.max_object || filling > config.max_filling) {
            self.let_go(self.written);
        }
        if self.held { Ok(()) } else { self.room().await }
    }

    /// Says that the body is complete, and stores it. Returns whether it was stored: not when it is too long, shorter
    /// than announced, or was purged meanwhile.
    pub fn finish(mut self) -> bool {
        let complete = self.fill.length.is_none_or(|length| length == self.written);
        let stored = complete && self.held && self.keep && self.store();
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
            if self.rules.etag
                && entry.status == StatusCode::OK
                && !entry.headers.contains_key(header::ETAG)
            {
                entry.headers.insert(header::ETAG, tag_of(&entry, &chunks));
            }
            entry.content = Content::Whole(chunks);
        }
        if self.cache.0.purges.left(&entry) == Left::Gone {
            return false;
        }
        self.cache.keep(self.key, Arc::new(entry));
        true
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

    /// It will not be stored: nobody may join, and what was read is let go.
    fn let_go(&mut self, counted: u64) {
        self.held = false;
        self.cache.0.filling.fetch_sub(counted, Ordering::Relaxed);
        self.cache.0.notes.put(self.key, Note::Pass, self.until);
        self.lead = None;
        self.fill.pass();
    }

    /// Waits until the slowest reader is near enough; those who stall are cut off.
    async fn room(&self) -> Result<(), Ended> {
        let config = &self.cache.0.config;
        loop {
            let room = poll_fn(|cx| self.fill.poll_room(cx, config.window));
            match timeout(config.stall, room).await {
                Ok(true) => return Ok(()),
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

/// A strong tag made of the body and its coding: the same bytes have the same tag on every host.
fn tag_of(entry: &Entry, chunks: &Chunks) -> HeaderValue {
    let mut hasher = Sha256::new();
    for name in [header::CONTENT_ENCODING, header::CONTENT_TYPE] {
        let value = entry
            .headers
            .get(name)
            .map(|value| value.as_bytes())
            .unwrap_or_default();
        hasher.update((value.len() as u64).to_le_bytes());
        hasher.update(value);
    }
    for chunk in chunks.chunks() {
        hasher.update(chunk);
    }
    let hash: String = hasher
        .finalize()
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    HeaderValue::from_str(&format!("\"{hash}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}
