//! An answer as it is stored, and the answers of one key.

use super::content::Content;
use super::place::{Label, Place, tag};
use super::residents::Residence;
use crate::semantics::terms::Terms;
use crate::semantics::vary::Selecting;
use http::{HeaderMap, HeaderName, StatusCode};
use std::sync::Arc;

/// What an entry costs beside its bytes: an estimate of maps, pointers and counts.
const OVERHEAD: usize = 512;

/// The most variants (RFC 9111 4.1) of one key; the oldest make room.
pub const MAX_VARIANTS: usize = 64;

/// A stored answer. It never changes: a validated one is a new entry that shares the old one's chunks.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The status; 206 for what is stored in parts only.
    pub status: StatusCode,
    /// The header fields as stored.
    pub headers: HeaderMap,
    /// What selects it among the variants of its key.
    pub selecting: Selecting,
    /// On which terms it may be used.
    pub terms: Terms,
    /// The body.
    pub content: Content,
    /// Its URI.
    pub place: Arc<Place>,
    /// Its tags.
    pub tags: Arc<[Box<[u8]>]>,
    /// When its request was sent, as a number of [`super::purge::Purges`].
    pub born: u64,
    /// The last purge of the regional tier that was known then.
    pub known: u64,
}

impl Entry {
    /// How many bytes it takes.
    pub fn weight(&self) -> u64 {
        let headers: usize = self
            .headers
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len() + 64)
            .sum();
        let tags: usize = self.tags.iter().map(|tag| tag.len() + 16).sum();
        let fixed = OVERHEAD + headers + tags + self.selecting.weight() + self.place.weight();
        self.content.held().saturating_add(fixed as u64)
    }

    /// The names by which it is purged.
    pub(crate) fn labels(&self) -> impl Iterator<Item = Label> {
        self.place
            .labels()
            .into_iter()
            .chain(self.tags.iter().map(|name| tag(name)))
    }
}

/// All that is stored under one key.
#[derive(Debug)]
pub(crate) struct Resource {
    /// The variants, the newest first.
    pub entries: Vec<Arc<Entry>>,
    /// What they weigh together.
    pub weight: u64,
    /// The accounts that end with it.
    pub _residence: Residence,
}

impl Resource {
    /// The variant that fits a request (RFC 9111 4.1): the newest of those that do.
    pub fn select(&self, request: &HeaderMap) -> Option<&Arc<Entry>> {
        self.entries
            .iter()
            .find(|entry| entry.selecting.fits(request, &entry.headers))
    }

    /// The header fields that its variants differ by.
    pub fn varying(&self) -> Vec<HeaderName> {
        let mut names: Vec<_> = self
            .entries
            .iter()
            .flat_map(|entry| entry.selecting.names().cloned())
            .collect();
        names.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
        names.dedup();
        names
    }
}

/// The variants with a new one in front, which replaces the one that was selected alike.
pub(crate) fn with(entries: &[Arc<Entry>], new: Arc<Entry>) -> Vec<Arc<Entry>> {
    let others = entries
        .iter()
        .filter(|entry| entry.selecting != new.selecting)
        .cloned();
    std::iter::once(new.clone())
        .chain(others)
        .take(MAX_VARIANTS)
        .collect()
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::super::content::Chunks;
    use super::*;
    use bytes::Bytes;

    /// An entry that is fresh from 0 to 1000, on host `a` at `/`.
    pub(crate) fn entry(body: &[u8]) -> Entry {
        Entry {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            selecting: Selecting::default(),
            terms: Terms {
                received: 0,
                initial_age: 0,
                stale_at: 1000,
                regional_stale_at: None,
                always_validate: false,
                never_stale: false,
                while_revalidate: 0,
                if_error: 0,
                immutable: false,
            },
            content: Content::Whole(Chunks::packed(&[Bytes::copy_from_slice(body)])),
            place: Arc::new(Place::new("a", b"/", b"")),
            tags: Arc::default(),
            born: 0,
            known: 0,
        }
    }

    #[test]
    fn variants_are_replaced_and_bounded() {
        let variant = |value: usize| {
            let mut request = HeaderMap::new();
            request.insert("foo", value.into());
            Arc::new(Entry {
                selecting: Selecting::of(&[HeaderName::from_static("foo")], &request),
                ..entry(b"x")
            })
        };
        let mut entries = Vec::new();
        for value in 0..MAX_VARIANTS + 5 {
            entries = with(&entries, variant(value));
            entries = with(&entries, variant(value));
        }
        assert_eq!(entries.len(), MAX_VARIANTS);
        assert_eq!(entries[0].selecting, variant(MAX_VARIANTS + 4).selecting);
    }

    #[test]
    fn everything_is_weighed() {
        let mut it = entry(&[0; 1000]);
        let before = it.weight();
        assert!(before >= 1000 + OVERHEAD as u64);
        it.headers.insert("x", "12345".parse().unwrap());
        it.tags = Arc::new([Box::from(&b"tag"[..])]);
        assert!(it.weight() >= before + 5 + 3);
    }
}
