//! A thread that serves: its own listener, its own instance of the policy, its own pools.

use std::cell::Cell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::sync::watch::Receiver;
use tokio::task::LocalSet;

use super::connection::{self, Context};
use super::{ServeError, Stage, refuse};
use crate::access_log::LogHandle;
use crate::config::Config;
use crate::exchange::Worker;
use crate::origin::{OriginPlan, Origins};
use crate::settings::Deployment;
use crate::sources::{SystemClock, SystemEntropy};
use crate::tasks::LocalTasks;

/// How long a worker waits when the system has no more file descriptors.
const EXHAUSTED: Duration = Duration::from_millis(50);

/// How long connections have to write their last lines when the server ends.
const FAREWELL: Duration = Duration::from_millis(200);

/// What a worker is started with.
pub struct Start {
    /// The policy and its settings.
    pub deployment: Arc<Deployment>,
    /// Its origins.
    pub plan: OriginPlan,
    /// Where requests are logged.
    pub log: LogHandle,
    /// The settings.
    pub config: Config,
    /// This worker's listener.
    pub listener: std::net::TcpListener,
    /// Connections of all workers.
    pub connections: Arc<AtomicUsize>,
    /// What the server is doing.
    pub stage: Receiver<Stage>,
}

/// Serves until the stage is [`Stage::Ending`], or [`Stage::Draining`] and no connection
/// is left.
///
/// # Errors
/// When the thread's runtime or its instance of the policy can't be set up.
pub fn run(start: Start) -> Result<(), ServeError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let worker = Worker::new(
        start.deployment,
        Box::new(SystemClock),
        Box::<SystemEntropy>::default(),
        Box::new(LocalTasks),
    )?;
    let context = Rc::new(Context {
        worker: Rc::new(worker),
        origins: Origins::new(start.plan),
        limits: start.config.limits,
        log: start.log,
    });
    let tasks = LocalSet::new();
    let acceptor = Acceptor {
        context,
        open: Rc::default(),
        refused: Rc::default(),
        connections: start.connections,
        stage: start.stage,
    };
    let served = tasks.block_on(&runtime, acceptor.run(start.listener));
    // What is left was given up: dropping it writes its lines.
    drop(tasks);
    Ok(served?)
}

struct Acceptor {
    context: Rc<Context>,
    /// Connections of this worker.
    open: Rc<Open>,
    /// Connections that are being told that there is no room.
    refused: Rc<Cell<usize>>,
    /// Connections of all workers.
    connections: Arc<AtomicUsize>,
    stage: Receiver<Stage>,
}

impl Acceptor {
    async fn run(mut self, listener: std::net::TcpListener) -> io::Result<()> {
        let listener = TcpListener::from_std(listener)?;
        while *self.stage.borrow_and_update() == Stage::Serving {
            tokio::select! {
                accepted = listener.accept() => self.take(accepted).await,
                changed = self.stage.changed() => if changed.is_err() { return Ok(()) },
            }
        }
        self.take_waiting(listener)?;
        self.drain().await;
        Ok(())
    }

    async fn take(&self, accepted: io::Result<(TcpStream, SocketAddr)>) {
        match accepted {
            Ok((stream, peer)) => self.start(stream, peer),
            Err(error) if belongs_to_client(&error) => {}
            Err(_) => tokio::time::sleep(EXHAUSTED).await,
        }
    }

    /// Takes what the system has accepted already: closing the listener would reset it.
    fn take_waiting(&self, listener: TcpListener) -> io::Result<()> {
        let listener = listener.into_std()?;
        while let Ok((stream, peer)) = listener.accept() {
            stream.set_nonblocking(true)?;
            self.start(TcpStream::from_std(stream)?, peer);
        }
        Ok(())
    }

    fn start(&self, stream: TcpStream, peer: SocketAddr) {
        let Some(place) = Place::take(
            &self.connections,
            &self.open,
            self.context.limits.connections,
        ) else {
            return refuse::refuse(stream, &self.refused);
        };
        let serving = connection::serve(self.context.clone(), stream, peer, self.stage.clone());
        tokio::task::spawn_local(async move {
            serving.await;
            drop(place);
        });
    }

    /// Waits for the last connection. When the server ends, connections end by
    /// themselves; they only need a moment for it.
    async fn drain(&mut self) {
        let ending = async {
            // An error means that the server itself is gone.
            let _ = self.stage.wait_for(|stage| *stage == Stage::Ending).await;
            tokio::time::sleep(FAREWELL).await;
        };
        tokio::select! {
            () = self.open.empty() => {}
            () = ending => {}
        }
    }
}

/// Whether the failure is that of one connection, which has left before it was accepted.
fn belongs_to_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionReset | Interrupted
    )
}

/// How many connections a worker has, and who waits for the last to end.
#[derive(Default)]
struct Open {
    count: Cell<usize>,
    ended: Notify,
}

impl Open {
    async fn empty(&self) {
        while self.count.get() > 0 {
            self.ended.notified().await;
        }
    }
}

/// A connection's place among all those that there may be; free again when dropped.
struct Place {
    all: Arc<AtomicUsize>,
    open: Rc<Open>,
}

impl Place {
    /// A place, if fewer than `most` are taken.
    fn take(all: &Arc<AtomicUsize>, open: &Rc<Open>, most: usize) -> Option<Self> {
        if all.fetch_add(1, Ordering::Relaxed) >= most {
            all.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        open.count.set(open.count.get() + 1);
        Some(Self {
            all: all.clone(),
            open: open.clone(),
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.all.fetch_sub(1, Ordering::Relaxed);
        self.open.count.set(self.open.count.get().saturating_sub(1));
        self.open.ended.notify_one();
    }
}
