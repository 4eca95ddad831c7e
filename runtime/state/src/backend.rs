//! The one interface of all backends.

use std::time::Duration;

use bytes::Bytes;
use tokio::sync::broadcast;

use crate::{Answer, Charge, Takings};

/// A store's declaration: keys with values.
#[derive(Clone, Copy, Debug)]
pub struct Store<'a> {
    /// Its name, at most 255 bytes.
    pub name: &'a str,
    /// How long a value lives when `put` does not say; for ever when there is none.
    pub ttl: Option<Duration>,
    /// The longest value, in bytes. A backend has its own limit beside it.
    pub max_value: usize,
}

/// A counter's declaration: keys with numbers.
#[derive(Clone, Copy, Debug)]
pub struct Counter<'a> {
    /// Its name, at most 255 bytes.
    pub name: &'a str,
    /// How long a key lives after it was last incremented; for ever when there is none.
    pub expire: Option<Duration>,
    /// Whether `list` will be asked for. In Redis, that takes an index and, in a cluster, one node for all keys.
    pub listed: bool,
}

/// What caches should forget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purge {
    /// All that has the tag.
    Tag(Bytes),
    /// All of a path.
    Path(Bytes),
    /// Anything: the connection to the other instances was lost for a while, and purges may have been missed.
    Missed,
}

/// Where a host keeps what policies remember.
///
/// Keys of stores and counters have at most 1,024 bytes, any bytes and also none. No operation is tried a second time when it is not known whether it has happened.
pub trait Backend: Send + Sync {
    /// Charges limits in their order and stops after the first that refuses; what was taken before it stays taken.
    ///
    /// The answer has as many entries as there are charges.
    fn take<'a>(&'a self, charges: &'a [Charge<'a>]) -> Answer<'a, Takings>;

    /// A store's value.
    fn get<'a>(&'a self, store: &Store<'_>, key: &[u8]) -> Answer<'a, Option<Bytes>>;

    /// Sets a value. It lives for `ttl`, or else as long as the store says. A ttl of zero deletes.
    fn put<'a>(
        &'a self,
        store: &Store<'_>,
        key: &[u8],
        value: &[u8],
        ttl: Option<Duration>,
    ) -> Answer<'a, ()>;

    /// Deletes a value, if there is one.
    fn delete<'a>(&'a self, store: &Store<'_>, key: &[u8]) -> Answer<'a, ()>;

    /// Adds to a counter and gives its new value, which stops at the ends of an `i64`. A key that is not there counts as 0.
    fn increment<'a>(&'a self, counter: &Counter<'_>, key: &[u8], by: i64) -> Answer<'a, i64>;

    /// A counter's value; none when it was never incremented, or has expired.
    fn read<'a>(&'a self, counter: &Counter<'_>, key: &[u8]) -> Answer<'a, Option<i64>>;

    /// The keys that begin with `prefix`, and their values: the first `at_most` in the order of their bytes.
    /// The counter must be declared `listed`; of others, Redis knows no keys.
    fn list<'a>(
        &'a self,
        counter: &Counter<'_>,
        prefix: &[u8],
        at_most: usize,
    ) -> Answer<'a, Vec<(Bytes, i64)>>;

    /// Tells all instances, this one included, to forget. In this one it is heard before the answer is there.
    fn purge<'a>(&'a self, purge: &Purge) -> Answer<'a, ()>;

    /// Hears the purges of this and other instances from now on. Who lags behind by more than 1,024 misses some and is told so.
    fn purges(&self) -> broadcast::Receiver<Purge>;

    /// Its URL for logs, without passwords.
    fn place(&self) -> &str;
}

/// How many purges a receiver can lag behind.
pub(crate) const PURGES: usize = 1024;
