//! Everything in Redis or Valkey, for a fleet of hosts: one server, or a cluster.
//!
//! Every operation is one step there (a command or a script) and takes the server's own time. It has a
//! timeout; when Redis is away it fails at once, and works again when Redis is back. What may have been
//! run is never sent twice: after a [`Failure::Timeout`], or an [`Failure::Unavailable`] in the middle of an operation,
//! nobody knows whether it happened. How safe an answered write is depends on Redis' own settings (`appendfsync`, replicas).

mod counters;
mod lease;
mod limits;
mod link;
mod names;
mod purges;
mod script;
mod share;
mod stores;

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{broadcast, oneshot};

use crate::address::RedisAddress;
use crate::backend::{Backend, Counter, PURGES, Purge, Store};
use crate::clock::{Clock, Expiry};
use crate::{Answer, Charge, Failure, OpenError, Takings};

pub(crate) use lease::RedisLease;

use lease::Leases;
use limits::Limits;
use link::Link;
use names::Names;
use script::Scripts;
use share::Shares;

/// The backend of `redis://`, `rediss://` and their clusters.
pub struct Redis {
    limits: Limits,
    link: Link,
    scripts: Arc<Scripts>,
    names: Arc<Names>,
    time: Arc<Expiry>,
    purges: broadcast::Sender<Purge>,
    /// Marks what this process sends.
    instance: u64,
    place: String,
    /// Ends the thread when it is dropped.
    _thread: oneshot::Sender<()>,
}

impl Redis {
    /// Starts to connect, on a thread of its own.
    pub(crate) fn open(address: RedisAddress, clock: Clock) -> Result<Self, OpenError> {
        if address.nodes.iter().any(|node| node.starts_with("rediss")) {
            // The host has chosen one already, or this is the one that is built in.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        for node in &address.nodes {
            // What it says could hold the password.
            redis::Client::open(node.as_str()).map_err(|_| {
                OpenError::Place(format!(
                    "`{}` or one of its nodes is not an address of Redis",
                    address.place
                ))
            })?;
        }
        let (instance, scripts) = (instance(), Arc::new(Scripts::new()));
        let names = Arc::new(Names::new(address.prefix.clone(), address.cluster));
        let purges = broadcast::Sender::new(PURGES);
        let (link, connection) = Link::new(address.clone());
        let (leases, released) = Leases::new(address.lease);
        let hearing = purges::hear(
            address.nodes.clone(),
            names.purges(),
            instance,
            purges.clone(),
        );
        let keeping = lease::keep(
            Arc::downgrade(&leases),
            released,
            link.clone(),
            Arc::clone(&scripts),
        );
        let thread = run(async move {
            tokio::join!(connection, hearing, keeping);
        });
        let thread = thread.map_err(|error| {
            OpenError::Place(format!("a thread for Redis can't be started: {error}"))
        })?;
        let limits = Limits {
            link: link.clone(),
            scripts: Arc::clone(&scripts),
            names: Arc::clone(&names),
            leases,
            clock: clock.clone(),
            cluster: address.cluster,
            shares: Shares::new(address.local_share, clock.clone()),
            instance,
            next: 0.into(),
        };
        let time = Arc::new(Expiry::new(clock));
        Ok(Self {
            limits,
            link,
            scripts,
            names,
            time,
            purges,
            instance,
            place: address.place,
            _thread: thread,
        })
    }
}

/// Runs the background work on a thread until the sender is dropped.
fn run(work: impl Future<Output = ()> + Send + 'static) -> std::io::Result<oneshot::Sender<()>> {
    let (running, ended) = oneshot::channel::<()>();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    thread::Builder::new()
        .name("edge-state-redis".into())
        .spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = work => {}
                    _ = ended => {}
                }
            });
        })?;
    Ok(running)
}

fn instance() -> u64 {
    let mut bytes = [0; 8];
    match getrandom::fill(&mut bytes) {
        Ok(()) => u64::from_ne_bytes(bytes),
        Err(_) => {
            std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), std::process::id())
        }
    }
}

impl Backend for Redis {
    fn take<'a>(&'a self, charges: &'a [Charge<'a>]) -> Answer<'a, Takings> {
        let takings = self.limits.at_hand(charges);
        if takings.len() == charges.len() {
            return Answer::Ready(Ok(takings));
        }
        Answer::wait(self.limits.ask(charges, takings))
    }

    fn get<'a>(&'a self, store: &Store<'_>, key: &[u8]) -> Answer<'a, Option<Bytes>> {
        stores::get(self, store, key)
    }

    fn put<'a>(
        &'a self,
        store: &Store<'_>,
        key: &[u8],
        value: &[u8],
        ttl: Option<Duration>,
    ) -> Answer<'a, ()> {
        stores::put(self, store, key, value, ttl)
    }

    fn delete<'a>(&'a self, store: &Store<'_>, key: &[u8]) -> Answer<'a, ()> {
        stores::delete(self, store, key)
    }

    fn increment<'a>(&'a self, counter: &Counter<'_>, key: &[u8], by: i64) -> Answer<'a, i64> {
        counters::increment(self, counter, key, by)
    }

    fn read<'a>(&'a self, counter: &Counter<'_>, key: &[u8]) -> Answer<'a, Option<i64>> {
        counters::read_value(self, counter, key)
    }

    fn list<'a>(
        &'a self,
        counter: &Counter<'_>,
        prefix: &[u8],
        at_most: usize,
    ) -> Answer<'a, Vec<(Bytes, i64)>> {
        counters::list(self, counter, prefix, at_most)
    }

    fn purge<'a>(&'a self, purge: &Purge) -> Answer<'a, ()> {
        // Here first. Without receivers nobody needs to hear it.
        let _ = self.purges.send(purge.clone());
        let Some(message) = purges::message(self.instance, purge) else {
            return Answer::Ready(Ok(()));
        };
        let mut command = redis::cmd("PUBLISH");
        command.arg(self.names.purges()).arg(message);
        Answer::wait(async move {
            self.link.send(&command).await?;
            Ok(())
        })
    }

    fn purges(&self) -> broadcast::Receiver<Purge> {
        self.purges.subscribe()
    }

    fn place(&self) -> &str {
        &self.place
    }
}

impl From<link::Refusal> for Failure {
    fn from(refusal: link::Refusal) -> Self {
        match refusal {
            link::Refusal::NoScript => {
                Failure::Unavailable("Redis lost a script while it was being sent".into())
            }
            link::Refusal::Failure(failure) => failure,
        }
    }
}
