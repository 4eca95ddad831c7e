//! A server under test, on a port of its own, with its log in a file.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use edge_host::config::{Config, LogTarget, Span};
use edge_host::engine::EngineOptions;
use edge_host::server::{Server, StartError};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::oneshot;

use super::{Client, Guest, PATIENCE};

/// A running server.
pub struct Edge {
    pub address: SocketAddr,
    /// Where operators are answered, if they are.
    pub admin: Option<SocketAddr>,
    folder: TempDir,
    shutdown: Option<oneshot::Sender<()>>,
    now: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Edge {
    /// A server with one worker and the default settings.
    pub fn start(guest: &Guest) -> Self {
        Self::with(guest, |_| {})
    }

    /// A server with settings that `set` changes.
    pub fn with(guest: &Guest, set: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Self::config(folder.path().join("access.log"));
        set(&mut config);
        let server = Self::bind(guest, config).unwrap();
        let (address, admin) = (server.local_addr(), server.admin_addr());
        let (shutdown, told) = oneshot::channel();
        let (now, told_again) = oneshot::channel();
        let thread = thread::spawn(move || run(server, told, told_again));
        Self {
            address,
            admin,
            folder,
            shutdown: Some(shutdown),
            now: Some(now),
            thread: Some(thread),
        }
    }

    /// One worker on any port.
    pub fn config(log: PathBuf) -> Config {
        let mut config = Config::default();
        config.listen = "127.0.0.1:0".parse().unwrap();
        config.workers = Some(1);
        config.log.target = LogTarget::File(log);
        config.shutdown_deadline = Span(PATIENCE);
        config
    }

    /// A server that isn't running yet.
    pub fn bind(guest: &Guest, config: Config) -> Result<Server, StartError> {
        Server::bind(config, &guest.wasm(), &EngineOptions::default())
    }

    /// A connection to it.
    pub fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    /// Asks it to stop, without waiting.
    pub fn shut_down(&mut self) {
        drop(self.shutdown.take());
    }

    /// Asks it to stop at once, without waiting.
    pub fn shut_down_now(&mut self) {
        self.shut_down();
        drop(self.now.take());
    }

    /// Waits until it has stopped, and gives the lines of its log.
    pub fn log(mut self) -> Vec<Value> {
        self.shut_down();
        self.thread.take().unwrap().join().unwrap();
        let text = std::fs::read_to_string(self.folder.path().join("access.log")).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The only line of its log.
    pub fn only_line(self) -> Value {
        let mut lines = self.log();
        assert_eq!(lines.len(), 1, "{lines:?}");
        lines.remove(0)
    }
}

/// Runs the server until the first channel is gone; the second one ends it at once.
/// Panics when it takes longer than a test may.
fn run(server: Server, told: oneshot::Receiver<()>, told_again: oneshot::Receiver<()>) {
    let (ended, end) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let shutdown = async { drop(told.await) };
        let now = async {
            // Dropped together with the test's handle: not a wish to end at once.
            drop(told_again.await);
        };
        ended
            .send(runtime.block_on(server.run(shutdown, now)))
            .unwrap();
    });
    // The server itself may run for as long as its test does.
    end.recv().unwrap().unwrap();
}
