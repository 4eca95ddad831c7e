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
