//! Little-endian loads that read zero past the end of the bytes, and stores that write nothing there.

use core::hint::select_unpredictable;

/// The `u16` at byte `at`.
#[inline]
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    match bytes.get(at..).and_then(<[u8]>::first_chunk) {
        Some(chunk) => u16::from_le_bytes(*chunk),
        None => 0,
    }
}

/// The `u32` at byte `at`.
#[inline]
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    match bytes.get(at..).and_then(<[u8]>::first_chunk) {
        Some(chunk) => u32::from_le_bytes(*chunk),
        None => 0,
    }
}

/// The `u64` at byte `at`.
#[inline]
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    match bytes.get(at..).and_then(<[u8]>::first_chunk) {
        Some(chunk) => u64::from_le_bytes(*chunk),
        None => 0,
    }
}

/// Writes a `u32` at byte `at`.
#[inline]
pub(crate) fn put_u32(bytes: &mut [u8], at: usize, value: u32) {
    if let Some(place) = bytes.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
        *place = value.to_le_bytes();
    }
}

/// Writes a `u64` at byte `at`.
#[inline]
pub(crate) fn put_u64(bytes: &mut [u8], at: usize, value: u64) {
    if let Some(place) = bytes.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
        *place = value.to_le_bytes();
    }
}

/// How many of the `count` ascending items, from `first` on, satisfy `at_most`, a
/// condition that holds up to some item and for none after it.
#[inline]
pub(crate) fn partition_point(
    first: usize,
    count: usize,
    at_most: impl Fn(usize) -> bool,
) -> usize {
    let (mut low, mut size) = (0usize, count);
    // The answer lies in `low..=low + size`.
    while size > 1 {
        let half = size / 2;
        let middle = low.wrapping_add(half);
        let holds = at_most(first.wrapping_add(middle).wrapping_sub(1));
        // A search's turns are not predictable.
        low = select_unpredictable(holds, middle, low);
        size = size.wrapping_sub(half);
    }
    if size == 1 && at_most(first.wrapping_add(low)) {
        low.wrapping_add(1)
    } else {
        low
    }
}
