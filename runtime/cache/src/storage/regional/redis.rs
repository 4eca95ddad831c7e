//! A regional tier in Redis or Valkey.
//!
//! Values are strings that expire. Purges are a stream, bounded in length, which every instance follows; an entry's id is
//! the purge's number, so that all agree on the order. A thread keeps two connections, one for commands and one for the
//! stream, and makes them anew when they break. What an instance missed meanwhile it reads before it looks anything up
//! again; what it purged meanwhile it adds before that. When the stream has lost what an instance had heard, or may have had
//! what it had not, everything in the region is purged.

use super::keeper::Keeper;
use super::stream::Stream;
use super::{Listener, name_of_uri};
use crate::counters::Counters;
use crate::storage::entry::Entry;
use crate::storage::purge::{Left, Purge, Purges};
use crate::storage::said::Said;
use bytes::Bytes;
use parking_lot::RwLock;
use redis::aio::MultiplexedConnection;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// How long nothing is looked up after one look-up took too long.
const REST: Duration = Duration::from_secs(1);

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
    /// A purge, with its number among those that wait; if there is a value of that name, when one is given.
    Purge(u64, Said, Option<Vec<u8>>),
    /// Say whether all purges so far are known to the region.
    Flush(oneshot::Sender<bool>),
}

/// What a value takes of the queue, until it is sent or dropped.
pub(super) struct Queued(Arc<Shared>, u64);

impl Drop for Queued {
    fn drop(&mut self) {
        self.0.queued.fetch_sub(self.1, Ordering::Relaxed);
    }
}

/// The store as an instance has it.
pub(super) struct RedisStore {
    shared: Arc<Shared>,
    jobs: mpsc::UnboundedSender<Job>,
    /// Ends the thread when it is dropped.
    _running: Option<oneshot::Sender<()>>,
}

pub(super) struct Shared {
    pub config: RedisRegion,
    /// Present while the instance has heard all purges.
    pub connection: RwLock<Option<MultiplexedConnection>>,
    /// The purges that were heard, and those made here that the stream has.
    pub purges: Arc<Purges>,
    /// The purges made here that the stream has not yet.
    pub waiting: Arc<Purges>,
    /// Nothing that knows less than this is trusted.
    pub floor: AtomicU64,
    pub rest_until: RwLock<Option<Instant>>,
    pub queued: AtomicU64,
    pub counters: Arc<Counters>,
    pub listener: Arc<Listener>,
}

impl RedisStore {
    /// Begins to connect.
    pub fn start(config: RedisRegion, listener: Arc<Listener>, counters: Arc<Counters>) -> Self {
        if config.address.starts_with("rediss") {
            // the host has chosen one already, or this is the one that is built in
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let shared = Arc::new(Shared {
            config,
            connection: RwLock::default(),
            purges: Arc::default(),
            waiting: Arc::default(),
            floor: 0.into(),
            rest_until: RwLock::default(),
            queued: 0.into(),
            counters,
            listener,
        });
        let (jobs, receiver) = mpsc::unbounded_channel();
        let (running, ended) = oneshot::channel::<()>();
        let keeper = Keeper {
            shared: shared.clone(),
            stream: Stream::new(&shared.config.prefix),
            jobs: receiver,
            outbox: VecDeque::new(),
        };
        let started = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .and_then(|runtime| {
                thread::Builder::new()
                    .name("edge-cache-redis".to_owned())
                    .spawn(move || {
                        runtime.block_on(async {
                            tokio::select! {
                                () = keeper.run() => {}
                                _ = ended => {}
                            }
                        });
                    })
            });
        if started.is_err() {
            shared.counters.regional.errors.one();
        }
        Self {
            shared,
            jobs,
            _running: started.is_ok().then_some(running),
        }
    }

    /// A value, if it can be had in time.
    pub async fn get(&self, name: &[u8]) -> Option<Bytes> {
        let shared = &self.shared;
        let resting = *shared.rest_until.read();
        if resting.is_some_and(|until| Instant::now() < until) {
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
                *shared.rest_until.write() = Some(Instant::now() + REST);
                None
            }
        }
    }

    /// Hands a value over, for so many milliseconds; false when too much waits already.
    pub fn set(&self, name: &[u8], value: Bytes, ms: u64) -> bool {
        let len = value.len() as u64;
        let before = self.shared.queued.fetch_add(len, Ordering::Relaxed);
        let queued = Queued(self.shared.clone(), len);
        if before.saturating_add(len) > self.shared.config.queue {
            return false;
        }
        self.send(Job::Set(self.shared.name(name), value, ms, queued));
        true
    }

    pub fn remove(&self, name: &[u8]) {
        self.send(Job::Remove(self.shared.name(name)));
    }

    /// Adds a purge to the stream. One URI is purged only if the region has anything of it.
    pub fn publish(&self, what: Purge<'_>, soft_at: Option<u64>) {
        let number = self.shared.waiting.purge(what, soft_at);
        let only_if = match what {
            Purge::Uri(place) => Some(self.shared.name(&name_of_uri(place))),
            _ => None,
        };
        self.send(Job::Purge(number, Said::new(what, soft_at), only_if));
    }

    pub fn known(&self) -> u64 {
        self.shared.purges.latest()
    }

    /// What purges left of an answer that was here.
    pub fn left(&self, entry: &Entry) -> Left {
        if entry.known < self.shared.floor.load(Ordering::SeqCst) {
            return Left::Gone;
        }
        self.shared.purges.left_since(entry, entry.known)
    }

    /// The same for an answer that comes from Redis: purges that are on their way there cover it too.
    pub fn left_there(&self, entry: &Entry) -> Left {
        match self.shared.waiting.left_since(entry, 0) {
            Left::Valid => self.left(entry),
            _ => Left::Gone,
        }
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
    fn name(&self, name: &[u8]) -> Vec<u8> {
        [self.config.prefix.as_bytes(), name].concat()
    }

    /// A purge of another instance, or of this one.
    pub fn heard(&self, number: u64, said: &Said, own: bool) {
        said.say(|what, soft_at| {
            self.purges.restore(number, what, soft_at);
            if !own {
                (self.listener)(what, soft_at);
            }
        });
    }
}
