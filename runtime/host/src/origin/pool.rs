//! Idle connections to one origin, the freshest used first.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use hyper::client::conn::http1::SendRequest;
use tokio::time::Instant;

use super::body::Sent;

/// The sending half of a connection.
pub type Sender = SendRequest<Sent>;

/// Idle connections to one origin. Clones are the same pool.
///
/// A pool belongs to one worker; the lock is there because bodies hold a handle of it
/// and have to be `Send`, and is never contended.
#[derive(Clone)]
pub struct Pool(Arc<Mutex<Idle>>);

struct Idle {
    /// Oldest first.
    connections: Vec<(Instant, Sender)>,
    /// Longest life of an idle connection.
    life: Duration,
    /// Most connections kept.
    most: usize,
    /// Whether a task is there that closes what is too old.
    swept: bool,
}

/// A connection in use. It goes back to its pool only when it is told that its exchange
/// is complete; dropped before that, it closes.
pub struct Lease {
    sender: Sender,
    pool: Pool,
    /// Whether it may go back.
    kept: bool,
}

impl Pool {
    /// An empty pool.
    pub fn new(life: Duration, most: usize) -> Self {
        let connections = Vec::new();
        Self(Arc::new(Mutex::new(Idle {
            connections,
            life,
            most,
            swept: false,
        })))
    }

    /// A connection that can take a request now.
    pub fn take(&self) -> Option<Sender> {
        let mut idle = lock(&self.0);
        let now = Instant::now();
        idle.discard(now);
        // One whose last exchange isn't quite over yet is left for later.
        let ready = idle
            .connections
            .iter()
            .rposition(|(_, sender)| sender.is_ready())?;
        Some(idle.connections.remove(ready).1)
    }

    fn put(&self, sender: Sender) {
        let mut idle = lock(&self.0);
        if sender.is_closed() || idle.connections.len() >= idle.most {
            return;
        }
        idle.connections.push((Instant::now(), sender));
        if !idle.swept {
            idle.swept = true;
            tokio::spawn(sweep(Arc::downgrade(&self.0), idle.life));
        }
    }
}

impl Idle {
    /// Closes what has been idle for too long, or was closed by the other side.
    fn discard(&mut self, now: Instant) {
        let life = self.life;
        self.connections
            .retain(|(since, sender)| !sender.is_closed() && now.duration_since(*since) < life);
    }
}

impl Lease {
    /// A connection that comes from `pool`, or is to go there.
    pub fn new(sender: Sender, pool: Pool) -> Self {
        let kept = true;
        Self { sender, pool, kept }
    }

    /// A connection whose other side can't be trusted with where a message ends: it closes
    /// after this one.
    pub fn for_once(sender: Sender, pool: Pool) -> Self {
        let kept = false;
        Self { sender, pool, kept }
    }

    /// Ends the lease: the response has been read to its end.
    pub fn complete(self) {
        if self.kept {
            self.pool.put(self.sender);
        }
    }
}

/// Closes connections when their time has come, as long as there are any.
async fn sweep(pool: Weak<Mutex<Idle>>, life: Duration) {
    let mut next = Instant::now() + life;
    loop {
        tokio::time::sleep_until(next).await;
        let Some(pool) = pool.upgrade() else { return };
        let mut idle = lock(&pool);
        idle.discard(Instant::now());
        match idle.connections.first() {
            Some((oldest, _)) => next = *oldest + life,
            None => {
                idle.swept = false;
                return;
            }
        }
    }
}

/// The pool stays usable even if a thread has panicked while it held the lock.
fn lock(idle: &Mutex<Idle>) -> MutexGuard<'_, Idle> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}
