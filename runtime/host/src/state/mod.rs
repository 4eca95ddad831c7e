//! What policies remember between requests, and where it is kept.
//!
//! [`Backends`] are what an operator chose: one for each kind of thing, or one for all. [`State`] is a
//! policy's declarations in them, worked out once: names that no other policy has, limits that
//! can be charged, what becomes of a request when a backend fails.

mod declared;

use std::fmt;
use std::sync::Arc;

use edge_abi::manifest::Manifest;
use edge_state::memory::{DEFAULT_BYTES, MIN_BYTES, Memory};
use edge_state::{Backend, Clock, Counter as Probe, Failure, Purge};
use tokio::sync::broadcast;

pub(crate) use declared::{Counter, Limit, Store, integer};

use crate::settings::SettingsError;

/// Most bytes that the answers of one request may have together.
pub const MAX_ANSWERS: usize = 64 << 20;

/// Most entries of a list of counters.
pub const MAX_LISTED: usize = 10_000;

/// Where what policies remember is kept. Clones lead to the same places.
#[derive(Clone)]
pub struct Backends {
    /// Of rate limits.
    pub limits: Arc<dyn Backend>,
    /// Of stores.
    pub stores: Arc<dyn Backend>,
    /// Of counters.
    pub counters: Arc<dyn Backend>,
    /// What carries purges to other instances.
    pub purges: Arc<dyn Backend>,
    /// Whether each limit is asked by itself: for tests, where one can fail alone.
    pub apart: bool,
}

impl Backends {
    /// One backend for everything.
    #[must_use]
    pub fn all(backend: Arc<dyn Backend>) -> Self {
        Backends {
            limits: Arc::clone(&backend),
            stores: Arc::clone(&backend),
            counters: Arc::clone(&backend),
            purges: backend,
            apart: false,
        }
    }

    /// The places that do not answer, and why.
    pub async fn look(&self) -> Vec<(String, Failure)> {
        let probe = Probe {
            name: "edge/start",
            expire: None,
            listed: false,
        };
        let mut seen: Vec<&Arc<dyn Backend>> = Vec::new();
        let mut away = Vec::new();
        for backend in [&self.purges, &self.limits, &self.stores, &self.counters] {
            if seen.iter().any(|known| Arc::ptr_eq(known, backend)) {
                continue;
            }
            seen.push(backend);
            if let Err(failure) = backend.read(&probe, b"").get().await {
                away.push((backend.place().to_owned(), failure));
            }
        }
        away
    }

    /// Hears what caches should forget: what this host and others have purged from now on.
    #[must_use]
    pub fn purges(&self) -> broadcast::Receiver<Purge> {
        self.purges.purges()
    }
}

impl fmt::Debug for Backends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backends")
            .field("limits", &self.limits.place())
            .field("stores", &self.stores.place())
            .field("counters", &self.counters.place())
            .field("purges", &self.purges.place())
            .finish_non_exhaustive()
    }
}

/// A policy's declarations in their backends.
#[derive(Debug)]
pub struct State {
    backends: Backends,
    limits: Vec<Limit>,
    stores: Vec<Store>,
    counters: Vec<Counter>,
}

impl State {
    /// Works the declarations of a manifest out. Names are `namespace/name`: the policy's own name
    /// separates it from others in the same backend, unless the operator chose another namespace.
    ///
    /// # Errors
    /// A limit whose numbers no backend can count with, or a name that is too long.
    pub(crate) fn new(
        manifest: &Manifest,
        backends: Option<Backends>,
        namespace: Option<&str>,
    ) -> Result<Self, SettingsError> {
        let namespace = namespace.unwrap_or(&manifest.name);
        let limits = manifest.rate_limits.iter();
        let stores = manifest.stores.iter();
        let counters = manifest.counters.iter();
        Ok(State {
            backends: backends.unwrap_or_else(|| in_memory(manifest)),
            limits: limits
                .map(|limit| Limit::new(namespace, limit))
                .collect::<Result<_, _>>()?,
            stores: stores
                .map(|store| Store::new(namespace, store))
                .collect::<Result<_, _>>()?,
            counters: counters
                .map(|counter| Counter::new(namespace, counter))
                .collect::<Result<_, _>>()?,
        })
    }

    /// Whether the policy remembers anything.
    pub(crate) fn is_used(&self) -> bool {
        !(self.limits.is_empty() && self.stores.is_empty() && self.counters.is_empty())
    }

    /// Where it is kept.
    #[must_use]
    pub fn backends(&self) -> &Backends {
        &self.backends
    }

    pub(crate) fn limit_named(&self, name: &str) -> Option<&Limit> {
        self.limits.iter().find(|limit| limit.name == name)
    }

    pub(crate) fn store_named(&self, name: &str) -> Option<&Store> {
        self.stores.iter().find(|store| store.name == name)
    }

    pub(crate) fn counter_named(&self, name: &str) -> Option<&Counter> {
        self.counters.iter().find(|counter| counter.name == name)
    }

    pub(crate) fn limit(&self, id: u32) -> Option<&Limit> {
        self.limits.get(id as usize)
    }

    pub(crate) fn store(&self, id: u32) -> Option<&Store> {
        self.stores.get(id as usize)
    }

    pub(crate) fn counter(&self, id: u32) -> Option<&Counter> {
        self.counters.get(id as usize)
    }
}

/// A memory of the policy's own; a small one where it declares nothing to be remembered.
fn in_memory(manifest: &Manifest) -> Backends {
    let declares = !(manifest.rate_limits.is_empty()
        && manifest.stores.is_empty()
        && manifest.counters.is_empty());
    let bytes = if declares { DEFAULT_BYTES } else { MIN_BYTES };
    Backends::all(Arc::new(Memory::new(bytes, Clock::System)))
}
