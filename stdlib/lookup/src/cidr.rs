//! Is an address in a constant set of networks?
//!
//! | offset | bytes | field |
//! | --- | --- | --- |
//! | 0 | 4 | count of IPv4 bounds |
//! | 4 | 4 | bits of an IPv4 address that the index takes, 0 to 16 |
//! | 8 | 4 | count of IPv6 bounds |
//! | 12 | 4 | 0 |
//! | 16 | 4 × (2^bits + 1) | how many IPv4 bounds lie below each run of addresses |
//! | | 4 × count | IPv4 bounds, ascending |
//! | | 16 × count | IPv6 bounds, ascending, `u128` |
//!
//! Bounds are where membership changes: the first address in, the first one out again,
//! and so on. So an address is in the set when the number of bounds at or below it is
//! odd. IPv4 is what begins with `::ffff:0:0/96`; IPv6 bounds are about the others.

use super::load::{partition_point, u32_at, u64_at};

/// Bytes before the index.
pub const HEADER: usize = 16;

/// Whether the address (16 bytes in network order, IPv4 as `::ffff:a.b.c.d`) is in the
/// set; `false` for any other length.
#[inline(never)]
pub fn contains(table: &[u8], address: &[u8]) -> bool {
    let Ok(address) = <[u8; 16]>::try_from(address) else {
        return false;
    };
    let address = u128::from_be_bytes(address);
    let (v4_count, bits) = (u32_at(table, 0) as usize, u32_at(table, 4) & 31);
    let v4_at = HEADER.wrapping_add(4usize.wrapping_mul((1usize << bits).wrapping_add(1)));
    if address >> 32 == 0xffff {
        let index = table.get(HEADER..).unwrap_or_default();
        let bounds = table.get(v4_at..).unwrap_or_default();
        return contains_v4(index, bounds, bits, address as u32);
    }
    let v6_at = v4_at.wrapping_add(v4_count.wrapping_mul(4));
    contains_v6(
        table.get(v6_at..).unwrap_or_default(),
        u32_at(table, 8) as usize,
        address,
    )
}

#[inline]
fn contains_v4(index: &[u8], bounds: &[u8], bits: u32, address: u32) -> bool {
    let run = (u64::from(address) >> 32u32.wrapping_sub(bits)) as usize;
    let first = u32_at(index, run.wrapping_mul(4)) as usize;
    let end = u32_at(index, run.wrapping_add(1).wrapping_mul(4)) as usize;
    let within = partition_point(first, end.saturating_sub(first), |bound| {
        u32_at(bounds, bound.wrapping_mul(4)) <= address
    });
    first.wrapping_add(within) & 1 == 1
}

#[inline]
fn contains_v6(bounds: &[u8], count: usize, address: u128) -> bool {
    let below = partition_point(0, count, |bound| {
        let at = bound.wrapping_mul(16);
        let (low, high) = (u64_at(bounds, at), u64_at(bounds, at.wrapping_add(8)));
        (u128::from(high) << 64 | u128::from(low)) <= address
    });
    below & 1 == 1
}
