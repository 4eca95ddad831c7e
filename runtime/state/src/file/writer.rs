//! The thread that writes: group commit behind a bounded queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use redb::{ReadableDatabase, ReadableTable};
use tokio::sync::oneshot;

use super::apply::{Change, Tables};
use super::database::failure;
use super::record::ENDS;
use super::shelf::Shelf;
use crate::clock::Expiry;
use crate::{Answer, Failure};

/// How many writes wait at most; more are refused.
const QUEUE: usize = 4096;
/// How many bytes of keys and values wait at most.
const QUEUE_BYTES: usize = 64 << 20;
/// How many writes go into one transaction.
const GROUP: usize = 1024;
/// How many expired entries are removed at a time.
const STEP: usize = 256;
/// How often an idle writer looks for what has expired.
const IDLE: Duration = Duration::from_secs(1);

/// The writer's handle. Dropping it ends the thread after what waits is written.
pub(super) struct Writer {
    queue: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
    waiting: Arc<AtomicUsize>,
    timeout: Duration,
}

struct Job {
    change: Change,
    reply: oneshot::Sender<Result<i64, Failure>>,
}

impl Writer {
    pub(super) fn start(
        shelf: Arc<Shelf>,
        limit: u64,
        timeout: Duration,
        time: Arc<Expiry>,
    ) -> Result<Self, String> {
        let (queue, jobs) = sync_channel(QUEUE);
        let waiting = Arc::new(AtomicUsize::new(0));
        let work = Work {
            shelf,
            limit,
            time,
            waiting: Arc::clone(&waiting),
        };
        let thread = thread::Builder::new()
            .name("edge-state-file".into())
            .spawn(move || work.run(&jobs));
        let thread = Some(thread.map_err(|error| error.to_string())?);
        Ok(Self {
            queue: Some(queue),
            thread,
            waiting,
            timeout,
        })
    }

    /// Queues a change; it is made even if nobody waits for it.
    pub(super) fn write<T>(
        &self,
        change: Change,
        give: impl FnOnce(i64) -> T + Send + 'static,
    ) -> Answer<'_, T> {
        let bytes = change.bytes();
        let (reply, answer) = oneshot::channel();
        if let Err(failure) = self.queue(Job { change, reply }, bytes) {
            return Answer::failed(failure);
        }
        let timeout = self.timeout;
        Answer::wait(async move {
            match tokio::time::timeout(timeout, answer).await {
                Ok(Ok(result)) => result.map(give),
                Ok(Err(_)) => Err(stopped()),
                Err(_) => Err(Failure::Timeout(timeout)),
            }
        })
    }

    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    fn queue(&self, job: Job, bytes: usize) -> Result<(), Failure> {
        let full = || Failure::Unavailable("too many writes are waiting for the disk".into());
        let queue = self.queue.as_ref().ok_or_else(stopped)?;
        if self.waiting.fetch_add(bytes, Ordering::Relaxed) > QUEUE_BYTES {
            self.waiting.fetch_sub(bytes, Ordering::Relaxed);
            return Err(full());
        }
        queue.try_send(job).map_err(|error| {
            self.waiting.fetch_sub(bytes, Ordering::Relaxed);
            match error {
                TrySendError::Full(_) => full(),
                TrySendError::Disconnected(_) => stopped(),
            }
        })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // If it panicked, the writes have failed already.
            let _ = thread.join();
        }
    }
}

fn stopped() -> Failure {
    Failure::Unavailable("the state file's writer has stopped".into())
}

/// What the thread works with.
struct Work {
    shelf: Arc<Shelf>,
    limit: u64,
    time: Arc<Expiry>,
    waiting: Arc<AtomicUsize>,
}

impl Work {
    fn run(&self, jobs: &Receiver<Job>) {
        loop {
            match jobs.recv_timeout(IDLE) {
                Ok(first) => self.write(first, jobs),
                Err(RecvTimeoutError::Timeout) => self.sweep(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Writes all that waits in one transaction, and answers when it is on the disk.
    fn write(&self, first: Job, jobs: &Receiver<Job>) {
        let group: Vec<Job> = std::iter::once(first)
            .chain(jobs.try_iter().take(GROUP - 1))
            .collect();
        let bytes: usize = group.iter().map(|job| job.change.bytes()).sum();
        let results = self.transact(|tables| {
            if tables.is_nearly_full(bytes) {
                tables.sweep(self.time.seen(), 16 * STEP)?;
            }
            let results = group
                .iter()
                .map(|job| tables.apply(&job.change))
                .collect::<Vec<_>>();
            tables.sweep(self.time.seen(), STEP / 16)?;
            Ok(results)
        });
        self.waiting.fetch_sub(bytes, Ordering::Relaxed);
        let results = results.unwrap_or_else(|failure| vec![Err(failure); group.len()]);
        for (job, result) in group.into_iter().zip(results) {
            // Whoever waited may be gone.
            let _ = job.reply.send(result);
        }
    }

    fn transact<T>(
        &self,
        work: impl FnOnce(&mut Tables<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.shelf.mend()?;
        self.shelf.with(|database| {
            let mut transaction = database.begin_write().map_err(failure)?;
            // Two flushes instead of one, so that a file of any size opens at once after a crash.
            transaction.set_quick_repair(true);
            let result = {
                let mut tables = Tables::open(&transaction, self.limit)?;
                let result = work(&mut tables)?;
                tables.finish()?;
                result
            };
            transaction.commit().map_err(failure)?;
            Ok(result)
        })
    }

    /// Removes a few entries that have expired. What can't be done now can be done later.
    fn sweep(&self) {
        let now = self.time.seen();
        if self.shelf.mend().is_err() {
            return;
        }
        if self.has_expired(now).unwrap_or(false) {
            let _ = self.transact(|tables| tables.sweep(now, STEP));
        }
    }

    fn has_expired(&self, now: u64) -> Result<bool, Failure> {
        self.shelf.with(|database| {
            let table = database
                .begin_read()
                .map_err(failure)?
                .open_table(ENDS)
                .map_err(failure)?;
            let first = table.first().map_err(failure)?;
            Ok(first.is_some_and(|(key, _)| key.value().0 <= now))
        })
    }
}
