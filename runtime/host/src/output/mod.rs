//! Outputs: what a guest hands back, checked and read where it lies.
//!
//! [`check_output`] walks every record once and refuses whatever is not as the ABI
//! says; what it gives back reads the same bytes through views that cannot fail and
//! own nothing. No guest's bytes make either of them panic.

mod check;
mod edit;
mod effects;
mod error;
mod lists;
mod memory;
mod scan;
mod state;
mod terminal;
mod view;

use edge_abi::manifest::{Manifest, Target};

pub use check::check_output;
pub use edit::{Edit, EditValue, Edits, Segment, SegmentValue, Segments};
pub use error::OutputError;
pub use state::State;
pub use terminal::{Admit, Fault, Pass, Proxy, Respond};
pub use view::{BodyWait, Effect, Effects, Hits, Log, Note, Output, Scan};

/// Most bytes of a body or a value that segments put together.
pub const MAX_TEXT: u64 = 64 << 20;

/// Most bytes of a body that a scan may ask to see.
pub const MAX_SCAN: u32 = 1 << 30;

/// How far the indexes of an output may reach: the manifest's sizes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Rules.
    pub rules: u32,
    /// Places of statements.
    pub places: u32,
    /// Origins and pools.
    pub targets: u32,
    /// `proxy` options.
    pub proxies: u32,
    /// Caches.
    pub caches: u32,
    /// Secrets.
    pub secrets: u32,
    /// The number of arms of each experiment.
    pub arms: Vec<u32>,
    /// Slot sets.
    pub slot_sets: u32,
    /// Most bytes of a body that may be asked for.
    pub body: u32,
    /// Rate limits.
    pub rate_limits: u32,
    /// Stores.
    pub stores: u32,
    /// Counters.
    pub counters: u32,
    /// Answers that a request may ask for.
    pub asks: u32,
}

impl Bounds {
    /// A manifest's bounds.
    #[must_use]
    pub fn of(manifest: &Manifest) -> Self {
        Bounds {
            rules: count(&manifest.rules),
            places: count(&manifest.places),
            targets: count::<Target>(&manifest.targets),
            proxies: count(&manifest.proxies),
            caches: count(&manifest.caches),
            secrets: count(&manifest.secrets),
            arms: manifest
                .experiments
                .iter()
                .map(|experiment| count(&experiment.arms))
                .collect(),
            slot_sets: count(&manifest.slot_sets),
            body: manifest.limits.body,
            rate_limits: count(&manifest.rate_limits),
            stores: count(&manifest.stores),
            counters: count(&manifest.counters),
            asks: manifest.limits.asks,
        }
    }
}

fn count<T>(items: &[T]) -> u32 {
    u32::try_from(items.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
