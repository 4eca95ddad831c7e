//! The table of `edge_lookup::literals`: many literals, sought by the hashes of windows.

use super::table::push_u32;
use edge_lookup::literals::{BITMAP, BUCKETS, FOLDED, HEADER, RECORD, fold, hash};

/// A literal that is sought.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Literal {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Whether the case of letters does not matter.
    pub folded: bool,
    /// Its bit of the set that a search fills.
    pub bit: u16,
}

/// The shortest literal that can be sought.
pub const SHORTEST: usize = 3;
/// The longest: its length is a `u16`.
const LONGEST: usize = 1 << 12;
/// The most literals with one window: each candidate is compared with all of them.
const CROWD: usize = 24;
/// The most windows of all literals: they are numbered by a `u16`.
const MOST: usize = 1 << 14;

/// The table, unless a literal is too short or too many have the same windows. A search that gives up says that the
/// literals of the bits `said` are there.
pub fn table(literals: &[Literal], said: &[u16]) -> Option<Vec<u8>> {
    let lengths = || literals.iter().map(|literal| literal.bytes.len());
    let (shortest, longest) = (lengths().min()?, lengths().max()?);
    if shortest < SHORTEST || longest > LONGEST {
        return None;
    }
    let shape = Shape::of(shortest);
    let entries = entries(literals, shape)?;
    Some(encode(literals, said, shape, entries))
}

/// How a text is looked at.
#[derive(Clone, Copy, Debug)]
struct Shape {
    stride: usize,
    window: usize,
}

impl Shape {
    /// For each place of the stride, the shortest literal has a window.
    fn of(shortest: usize) -> Shape {
        let (stride, window) = match shortest {
            0..=3 => (1, 3),
            4 => (2, 3),
            5 => (2, 4),
            6 => (4, 3),
            _ => (4, 4),
        };
        Shape { stride, window }
    }

    fn mask(self) -> u32 {
        u32::MAX >> (32 - 8 * self.window)
    }
}

/// A window of a literal.
struct Entry {
    window: u32,
    literal: u16,
    offset: u16,
}

/// For each literal and each place of the stride, the window that texts are least likely to hold.
fn entries(literals: &[Literal], shape: Shape) -> Option<Vec<Entry>> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut crowds = std::collections::HashMap::<u32, usize>::new();
    for (index, literal) in (0u16..).zip(literals) {
        let windows: Vec<u32> = literal
            .bytes
            .windows(shape.window)
            .map(|bytes| {
                bytes
                    .iter()
                    .rfold(0, |word, &byte| word << 8 | u32::from(byte))
            })
            .map(|window| fold(window) & shape.mask())
            .collect();
        for place in 0..shape.stride {
            let candidates = (place..windows.len()).step_by(shape.stride);
            let cost = |offset: &usize| {
                let window = windows.get(*offset).copied().unwrap_or_default();
                let crowd = crowds.get(&window).copied().unwrap_or_default();
                commonness(window) + 16 * crowd
            };
            let offset = candidates.min_by_key(cost)?;
            let window = *windows.get(offset)?;
            let crowd = crowds.entry(window).or_default();
            *crowd += 1;
            if *crowd > CROWD {
                return None;
            }
            let offset = u16::try_from(offset).ok()?;
            entries.push(Entry {
                window,
                literal: index,
                offset,
            });
        }
    }
    (entries.len() <= MOST).then_some(entries)
}

/// How likely a folded window is in ordinary text, in no particular unit.
fn commonness(window: u32) -> usize {
    let of_byte = |byte: u8| match byte {
        b'e' | b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' | b' ' => 8,
        b'a'..=b'z' | b'-' | b'/' | b'=' | b'&' | b'%' => 5,
        b'0'..=b'9' | b'.' | b'+' | b',' => 4,
        _ => 1,
    };
    window.to_le_bytes().map(of_byte).iter().sum()
}

fn encode(literals: &[Literal], said: &[u16], shape: Shape, mut entries: Vec<Entry>) -> Vec<u8> {
    let bucket_bits = entries.len().next_power_of_two().trailing_zeros().max(1);
    let shift = 32 - bucket_bits;
    entries.sort_by_key(|entry| (hash(entry.window), entry.literal, entry.offset));
    let buckets = 1usize << bucket_bits;
    let entries_at = (BUCKETS + 2 * (buckets + 1)).next_multiple_of(4);
    let literals_at = entries_at + RECORD * entries.len();
    let mut bytes_at = literals_at + RECORD * literals.len();
    let set_at = bytes_at + literals.iter().map(|it| it.bytes.len()).sum::<usize>();
    let mut table = Vec::with_capacity(bytes_at);
    for field in [
        shape.stride,
        shape.mask() as usize,
        shift as usize,
        entries_at,
        literals_at,
        longest(literals),
        set_at,
    ] {
        push_u32(&mut table, super::table::u32_from(field));
    }
    table.resize(HEADER, 0);
    let mut bitmap = vec![0u8; BITMAP];
    for entry in &entries {
        let hash = hash(entry.window);
        if let Some(byte) = bitmap.get_mut((hash >> 19) as usize) {
            *byte |= 1 << (hash >> 16 & 7);
        }
    }
    table.extend(bitmap);
    for bucket in 0..=buckets {
        let begins =
            entries.partition_point(|entry| ((hash(entry.window) >> shift) as usize) < bucket);
        table.extend(u16::try_from(begins).unwrap_or(u16::MAX).to_le_bytes());
    }
    table.resize(entries_at, 0);
    for entry in &entries {
        push_u32(&mut table, entry.window);
        table.extend(entry.literal.to_le_bytes());
        table.extend(entry.offset.to_le_bytes());
    }
    for literal in literals {
        push_u32(&mut table, super::table::u32_from(bytes_at));
        table.extend(
            u16::try_from(literal.bytes.len())
                .unwrap_or(u16::MAX)
                .to_le_bytes(),
        );
        let folded = if literal.folded { FOLDED } else { 0 };
        table.extend((literal.bit | folded).to_le_bytes());
        bytes_at += literal.bytes.len();
    }
    for literal in literals {
        table.extend(&literal.bytes);
    }
    let mut set = vec![
        0u8;
        said.iter()
            .max()
            .map_or(0, |most| usize::from(most / 8) + 1)
    ];
    for bit in said {
        if let Some(byte) = set.get_mut(usize::from(bit / 8)) {
            *byte |= 1 << (bit % 8);
        }
    }
    table.extend(set);
    table
}

fn longest(literals: &[Literal]) -> usize {
    literals
        .iter()
        .map(|literal| literal.bytes.len())
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use super::*;
    use proptest::prelude::*;

    /// What is in a text, and how much of it is left.
    fn found(literals: &[Literal], text: &[u8]) -> Option<(Vec<u16>, usize)> {
        let mut set = vec![0u8; literals.len().div_ceil(8)];
        let left = edge_lookup::literals::find(&table(literals, &[])?, text, &mut set);
        let bits = 0..8 * set.len() as u16;
        let bits = bits.filter(|bit| set[usize::from(bit / 8)] >> (bit % 8) & 1 == 1);
        Some((bits.collect(), left.len()))
    }

    proptest! {
        #[test]
        fn finds_what_a_plain_search_finds(
            words in prop::collection::vec(("[aAbB/]{3,9}", any::<bool>()), 1..30),
            text in "[aAbB/c]{0,60}",
        ) {
            let literals: Vec<Literal> = (0..)
                .zip(words)
                .map(|(bit, (word, folded))| Literal {
                    bytes: if folded { word.to_ascii_lowercase() } else { word }.into_bytes(),
                    folded,
                    bit,
                })
                .collect();
            let lower = text.to_ascii_lowercase();
            let is_in = |literal: &&Literal| {
                let word = std::str::from_utf8(&literal.bytes).unwrap();
                if literal.folded { lower.contains(word) } else { text.contains(word) }
            };
            let expected: Vec<u16> = literals.iter().filter(is_in).map(|literal| literal.bit).collect();
            if let Some((mut found, left)) = found(&literals, text.as_bytes()) {
                // What it gave up on is in what is left.
                let rest = &text[text.len() - left..];
                let lower = rest.to_ascii_lowercase();
                found.extend(literals.iter().filter(|literal| {
                    let word = std::str::from_utf8(&literal.bytes).unwrap();
                    if literal.folded { lower.contains(word) } else { rest.contains(word) }
                }).map(|literal| literal.bit));
                found.sort_unstable();
                found.dedup();
                prop_assert_eq!(found, expected);
            }
        }
    }

    #[test]
    fn a_text_full_of_candidates_is_given_up() {
        let literals = [Literal {
            bytes: b"attack".to_vec(),
            folded: false,
            bit: 0,
        }];
        let hostile = "attac_".repeat(20_000);
        let (bits, left) = found(&literals, hostile.as_bytes()).unwrap();
        assert!(bits.is_empty() && left > 100_000 && left < hostile.len());
        let quiet = "a quiet text ".repeat(1000);
        assert_eq!(found(&literals, quiet.as_bytes()), Some((vec![], 0)));
        assert_eq!(found(&literals, b"an attack"), Some((vec![0], 0)));
    }

    #[test]
    fn short_literals_have_no_table() {
        assert_eq!(
            table(
                &[Literal {
                    bytes: b"ab".to_vec(),
                    folded: false,
                    bit: 0
                }],
                &[]
            ),
            None
        );
        assert_eq!(table(&[], &[]), None);
    }
}
