//! The hash that builders and readers share, and the comparison that follows it.
//!
//! It mixes a word of eight bytes at a time with one multiplication of 64 bits, which
//! every engine has, so that both sides agree and the guest needs no wide arithmetic.
//! It is no defence by itself: keys that collide can be computed. Tables are constant,
//! so their longest chain is known when they are built, and builders change the seed
//! when it is long.

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
const OTHER_MULTIPLIER: u64 = 0xd6e8_feb8_6659_fd93;

/// A hash of 64 bits whose upper half is the best mixed.
#[inline]
pub fn hash(key: &[u8], seed: u64) -> u64 {
    let state = seed ^ (key.len() as u64).wrapping_mul(OTHER_MULTIPLIER);
    if let Some(last) = key.last_chunk::<16>() {
        // The last pair may overlap the one before it: there is no tail to treat apart.
        let body = key.get(..key.len().wrapping_sub(1)).unwrap_or_default();
        let state = body.as_chunks::<16>().0.iter().fold(state, mix_pair);
        return finish(mix_pair(state, last));
    }
    let (first, last) = match (key.first_chunk(), key.last_chunk()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => (short_word(key), 0),
    };
    finish(mix(state, first) ^ turn(last))
}

/// Whether two runs of bytes are the same, compared a word at a time.
#[inline]
pub fn equal(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let (Some(left_last), Some(right_last)) = (left.last_chunk::<8>(), right.last_chunk::<8>())
    else {
        return short_word(left) == short_word(right);
    };
    let words = left.as_chunks::<8>().0.iter().zip(right.as_chunks::<8>().0);
    for (left_word, right_word) in words {
        if u64::from_le_bytes(*left_word) != u64::from_le_bytes(*right_word) {
            return false;
        }
    }
    u64::from_le_bytes(*left_last) == u64::from_le_bytes(*right_last)
}

/// One round: `state` and `word` into a new state.
#[inline]
pub(crate) fn mix(state: u64, word: u64) -> u64 {
    let product = (state ^ word).wrapping_mul(MULTIPLIER);
    product ^ (product >> 32)
}

/// One round of two words; their multiplications do not wait for each other.
#[inline]
fn mix_pair(state: u64, pair: &[u8; 16]) -> u64 {
    let pair = u128::from_le_bytes(*pair);
    mix(state, pair as u64) ^ turn((pair >> 64) as u64)
}

/// A second word, mixed apart from the first.
#[inline]
fn turn(word: u64) -> u64 {
    word.wrapping_mul(OTHER_MULTIPLIER).rotate_left(29)
}

/// The last round, after which the upper half may be used alone.
#[inline]
pub(crate) fn finish(state: u64) -> u64 {
    state.wrapping_mul(MULTIPLIER)
}

/// Up to seven bytes as a word; for one length, different bytes give different words.
#[inline]
fn short_word(bytes: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return u64::from(first) | u64::from(last) << 32;
    }
    match bytes {
        [] => 0,
        [a] => u64::from(*a),
        [a, b] => u64::from(*a) | u64::from(*b) << 8,
        [a, b, c, ..] => u64::from(*a) | u64::from(*b) << 8 | u64::from(*c) << 16,
    }
}
