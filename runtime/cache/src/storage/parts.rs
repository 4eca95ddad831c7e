//! What is stored of a body of which parts were fetched (RFC 9111 3.3, 3.4).

use super::content::Chunks;
use crate::semantics::range::Span;
use bytes::Bytes;

/// The most parts of one body that are kept; with more, the new one alone is.
const MAX_PARTS: usize = 64;

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

    /// How many bytes are held.
    pub fn held(&self) -> u64 {
        self.parts.iter().map(|(_, chunks)| chunks.len()).sum()
    }

    /// The length of the whole body.
    pub fn complete(&self) -> u64 {
        self.complete
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
