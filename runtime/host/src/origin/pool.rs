//! Idle connections to one origin, the freshest used first.

use std::cell::RefCell;
use std::rc::{Rc, Weak};
use std::time::Duration;

use hyper::client::conn::http1::SendRequest;
use tokio::time::Instant;

use super::body::Sent;

/// The sending half of a connection.
pub type Sender = SendRequest<Sent>;

/// Idle connections to one origin, of one worker. Clones are the same pool.
#[derive(Clone)]
pub struct Pool(Rc<RefCell<Idle>>);

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
        Self(Rc::new(RefCell::new(Idle {
            connections,
            life,
            most,
            swept: false,
        })))
    }

    /// A connection that can take a request now.
    pub fn take(&self) -> Option<Sender> {
        let mut idle = self.0.borrow_mut();
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
        let mut idle = self.0.borrow_mut();
        if sender.is_closed() || idle.connections.len() >= idle.most {
            return;
        }
        idle.connections.push((Instant::now(), sender));
        if !idle.swept {
            idle.swept = true;
            tokio::task::spawn_local(sweep(Rc::downgrade(&self.0), idle.life));
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
async fn sweep(pool: Weak<RefCell<Idle>>, life: Duration) {
    let mut next = Instant::now() + life;
    loop {
        tokio::time::sleep_until(next).await;
        let Some(pool) = pool.upgrade() else { return };
        let mut idle = pool.borrow_mut();
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
