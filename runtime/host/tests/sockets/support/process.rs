//! A server in a process of its own: this test's binary, started again.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;

use edge_abi::manifest::{Fail, Rate};
use edge_abi::output::scan::{Lane, OverLimit};
use edge_host::config::StateUrl;

use super::{Edge, Guest, PATIENCE};

/// Names the origin's URL for the process.
const ORIGIN: &str = "EDGE_TEST_ORIGIN";

/// Says whether its policy scans bodies.
const SCANS: &str = "EDGE_TEST_SCANS";

/// How many requests its limit lets through in a day, and where that is counted.
const AMOUNT: &str = "EDGE_TEST_AMOUNT";
const STATE: &str = "EDGE_TEST_STATE";

/// Not a test by itself: what the other process runs, until it gets a signal.
#[test]
fn server_process() {
    let Ok(url) = std::env::var(ORIGIN) else {
        return;
    };
    let mut guest = Guest::default().origin("shop", &url, |origin| origin.timeout_ms = 60_000);
    if std::env::var_os(SCANS).is_some() {
        for lane in [Lane::Request, Lane::Response] {
            guest = guest.scanning(lane, 1 << 30, OverLimit::Block);
        }
    }
    let mut config = Edge::config("/dev/null".into());
    if let Ok(amount) = std::env::var(AMOUNT) {
        let rate = Rate::TokenBucket {
            amount: amount.parse().unwrap(),
            per_ms: 86_400_000,
            burst: 0,
        };
        guest = guest.limited("test", rate, Fail::Closed);
        config.state.url = StateUrl::Text(std::env::var(STATE).unwrap());
    }
    config.shutdown_deadline = edge_host::config::Span(4 * PATIENCE);
    let server = Edge::bind(&guest, config).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let address = server.local_addr();
        // Printed when the signals are caught, which is before the first wait.
        let serving = server.run_until_signal();
        tokio::pin!(serving);
        tokio::select! {
            biased;
            served = &mut serving => served.unwrap(),
            () = std::future::ready(()) => println!("listening on {address}"),
        }
        serving.await.unwrap();
    });
}

/// A running server; killed when dropped.
pub struct Process {
    child: Child,
    pub address: SocketAddr,
    _output: BufReader<ChildStdout>,
}

impl Process {
    /// A server whose origin `shop` is at this URL.
    pub fn start(url: &str) -> Self {
        Self::with(url, |_| {})
    }

    /// The same, whose policy scans bodies both ways.
    pub fn scanning(url: &str) -> Self {
        Self::with(url, |command| {
            command.env(SCANS, "");
        })
    }

    /// A server without an origin, whose limit lets so many requests through in a day, as Redis counts.
    pub fn limited(redis: &str, amount: u64) -> Self {
        Self::with("http://127.0.0.1:9", |command| {
            command.env(AMOUNT, amount.to_string()).env(STATE, redis);
        })
    }

    fn with(url: &str, set: impl FnOnce(&mut Command)) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        set(&mut command);
        let mut child = command
            .args([
                "--exact",
                "support::process::server_process",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(ORIGIN, url)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let address = loop {
            let mut line = String::new();
            assert!(
                output.read_line(&mut line).unwrap() > 0,
                "the server has ended"
            );
            if let Some((_, address)) = line.split_once("listening on ") {
                break address.trim().parse().unwrap();
            }
        };
        Self {
            child,
            address,
            _output: output,
        }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal: `TERM`, `INT`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args(["-s", name, &self.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
    }

    /// Waits for its end.
    pub fn wait(self) -> ExitStatus {
        let (ended, end) = mpsc::channel();
        thread::spawn(move || {
            let mut process = self;
            ended.send(process.child.wait().unwrap()).unwrap();
        });
        end.recv_timeout(PATIENCE).expect("it ends in time")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
