//! Threads that wait for the disk, so that nobody else does.

use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce() + Send>;

/// A few threads with one queue. It is the callers who bound it.
#[derive(Debug)]
pub(crate) struct Threads {
    queue: Arc<Queue>,
    handles: Mutex<Vec<JoinHandle<()>>>,
}

#[derive(Default)]
struct Queue {
    jobs: Mutex<Jobs>,
    more: Condvar,
}

#[derive(Default)]
struct Jobs {
    waiting: VecDeque<Job>,
    closed: bool,
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Queue")
    }
}

impl Threads {
    /// Starts them.
    pub fn start(name: &str, count: usize) -> std::io::Result<Self> {
        let threads = Self {
            queue: Arc::default(),
            handles: Mutex::default(),
        };
        for _ in 0..count {
            let queue = threads.queue.clone();
            let handle = thread::Builder::new()
                .name(name.to_owned())
                .spawn(move || work(&queue))?;
            threads.handles.lock().push(handle);
        }
        Ok(threads)
    }

    /// Has a job done; it is dropped when the threads have ended.
    pub fn run(&self, job: impl FnOnce() + Send + 'static) {
        let mut jobs = self.queue.jobs.lock();
        if !jobs.closed {
            jobs.waiting.push_back(Box::new(job));
            self.queue.more.notify_one();
        }
    }

    /// Has a question answered; an error when the threads have ended.
    pub fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce() -> T + Send + 'static,
    ) -> oneshot::Receiver<T> {
        let (sender, receiver) = oneshot::channel();
        self.run(move || {
            if !sender.is_closed() {
                // nobody waits for it any more
                let _ = sender.send(question());
            }
        });
        receiver
    }

    /// Ends them after the jobs they are at; those that wait are dropped.
    pub fn end(&self) {
        let dropped = {
            let mut jobs = self.queue.jobs.lock();
            jobs.closed = true;
            std::mem::take(&mut jobs.waiting)
        };
        drop(dropped);
        self.queue.more.notify_all();
        for handle in std::mem::take(&mut *self.handles.lock()) {
            if handle.thread().id() != thread::current().id() {
                // it catches panics itself
                let _ = handle.join();
            }
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.end();
    }
}

fn work(queue: &Queue) {
    loop {
        let job = {
            let mut jobs = queue.jobs.lock();
            loop {
                if let Some(job) = jobs.waiting.pop_front() {
                    break job;
                }
                if jobs.closed {
                    return;
                }
                queue.more.wait(&mut jobs);
            }
        };
        // a job that panics is a lost answer, not a lost thread
        let _ = catch_unwind(AssertUnwindSafe(job));
    }
}
