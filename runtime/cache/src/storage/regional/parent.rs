//! A regional tier in the memory of another host of ours.
//!
//! The parent has a [`Shelf`] and answers for it ([`Shelf::answer`]); the host carries the requests there ([`Parent`]). A
//! thread hands values and purges over, and asks for the purges that others made: the parent answers when there is one,
//! or after a while. As long as that fails, nothing is looked up. A parent that forgot what this instance had heard was
//! started anew: what it may have heard meanwhile is unknown, so everything counts as purged.

mod keeper;

use super::Listener;
use super::background::{Background, instance};
use super::known::Known;
use super::outbox::{Outbox, Outgoing};
use super::queue::{Queue, Queued};
use super::rest::Rest;
use crate::counters::Counters;
use crate::storage::purge::Purge;
use bytes::Bytes;
use http::{Method, StatusCode};
use keeper::Keeper;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// An answer of the parent on its way; `None` when there is none.
pub type ParentAnswer = Pin<Box<dyn Future<Output = Option<(StatusCode, Bytes)>> + Send>>;

/// The way to the parent: the host's HTTP client, and the parent's address for it.
pub trait Parent: Send + Sync + 'static {
    /// Sends a request. `path` begins with `/` and may have a query; the parent's host hands it to [`Shelf::answer`]. It is
    /// called from several runtimes.
    fn send(&self, method: Method, path: String, body: Bytes) -> ParentAnswer;
}

/// A regional tier in another host's memory.
#[derive(Clone)]
pub struct ParentRegion {
    /// The way there.
    pub parent: Arc<dyn Parent>,
    /// How long a look-up may take; then it is a miss.
    pub timeout: Duration,
    /// How many bytes may wait to be sent; beyond, answers are not handed over.
    pub queue: u64,
}

impl ParentRegion {
    /// The usual bounds: a look-up takes 100 ms at most, 16 MiB may wait.
    pub fn new(parent: Arc<dyn Parent>) -> Self {
        Self {
            parent,
            timeout: Duration::from_millis(100),
            queue: 16 << 20,
        }
    }
}

impl fmt::Debug for ParentRegion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParentRegion").finish_non_exhaustive()
    }
}

enum Job {
    Put(String, Bytes, Queued),
    Remove(String),
    Purge(Outgoing),
    Flush(oneshot::Sender<bool>),
}

/// The store as an instance has it.
pub(super) struct ParentStore {
    shared: Arc<Shared>,
    jobs: mpsc::UnboundedSender<Job>,
    _keeping: Option<Background>,
}

struct Shared {
    config: ParentRegion,
    /// Whether all purges were heard.
    trusted: AtomicBool,
    known: Known,
    rest: Rest,
    queue: Queue,
    counters: Arc<Counters>,
    instance: u64,
}

impl ParentStore {
    pub fn start(config: ParentRegion, listener: Arc<Listener>, counters: Arc<Counters>) -> Self {
        let shared = Arc::new(Shared {
            trusted: false.into(),
            known: Known::new(listener),
            rest: Rest::default(),
            queue: Queue::new(config.queue),
            config,
            counters,
            instance: instance(),
        });
        let (jobs, receiver) = mpsc::unbounded_channel();
        let keeper = Keeper {
            shared: shared.clone(),
            jobs: receiver,
            outbox: Outbox::default(),
            last: 0,
            shelf: None,
        };
        let keeping = Background::start("edge-cache-parent", keeper.run());
        if keeping.is_none() {
            shared.counters.regional.errors.one();
        }
        Self {
            shared,
            jobs,
            _keeping: keeping,
        }
    }

    /// A value, if it can be had in time.
    pub async fn get(&self, name: &[u8]) -> Option<Bytes> {
        let shared = &self.shared;
        if shared.rest.is_on() {
            return None;
        }
        if !shared.trusted.load(Ordering::SeqCst) {
            shared.counters.regional.errors.one();
            return None;
        }
        let path = format!("/values/{}", String::from_utf8_lossy(name));
        let sent = shared.config.parent.send(Method::GET, path, Bytes::new());
        match timeout(shared.config.timeout, sent).await {
            Ok(Some((StatusCode::OK, value))) => Some(value),
            Ok(Some((StatusCode::NOT_FOUND, _))) => None,
            _ => {
                shared.counters.regional.errors.one();
                shared.rest.begin();
                None
            }
        }
    }

    /// Hands a value over; false when too much waits already.
    pub fn set(&self, name: &[u8], value: Bytes, until: u64) -> bool {
        let Some(queued) = self.shared.queue.take(value.len()) else {
            return false;
        };
        let name = String::from_utf8_lossy(name);
        let path = format!("/values/{name}?until={until}");
        self.job(Job::Put(path, value, queued));
        true
    }

    pub fn remove(&self, name: &[u8]) {
        let name = String::from_utf8_lossy(name);
        self.job(Job::Remove(format!("/values/{name}")));
    }

    pub fn publish(&self, what: Purge<'_>, soft_at: Option<u64>) {
        self.job(Job::Purge(self.shared.known.purge(what, soft_at)));
    }

    pub fn known(&self) -> &Known {
        &self.shared.known
    }

    /// Whether all purges so far are known to the region.
    pub async fn flush(&self) -> bool {
        let (sender, receiver) = oneshot::channel();
        self.job(Job::Flush(sender));
        receiver.await.unwrap_or(false)
    }

    fn job(&self, job: Job) {
        // its thread ends with it
        let _ = self.jobs.send(job);
    }
}
