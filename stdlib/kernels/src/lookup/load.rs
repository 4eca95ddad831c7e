//! Little-endian loads that read zero past the end of the bytes.

/// The `u32` at byte `at`.
#[inline]
pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    match bytes.get(at..).and_then(<[u8]>::first_chunk) {
        Some(chunk) => u32::from_le_bytes(*chunk),
        None => 0,
    }
}

/// The `u64` at byte `at`.
#[inline]
pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    match bytes.get(at..).and_then(<[u8]>::first_chunk) {
        Some(chunk) => u64::from_le_bytes(*chunk),
        None => 0,
    }
}

/// How many of the `count` ascending items, from `first` on, satisfy `at_most`, a
/// condition that holds up to some item and for none after it.
#[inline]
pub(super) fn partition_point(
    first: usize,
    count: usize,
    at_most: impl Fn(usize) -> bool,
) -> usize {
    let (mut low, mut size) = (0, count);
    while size > 0 {
        let half = size / 2;
        if at_most(first.wrapping_add(low).wrapping_add(half)) {
            low = low.wrapping_add(half).wrapping_add(1);
            size = size.wrapping_sub(half).wrapping_sub(1);
        } else {
            size = half;
        }
    }
    low
}
