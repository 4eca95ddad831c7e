//! Equality and order of byte strings.

use core::cmp::Ordering;

use edge_lookup::equal;

/// The same bytes.
#[must_use]
pub fn bytes_eq(left: &[u8], right: &[u8]) -> bool {
    equal(left, right)
}

/// Whether `input` begins with `prefix`.
#[must_use]
pub fn starts_with(input: &[u8], prefix: &[u8]) -> bool {
    input
        .get(..prefix.len())
        .is_some_and(|start| equal(start, prefix))
}

/// Whether `input` ends with `suffix`.
#[must_use]
pub fn ends_with(input: &[u8], suffix: &[u8]) -> bool {
    let start = input.len().checked_sub(suffix.len());
    start
        .and_then(|start| input.get(start..))
        .is_some_and(|end| equal(end, suffix))
}

/// Whether `needle` stands somewhere in `input`; the empty one does everywhere.
#[must_use]
pub fn contains(input: &[u8], needle: &[u8]) -> bool {
    crate::find::first(input, needle).is_some()
}

/// Bytewise, a prefix before what is longer.
#[must_use]
pub fn compare(left: &[u8], right: &[u8]) -> Ordering {
    left.cmp(right)
}
