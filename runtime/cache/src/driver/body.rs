//! The body of an answer: from memory, or as it grows.

use super::fill::{Next, Reader};
use crate::semantics::range::Span;
use crate::storage::content::Chunks;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The body of an answer. It holds what it reads; purges and evictions don't reach it.
#[derive(Debug)]
pub struct CacheBody(Source);

#[derive(Debug)]
enum Source {
    Whole {
        chunks: Chunks,
        next: usize,
        left: u64,
    },
    Pieces {
        pieces: std::vec::IntoIter<Bytes>,
        left: u64,
    },
    Growing {
        reader: Reader,
        skip: u64,
        left: Option<u64>,
    },
    Ended,
}

/// A body that ended before its end: the origin broke off, or this reader was too slow for one that is not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrokenOff;

impl fmt::Display for BrokenOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body broke off")
    }
}

impl std::error::Error for BrokenOff {}

impl CacheBody {
    /// No body.
    pub fn empty() -> Self {
        Self(Source::Ended)
    }

    pub(crate) fn whole(chunks: Chunks) -> Self {
        let left = chunks.len();
        Self(Source::Whole {
            chunks,
            next: 0,
            left,
        })
    }

    pub(crate) fn pieces(pieces: Vec<Bytes>) -> Self {
        let left = pieces.iter().map(|piece| piece.len() as u64).sum();
        Self(Source::Pieces {
            pieces: pieces.into_iter(),
            left,
        })
    }

    /// All of a growing body, whose length may be known.
    pub(crate) fn growing(reader: Reader, length: Option<u64>) -> Self {
        Self(Source::Growing {
            reader,
            skip: 0,
            left: length,
        })
    }

    /// A span of a growing body.
    pub(crate) fn growing_span(reader: Reader, span: Span) -> Self {
        Self(Source::Growing {
            reader,
            skip: span.first,
            left: Some(span.len()),
        })
    }
}

impl Body for CacheBody {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        let source = &mut self.get_mut().0;
        let polled = match source {
            Source::Whole { chunks, next, left } => {
                let chunk = chunks.chunks().get(*next).cloned();
                *next += 1;
                *left = left.saturating_sub(chunk.as_ref().map_or(0, |chunk| chunk.len() as u64));
                Poll::Ready(chunk.map(Ok))
            }
            Source::Pieces { pieces, left } => {
                let piece = pieces.next();
                *left = left.saturating_sub(piece.as_ref().map_or(0, |piece| piece.len() as u64));
                Poll::Ready(piece.map(Ok))
            }
            Source::Growing { reader, skip, left } => grow(reader, skip, left, cx),
            Source::Ended => Poll::Ready(None),
        };
        if !matches!(polled, Poll::Pending | Poll::Ready(Some(Ok(_)))) {
            *source = Source::Ended;
        }
        polled.map(|next| next.map(|next| next.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Source::Whole { left, .. } | Source::Pieces { left, .. } => *left == 0,
            Source::Growing { left, .. } => *left == Some(0),
            Source::Ended => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Source::Whole { left, .. } | Source::Pieces { left, .. } => SizeHint::with_exact(*left),
            Source::Growing {
                left: Some(left), ..
            } => SizeHint::with_exact(*left),
            Source::Growing { left: None, .. } => SizeHint::default(),
            Source::Ended => SizeHint::with_exact(0),
        }
    }
}

/// The next piece of a growing body, without what is skipped and not beyond its end. One that ends too early is broken.
fn grow(
    reader: &mut Reader,
    skip: &mut u64,
    left: &mut Option<u64>,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<Bytes, BrokenOff>>> {
    loop {
        if *left == Some(0) {
            return Poll::Ready(None);
        }
        let mut chunk = match reader.poll_next(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Next::Chunk(chunk)) => chunk,
            Poll::Ready(Next::End) if left.is_none() => return Poll::Ready(None),
            Poll::Ready(Next::End | Next::Broken) => return Poll::Ready(Some(Err(BrokenOff))),
        };
        let skipped = (*skip).min(chunk.len() as u64);
        *skip -= skipped;
        chunk = chunk.slice(usize::try_from(skipped).unwrap_or(0)..);
        if let Some(left) = left {
            chunk.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
            *left -= chunk.len() as u64;
        }
        if !chunk.is_empty() {
            return Poll::Ready(Some(Ok(chunk)));
        }
    }
}
