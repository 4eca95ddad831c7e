//! Asking, fetching, filling and purging, as a host does it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod answers;
mod flights;
mod purges;
mod site;
mod tiers;
