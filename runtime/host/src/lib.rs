//! The bundled host: runs a policy's module on real traffic.
//!
//! A policy is a pure function in WebAssembly. This crate hands it the facts of a
//! request and carries out what it answers:
//!
//! * [`engine`] loads a module, refuses what is not a policy, and calls it;
//! * [`input`] writes the facts into the guest's memory, [`output`] checks what
//!   comes back, both in place;
//! * [`exchange`] is the state machine of one request, over an [`upstream`] that
//!   may be sockets, memory or anything else;
//! * [`state`] is what policies remember between requests, and where; [`cache`] is what they keep of origins' answers;
//! * [`testing`] runs the policy's own tests with that same machine;
//! * [`server`] listens and serves, [`origin`] is the upstream of real sockets,
//!   [`access_log`] keeps what happened, `metrics` counts it, `admin` tells operators,
//!   [`private`] is an address for those who have a token, `region` what hosts tell each other over one, [`config`] is what they
//!   set;
//! * [`demo`] stands in for origins that aren't there yet.
//!
//! A worker is single-threaded: each thread has its own guest instance, and
//! futures and bodies need not be `Send`.

pub mod access_log;
pub mod admin;
pub mod cache;
pub mod config;
pub mod demo;
pub mod engine;
pub mod exchange;
pub mod file;
#[cfg(test)]
mod fixture;
mod headers;
pub mod input;
mod interim;
mod metrics;
pub mod origin;
pub mod output;
pub mod private;
mod region;
pub mod server;
pub mod settings;
pub mod sources;
pub mod state;
pub mod target;
pub mod tasks;
pub mod testing;
mod token;
pub mod upstream;
