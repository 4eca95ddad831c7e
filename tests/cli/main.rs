//! The command line, run as its users run it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod build;
mod check;
mod explain;
mod inspect;
mod killed;
mod killed_cache;
mod new;
mod purge;
mod regional;
mod serve;
mod served;
mod support;
mod test;
