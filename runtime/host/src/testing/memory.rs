//! What a test's policy remembers: in memory, by the test's clock, failing where the test says so.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use edge_abi::manifest::Manifest;
use edge_abi::test_plan::StateKind;
use edge_state::memory::{DEFAULT_BYTES, Memory};
use edge_state::{Answer, Backend, Charge, Clock, Counter, Failure, Purge, Store, Takings};
use tokio::sync::broadcast;

use crate::settings::SettingsError;
use crate::state::{Backends, State};

/// A test's memory.
pub(crate) struct Remembering {
    state: State,
    kept: Arc<Kept>,
}

impl Remembering {
    /// An empty one.
    ///
    /// # Errors
    /// When the manifest declares what can't be kept.
    pub(crate) fn new(manifest: &Manifest, clock: Clock) -> Result<Self, SettingsError> {
        let kept = Arc::new(Kept {
            memory: Memory::new(DEFAULT_BYTES, clock),
            failing: Mutex::default(),
        });
        let backends = Backends {
            apart: true,
            ..Backends::all(Arc::clone(&kept) as Arc<dyn Backend>)
        };
        let state = State::new(manifest, Some(backends), None)?;
        Ok(Remembering { state, kept })
    }

    /// The same memory for a worker.
    pub(crate) fn backends(&self) -> Backends {
        self.state.backends().clone()
    }

    /// Gives a store a value.
    pub(crate) fn put(&self, name: &str, key: &str, value: &str) -> Result<(), String> {
        let store = self.state.store_named(name).ok_or_else(unknown)?;
        let put = self
            .kept
            .memory
            .put(&store.declared(), key.as_bytes(), value.as_bytes(), None);
        now(put)
    }

    /// Sets a counter.
    pub(crate) fn count(&self, name: &str, key: &str, value: i64) -> Result<(), String> {
        let counter = self.state.counter_named(name).ok_or_else(unknown)?;
        let (counter, key) = (counter.declared(), key.as_bytes());
        let before = now(self.kept.memory.read(&counter, key))?.unwrap_or(0);
        let missing = value.saturating_sub(before);
        now(self.kept.memory.increment(&counter, key, missing)).map(drop)
    }

    /// Lets a declaration fail, or work again.
    pub(crate) fn fail(&self, kind: StateKind, name: &str, fails: bool) {
        let mut failing = self.kept.failing();
        let full_name = match kind {
            StateKind::Limit => self.state.limit_named(name).map(|it| it.limit.name()),
            StateKind::Store => self.state.store_named(name).map(|it| it.declared().name),
            StateKind::Counter => self.state.counter_named(name).map(|it| it.declared().name),
        };
        let declared = (kind as u8, full_name.unwrap_or(name).to_owned());
        match fails {
            true => failing.insert(declared),
            false => failing.remove(&declared),
        };
    }

    /// What a store holds.
    pub(crate) fn value(&self, name: &str, key: &str) -> Option<Bytes> {
        let store = self.state.store_named(name)?;
        now(self.kept.memory.get(&store.declared(), key.as_bytes())).ok()?
    }

    /// What a counter counts.
    pub(crate) fn number(&self, name: &str, key: &str) -> Option<i64> {
        let counter = self.state.counter_named(name)?;
        now(self.kept.memory.read(&counter.declared(), key.as_bytes())).ok()?
    }
}

fn unknown() -> String {
    String::from("the policy does not declare it")
}

/// Memory answers at once.
fn now<T>(answer: Answer<'_, T>) -> Result<T, String> {
    match answer {
        Answer::Ready(result) => result.map_err(|failure| failure.to_string()),
        Answer::Wait(_) => Err(String::from("it has to be waited for")),
    }
}

/// A memory of which parts can fail.
struct Kept {
    memory: Memory,
    failing: Mutex<BTreeSet<(u8, String)>>,
}

impl Kept {
    fn failing(&self) -> std::sync::MutexGuard<'_, BTreeSet<(u8, String)>> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The failure that the test has given, or else what the memory answers.
    fn unless_failing<'a, T>(
        &'a self,
        kind: StateKind,
        name: &str,
        answer: impl FnOnce(&'a Memory) -> Answer<'a, T>,
    ) -> Answer<'a, T> {
        let fails = self.failing().contains(&(kind as u8, name.to_owned()));
        match fails {
            true => Answer::failed(Failure::Unavailable("given by the test".into())),
            false => answer(&self.memory),
        }
    }
}

impl Backend for Kept {
    fn take<'a>(&'a self, charges: &'a [Charge<'a>]) -> Answer<'a, Takings> {
        // Each is asked by itself.
        let name = charges.first().map_or("", |charge| charge.limit.name());
        self.unless_failing(StateKind::Limit, name, |memory| memory.take(charges))
    }

    fn get<'a>(&'a self, store: &Store<'_>, key: &[u8]) -> Answer<'a, Option<Bytes>> {
        self.unless_failing(StateKind::Store, store.name, |memory| {
            memory.get(store, key)
        })
    }

    fn put<'a>(
        &'a self,
        store: &Store<'_>,
        key: &[u8],
        value: &[u8],
        ttl: Option<Duration>,
    ) -> Answer<'a, ()> {
        self.unless_failing(StateKind::Store, store.name, |memory| {
            memory.put(store, key, value, ttl)
        })
    }

    fn delete<'a>(&'a self, store: &Store<'_>, key: &[u8]) -> Answer<'a, ()> {
        self.unless_failing(StateKind::Store, store.name, |memory| {
            memory.delete(store, key)
        })
    }

    fn increment<'a>(&'a self, counter: &Counter<'_>, key: &[u8], by: i64) -> Answer<'a, i64> {
        self.unless_failing(StateKind::Counter, counter.name, |memory| {
            memory.increment(counter, key, by)
        })
    }

    fn read<'a>(&'a self, counter: &Counter<'_>, key: &[u8]) -> Answer<'a, Option<i64>> {
        self.unless_failing(StateKind::Counter, counter.name, |memory| {
            memory.read(counter, key)
        })
    }

    fn list<'a>(
        &'a self,
        counter: &Counter<'_>,
        prefix: &[u8],
        at_most: usize,
    ) -> Answer<'a, Vec<(Bytes, i64)>> {
        self.unless_failing(StateKind::Counter, counter.name, |memory| {
            memory.list(counter, prefix, at_most)
        })
    }

    fn purge<'a>(&'a self, purge: &Purge) -> Answer<'a, ()> {
        self.memory.purge(purge)
    }

    fn purges(&self) -> broadcast::Receiver<Purge> {
        self.memory.purges()
    }

    fn place(&self) -> &str {
        "the test's memory"
    }
}
