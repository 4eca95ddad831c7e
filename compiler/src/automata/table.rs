//! Appending little-endian numbers to a table.

/// Appends a `u32`.
pub(super) fn push_u32(table: &mut Vec<u8>, value: u32) {
    table.extend_from_slice(&value.to_le_bytes());
}

/// A length as the `u32` that tables hold.
///
/// Builders refuse what is longer, or bound it by a budget far below, before they lay
/// anything out.
pub(super) fn u32_from(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
