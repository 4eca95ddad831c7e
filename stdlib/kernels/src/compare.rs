//! Equality and order of byte strings.

use core::cmp::Ordering;

/// The same bytes.
#[must_use]
pub fn bytes_eq(left: &[u8], right: &[u8]) -> bool {
    left == right
}

/// Whether `input` begins with `prefix`.
#[must_use]
pub fn starts_with(input: &[u8], prefix: &[u8]) -> bool {
    input.starts_with(prefix)
}

/// Whether `input` ends with `suffix`.
#[must_use]
pub fn ends_with(input: &[u8], suffix: &[u8]) -> bool {
    input.ends_with(suffix)
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
