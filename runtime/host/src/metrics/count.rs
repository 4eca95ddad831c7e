//! Numbers that any thread adds to.

use std::array;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A number that is added to without order: nothing else is read by it.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    pub(super) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes back one that was added.
    pub(super) fn subtract(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The upper bounds of the histogram's buckets, each inside its bucket: from what a policy
/// takes that answers by itself to the longest that an origin is waited for.
const BOUNDS: [Duration; 16] = [
    Duration::from_micros(100),
    Duration::from_micros(250),
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_micros(2500),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(25),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_millis(2500),
    Duration::from_secs(10),
    Duration::from_secs(30),
];

/// How often times fell between bounds.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    buckets: [Count; BOUNDS.len()],
    beyond: Count,
    micros: AtomicU64,
}

/// A histogram as it was at one moment.
#[derive(Debug, PartialEq)]
pub(super) struct Observed {
    /// Seconds.
    pub(super) sum: f64,
    pub(super) count: u64,
    /// Upper bounds in seconds, the last of them infinite, with what fell into the bucket itself.
    pub(super) buckets: [(f64, u64); BOUNDS.len() + 1],
}

impl Histogram {
    pub(super) fn observe(&self, time: Duration) {
        let bucket = BOUNDS.partition_point(|bound| *bound < time);
        self.buckets.get(bucket).unwrap_or(&self.beyond).add();
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// The count is that of the buckets, so that they always agree.
    pub(super) fn read(&self) -> Observed {
        let buckets = array::from_fn(|bucket| {
            let bound = BOUNDS
                .get(bucket)
                .map_or(f64::INFINITY, Duration::as_secs_f64);
            let count = self.buckets.get(bucket).unwrap_or(&self.beyond);
            (bound, count.get())
        });
        Observed {
            sum: Duration::from_micros(self.micros.load(Ordering::Relaxed)).as_secs_f64(),
            count: buckets.iter().map(|(_, count)| count).sum(),
            buckets,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, reason = "tests")]

    use super::*;

    #[test]
    fn a_bound_belongs_to_its_bucket() {
        let histogram = Histogram::default();
        for time in [
            Duration::ZERO,
            Duration::from_micros(100),
            Duration::from_micros(101),
            Duration::from_secs(30),
            Duration::from_secs(31),
        ] {
            histogram.observe(time);
        }
        let read = histogram.read();
        assert_eq!(read.count, 5);
        assert_eq!(read.buckets[0], (0.0001, 2));
        assert_eq!(read.buckets[1], (0.000_25, 1));
        assert_eq!(read.buckets[15], (30.0, 1));
        assert_eq!(read.buckets[16], (f64::INFINITY, 1));
        assert_eq!(read.sum, 61.000_201);
    }

    #[test]
    fn bounds_rise() {
        assert!(BOUNDS.is_sorted_by(|one, other| one < other));
    }
}
