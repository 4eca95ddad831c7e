//! All backends, held against one plain model and against what can happen to them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod agreement;
mod cluster;
mod damage;
mod edges;
mod fleet;
mod killed;
mod leases;
mod local_share;
mod model;
mod outage;
mod purges;
mod real_time;
mod server;
mod steps;
mod tls;

use std::process::{Command, Stdio};

/// One of these tests in a process of its own, which a variable tells what to do: without it, it does nothing.
fn child(test: &str, variable: &str, value: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]);
    command
        .env(variable, value)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    command
}

/// A number that a variable of the environment may raise.
fn number(variable: &str, default: usize) -> usize {
    std::env::var(variable).map_or(default, |text| text.parse().expect("a number"))
}
