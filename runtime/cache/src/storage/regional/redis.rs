//! A regional tier in Redis or Valkey.
//!
//! Values are strings that expire. Purges are a stream, bounded in length, which every instance follows; an entry's id is
//! the purge's number, so that all agree on the order. A thread keeps two connections, one for commands and one for the
//! stream, and makes them anew when they break. What an instance missed meanwhile it reads before it looks anything up
//! again; what it purged meanwhile it adds before that. When the stream has lost what an instance had heard, or may have had
//! what it had not, everything in the region is purged.

mod keeper;
mod stream;

use self::keeper::Keeper;
use self::stream::Stream;
use super::Listener;
use super::background::Background;
use super::known::Known;
use super::outbox::{Outbox, Outgoing};
use super::queue::{Queue, Queued};
use super::rest::Rest;
use crate::counters::Counters;
use crate::storage::purge::Purge;
use bytes::Bytes;
use parking_lot::RwLock;
use redis::aio::MultiplexedConnection;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// A regional tier in one server of Redis or Valkey. It should have a `maxmemory`, with a policy `volatile-…`: values expire,
/// the stream of purges must not be evicted.
#[derive(Clone, Debug)]
pub struct RedisRegion {
    /// `redis://…` or `rediss://…`.
    pub address: String,
    /// What all names begin with.
    pub prefix: String,
    /// How long a look-up may take; then it is a miss.
    pub timeout: Duration,
    /// How many bytes may wait to be sent; beyond, answers are not handed over.
    pub queue: u64,
}

impl RedisRegion {
    /// The usual bounds: names begin with `edge:cache:`, a look-up takes 100 ms at most, 16 MiB may wait. None when the
    /// address is none: without a host, say.
    pub fn new(address: &str) -> Option<Self> {
        redis::Client::open(address).ok()?;
        Some(Self {
            address: address.to_owned(),
            prefix: "edge:cache:".to_owned(),
            timeout: Duration::from_millis(100),
            queue: 16 << 20,
        })
    }
}

/// What is to be sent.
pub(super) enum Job {
    Set(Vec<u8>, Bytes, u64, Queued),
    Remove(Vec<u8>),
    Purge(Outgoing),
    /// Say whether all purges so far are known to the region.
    Flush(oneshot::Sender<bool>),
}

/// The store as an instance has it.
pub(super) struct RedisStore {
    shared: Arc<Shared>,
    jobs: mpsc::UnboundedSender<Job>,
    _keeping: Option<Background>,
}

pub(super) struct Shared {
    pub config: RedisRegion,
    /// Present while the instance has heard all purges.
    pub connection: RwLock<Option<MultiplexedConnection>>,
    pub known: Known,
    pub rest: Rest,
    pub queue: Queue,
    pub counters: Arc<Counters>,
}

impl RedisStore {
    /// Begins to connect.
    pub fn start(config: RedisRegion, listener: Arc<Listener>, counters: Arc<Counters>) -> Self {
        if config.address.starts_with("rediss") {
            // the host has chosen one already, or this is the one that is built in
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let shared = Arc::new(Shared {
            connection: RwLock::default(),
            known: Known::new(listener),
            rest: Rest::default(),
            queue: Queue::new(config.queue),
            config,
            counters,
        });
        let (jobs, receiver) = mpsc::unbounded_channel();
        let keeper = Keeper {
            shared: shared.clone(),
            stream: Stream::new(&shared.config.prefix),
            jobs: receiver,
            outbox: Outbox::default(),
        };
        let keeping = Background::start("edge-cache-redis", keeper.run());
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
        let connection = shared.connection.read().clone();
        let Some(mut connection) = connection else {
            shared.counters.regional.errors.one();
            return None;
        };
        let mut command = redis::cmd("GET");
        command.arg(shared.name(name));
        let got = timeout(
            shared.config.timeout,
            command.query_async::<Option<Vec<u8>>>(&mut connection),
        );
        match got.await {
            Ok(Ok(value)) => value.map(Bytes::from),
            Ok(Err(_)) => {
                shared.counters.regional.errors.one();
                None
            }
            Err(_) => {
                shared.counters.regional.errors.one();
                shared.rest.begin();
                None
            }
        }
    }

    /// Hands a value over, for so many milliseconds; false when too much waits already.
    pub fn set(&self, name: &[u8], value: Bytes, ms: u64) -> bool {
        let Some(queued) = self.shared.queue.take(value.len()) else {
            return false;
        };
        self.send(Job::Set(self.shared.name(name), value, ms, queued));
        true
    }

    pub fn remove(&self, name: &[u8]) {
        self.send(Job::Remove(self.shared.name(name)));
    }

    /// Adds a purge to the stream.
    pub fn publish(&self, what: Purge<'_>, soft_at: Option<u64>) {
        self.send(Job::Purge(self.shared.known.purge(what, soft_at)));
    }

    pub fn known(&self) -> &Known {
        &self.shared.known
    }

    /// Whether all purges so far are known to the region.
    pub async fn flush(&self) -> bool {
        let (sender, receiver) = oneshot::channel();
        self.send(Job::Flush(sender));
        receiver.await.unwrap_or(false)
    }

    fn send(&self, job: Job) {
        // its thread ends with it
        let _ = self.jobs.send(job);
    }
}

impl Shared {
    pub fn name(&self, name: &[u8]) -> Vec<u8> {
        [self.config.prefix.as_bytes(), name].concat()
    }
}
