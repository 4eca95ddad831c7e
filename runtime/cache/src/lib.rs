//! A shared HTTP cache.
//!
//! * [`semantics`]: HTTP caching (RFC 9111 and its kin) as plain functions.
//!
//! It knows neither policies nor sockets: the host makes the keys, asks, and fetches. Times are parameters, in milliseconds
//! since 1970, so that tests can move them.

pub mod semantics;
