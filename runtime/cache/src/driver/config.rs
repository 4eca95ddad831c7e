//! The bounds of a cache.

use crate::storage::disk::Disk;
use crate::storage::regional::Regional;
use std::time::Duration;

/// The bounds of a cache. Sizes in bytes.
#[derive(Clone, Debug)]
pub struct Config {
    /// What all stored answers may take together.
    pub memory: u64,
    /// The longest body that is stored in memory. A longer one goes to the disk, or is passed on.
    pub max_object: u64,
    /// What all bodies that are being filled may take together; beyond, new ones are passed on and not stored.
    pub max_filling: u64,
    /// How far a body that is not stored may run ahead of its slowest reader.
    pub window: u64,
    /// What all answers of one host may take together.
    pub host_quota: Option<u64>,
    /// How long a client waits for the head of an answer that another one fetches; then it fetches for itself.
    pub wait: Duration,
    /// How long a reader may keep a body that is not stored from going on; then it is cut off.
    pub stall: Duration,
    /// How long an uncacheable answer is remembered, milliseconds: as long, nobody waits for another's fetch.
    pub pass: u64,
    /// How long a failed origin is remembered, milliseconds: as long, stale answers are served without trying it.
    pub failed: u64,
    /// How many keys are remembered as uncacheable or failed.
    pub notes: usize,
    /// Whether an answer is stored only the second time that it is fetched (within about 100,000 others).
    pub second_time: bool,
    /// The disk below memory, for the same answers and for longer ones.
    pub disk: Option<Disk>,
    /// The tier that several hosts share, for the `cache` blocks that name it.
    pub regional: Option<Regional>,
    /// The longest body that is handed to the regional tier.
    pub regional_max_object: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            memory: 256 << 20,
            max_object: 8 << 20,
            max_filling: 128 << 20,
            window: 1 << 20,
            host_quota: None,
            wait: Duration::from_secs(10),
            stall: Duration::from_secs(30),
            pass: 10_000,
            failed: 1000,
            notes: 65_536,
            second_time: false,
            disk: None,
            regional: None,
            regional_max_object: 1 << 20,
        }
    }
}
