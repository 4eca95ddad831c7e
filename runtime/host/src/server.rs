//! The server: sockets in front, a policy in the middle, origins behind.
//!
//! [`Server::bind`] checks everything that can be wrong before a client can notice, and
//! [`Server::run`] serves on one thread for each worker until it is told to stop. A
//! worker shares nothing with the others but the port, the policy's code and the log.

mod body;
mod connection;
mod finish;
mod listener;
mod refuse;
mod stream;
mod watch;
mod worker;

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::thread;
use std::time::Duration;

use tokio::sync::{mpsc, watch as channel};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use crate::access_log::{AccessLog, LogError, LogFile};
use crate::admin::Admin;
use crate::config::{CacheError, Config, SecretError, StateError};
use crate::engine::{Engine, EngineError, EngineOptions, GuestError, LoadError, Policy};
use crate::metrics::Exposition;
use crate::origin::{OriginError, OriginPlan};
use crate::private::PrivateError;
use crate::region::Children;
use crate::settings::{Deployment, SettingsError};
use crate::sources::SystemClock;

/// How long the log may take for its last lines.
const LAST_LINES: Duration = Duration::from_secs(5);

/// How long the cache may take to write what it has to its disk.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

/// A policy on a port, not serving yet.
pub struct Server {
    config: Config,
    deployment: Arc<Deployment>,
    plan: OriginPlan,
    log: AccessLog,
    listeners: Vec<TcpListener>,
    address: SocketAddr,
    admin: Option<Admin>,
    children: Option<Children>,
    /// Connections of all workers.
    connections: Arc<AtomicUsize>,
}

/// Why a server can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The WebAssembly engine can't be set up.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The module isn't a policy.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A secret isn't where it should be.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// What the policy remembers can't be kept where the settings say.
    #[error(transparent)]
    State(#[from] StateError),
    /// What is kept of origins' answers can't be kept where the settings say.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The settings don't fit the policy.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// An origin can't be used.
    #[error(transparent)]
    Origin(#[from] OriginError),
    /// The log can't be opened.
    #[error(transparent)]
    Log(#[from] LogError),
    /// Operators can't be served.
    #[error(transparent)]
    Admin(#[from] PrivateError),
    /// The port can't be had.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// Why a server stopped although nobody told it to.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The system refused something that every worker needs.
    #[error("a worker can't serve: {0}")]
    Io(#[from] io::Error),
    /// The policy can't be instantiated.
    #[error(transparent)]
    Guest(#[from] GuestError),
    /// A worker panicked.
    #[error("a worker panicked")]
    Panic,
}

/// What a server is doing. Stages only follow each other in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Taking connections.
    Serving,
    /// Finishing what is in flight.
    Draining,
    /// Dropping what is left.
    Ending,
}

impl Server {
    /// Loads a policy's module, gives it its settings, opens the log and the port.
    ///
    /// # Errors
    /// [`StartError`], by what is wrong.
    pub fn bind(config: Config, wasm: &[u8], options: &EngineOptions) -> Result<Self, StartError> {
        let engine = Engine::new(options)?;
        let policy = Arc::new(Policy::load(&engine, wasm)?);
        let plan = OriginPlan::new(policy.manifest(), &config)?;
        let mut settings = config.settings()?;
        settings.backends = Some(config.state.open(&config.folder)?);
        let bounds = config.cache.bounds(&config.folder, &config.tls)?;
        let children = Children::bind(&config, bounds.regional.as_ref())?;
        if !policy.manifest().caches.is_empty() {
            let store = edge_cache::Cache::open(bounds).map_err(CacheError::Disk)?;
            settings.cache = Some(store);
        }
        let deployment = Arc::new(Deployment::new(policy, settings)?);
        let log = AccessLog::open(&config)?;
        let admin = Admin::bind(&config)?;
        let address = config.listen;
        let unavailable = |source| StartError::Listen { address, source };
        let listeners = listener::open(address, config.worker_count()).map_err(unavailable)?;
        let address = match listeners.first() {
            Some(listener) => listener.local_addr().map_err(unavailable)?,
            None => address,
        };
        Ok(Self {
            config,
            deployment,
            plan,
            log,
            listeners,
            address,
            admin,
            children,
            connections: Arc::default(),
        })
    }

    /// Where it listens: with the port that the system chose if the settings say 0.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Where operators are served, if they are.
    #[must_use]
    pub fn admin_addr(&self) -> Option<SocketAddr> {
        self.admin.as_ref().map(Admin::local_addr)
    }

    /// Where the hosts ask whose parent this one is, if there are any.
    #[must_use]
    pub fn children_addr(&self) -> Option<SocketAddr> {
        self.children.as_ref().map(Children::local_addr)
    }

    /// Serves until `shutdown` is ready; then takes no new connections, finishes what is
    /// in flight until the deadline of the settings passes or `now` is ready, and writes
    /// the log to its end.
    ///
    /// # Errors
    /// [`ServeError`] when a worker can't go on; the others are stopped at once.
    pub async fn run(
        mut self,
        shutdown: impl Future<Output = ()>,
        now: impl Future<Output = ()>,
    ) -> Result<(), ServeError> {
        let deadline = self.config.shutdown_deadline.0;
        let looking = tokio::spawn(look_for_state(self.deployment.clone()));
        let keeping = tokio::spawn(keep_up_caches(self.deployment.clone()));
        let telling = self.serve_operators();
        let lending = self.serve_children();
        let store = self
            .deployment
            .caches()
            .map(|caches| caches.store().clone());
        let (stage, _) = channel::channel(Stage::Serving);
        let (log, mut workers) = self.start(&stage);
        let served = workers.serve(&stage, shutdown, now, deadline).await;
        looking.abort();
        telling.abort();
        lending.abort();
        keeping.abort();
        if let Some(store) = &store
            && tokio::time::timeout(LAST_ANSWERS, store.flush())
                .await
                .is_err()
        {
            eprintln!("what is kept of origins' answers could not be written to its end");
        }
        // The thread of the log ends when the last worker's handle is gone.
        let finished = tokio::task::spawn_blocking(move || log.finish(LAST_LINES));
        if !finished.await.unwrap_or(false) {
            eprintln!("the access log could not be written to its end");
        }
        served
    }

    /// Serves until SIGTERM or SIGINT, then as [`Server::run`] does; a second signal ends
    /// it at once. SIGHUP opens the log's file again.
    ///
    /// # Errors
    /// As [`Server::run`].
    pub async fn run_until_signal(self) -> Result<(), ServeError> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hangup = signal(SignalKind::hangup())?;
        let log = self.log.file();
        let (told, mut signals) = mpsc::unbounded_channel();
        let listening = tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                    _ = hangup.recv() => {
                        reopen(&log);
                        continue;
                    }
                }
                if told.send(()).is_err() {
                    return;
                }
            }
        });
        let (first, second) = tokio::sync::oneshot::channel();
        let shutdown = async {
            signals.recv().await;
            let _ = first.send(signals);
        };
        let now = async {
            match second.await {
                Ok(mut signals) => drop(signals.recv().await),
                Err(_) => std::future::pending().await,
            }
        };
        let served = self.run(shutdown, now).await;
        listening.abort();
        served
    }

    /// Answers operators beside the workers, to the end of what these have in flight.
    fn serve_operators(&mut self) -> JoinHandle<()> {
        let admin = self.admin.take();
        let exposition = Exposition::new(
            self.deployment.clone(),
            self.connections.clone(),
            self.log.handle().dropped(),
        );
        let deployment = self.deployment.clone();
        tokio::spawn(async move {
            let Some(admin) = admin else { return };
            if let Err(error) = admin.serve(exposition, deployment).await {
                eprintln!("operators are not answered: {error}");
            }
        })
    }

    /// Answers the hosts whose parent this one is.
    fn serve_children(&mut self) -> JoinHandle<()> {
        let children = self.children.take();
        tokio::spawn(async move {
            let Some(children) = children else { return };
            if let Err(error) = children.serve().await {
                eprintln!("no other host is answered: {error}");
            }
        })
    }

    fn start(self, stage: &channel::Sender<Stage>) -> (AccessLog, Workers) {
        let (ended, results) = mpsc::unbounded_channel();
        let mut running = 0;
        for (number, listener) in self.listeners.into_iter().enumerate() {
            let start = worker::Start {
                deployment: self.deployment.clone(),
                plan: self.plan.clone(),
                log: self.log.handle(),
                config: self.config.clone(),
                listener,
                connections: self.connections.clone(),
                stage: stage.subscribe(),
            };
            let told = ended.clone();
            let run = move || {
                let served = catch_unwind(AssertUnwindSafe(|| worker::run(start)));
                // Nobody listens when the server itself was given up.
                let _ = told.send(served.unwrap_or(Err(ServeError::Panic)));
            };
            match thread::Builder::new()
                .name(format!("worker-{number}"))
                .spawn(run)
            {
                Ok(_) => {}
                Err(error) => drop(ended.send(Err(error.into()))),
            }
            running += 1;
        }
        (self.log, Workers { running, results })
    }
}

/// Says so when what the policy remembers is not there: it may come later, and until then each declaration
/// fails as it says.
async fn look_for_state(deployment: Arc<Deployment>) {
    let state = deployment.state();
    if !state.is_used() {
        return;
    }
    for (place, failure) in state.backends().look().await {
        eprintln!("{place}: {failure}; serving without it until it is there");
    }
}

async fn keep_up_caches(deployment: Arc<Deployment>) {
    if let Some(caches) = deployment.caches() {
        caches.keep_up(SystemClock).await;
    }
}

/// Opens the log's file again, and says so.
fn reopen(log: &LogFile) {
    match log.reopen() {
        Ok(true) => eprintln!("SIGHUP: opened the access log {log} again"),
        Ok(false) => eprintln!("SIGHUP: nothing to do, the access log is not a file"),
        Err(error) => eprintln!("SIGHUP: {error}; the access log goes on as it was"),
    }
}

/// The workers' threads.
struct Workers {
    running: usize,
    /// How each of them ended.
    results: mpsc::UnboundedReceiver<Result<(), ServeError>>,
}

impl Workers {
    async fn serve(
        &mut self,
        stage: &channel::Sender<Stage>,
        shutdown: impl Future<Output = ()>,
        now: impl Future<Output = ()>,
        deadline: Duration,
    ) -> Result<(), ServeError> {
        let mut served = tokio::select! {
            ended = self.finish() => Some(ended),
            () = shutdown => None,
        };
        if served.is_none() {
            stage.send_replace(Stage::Draining);
            served = tokio::select! {
                ended = self.finish() => Some(ended),
                () = sleep_until(Instant::now() + deadline) => None,
                () = now => None,
            };
        }
        stage.send_replace(Stage::Ending);
        let rest = self.finish().await;
        served.unwrap_or(Ok(())).and(rest)
    }

    /// Waits until all have ended, or until the first that failed.
    async fn finish(&mut self) -> Result<(), ServeError> {
        while self.running > 0 {
            let Some(ended) = self.results.recv().await else {
                return Ok(());
            };
            self.running -= 1;
            ended?;
        }
        Ok(())
    }
}
