//! Work of a test that goes on beside its requests: in memory, until nothing can go on.

use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use crate::tasks::{Task, Tasks};

/// What has begun and has not ended.
#[derive(Default)]
pub(super) struct Queue(RefCell<Vec<Task>>);

impl Tasks for Rc<Queue> {
    fn spawn(&self, task: Task) {
        self.0.borrow_mut().push(task);
    }
}

impl Queue {
    /// Runs a future to its end, and beside it what it has begun; none when all wait for what never comes.
    pub(super) fn finish<F: Future>(&self, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        loop {
            let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
            if let Poll::Ready(output) = polled {
                return Some(output);
            }
            self.poll_all(&waker);
            if !woken.take() {
                return None;
            }
        }
    }

    /// Runs what has begun until it has ended, or can't go on.
    pub(super) fn run(&self) {
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        loop {
            self.poll_all(&waker);
            if self.0.borrow().is_empty() || !woken.take() {
                return;
            }
        }
    }

    /// Polls each task once; they may begin others meanwhile.
    fn poll_all(&self, waker: &Waker) {
        let mut context = Context::from_waker(waker);
        let mut tasks = self.0.take();
        let before = tasks.len();
        tasks.retain_mut(|task| task.as_mut().poll(&mut context).is_pending());
        let mut begun = self.0.borrow_mut();
        if tasks.len() < before || !begun.is_empty() {
            waker.wake_by_ref();
        }
        tasks.append(&mut begun);
        *begun = tasks;
    }
}

/// Whether anything can go on.
#[derive(Default)]
struct Woken(AtomicBool);

impl Woken {
    fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}
