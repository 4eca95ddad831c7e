//! The purges of a directory, written down so that nothing that was purged comes back after a restart.
//!
//! The numbers are those of [`crate::storage::purge::Purges`]; the header's is one that all answers before it were born
//! with, or less. They go on after a restart. A thread writes what has come together since it last wrote, and syncs it once.
//!
//! A log that is damaged or missing says nothing about what is stored, so all of it is given up. The same is done when a
//! purge can't be written down: first the log is removed, for which there is always room, then everything else.

use super::inner::Inner;
use super::log_file::{Loaded, create, frame, load};
use crate::storage::purge::Purge;
use crate::storage::said::Said;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::sync::oneshot;

/// How many purges may wait to be written; with more, they count as one of everything.
const WAITING: usize = 65_536;
/// How often a log that could not be written is tried again.
const RETRY: Duration = Duration::from_secs(1);

enum Message {
    Purge(u64, Said),
    /// Forget all up to a number.
    Forget(u64),
    /// Say when all so far is safe.
    Flush(oneshot::Sender<bool>),
}

/// The log of a directory.
#[derive(Debug)]
pub(crate) struct Log {
    sender: Option<Sender<Message>>,
    waiting: Arc<AtomicUsize>,
    overflow: Arc<AtomicBool>,
    length: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

struct Keeper {
    path: PathBuf,
    file: Option<File>,
    tier: Arc<Inner>,
    last: u64,
    waiting: Arc<AtomicUsize>,
    overflow: Arc<AtomicBool>,
    length: Arc<AtomicUsize>,
}

impl Log {
    /// Goes on with a log that was loaded or created, for the tier beside it.
    pub fn keep(path: PathBuf, file: File, loaded: &Loaded, tier: Arc<Inner>) -> io::Result<Self> {
        let (sender, receiver) = channel();
        let (waiting, overflow) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let length = Arc::new(AtomicUsize::new(loaded.purges.len()));
        let mut keeper = Keeper {
            path,
            file: Some(file),
            tier,
            last: loaded.last,
            waiting: waiting.clone(),
            overflow: overflow.clone(),
            length: length.clone(),
        };
        let thread = thread::Builder::new()
            .name("edge-cache-purge".to_owned())
            .spawn(move || keeper.run(&receiver))?;
        Ok(Self {
            sender: Some(sender),
            waiting,
            overflow,
            length,
            thread: Some(thread),
        })
    }

    /// Writes a purge down, soon.
    pub fn add(&self, number: u64, what: Purge<'_>, soft_at: Option<u64>) {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= WAITING {
            self.overflow.store(true, Ordering::SeqCst);
        }
        self.send(Message::Purge(number, Said::new(what, soft_at)));
    }

    /// Forgets purges up to a number, which cover nothing that is stored.
    pub fn forget(&self, until: u64) {
        self.send(Message::Forget(until));
    }

    /// Waits until all purges so far are safe. False when they are not: after a restart, what they cover may come back.
    pub async fn flush(&self) -> bool {
        let (sender, receiver) = oneshot::channel();
        self.send(Message::Flush(sender));
        receiver.await.unwrap_or(false)
    }

    /// How many purges it holds.
    pub fn len(&self) -> usize {
        self.length.load(Ordering::Relaxed)
    }

    fn send(&self, message: Message) {
        if let Some(sender) = &self.sender {
            // its thread ends with it
            let _ = sender.send(message);
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            // what it had to say is in the counters
            let _ = thread.join();
        }
    }
}

impl Keeper {
    fn run(&mut self, receiver: &Receiver<Message>) {
        loop {
            let first = match receiver.recv_timeout(RETRY) {
                Ok(message) => Some(message),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let (mut purges, mut forget, mut flushed) = (Vec::new(), None, Vec::new());
            for message in first.into_iter().chain(receiver.try_iter().take(WAITING)) {
                match message {
                    Message::Purge(number, said) => purges.push((number, said)),
                    Message::Forget(until) => forget = Some(until),
                    Message::Flush(sender) => flushed.push(sender),
                }
            }
            self.add(&purges);
            if let Some(until) = forget {
                self.forget(until);
            }
            if self.file.is_none() {
                self.begin_anew();
            }
            let safe = self.file.is_some() || !self.path.exists();
            for sender in flushed {
                // whoever asked may be gone
                let _ = sender.send(safe);
            }
        }
    }

    fn add(&mut self, purges: &[(u64, Said)]) {
        self.waiting.fetch_sub(purges.len(), Ordering::Relaxed);
        let mut bytes = Vec::new();
        for (number, said) in purges {
            self.last = self.last.max(*number);
            bytes.extend_from_slice(&frame(*number, said));
        }
        if self.overflow.swap(false, Ordering::SeqCst) {
            self.lose();
        }
        if let Some(file) = self.file.as_mut().filter(|_| !bytes.is_empty()) {
            self.length.fetch_add(purges.len(), Ordering::Relaxed);
            if file
                .write_all(&bytes)
                .and_then(|()| file.sync_data())
                .is_err()
            {
                self.lose();
            }
        }
    }

    /// Purges could not be written down: nothing on the disk is to be used again.
    fn lose(&mut self) {
        self.tier.counters.disk.lost_purges.one();
        self.tier.off.store(true, Ordering::SeqCst);
        self.file = None;
        // a log that is still there is written anew, or keeps the tier off
        let _ = fs::remove_file(&self.path);
        self.tier.wipe();
    }

    /// Begins a new log, which says that everything before it is purged.
    fn begin_anew(&mut self) {
        self.tier.wipe();
        let everything = (self.last, Said::new(Purge::All, None));
        if let Ok(file) = create(&self.path, self.last, &[everything]) {
            self.length.store(1, Ordering::Relaxed);
            self.file = Some(file);
            self.tier.off.store(false, Ordering::SeqCst);
        }
    }

    fn forget(&mut self, until: u64) {
        if self.file.is_none() {
            return;
        }
        let Ok(Some(loaded)) = load(&self.path) else {
            self.lose();
            return;
        };
        let purges: Vec<_> = loaded
            .purges
            .into_iter()
            .filter(|(number, _)| *number > until)
            .collect();
        // when this fails, the longer log is as good; but a file that was renamed is the one to go on with
        match create(&self.path, self.last, &purges) {
            Ok(file) => {
                self.length.store(purges.len(), Ordering::Relaxed);
                self.file = Some(file);
            }
            Err(_) => {
                self.tier.failed();
                self.file = File::options().append(true).open(&self.path).ok();
                if self.file.is_none() {
                    self.lose();
                }
            }
        }
    }
}
