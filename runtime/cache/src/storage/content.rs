//! Bodies as lists of chunks.

use super::disk::DiskBody;
use super::parts::Parts;
use crate::semantics::range::Span;
use bytes::{Bytes, BytesMut};
use std::sync::Arc;

/// The size of a chunk as it is stored.
const CHUNK: usize = 64 * 1024;

/// A list of chunks, cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Chunks {
    pub(super) chunks: Arc<[Bytes]>,
    pub(super) len: u64,
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
            Content::Parts(parts) => parts.held(),
            Content::Disk(_) => 0,
        }
    }

    /// The length of the whole body.
    pub fn complete(&self) -> u64 {
        match self {
            Content::Whole(chunks) => chunks.len(),
            Content::Parts(parts) => parts.complete(),
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

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::*;

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
}
