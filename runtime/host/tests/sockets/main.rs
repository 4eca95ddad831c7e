//! The host over real sockets: clients and origins that behave, and those that don't.
//!
//! Clients and origins are plain blocking threads that write and read exact bytes; only
//! the server under test is asynchronous. Every read has a time limit, so a test that
//! would hang fails instead.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod admin;
mod failures;
mod framing;
mod heads;
mod interim;
mod limits;
mod logging;
mod memory;
mod proxying;
mod redis;
mod request_scans;
mod response_scans;
mod shutdown;
mod state;
mod support;
mod tls;
mod trust;
