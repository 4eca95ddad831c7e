//! Asking, fetching, filling and purging, as a host does it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod answers;
mod checked;
mod damage;
mod disk;
mod flights;
mod full;
mod killed;
mod parent;
mod purges;
mod redis;
mod region;
mod site;
mod tiers;
mod tiers_model;
