//! The body of an answer: from memory, from the disk, or as it grows.

use super::fill::{Next, Reader};
use crate::semantics::range::Span;
use crate::storage::content::Chunks;
use crate::storage::disk::DiskBody;
use crate::storage::disk::body::Reading;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::collections::VecDeque;
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
    Disk(Box<FromDisk>),
    Growing {
        reader: Reader,
        skip: u64,
        left: Option<u64>,
    },
    Ended,
}

/// How many chunks are read ahead from the disk.
const AHEAD: usize = 2;

/// A piece of a body that is made of stored bytes and others.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    /// These bytes.
    Bytes(Bytes),
    /// A span of what is stored.
    Span(Span),
}

/// Pieces of a body on the disk.
#[derive(Debug)]
struct FromDisk {
    body: DiskBody,
    /// What is not read yet.
    pieces: VecDeque<Piece>,
    /// What is being read.
    reading: VecDeque<Result<Bytes, Reading>>,
    left: u64,
}

/// A body that ended before its end: the origin broke off, this reader was too slow for one that is not stored, or the disk
/// has not the bytes that were written.
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

    /// Pieces of a body on the disk.
    pub(crate) fn disk(body: DiskBody, pieces: Vec<Piece>) -> Self {
        let length = |piece: &Piece| match piece {
            Piece::Bytes(bytes) => bytes.len() as u64,
            Piece::Span(span) => span.len(),
        };
        Self(Source::Disk(Box::new(FromDisk {
            body,
            left: pieces.iter().map(length).sum(),
            pieces: pieces.into(),
            reading: VecDeque::new(),
        })))
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
            Source::Disk(disk) => disk.next(cx),
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
            Source::Disk(disk) => disk.left == 0,
            Source::Growing { left, .. } => *left == Some(0),
            Source::Ended => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Source::Whole { left, .. } | Source::Pieces { left, .. } => SizeHint::with_exact(*left),
            Source::Disk(disk) => SizeHint::with_exact(disk.left),
            Source::Growing {
                left: Some(left), ..
            } => SizeHint::with_exact(*left),
            Source::Growing { left: None, .. } => SizeHint::default(),
            Source::Ended => SizeHint::with_exact(0),
        }
    }
}

impl FromDisk {
    fn next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BrokenOff>>> {
        self.read_ahead();
        let bytes = match self.reading.front_mut() {
            None => return Poll::Ready(None),
            Some(Ok(bytes)) => Some(std::mem::take(bytes)),
            Some(Err(reading)) => match reading.poll(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(bytes) => bytes,
            },
        };
        self.reading.pop_front();
        let Some(bytes) = bytes else {
            return Poll::Ready(Some(Err(BrokenOff)));
        };
        self.left = self.left.saturating_sub(bytes.len() as u64);
        self.read_ahead();
        Poll::Ready(Some(Ok(bytes)))
    }

    fn read_ahead(&mut self) {
        while self.reading.len() < AHEAD {
            match self.pieces.pop_front() {
                None => return,
                Some(Piece::Bytes(bytes)) => self.reading.push_back(Ok(bytes)),
                Some(Piece::Span(span)) => {
                    let (reading, rest) = self.body.read(span);
                    self.reading.push_back(Err(reading));
                    if let Some(rest) = rest {
                        self.pieces.push_front(Piece::Span(rest));
                    }
                }
            }
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
