//! A regional tier in the memory of another host of ours.
//!
//! The parent has a [`Shelf`] and answers for it ([`Shelf::answer`]); the host carries the requests there ([`Parent`]). A
//! thread hands values and purges over, and asks for the purges that others made: the parent answers when there is one,
//! or after a while. As long as that fails, nothing is looked up. A parent that forgot what this instance had heard was
//! started anew: what it may have heard meanwhile is unknown, so everything counts as purged.

use super::shelf::{Heard, Shelf};
use super::{Listener, name_of_uri};
use crate::counters::Counters;
use crate::storage::entry::Entry;
use crate::storage::purge::{Left, Purge, Purges};
use crate::storage::said::Said;
use bytes::Bytes;
use http::{Method, StatusCode};
use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

/// How long a value or a purge may take to be handed over.
const PATIENCE: Duration = Duration::from_secs(5);
/// The pause after something failed.
const PAUSE: Duration = Duration::from_millis(500);
/// How many purges wait for the parent; more are one of everything.
const OUTBOX: usize = 10_000;

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
    Put(String, Bytes),
    Remove(String),
    Purge(u64, Said, Option<String>),
    Flush(oneshot::Sender<bool>),
}

/// The store as an instance has it.
pub(super) struct ParentStore {
    shared: Arc<Shared>,
    jobs: mpsc::UnboundedSender<Job>,
    /// Ends the thread when it is dropped.
    _running: Option<oneshot::Sender<()>>,
}

struct Shared {
    config: ParentRegion,
    /// Whether all purges were heard.
    trusted: AtomicBool,
    /// The purges that the parent has.
    purges: Purges,
    /// The purges made here that it has not yet.
    waiting: Purges,
    /// Nothing that knows less than this is trusted.
    floor: AtomicU64,
    queued: AtomicU64,
    counters: Arc<Counters>,
    listener: Arc<Listener>,
    instance: u64,
}

impl ParentStore {
    pub fn start(config: ParentRegion, listener: Arc<Listener>, counters: Arc<Counters>) -> Self {
        let mut id = [0; 8];
        if getrandom::fill(&mut id).is_err() {
            id = u64::from(std::process::id()).to_le_bytes();
        }
        let shared = Arc::new(Shared {
            config,
            trusted: false.into(),
            purges: Purges::default(),
            waiting: Purges::default(),
            floor: 0.into(),
            queued: 0.into(),
            counters,
            listener,
            instance: u64::from_le_bytes(id),
        });
        let (jobs, receiver) = mpsc::unbounded_channel();
        let (running, ended) = oneshot::channel::<()>();
        let keeper = Keeper {
            shared: shared.clone(),
            jobs: receiver,
            outbox: VecDeque::new(),
            last: 0,
            shelf: None,
        };
        let started = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .and_then(|runtime| {
                thread::Builder::new()
                    .name("edge-cache-parent".to_owned())
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
        let got = if shared.trusted.load(Ordering::SeqCst) {
            let path = format!("/values/{}", String::from_utf8_lossy(name));
            let sent = shared.config.parent.send(Method::GET, path, Bytes::new());
            timeout(shared.config.timeout, sent).await.ok().flatten()
        } else {
            None
        };
        match got {
            Some((StatusCode::OK, value)) => Some(value),
            Some((StatusCode::NOT_FOUND, _)) => None,
            _ => {
                shared.counters.regional.errors.one();
                None
            }
        }
    }

    /// Hands a value over; false when too much waits already.
    pub fn set(&self, name: &[u8], value: Bytes, until: u64) -> bool {
        let len = value.len() as u64;
        let before = self.shared.queued.fetch_add(len, Ordering::Relaxed);
        if before.saturating_add(len) > self.shared.config.queue {
            self.shared.queued.fetch_sub(len, Ordering::Relaxed);
            return false;
        }
        let name = String::from_utf8_lossy(name);
        self.job(Job::Put(format!("/values/{name}?until={until}"), value));
        true
    }

    pub fn remove(&self, name: &[u8]) {
        let name = String::from_utf8_lossy(name);
        self.job(Job::Remove(format!("/values/{name}")));
    }

    pub fn publish(&self, what: Purge<'_>, soft_at: Option<u64>) {
        let number = self.shared.waiting.purge(what, soft_at);
        let only_if = match what {
            Purge::Uri(place) => Some(String::from_utf8_lossy(&name_of_uri(place)).into_owned()),
            _ => None,
        };
        self.job(Job::Purge(number, Said::new(what, soft_at), only_if));
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

    /// The same for an answer that comes from the parent: purges that are on their way there cover it too.
    pub fn left_there(&self, entry: &Entry) -> Left {
        match self.shared.waiting.left_since(entry, 0) {
            Left::Valid => self.left(entry),
            _ => Left::Gone,
        }
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

impl Shared {
    async fn send(&self, method: Method, path: String, body: Bytes) -> Option<Bytes> {
        let sent = self.config.parent.send(method, path, body);
        match timeout(PATIENCE, sent).await {
            Ok(Some((status, body))) if status.is_success() => Some(body),
            _ => {
                self.counters.regional.errors.one();
                None
            }
        }
    }

    fn heard(&self, number: u64, said: &Said, own: bool) {
        said.say(|what, soft_at| {
            self.purges.restore(number, what, soft_at);
            if !own {
                (self.listener)(what, soft_at);
            }
        });
    }

    /// Asks for the purges after a number; the parent may take its time.
    async fn listen(self: Arc<Self>, after: u64, shelf: Option<u64>) -> Option<Heard> {
        let mut path = format!("/purges?after={after}");
        if let Some(shelf) = shelf {
            path.push_str(&format!("&shelf={shelf}"));
        }
        let sent = self.config.parent.send(Method::GET, path, Bytes::new());
        let answer = timeout(Shelf::PATIENCE + PATIENCE, sent).await;
        let heard = match answer {
            Ok(Some((StatusCode::OK, body))) => Heard::decode(&body),
            _ => None,
        };
        if heard.is_none() {
            self.trusted.store(false, Ordering::SeqCst);
            self.counters.regional.errors.one();
            sleep(PAUSE).await;
        }
        heard
    }
}

/// Hands over and listens, on a thread of its own.
struct Keeper {
    shared: Arc<Shared>,
    jobs: mpsc::UnboundedReceiver<Job>,
    /// Purges that the parent has not yet.
    outbox: VecDeque<(u64, Said, Option<String>)>,
    /// The last purge that was heard.
    last: u64,
    /// Whose purges these are.
    shelf: Option<u64>,
}

impl Keeper {
    async fn run(mut self) {
        let mut listening = Box::pin(self.shared.clone().listen(self.last, self.shelf));
        loop {
            tokio::select! {
                heard = &mut listening => {
                    if let Some(heard) = heard {
                        self.hear(heard);
                        let emptied = self.empty_outbox().await;
                        self.shared.trusted.store(emptied, Ordering::SeqCst);
                    }
                    listening = Box::pin(self.shared.clone().listen(self.last, self.shelf));
                }
                job = self.jobs.recv() => match job {
                    Some(job) => self.work(job).await,
                    None => return,
                },
            }
        }
    }

    fn hear(&mut self, heard: Heard) {
        if self.shelf.is_none() {
            // what was purged before this instance was there: marks only
            for (number, _, said) in &heard.purges {
                said.say(|what, soft_at| self.shared.purges.restore(*number, what, soft_at));
            }
            self.shared.floor.fetch_max(heard.floor, Ordering::SeqCst);
        } else if self.shelf != Some(heard.shelf) || self.last < heard.floor {
            let number = heard.last.max(self.last + 1);
            self.shared.heard(number, &Said::everything(), false);
            self.shared.floor.fetch_max(number, Ordering::SeqCst);
            for (number, from, said) in &heard.purges {
                self.shared
                    .heard(*number, said, *from == self.shared.instance);
            }
        } else {
            let news = heard
                .purges
                .iter()
                .filter(|(number, ..)| *number > self.last);
            for (number, from, said) in news {
                if *from != self.shared.instance {
                    self.shared.heard(*number, said, false);
                }
            }
        }
        (self.last, self.shelf) = (heard.last, Some(heard.shelf));
    }

    async fn work(&mut self, job: Job) {
        match job {
            Job::Put(path, value) => {
                let len = value.len() as u64;
                if self.shared.trusted.load(Ordering::SeqCst) {
                    // a failure is counted
                    let _ = self.shared.send(Method::PUT, path, value).await;
                } else {
                    self.shared.counters.regional.skipped.one();
                }
                self.shared.queued.fetch_sub(len, Ordering::Relaxed);
            }
            Job::Remove(path) => {
                // a failure is counted
                let _ = self.shared.send(Method::DELETE, path, Bytes::new()).await;
            }
            Job::Purge(number, said, only_if) => {
                self.outbox.push_back((number, said, only_if));
                if !self.empty_outbox().await {
                    self.shared.trusted.store(false, Ordering::SeqCst);
                }
            }
            Job::Flush(sender) => {
                let emptied = self.empty_outbox().await;
                // whoever asked may be gone
                let _ = sender.send(emptied);
            }
        }
    }

    /// Hands over the purges that wait; false when that fails.
    async fn empty_outbox(&mut self) -> bool {
        if self.outbox.len() > OUTBOX {
            let last = self.outbox.back().map_or(0, |(number, ..)| *number);
            self.outbox.clear();
            self.outbox.push_back((last, Said::everything(), None));
        }
        while let Some((number, said, only_if)) = self.outbox.front() {
            let mut path = format!("/purges?from={}", self.shared.instance);
            if let Some(name) = only_if {
                path.push_str(&format!("&if={name}"));
            }
            let sent = self.shared.send(Method::POST, path, said.encode().into());
            let Some(answer) = sent.await else {
                return false;
            };
            if let Ok(position) = <[u8; 8]>::try_from(&*answer) {
                self.shared.heard(u64::from_le_bytes(position), said, true);
            }
            self.shared.waiting.forget(*number);
            self.outbox.pop_front();
        }
        true
    }
}
