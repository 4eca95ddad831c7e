//! Work that outlives the request it began with, as a trait, so that a test can run it where it wants.

use std::future::Future;
use std::pin::Pin;

/// Work that nobody waits for.
pub type Task = Pin<Box<dyn Future<Output = ()>>>;

/// Where work goes on when the request that began it may be over. It stays on its worker's thread.
pub trait Tasks {
    /// Begins a task.
    fn spawn(&self, task: Task);
}

/// Tasks of the worker's [`LocalSet`](tokio::task::LocalSet), within which alone it can be used.
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalTasks;

impl Tasks for LocalTasks {
    fn spawn(&self, task: Task) {
        tokio::task::spawn_local(task);
    }
}
