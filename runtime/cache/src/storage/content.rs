//! Bodies as lists of chunks.

use super::disk::DiskBody;
use crate::semantics::range::Span;
use bytes::{Bytes, BytesMut};
use std::sync::Arc;

/// The most parts of one body that are kept; with more, the new one alone is.
const MAX_PARTS: usize = 64;

/// The size of a chunk as it is stored.
const CHUNK: usize = 64 * 1024;

/// A list of chunks, cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Chunks {
    chunks: Arc<[Bytes]>,
    len: u64,
}

impl Chunks {
    /// Copies pieces as they came from the network into chunks of an even size, so that what is counted is what is held:
    /// a piece of ten bytes may keep a buffer of many kilobytes alive.
    pub fn packed<'a>(pieces: impl IntoIterator<Item = &'a Bytes>) -> Self {
        let pieces: Vec<_> = pieces.into_iter().collect();
        let len: usize = pieces.iter().map(|piece| piece.len()).sum();
        let mut chunks = Vec::with_capacity(len / CHUNK + 1);
        let mut left = len;
        let mut chunk = BytesMut::with_capacity(left.min(CHUNK));
        for piece in pieces {
            let mut rest: &[u8] = piece;
            while !rest.is_empty() {
                let (now, later) = rest.split_at(rest.len().min(CHUNK - chunk.len()));
                chunk.extend_from_slice(now);
                left -= now.len();
                rest = later;
                if chunk.len() == CHUNK {
                    let full =
                        std::mem::replace(&mut chunk, BytesMut::with_capacity(left.min(CHUNK)));
                    chunks.push(full.freeze());
                }
            }
        }
        if !chunk.is_empty() {
            chunks.push(chunk.freeze());
        }
        Self {
            chunks: chunks.into(),
            len: len as u64,
        }
    }

    /// Bytes in chunks of an even size that share their memory.
    pub fn shared(mut bytes: Bytes) -> Self {
        let len = bytes.len() as u64;
        let mut chunks = Vec::with_capacity(bytes.len().div_ceil(CHUNK));
        while !bytes.is_empty() {
            chunks.push(bytes.split_to(bytes.len().min(CHUNK)));
        }
        Self {
            chunks: chunks.into(),
            len,
        }
    }

    /// These pieces as they are.
    pub fn of(pieces: Vec<Bytes>) -> Self {
        Self {
            len: pieces.iter().map(|piece| piece.len() as u64).sum(),
            chunks: pieces.into(),
        }
    }

    /// All bytes in one piece.
    pub fn joined(&self) -> Bytes {
        match &*self.chunks {
            [] => Bytes::new(),
            [one] => one.clone(),
            many => many.concat().into(),
        }
    }

    /// The whole length in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is no byte.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The chunks in order.
    pub fn chunks(&self) -> &[Bytes] {
        &self.chunks
    }

    /// The pieces of a span, which share the chunks' memory. What lies outside is left out.
    pub fn slice(&self, span: Span) -> Vec<Bytes> {
        let mut at = 0_u64;
        let mut pieces = Vec::new();
        for chunk in self.chunks.iter() {
            let end = at + chunk.len() as u64;
            if end > span.first && at <= span.last {
                let from = span.first.saturating_sub(at);
                let to = (span.last.saturating_add(1)).min(end) - at;
                pieces.push(
                    chunk.slice(
                        usize::try_from(from).unwrap_or(0)..usize::try_from(to).unwrap_or(0),
                    ),
                );
            }
            at = end;
        }
        pieces
    }
}

/// What is stored of a body.
#[derive(Clone, Debug)]
pub enum Content {
    /// All of it.
    Whole(Chunks),
    /// Some of it (RFC 9111 3.3).
    Parts(Parts),
    /// All of it, on the disk.
    Disk(DiskBody),
}

impl Content {
    /// Whether all of it is stored.
    pub fn is_whole(&self) -> bool {
        !matches!(self, Content::Parts(_))
    }

    /// How many bytes are held in memory.
    pub fn held(&self) -> u64 {
        match self {
            Content::Whole(chunks) => chunks.len(),
            Content::Parts(parts) => parts.parts.iter().map(|(_, chunks)| chunks.len()).sum(),
            Content::Disk(_) => 0,
        }
    }

    /// The length of the whole body.
    pub fn complete(&self) -> u64 {
        match self {
            Content::Whole(chunks) => chunks.len(),
            Content::Parts(parts) => parts.complete,
            Content::Disk(body) => body.len(),
        }
    }

    /// The pieces of a span, if all of it is held in memory.
    pub fn slice(&self, span: Span) -> Option<Vec<Bytes>> {
        match self {
            Content::Whole(chunks) => (span.last < chunks.len()).then(|| chunks.slice(span)),
            Content::Parts(parts) => parts.slice(span),
            Content::Disk(_) => None,
        }
    }
}

/// Parts of a body that do not overlap, in order.
#[derive(Clone, Debug)]
pub struct Parts {
    complete: u64,
    parts: Vec<(u64, Chunks)>,
}

impl Parts {
    /// One part that begins at `first`, of a body of `complete` bytes.
    pub fn new(first: u64, chunks: Chunks, complete: u64) -> Self {
        Self {
            complete,
            parts: vec![(first, chunks)],
        }
    }

    /// Adds the parts of another answer with the same strong validator (RFC 9111 3.4); where both have a byte, the new
    /// part's counts. Parts of a body of another length replace all.
    pub fn with(&self, new: &Parts) -> Parts {
        if self.complete != new.complete || self.parts.len() + new.parts.len() > MAX_PARTS {
            return new.clone();
        }
        let mut result = new.clone();
        for (first, chunks) in &self.parts {
            result.add_around(*first, chunks);
        }
        result.parts.sort_by_key(|(first, _)| *first);
        result.join();
        result
    }

    /// The whole body, if the parts make it up.
    pub fn whole(&self) -> Option<Chunks> {
        match self.parts.as_slice() {
            [(0, chunks)] if chunks.len() == self.complete => Some(chunks.clone()),
            _ => None,
        }
    }

    /// The part that begins at `first`.
    pub fn slice(&self, span: Span) -> Option<Vec<Bytes>> {
        let (first, chunks) = self
            .parts
            .iter()
            .rev()
            .find(|(first, _)| *first <= span.first)?;
        let inner = Span {
            first: span.first - first,
            last: span.last.checked_sub(*first)?,
        };
        (inner.last < chunks.len()).then(|| chunks.slice(inner))
    }

    /// Adds those bytes of a part that are not here yet.
    fn add_around(&mut self, first: u64, chunks: &Chunks) {
        let mut holes = vec![(first, first + chunks.len())];
        for (start, have) in &self.parts {
            let end = start + have.len();
            holes = holes
                .into_iter()
                .flat_map(|(from, to)| [(from, to.min(*start)), (from.max(end), to)])
                .filter(|(from, to)| from < to)
                .collect();
        }
        for (from, to) in holes {
            let pieces = chunks.slice(Span {
                first: from - first,
                last: to - 1 - first,
            });
            self.parts.push((
                from,
                Chunks {
                    len: to - from,
                    chunks: pieces.into(),
                },
            ));
        }
    }

    /// Joins parts that touch.
    fn join(&mut self) {
        let mut joined: Vec<(u64, Chunks)> = Vec::with_capacity(self.parts.len());
        for (first, chunks) in self.parts.drain(..) {
            match joined.last_mut() {
                Some((start, before)) if *start + before.len() == first => {
                    let all: Vec<_> = before
                        .chunks
                        .iter()
                        .chain(chunks.chunks.iter())
                        .cloned()
                        .collect();
                    *before = Chunks {
                        len: before.len + chunks.len,
                        chunks: all.into(),
                    };
                }
                _ => joined.push((first, chunks)),
            }
        }
        self.parts = joined;
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::*;
    use proptest::prelude::*;

    fn bytes(of: impl IntoIterator<Item = Bytes>) -> Vec<u8> {
        of.into_iter().flat_map(|piece| piece.to_vec()).collect()
    }

    fn body(len: usize) -> Vec<u8> {
        (0..len).map(|at| (at % 251) as u8).collect()
    }

    #[test]
    fn pieces_are_packed_into_even_chunks() {
        let all = body(200_000);
        let pieces: Vec<_> = all.chunks(777).map(Bytes::copy_from_slice).collect();
        let chunks = Chunks::packed(&pieces);
        assert_eq!(chunks.len(), 200_000);
        assert_eq!(chunks.chunks().len(), 4);
        assert_eq!(bytes(chunks.chunks().to_vec()), all);
        assert!(Chunks::packed(&[]).is_empty());
    }

    #[test]
    fn spans_cross_chunks() {
        let all = body(200_000);
        let chunks = Chunks::packed(&[Bytes::from(all.clone())]);
        for (first, last) in [(0, 0), (65_535, 65_536), (10, 150_000), (199_999, 199_999)] {
            let span = Span {
                first: first as u64,
                last: last as u64,
            };
            assert_eq!(bytes(chunks.slice(span)), all[first..=last]);
        }
    }

    fn part(first: usize, last: usize, complete: usize) -> Parts {
        let bytes = Bytes::from(body(complete)[first..=last].to_vec());
        Parts::new(first as u64, Chunks::packed(&[bytes]), complete as u64)
    }

    #[test]
    fn parts_make_up_a_whole() {
        let parts = part(0, 4, 10).with(&part(7, 9, 10));
        assert!(parts.whole().is_none());
        assert_eq!(
            bytes(parts.slice(Span { first: 8, last: 9 }).unwrap()),
            body(10)[8..]
        );
        assert!(parts.slice(Span { first: 4, last: 7 }).is_none());
        assert_eq!(
            bytes(
                parts
                    .with(&part(3, 8, 10))
                    .whole()
                    .unwrap()
                    .chunks()
                    .to_vec()
            ),
            body(10)
        );
        assert_eq!(part(0, 4, 10).with(&part(0, 4, 11)).complete, 11);
    }

    proptest! {
        #[test]
        fn parts_hold_what_was_added(spans in proptest::collection::vec((0_usize..50, 0_usize..50), 1..12)) {
            let mut have = [false; 50];
            let mut parts: Option<Parts> = None;
            for (a, b) in spans {
                let (first, last) = (a.min(b), a.max(b));
                have[first..=last].fill(true);
                let new = part(first, last, 50);
                parts = Some(parts.map_or(new.clone(), |parts| parts.with(&new)));
            }
            let parts = parts.unwrap();
            let all = body(50);
            for first in 0..50 {
                for last in first..50 {
                    let slice = parts.slice(Span { first: first as u64, last: last as u64 }).map(bytes);
                    let expected = have[first..=last].iter().all(|have| *have).then(|| all[first..=last].to_vec());
                    prop_assert_eq!(slice, expected);
                }
            }
        }
    }
}
