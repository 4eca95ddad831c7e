//! SHA-256 (FIPS 180-4).

use sha2::block_api::compress256;

/// The first 32 bits of the fractional parts of the square roots of the first eight primes.
const INITIAL: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// The digest.
#[must_use]
pub fn sha256(input: &[u8]) -> [u8; 32] {
    let state = digest(input);
    let mut out = [0; 32];
    for (bytes, word) in out.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    out
}

/// The digest's first 64 bits as a number: where in [0, 2^64) an experiment's unit falls.
#[must_use]
pub fn fraction(input: &[u8]) -> u64 {
    let [high, low, ..] = digest(input);
    u64::from(high) << 32 | u64::from(low)
}

/// Whole blocks, then the rest with a 1 bit, zeros and the length in bits (section 5.1.1).
fn digest(input: &[u8]) -> [u32; 8] {
    let mut state = INITIAL;
    let (blocks, rest) = input.as_chunks::<64>();
    let mut last = [[0u8; 64]; 2];
    for (to, &from) in last
        .as_flattened_mut()
        .iter_mut()
        .zip(rest.iter().chain(&[0x80]))
    {
        *to = from;
    }
    let needed = if rest.len() < 56 { 1 } else { 2 };
    let bits = (input.len() as u64).wrapping_mul(8);
    if let Some(length) = last
        .get_mut(needed - 1)
        .and_then(|block| block.last_chunk_mut())
    {
        *length = bits.to_be_bytes();
    }
    compress256(&mut state, blocks);
    compress256(&mut state, last.get(..needed).unwrap_or_default());
    state
}
