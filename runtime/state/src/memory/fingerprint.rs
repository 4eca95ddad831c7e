//! Keys of limits as 128 bits, so that an entry has a fixed size whatever the key's length.

use std::hash::{BuildHasher, Hasher};

use siphasher::sip128::{Hasher128, SipHasher13};

use crate::Charge;

/// SipHash-1-3 with 128 bits of a limit's identity and a key, under a seed that nobody outside knows: two
/// keys with the same fingerprint can't be searched for, and by chance they don't meet (2⁻⁸⁸ among a million keys).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    low: u64,
    high: u64,
}

impl Fingerprint {
    /// Which of a power of two of shards it belongs to.
    pub(crate) fn shard(self, shards: usize) -> usize {
        usize::try_from(self.high).unwrap_or_default() & (shards - 1)
    }
}

impl std::hash::Hash for Fingerprint {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.low);
    }
}

/// The seed of a table's fingerprints.
#[derive(Clone, Copy)]
pub(crate) struct Seed([u8; 16]);

impl Seed {
    pub(crate) fn random() -> Self {
        let mut seed = [0; 16];
        // Without randomness of the system, the addresses of this process have to do.
        if getrandom::fill(&mut seed).is_err() {
            let state = std::hash::RandomState::new();
            let (low, high) = (state.hash_one(1), state.hash_one(2));
            seed = (u128::from(high) << 64 | u128::from(low)).to_le_bytes();
        }
        Self(seed)
    }

    pub(crate) fn fingerprint(&self, charge: &Charge<'_>) -> Fingerprint {
        let mut hasher = SipHasher13::new_with_key(&self.0);
        // The identity says its own length.
        hasher.write(charge.limit.identity());
        hasher.write(charge.key);
        let hash = hasher.finish128();
        Fingerprint {
            low: hash.h1,
            high: hash.h2,
        }
    }
}

/// Takes a fingerprint's own bits for its hash.
#[derive(Clone, Copy, Default)]
pub(crate) struct Identity(u64);

impl BuildHasher for Identity {
    type Hasher = Identity;

    fn build_hasher(&self) -> Identity {
        Identity(0)
    }
}

impl Hasher for Identity {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
