//! A rest for a disk that fails.

use parking_lot::Mutex;
use std::time::{Duration, Instant};

/// How many failures in a row it takes.
const PATIENCE: u32 = 3;
/// The first rest, and the longest.
const REST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);

/// Whether the disk is used: after failures in a row it rests, longer each time, and is tried again.
#[derive(Debug, Default)]
pub(crate) struct Health(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    until: Option<Instant>,
    rest: Duration,
}

impl Health {
    /// Something worked.
    pub fn well(&self) {
        *self.0.lock() = State::default();
    }

    /// Something failed.
    pub fn failed(&self) {
        let mut state = self.0.lock();
        state.failures += 1;
        if state.failures >= PATIENCE {
            state.failures = PATIENCE - 1;
            state.rest = (state.rest * 2).clamp(REST, LONGEST);
            state.until = Some(Instant::now() + state.rest);
        }
    }

    /// Whether it is left alone for now.
    pub fn is_resting(&self) -> bool {
        self.0
            .lock()
            .until
            .is_some_and(|until| Instant::now() < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rests_after_failures_in_a_row() {
        let health = Health::default();
        health.failed();
        health.failed();
        assert!(!health.is_resting());
        health.well();
        health.failed();
        health.failed();
        assert!(!health.is_resting());
        health.failed();
        assert!(health.is_resting());
        health.well();
        assert!(!health.is_resting());
    }
}
