//! The readers as the guest's functions: addresses and lengths instead of slices.
#![expect(
    unsafe_code,
    reason = "the compiler calls these with addresses; each slice lies in the guest's one memory"
)]

use super::{cidr, dfa, int_set, route, set};

/// The bytes at an address of the guest's memory.
///
/// # Safety
/// `address` and `len` must be within the memory, and nothing may write there while
/// the slice lives. Compiled policies only pass constants and checked slots.
unsafe fn bytes<'a>(address: *const u8, len: usize) -> &'a [u8] {
    if len == 0 {
        return &[];
    }
    // SAFETY: as promised by the caller.
    unsafe { core::slice::from_raw_parts(address, len) }
}

#[unsafe(no_mangle)]
extern "C" fn dfa_match(table: *const u8, table_len: usize, at: *const u8, len: usize) -> u32 {
    // SAFETY: see `bytes`.
    u32::from(unsafe { dfa::is_match(bytes(table, table_len), bytes(at, len)) })
}

#[unsafe(no_mangle)]
extern "C" fn set_find(table: *const u8, table_len: usize, at: *const u8, len: usize) -> u32 {
    // SAFETY: see `bytes`.
    unsafe { set::find(bytes(table, table_len), bytes(at, len)) }
}

#[unsafe(no_mangle)]
extern "C" fn int_set_contains(table: *const u8, table_len: usize, number: i64) -> u32 {
    // SAFETY: see `bytes`.
    u32::from(unsafe { int_set::contains(bytes(table, table_len), number) })
}

#[unsafe(no_mangle)]
extern "C" fn cidr_contains(table: *const u8, table_len: usize, address: *const u8) -> u32 {
    // SAFETY: see `bytes`.
    u32::from(unsafe { cidr::contains(bytes(table, table_len), bytes(address, 16)) })
}

#[unsafe(no_mangle)]
extern "C" fn route_find(table: *const u8, table_len: usize, at: *const u8, len: usize) -> u32 {
    // SAFETY: see `bytes`.
    unsafe { route::find(bytes(table, table_len), bytes(at, len)) }
}

#[unsafe(no_mangle)]
extern "C" fn path_segment(at: *const u8, len: usize, index: usize) -> u64 {
    // SAFETY: see `bytes`.
    packed(route::segment(unsafe { bytes(at, len) }, index))
}

#[unsafe(no_mangle)]
extern "C" fn path_rest(at: *const u8, len: usize, index: usize) -> u64 {
    // SAFETY: see `bytes`.
    packed(route::rest(unsafe { bytes(at, len) }, index))
}

/// Address in the upper half, length in the lower; 0 for nothing.
fn packed(found: Option<&[u8]>) -> u64 {
    found.map_or(0, |bytes| {
        (bytes.as_ptr() as u64) << 32 | bytes.len() as u64
    })
}
