//! A while in which nothing is looked up, after one look-up took too long: a region that hangs costs one client a second.

use parking_lot::RwLock;
use std::time::{Duration, Instant};

/// How long it is.
const REST: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(super) struct Rest(RwLock<Option<Instant>>);

impl Rest {
    pub fn begin(&self) {
        *self.0.write() = Some(Instant::now() + REST);
    }

    pub fn is_on(&self) -> bool {
        let until = *self.0.read();
        until.is_some_and(|until| Instant::now() < until)
    }
}
