//! What policies remember: limits, stores and counters.
//!
//! One trait, [`Backend`], and three places behind it, chosen by URL with [`open`]:
//!
//! * [`memory`]: in this process, within a number of bytes. Nothing survives it;
//! * [`file`]: stores and counters in a file that survives the process and the machine's crash; limits in memory;
//! * [`redis`]: all of it in Redis or Valkey, for a fleet of hosts.
//!
//! The host calls it; a policy only says what it needs. Limits count with [`bucket`] (GCRA) or [`window`] (exact
//! sliding window), whose arithmetic is the same in every backend and held against one plain model by the tests.
//! Time comes from a [`Clock`], which tests can move.
//!
//! This crate fails, it does not decide: whether a limit that can't be asked lets a request pass is the host's question.

#![cfg_attr(doc, allow(rustdoc::private_intra_doc_links))]

mod address;
mod answer;
mod backend;
mod bucket;
mod clock;
mod failure;
pub mod file;
mod key;
mod limit;
pub mod memory;
mod open;
pub mod redis;
mod taken;
mod window;

pub use answer::{Answer, Awaited, Waiting};
pub use backend::{Backend, Counter, Purge, Store};
pub use clock::Clock;
pub use failure::{Failure, OpenError};
pub use key::{MAX_KEY, MAX_VALUE};
pub use limit::{Charge, Kind, Limit, LimitError, MAX_LOGGED, MAX_NAME, MAX_PRODUCT};
pub use open::open;
pub use taken::{Lease, Quota, Taken, Takings};
