//! The server under test.

use std::net::SocketAddr;
use std::thread::{self, JoinHandle};

use edge_compiler::source::NoFiles;
use edge_host::config::{Config, LogTarget};
use edge_host::engine::EngineOptions;
use edge_host::server::Server;
use tokio::sync::oneshot;

/// A running server; it ends when it is dropped.
pub struct Edge {
    pub address: SocketAddr,
    shutdown: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Edge {
    /// A server with this policy, in which `ORIGIN` stands for the origin's address.
    pub fn start(policy: &str, origin: SocketAddr) -> Self {
        let text = policy.replace("ORIGIN", &origin.to_string());
        let (_, lowered) = edge_compiler::compile("policy.edge", &text, &NoFiles)
            .unwrap_or_else(|report| panic!("{report:?}"));
        let mut config = Config::default();
        config.listen = "127.0.0.1:0".parse().unwrap();
        config.workers = Some(2);
        config.log.target = LogTarget::Off;
        let server = Server::bind(config, &lowered.wasm, &EngineOptions::default()).unwrap();
        let address = server.local_addr();
        let (shutdown, told) = oneshot::channel();
        let thread = thread::spawn(move || run(server, told));
        Self {
            address,
            shutdown: Some(shutdown),
            thread: Some(thread),
        }
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        drop(self.shutdown.take());
        let ended = self.thread.take().unwrap().join();
        assert!(ended.is_ok() || thread::panicking());
    }
}

/// Serves until the channel is gone, then ends at once.
fn run(server: Server, told: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let shutdown = async { drop(told.await) };
    runtime
        .block_on(server.run(shutdown, std::future::ready(())))
        .unwrap();
}
