//! Checksums of what leaves memory: they find damage, not malice.

use siphasher::sip128::{Hasher128, SipHasher13};
use std::hash::Hasher;

/// SipHash-1-3 with 128 bits over parts, each with its length before it.
pub(crate) fn checksum(parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = SipHasher13::new();
    for part in parts {
        hasher.write_u64(part.len() as u64);
        hasher.write(part);
    }
    hasher.finish128().as_bytes()
}

/// The checksum of one chunk of a body: a chunk in the place of another is found too.
pub(crate) fn of_chunk(body: u64, number: u64, bytes: &[u8]) -> u64 {
    let sum = checksum(&[&body.to_le_bytes(), &number.to_le_bytes(), bytes]);
    let [a, b, c, d, e, f, g, h, ..] = sum;
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}
