//! The access log: one JSON object a line, written when an answer has been delivered.
//!
//! Lines go through a bounded queue to a thread of their own, so that no request waits
//! for a disk or a pipe. When the queue is full, lines are dropped and counted, and a
//! line `{"time": …, "dropped": N}` says so as soon as there is room. Neither bodies nor
//! query strings are logged, and of the headers only the host.

mod line;

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::config::{Config, LogTarget};

pub use line::{Abandoned, Delivery, Entry, Refused};

/// Most lines that are written at once.
const BATCH: usize = 1024;

/// The log's own thread.
pub struct AccessLog {
    log: LogHandle,
    ended: Receiver<()>,
    file: LogFile,
}

/// The file of a log, for whoever moves it away.
#[derive(Clone)]
pub struct LogFile {
    /// `None` when the log is not a file.
    path: Option<PathBuf>,
    next: NextFile,
}

/// What the log's thread goes over to before its next lines.
type NextFile = Arc<Mutex<Option<File>>>;

/// Where requests leave their lines. Clones lead to the same log.
#[derive(Clone)]
pub struct LogHandle {
    /// `None` when nothing is logged.
    queue: Option<SyncSender<Entry>>,
    dropped: Arc<Dropped>,
}

/// Lines that are missing.
#[derive(Debug, Default)]
pub(crate) struct Dropped {
    /// That no line has told of yet.
    untold: AtomicU64,
    total: AtomicU64,
}

/// The log's file can't be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot open the log `{}`: {source}", path.display())]
pub struct LogError {
    /// The file.
    path: PathBuf,
    /// Why.
    source: io::Error,
}

impl AccessLog {
    /// Opens the log that the configuration names and starts its thread.
    ///
    /// # Errors
    /// When its file can't be opened.
    pub fn open(config: &Config) -> Result<Self, LogError> {
        match &config.log.target {
            LogTarget::Stdout => Ok(Self::start(Some(Box::new(io::stdout())), config.log.queue)),
            LogTarget::Off => Ok(Self::start(None, config.log.queue)),
            LogTarget::File(path) => {
                let path = config.resolve(path);
                let file = append(&path)?;
                let mut log = Self::start(Some(Box::new(file)), config.log.queue);
                log.file.path = Some(path);
                Ok(log)
            }
        }
    }

    /// A log that writes to `target`, or one that swallows everything.
    #[must_use]
    pub fn start(target: Option<Box<dyn Write + Send>>, queue: usize) -> Self {
        let dropped = Arc::<Dropped>::default();
        let next = NextFile::default();
        let (end, ended) = mpsc::channel();
        let queue = target.map(|target| {
            let (sender, receiver) = mpsc::sync_channel(queue);
            let writer = Writer {
                target,
                next: next.clone(),
                dropped: dropped.clone(),
                broken: false,
                pause: pause(queue),
            };
            let run = move || {
                writer.run(&receiver);
                // Nobody listens when the log was given up.
                let _ = end.send(());
            };
            let started = thread::Builder::new()
                .name("access-log".to_owned())
                .spawn(run);
            if let Err(error) = started {
                eprintln!("the access log has no thread, nothing is logged: {error}");
            }
            sender
        });
        Self {
            log: LogHandle { queue, dropped },
            ended,
            file: LogFile { path: None, next },
        }
    }

    /// The file that is written to, if it is one.
    #[must_use]
    pub fn file(&self) -> LogFile {
        self.file.clone()
    }

    /// A way in.
    #[must_use]
    pub fn handle(&self) -> LogHandle {
        self.log.clone()
    }

    /// Writes what is left, for at most `limit`. Every handle must be gone by then, or
    /// the time passes in vain. Returns whether everything was written.
    pub fn finish(self, limit: Duration) -> bool {
        let Self { log, ended, .. } = self;
        if log.queue.is_none() {
            return true;
        }
        drop(log);
        ended.recv_timeout(limit).is_ok()
    }
}

impl LogHandle {
    /// Leaves an entry, or counts it as dropped. Never waits.
    pub fn write(&self, entry: impl FnOnce() -> Entry) {
        let Some(queue) = &self.queue else { return };
        if queue.try_send(entry()).is_err() {
            self.dropped.add(1);
        }
    }

    /// The lines that were dropped, from now on too.
    pub(crate) fn dropped(&self) -> Arc<Dropped> {
        Arc::clone(&self.dropped)
    }
}

impl Dropped {
    /// Lines that had no room or could not be written.
    pub(crate) fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    fn add(&self, lines: u64) {
        self.total.fetch_add(lines, Ordering::Relaxed);
        self.untold.fetch_add(lines, Ordering::Relaxed);
    }

    fn take_untold(&self) -> u64 {
        self.untold.swap(0, Ordering::Relaxed)
    }
}

impl LogFile {
    /// Opens the file again: what is written from now on goes to the file that then has
    /// its name. Returns whether the log is a file.
    ///
    /// # Errors
    /// When it can't be opened; the log then goes on as it was.
    pub fn reopen(&self) -> Result<bool, LogError> {
        let Some(path) = &self.path else {
            return Ok(false);
        };
        let file = append(path)?;
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = Some(file);
        Ok(true)
    }
}

impl fmt::Display for LogFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "`{}`", path.display()),
            None => f.write_str("not a file"),
        }
    }
}

fn append(path: &Path) -> Result<File, LogError> {
    let opened = OpenOptions::new().append(true).create(true).open(path);
    opened.map_err(|source| LogError {
        path: path.to_owned(),
        source,
    })
}

/// How long the writer rests between batches. Waking a thread for each line would cost a
/// busy worker more than the line itself; a long queue leaves time to gather some.
fn pause(queue: usize) -> Duration {
    Duration::from_millis((queue / 1024).min(10) as u64)
}

struct Writer {
    target: Box<dyn Write + Send>,
    next: NextFile,
    dropped: Arc<Dropped>,
    /// Whether the last write failed.
    broken: bool,
    pause: Duration,
}

impl Writer {
    /// Writes until every handle is gone.
    fn run(mut self, queue: &Receiver<Entry>) {
        let mut text = Vec::new();
        while let Ok(first) = queue.recv() {
            text.clear();
            let entries = std::iter::once(first).chain(queue.try_iter());
            let count = entries
                .take(BATCH)
                .map(|entry| line::append(&mut text, &entry))
                .count();
            let dropped = self.dropped.take_untold();
            if dropped > 0 {
                line::append_dropped(&mut text, now_ms(), dropped);
            }
            self.flush(&text, count as u64, dropped);
            thread::sleep(self.pause);
        }
        let dropped = self.dropped.take_untold();
        if dropped > 0 {
            text.clear();
            line::append_dropped(&mut text, now_ms(), dropped);
            self.flush(&text, 0, dropped);
        }
    }

    /// Writes the text of `lines` lines, and of one that tells of `told` others; when that fails the lines count
    /// as dropped, and the others are to be told of again.
    fn flush(&mut self, text: &[u8], lines: u64, told: u64) {
        let next = self
            .next
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(file) = next {
            self.target = Box::new(file);
        }
        match self
            .target
            .write_all(text)
            .and_then(|()| self.target.flush())
        {
            Ok(()) => self.broken = false,
            Err(error) => {
                self.dropped.add(lines);
                self.dropped.untold.fetch_add(told, Ordering::Relaxed);
                if !self.broken {
                    eprintln!("cannot write the access log: {error}");
                }
                self.broken = true;
            }
        }
    }
}

fn now_ms() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
