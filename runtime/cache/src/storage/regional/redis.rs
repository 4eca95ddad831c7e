//! A regional tier in Redis or Valkey.
//!
//! Values are strings that expire. Purges are a stream, bounded in length, which every instance follows; an entry's id is
//! the purge's number, so that all agree on the order. A thread keeps two connections, one for commands and one for the
//! stream, and makes them anew when they break. What an instance missed meanwhile it reads before it looks anything up
//! again; what it purged meanwhile it adds before that. When the stream has lost what an instance had heard, or may have had
//! what it had not, everything in the region is purged.

use super::stream::{Followed, Stream};
use super::{Listener, name_of_uri};
use crate::counters::Counters;
use crate::storage::entry::Entry;
use crate::storage::purge::{Left, Purge, Purges};
use crate::storage::said::Said;
use bytes::Bytes;
use parking_lot::RwLock;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

/// How long connecting and catching up may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The pauses between attempts to connect grow from here …
const PAUSE: Duration = Duration::from_millis(50);
/// … up to here.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How long nothing is looked up after one look-up took too long.
const REST: Duration = Duration::from_secs(1);
/// How many purges wait for a connection; more are one of everything.
const OUTBOX: usize = 10_000;
/// How many values are sent together.
const BATCH: usize = 32;

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
    /// The usual bounds: names begin with `edge:cache:`, a look-up takes 100 ms at most, 16 MiB may wait.
    pub fn new(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            prefix: "edge:cache:".to_owned(),
            timeout: Duration::from_millis(100),
            queue: 16 << 20,
        }
    }
}

/// What is to be sent.
enum Job {
    Set(Vec<u8>, Bytes, u64, Queued),
    Remove(Vec<u8>),
    /// A purge, with its number among those that wait; if there is a value of that name, when one is given.
    Purge(u64, Said, Option<Vec<u8>>),
    /// Say whether all purges so far are known to the region.
    Flush(oneshot::Sender<bool>),
}

/// What a value takes of the queue, until it is sent or dropped.
struct Queued(Arc<Shared>, u64);

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

struct Shared {
    config: RedisRegion,
    /// Present while the instance has heard all purges.
    connection: RwLock<Option<MultiplexedConnection>>,
    /// The purges that were heard, and those made here that the stream has.
    purges: Arc<Purges>,
    /// The purges made here that the stream has not yet.
    waiting: Arc<Purges>,
    /// Nothing that knows less than this is trusted.
    floor: AtomicU64,
    rest_until: RwLock<Option<Instant>>,
    queued: AtomicU64,
    counters: Arc<Counters>,
    listener: Arc<Listener>,
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
    fn heard(&self, number: u64, said: &Said, own: bool) {
        said.say(|what, soft_at| {
            self.purges.restore(number, what, soft_at);
            if !own {
                (self.listener)(what, soft_at);
            }
        });
    }
}

/// Keeps the connections, on a thread of its own.
struct Keeper {
    shared: Arc<Shared>,
    stream: Stream,
    jobs: mpsc::UnboundedReceiver<Job>,
    /// Purges that are not in the stream yet.
    outbox: VecDeque<(u64, Said, Option<Vec<u8>>)>,
}

impl Keeper {
    async fn run(mut self) {
        let mut pause = PAUSE;
        loop {
            match timeout(PATIENCE, self.connect()).await {
                Ok(Ok((connection, follower))) => {
                    pause = PAUSE;
                    *self.shared.connection.write() = Some(connection.clone());
                    self.work(connection, follower).await;
                    *self.shared.connection.write() = None;
                }
                _ => self.shared.counters.regional.errors.one(),
            }
            let rest = sleep(pause);
            tokio::pin!(rest);
            pause = (pause * 2).min(LONGEST_PAUSE);
            loop {
                tokio::select! {
                    () = &mut rest => break,
                    job = self.jobs.recv() => match job {
                        Some(job) => self.put_off(job),
                        None => return,
                    },
                }
            }
        }
    }

    /// Connects, adds what was purged meanwhile, and hears what others purged.
    async fn connect(
        &mut self,
    ) -> Result<(MultiplexedConnection, MultiplexedConnection), RedisError> {
        let client = Client::open(self.shared.config.address.as_str())?;
        let config = AsyncConnectionConfig::new().set_response_timeout(None);
        let mut commands = client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        let follower = client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        match self.stream.catch_up(&mut commands).await? {
            Followed::All(purges) => {
                for (number, said, own) in purges {
                    self.shared.heard(number, &said, own);
                }
            }
            // at the start, older answers may have been purged by what the stream has no more
            Followed::From(floor, purges) => {
                for (number, said, _) in purges {
                    said.say(|what, soft_at| {
                        self.shared.purges.restore(number, what, soft_at);
                    });
                }
                self.shared.floor.fetch_max(floor, Ordering::SeqCst);
            }
            Followed::Gap(since) => {
                let everything = Said::everything();
                let mut all = None;
                for (number, said, own) in since {
                    if said == everything {
                        all = Some(number);
                    }
                    self.shared.heard(number, &said, own);
                }
                let number = match all {
                    // another instance saw the gap before
                    Some(number) => number,
                    None => {
                        let added = self.stream.add(&mut commands, &everything, None);
                        added.await?.unwrap_or(0)
                    }
                };
                self.shared.heard(number, &everything, false);
                self.shared.floor.fetch_max(number, Ordering::SeqCst);
            }
        }
        self.empty_outbox(&mut commands).await?;
        Ok((commands, follower))
    }

    /// Sends, and follows the stream, until something breaks.
    async fn work(&mut self, mut commands: MultiplexedConnection, follower: MultiplexedConnection) {
        let (shared, mut stream) = (self.shared.clone(), self.stream.clone());
        let followed = async {
            let mut follower = follower;
            while let Ok(purges) = stream.follow(&mut follower).await {
                for (number, said, own) in purges {
                    if !own {
                        shared.heard(number, &said, false);
                    }
                }
            }
        };
        tokio::select! {
            () = followed => {}
            () = self.send(&mut commands) => {}
        }
        // what was heard is heard, even if the connection ended before it said so
        self.stream = stream;
    }

    /// Sends what comes, many at a time, until something breaks.
    async fn send(&mut self, connection: &mut MultiplexedConnection) {
        let mut jobs = Vec::with_capacity(BATCH);
        while self.jobs.recv_many(&mut jobs, BATCH).await > 0 {
            let (mut pipe, mut sets, mut flushed) = (redis::pipe(), 0, Vec::new());
            let mut sent = Vec::new();
            for job in jobs.drain(..) {
                match job {
                    Job::Set(name, value, ms, queued) => {
                        sent.push(queued);
                        sets += 1;
                        let command = pipe.cmd("SET").arg(name).arg(&*value);
                        command.arg("PX").arg(ms.max(1)).ignore();
                    }
                    Job::Remove(name) => {
                        sets += 1;
                        pipe.cmd("DEL").arg(name).ignore();
                    }
                    Job::Purge(number, said, only_if) => {
                        self.outbox.push_back((number, said, only_if));
                    }
                    Job::Flush(sender) => flushed.push(sender),
                }
            }
            let mut result = Ok(());
            if sets > 0 {
                result = bounded(pipe.query_async::<()>(connection)).await;
            }
            drop(sent);
            let emptied = self.empty_outbox(connection).await;
            for sender in flushed {
                // whoever asked may be gone
                let _ = sender.send(emptied.is_ok());
            }
            if let Err(error) = result.and(emptied) {
                self.shared.counters.regional.errors.one();
                // a server that refuses one value, for lack of memory, is as good for the next
                if error.is_io_error() || error.is_unrecoverable_error() {
                    return;
                }
            }
        }
        std::future::pending::<()>().await;
    }

    /// Adds the purges that wait to the stream.
    async fn empty_outbox(
        &mut self,
        connection: &mut MultiplexedConnection,
    ) -> Result<(), RedisError> {
        if self.outbox.len() > OUTBOX {
            let last = self.outbox.back().map_or(0, |(number, ..)| *number);
            self.outbox.clear();
            self.outbox.push_back((last, Said::everything(), None));
        }
        while let Some((number, said, only_if)) = self.outbox.front() {
            let added = self.stream.add(connection, said, only_if.as_deref());
            if let Some(position) = bounded(added).await? {
                self.shared.heard(position, said, true);
            }
            self.shared.waiting.forget(*number);
            self.outbox.pop_front();
        }
        Ok(())
    }

    /// What is to be sent while there is no connection: purges wait, values are dropped.
    fn put_off(&mut self, job: Job) {
        match job {
            Job::Set(..) => self.shared.counters.regional.skipped.one(),
            Job::Remove(_) => self.shared.counters.regional.errors.one(),
            Job::Purge(number, said, only_if) => self.outbox.push_back((number, said, only_if)),
            Job::Flush(sender) => {
                // whoever asked may be gone
                let _ = sender.send(self.outbox.is_empty());
            }
        }
    }
}

/// A command that takes too long is a broken connection.
async fn bounded<T>(command: impl Future<Output = Result<T, RedisError>>) -> Result<T, RedisError> {
    match timeout(PATIENCE, command).await {
        Ok(result) => result,
        Err(_) => Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()),
    }
}
