//! What every test needs: a policy, a server that runs it, an origin and a client.

pub mod client;
pub mod edge;
pub mod guest;
pub mod origin;
pub mod outputs;
pub mod process;
#[allow(dead_code, reason = "the tests of the state itself use all of it")]
#[path = "../../../../state/tests/backends/server.rs"]
pub mod redis_server;

use std::time::Duration;

pub use client::Client;
pub use edge::Edge;
pub use guest::Guest;
pub use origin::Origin;
pub use process::Process;

/// Longest time that a test waits for anything.
pub const PATIENCE: Duration = Duration::from_secs(20);
