//! A shared HTTP cache.
//!
//! * [`semantics`]: HTTP caching (RFC 9111 and its kin) as plain functions;
//! * [`storage`]: keys, stored answers, the memory tier, purges;
//! * [`Cache`]: the question of the host for each request ([`Cache::ask`]), one fetch for many clients ([`Fetch`]), and
//!   bodies that are read as they grow ([`Filler`], [`CacheBody`]).
//!
//! It knows neither policies nor sockets: the host makes the keys, asks, and fetches. Times are parameters, in milliseconds
//! since 1970, so that tests can move them. Everything is bounded by [`Config`]. A cache is shared by all threads; no lock
//! is held while anybody waits.

pub mod semantics;
pub mod storage;

mod counters;
mod driver;

pub use counters::{Count, Counters, DiskCounters, RegionalCounters};
pub use driver::cache::Cache;
pub use driver::{
    Answer, Answered, Ask, Asked, BrokenOff, CacheBody, Config, Ended, Fetch, Filler, How, Origin,
    Passed,
};
pub use semantics::rules::{Admit, Respect, Rules};
pub use semantics::status::{CacheStatus, Forward};
pub use storage::disk::{Disk, OpenError};
pub use storage::key::{Key, KeyBuilder};
pub use storage::place::Place;
pub use storage::purge::Purge;
pub use storage::regional::{Parent, ParentAnswer, ParentRegion, RedisRegion, Regional, Shelf};
