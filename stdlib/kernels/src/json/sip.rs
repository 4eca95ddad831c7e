//! SipHash-1-3 (Aumasson, Bernstein: "SipHash: a fast short-input PRF", 2012), with a key of zeros.
//!
//! A known key keeps nobody from finding two texts of one hash, with much work; it is many texts of
//! one hash that are out of reach.

pub(super) fn sip_hash(bytes: impl Iterator<Item = u8>) -> u64 {
    let mut state = State(
        0x736f_6d65_7073_6575,
        0x646f_7261_6e64_6f6d,
        0x6c79_6765_6e65_7261,
        0x7465_6462_7974_6573,
    );
    let (mut word, mut length) = (0, 0u64);
    for byte in bytes {
        word |= u64::from(byte) << (length % 8 * 8);
        length += 1;
        if length % 8 == 0 {
            state.take(word);
            word = 0;
        }
    }
    state.take(word | length << 56);
    state.2 ^= 0xff;
    for _ in 0..3 {
        state.round();
    }
    state.0 ^ state.1 ^ state.2 ^ state.3
}

struct State(u64, u64, u64, u64);

impl State {
    fn take(&mut self, word: u64) {
        self.3 ^= word;
        self.round();
        self.0 ^= word;
    }

    fn round(&mut self) {
        let State(a, b, c, d) = self;
        *a = a.wrapping_add(*b);
        *b = b.rotate_left(13) ^ *a;
        *a = a.rotate_left(32);
        *c = c.wrapping_add(*d);
        *d = d.rotate_left(16) ^ *c;
        *a = a.wrapping_add(*d);
        *d = d.rotate_left(21) ^ *a;
        *c = c.wrapping_add(*b);
        *b = b.rotate_left(17) ^ *c;
        *c = c.rotate_left(32);
    }
}

#[cfg(test)]
mod tests {
    use super::sip_hash;
    use std::hash::{DefaultHasher, Hasher};
    use std::vec::Vec;

    /// The standard library's is the same function today.
    #[test]
    fn it_is_siphash_1_3() {
        let bytes: Vec<u8> = (0..=255).collect();
        for length in 0..bytes.len() {
            let text = bytes.get(..length).unwrap_or_default();
            let mut other = DefaultHasher::new();
            other.write(text);
            assert_eq!(sip_hash(text.iter().copied()), other.finish(), "{length}");
        }
    }
}
