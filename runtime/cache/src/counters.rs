//! What the cache counts, for metrics.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// Its value.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, by: u64) {
        self.0.fetch_add(by, Ordering::Relaxed);
    }

    pub(crate) fn one(&self) {
        self.add(1);
    }
}

/// Counts since the cache was made.
#[derive(Debug, Default)]
pub struct Counters {
    /// Answers served from memory, fresh or stale.
    pub memory_hits: Count,
    /// Answers served from the disk.
    pub disk_hits: Count,
    /// Answers served from the regional tier.
    pub regional_hits: Count,
    /// The disk tier.
    pub disk: DiskCounters,
    /// The regional tier.
    pub regional: RegionalCounters,
}

/// Counts of the disk tier.
#[derive(Debug, Default)]
pub struct DiskCounters {
    /// Reads from its files.
    pub reads: Count,
    /// The bytes of these.
    pub read_bytes: Count,
    /// Answers written.
    pub writes: Count,
    /// The bytes of these.
    pub written_bytes: Count,
    /// Reads and writes that failed; also a directory that could not be used.
    pub errors: Count,
    /// Files whose content was damaged: removed, never served.
    pub corrupt: Count,
    /// Answers that were not written because the disk is behind, resting after an error, or full.
    pub skipped: Count,
    /// Answers that made room for others.
    pub evictions: Count,
    /// Purges that could not be written down, after which the whole tier was emptied.
    pub lost_purges: Count,
}

/// Counts of the regional tier.
#[derive(Debug, Default)]
pub struct RegionalCounters {
    /// Look-ups.
    pub gets: Count,
    /// Answers handed over.
    pub puts: Count,
    /// Look-ups, answers and purges that failed: it was away, or did not answer in time.
    pub errors: Count,
    /// Values that were no answers: ignored.
    pub corrupt: Count,
    /// Answers that were not handed over: too long, or it is behind.
    pub skipped: Count,
    /// Purges of other instances that were heard.
    pub heard: Count,
}
