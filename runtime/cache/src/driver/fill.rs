//! A body on its way from the origin, read by many while it grows.
//!
//! **As long as it may be stored**, all of it is kept: readers may come at any time, be as slow as they like, and leave; it
//! goes on without any. **Once it is longer than what is stored**, nobody may join; what all readers have read is let go,
//! and it may be ahead of the slowest by the window only, so that its origin is held back. A reader that holds it up for the
//! time of `stall` is cut off; when none is left it ends.

use crate::storage::entry::Entry;
use bytes::Bytes;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// A body on its way, and the head that came before it.
#[derive(Debug)]
pub(crate) struct Fill {
    /// The answer as it will be stored, without its body.
    pub head: Arc<Entry>,
    /// The body's length, if the origin announced it.
    pub length: Option<u64>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    chunks: VecDeque<Bytes>,
    /// The number of the first chunk that is held.
    first: usize,
    /// The bytes of the chunks that are held.
    held: u64,
    /// Whether nobody may join any more.
    passing: bool,
    end: Option<End>,
    readers: Vec<Option<Slot>>,
    free: Vec<usize>,
    writer: Option<Waker>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Whole,
    Broken,
}

#[derive(Debug)]
struct Slot {
    /// The number of the chunk that it reads next.
    next: usize,
    waker: Option<Waker>,
    cut: bool,
}

/// One who reads a body as it grows.
#[derive(Debug)]
pub(crate) struct Reader {
    fill: Arc<Fill>,
    slot: usize,
}

/// What a reader gets next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Chunk(Bytes),
    End,
    /// The fill broke off, or the reader was cut off.
    Broken,
}

impl Fill {
    pub fn new(head: Arc<Entry>, length: Option<u64>) -> Self {
        Self {
            head,
            length,
            state: Mutex::default(),
        }
    }

    /// Joins from the beginning; `None` when it is too late.
    pub fn join(self: &Arc<Self>) -> Option<Reader> {
        let mut state = self.state.lock();
        if state.passing || state.end == Some(End::Broken) {
            return None;
        }
        let new = Some(Slot {
            next: 0,
            waker: None,
            cut: false,
        });
        let slot = match state.free.pop() {
            Some(slot) => slot,
            None => {
                state.readers.push(None);
                state.readers.len() - 1
            }
        };
        if let Some(place) = state.readers.get_mut(slot) {
            *place = new;
        }
        Some(Reader {
            fill: self.clone(),
            slot,
        })
    }

    /// Adds a chunk and wakes who waits for it.
    pub fn push(&self, chunk: Bytes) {
        let mut state = self.state.lock();
        state.held += chunk.len() as u64;
        state.chunks.push_back(chunk);
        state.trim();
        let wakers = state.wakers();
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Says that it will not be stored.
    pub fn pass(&self) {
        let mut state = self.state.lock();
        state.passing = true;
        state.trim();
    }

    /// Says how it ended; the first word counts.
    pub fn end(&self, whole: bool) {
        let mut state = self.state.lock();
        if state.end.is_none() {
            state.end = Some(if whole { End::Whole } else { End::Broken });
        }
        let wakers = state.wakers();
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// All chunks, as long as all are kept.
    pub fn chunks(&self) -> Vec<Bytes> {
        self.state.lock().chunks.iter().cloned().collect()
    }

    /// Ready when the writer may go on: true with readers, false without any.
    pub fn poll_room(&self, cx: &mut Context<'_>, window: u64) -> Poll<bool> {
        let mut state = self.state.lock();
        if !state.readers.iter().flatten().any(|reader| !reader.cut) {
            return Poll::Ready(false);
        }
        if state.held <= window {
            return Poll::Ready(true);
        }
        state.writer = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Cuts off those who hold it up.
    pub fn cut(&self) {
        let mut state = self.state.lock();
        let first = state.first;
        let mut wakers = Vec::new();
        for reader in state
            .readers
            .iter_mut()
            .flatten()
            .filter(|reader| reader.next <= first)
        {
            reader.cut = true;
            wakers.extend(reader.waker.take());
        }
        state.trim();
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl State {
    fn wakers(&mut self) -> Vec<Waker> {
        self.readers
            .iter_mut()
            .flatten()
            .filter_map(|reader| reader.waker.take())
            .collect()
    }

    /// Lets go what everybody has read, once it is not to be stored.
    fn trim(&mut self) {
        if !self.passing {
            return;
        }
        let slowest = self
            .readers
            .iter()
            .flatten()
            .filter(|reader| !reader.cut)
            .map(|reader| reader.next)
            .min();
        let until = slowest.unwrap_or(usize::MAX);
        while self.first < until {
            let Some(chunk) = self.chunks.pop_front() else {
                break;
            };
            self.held -= chunk.len() as u64;
            self.first += 1;
        }
    }
}

impl Reader {
    /// The next chunk.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Next> {
        let mut state = self.fill.state.lock();
        let State {
            chunks,
            first,
            end,
            readers,
            passing,
            ..
        } = &mut *state;
        let Some(reader) = readers.get_mut(self.slot).and_then(Option::as_mut) else {
            return Poll::Ready(Next::Broken);
        };
        if reader.cut {
            return Poll::Ready(Next::Broken);
        }
        let chunk = reader
            .next
            .checked_sub(*first)
            .and_then(|at| chunks.get(at))
            .cloned();
        let Some(chunk) = chunk else {
            return match end {
                Some(End::Whole) => Poll::Ready(Next::End),
                Some(End::Broken) => Poll::Ready(Next::Broken),
                None => {
                    reader.waker = Some(cx.waker().clone());
                    Poll::Pending
                }
            };
        };
        let slowest = *passing && reader.next == *first;
        reader.next += 1;
        let writer = if slowest {
            state.trim();
            state.writer.take()
        } else {
            None
        };
        drop(state);
        writer.into_iter().for_each(Waker::wake);
        Poll::Ready(Next::Chunk(chunk))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut state = self.fill.state.lock();
        if let Some(place) = state.readers.get_mut(self.slot) {
            *place = None;
            state.free.push(self.slot);
        }
        state.trim();
        let writer = state.writer.take();
        drop(state);
        writer.into_iter().for_each(Waker::wake);
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
    use crate::storage::entry::tests::entry;

    fn fill() -> Arc<Fill> {
        Arc::new(Fill::new(Arc::new(entry(b"")), None))
    }

    fn next(reader: &mut Reader) -> Option<Next> {
        match reader.poll_next(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(next) => Some(next),
            Poll::Pending => None,
        }
    }

    fn room(fill: &Fill, window: u64) -> Option<bool> {
        match fill.poll_room(&mut Context::from_waker(Waker::noop()), window) {
            Poll::Ready(readers) => Some(readers),
            Poll::Pending => None,
        }
    }

    const A: Bytes = Bytes::from_static(b"aaaa");

    #[test]
    fn readers_come_at_any_time() {
        let fill = fill();
        let mut early = fill.join().unwrap();
        assert_eq!(next(&mut early), None);
        fill.push(A);
        assert_eq!(next(&mut early), Some(Next::Chunk(A)));
        assert_eq!(next(&mut early), None);
        let mut late = fill.join().unwrap();
        fill.end(true);
        assert_eq!(next(&mut early), Some(Next::End));
        assert_eq!(
            (next(&mut late), next(&mut late)),
            (Some(Next::Chunk(A)), Some(Next::End))
        );
    }

    #[test]
    fn a_broken_fill_is_an_error_after_what_came() {
        let fill = fill();
        let mut reader = fill.join().unwrap();
        fill.push(A);
        fill.end(false);
        fill.end(true);
        assert_eq!(
            (next(&mut reader), next(&mut reader)),
            (Some(Next::Chunk(A)), Some(Next::Broken))
        );
        assert!(fill.join().is_none());
    }

    #[test]
    fn one_that_is_not_stored_waits_for_its_slowest() {
        let fill = fill();
        let (mut slow, mut fast) = (fill.join().unwrap(), fill.join().unwrap());
        (0..3).for_each(|_| fill.push(A));
        fill.pass();
        assert!(fill.join().is_none());
        (0..3).for_each(|_| _ = next(&mut fast));
        assert_eq!(room(&fill, 8), None);
        next(&mut slow);
        assert_eq!(room(&fill, 8), Some(true));
        assert_eq!(fill.chunks().len(), 2);
        assert_eq!(room(&fill, 4), None);
        fill.cut();
        assert_eq!(room(&fill, 4), Some(true));
        assert_eq!(next(&mut slow), Some(Next::Broken));
        drop((slow, fast));
        assert_eq!(room(&fill, 4), Some(false));
    }
}
