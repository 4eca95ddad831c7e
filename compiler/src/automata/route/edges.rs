//! The hash table of literal edges, a part of it for each state.

use edge_lookup::route::{EMPTY, RECORD, Segment, first_slot, scan_segment};

use super::RouteError;
use crate::automata::table::{push_u32, u32_from};

/// Bits of a hash. Those at its top depend on all bytes.
const HASH_BITS: u16 = 64;
/// How far below the top the bits may lie that choose a slot.
const MAX_DROP: u16 = 20;
/// States with more edges than this are not tried to be laid out perfectly.
const FEW: usize = 64;

/// The slots, as they are filled state by state.
#[derive(Default)]
pub(super) struct EdgeTable<'p> {
    slots: Vec<Option<(Segment, Edge<'p>)>>,
    max_probe: usize,
}

/// A literal segment and the place that it leads to.
type Edge<'p> = (&'p [u8], u32);

/// A state's part of the slots.
pub(super) struct Part {
    /// Its first slot.
    pub first: usize,
    /// What of the hash, after `skipped` bits, chooses a slot.
    pub mask: u32,
    /// See `mask`.
    pub skipped: u16,
    /// How many slots a search reads.
    pub probes: u16,
}

impl<'p> EdgeTable<'p> {
    /// Adds a state's edges, of different segments.
    pub fn add(&mut self, edges: &[Edge<'p>]) -> Result<Part, RouteError> {
        let first = self.slots.len();
        if edges.is_empty() {
            return Ok(Part {
                first,
                mask: 0,
                skipped: 0,
                probes: 0,
            });
        }
        let hashed: Vec<(Segment, Edge<'p>)> = edges
            .iter()
            .map(|edge| (scan_segment(edge.0, edge.0), *edge))
            .collect();
        let (bits, skipped) = choose(&hashed);
        let mask = !(u32::MAX << bits);
        let longest = self.place(hashed, |segment| {
            first_slot(segment.hash, mask, skipped) as usize
        });
        // A search must not run into the next state's slots.
        let end = first + (1 << bits) + longest - 1;
        self.slots.resize(self.slots.len().max(end), None);
        self.max_probe = self.max_probe.max(longest);
        let limit = usize::from(u16::MAX);
        let probes = u16::try_from(longest).map_err(|_| RouteError::TooManyStates { limit })?;
        Ok(Part {
            first,
            mask,
            skipped,
            probes,
        })
    }

    /// How many slots there are.
    pub fn slot_count(&self) -> usize {
        self.slots.len()
    }

    /// The most slots that a search reads.
    pub fn max_probe(&self) -> usize {
        self.max_probe
    }

    /// Appends the slots and then what does not fit them.
    pub fn append_to(&self, table: &mut Vec<u8>) {
        let pool_at = table.len() + self.slots.len() * RECORD;
        let mut pool = Vec::new();
        for slot in &self.slots {
            let (first, len, place, tail) = match slot {
                Some((segment, (bytes, place))) => (
                    segment.first,
                    u32_from(bytes.len()),
                    *place,
                    bytes.get(8..).unwrap_or_default(),
                ),
                None => (0, EMPTY, 0, &[][..]),
            };
            table.extend_from_slice(&first.to_le_bytes());
            for field in [len, place, u32_from(pool_at + pool.len()), 0] {
                push_u32(table, field);
            }
            pool.extend_from_slice(tail);
        }
        table.append(&mut pool);
    }

    /// Puts each edge in the first free slot from where its search starts, by ascending
    /// start; the most slots that a search reads.
    fn place(
        &mut self,
        edges: Vec<(Segment, Edge<'p>)>,
        start: impl Fn(&Segment) -> usize,
    ) -> usize {
        let first = self.slots.len();
        let mut ordered: Vec<_> = edges
            .into_iter()
            .map(|edge| (first + start(&edge.0), edge))
            .collect();
        ordered.sort_by_key(|&(start, _)| start);
        let mut longest = 0;
        for (start, edge) in ordered {
            self.slots.resize(self.slots.len().max(start), None);
            longest = longest.max(self.slots.len() - start + 1);
            self.slots.push(Some(edge));
        }
        longest
    }
}

/// How many bits of the hash choose a slot, and how many below are skipped: such that
/// each search reads one slot, if one of the few choices that are tried is such.
fn choose(edges: &[(Segment, Edge<'_>)]) -> (u16, u16) {
    let bits_for = |slots: usize| slots.next_power_of_two().trailing_zeros() as u16;
    // At most two thirds full, so that large states, too, have short searches.
    let (tight, roomy) = (
        bits_for(edges.len()),
        bits_for(edges.len() + edges.len() / 2),
    );
    let tried = [tight, roomy]
        .into_iter()
        .flat_map(|bits| (0..=MAX_DROP).map(move |drop| (bits, HASH_BITS - bits - drop)));
    let perfect = tried
        .filter(|_| edges.len() <= FEW)
        .find(|&(bits, skipped)| is_perfect(edges, bits, skipped));
    perfect.unwrap_or((roomy, HASH_BITS - roomy))
}

fn is_perfect(edges: &[(Segment, Edge<'_>)], bits: u16, skipped: u16) -> bool {
    let mut taken = 0u128;
    edges.iter().all(|(segment, _)| {
        // `FEW` edges have at most 128 slots.
        let bit = 1u128 << (first_slot(segment.hash, !(u32::MAX << bits), skipped) & 127);
        let is_free = taken & bit == 0;
        taken |= bit;
        is_free
    })
}
