//! What is kept of origins' answers, and how much.

use edge_cache::{Regional, Shelf};
use serde::Deserialize;

use super::ranges;
use super::units::{Bytes, Span};

/// The cache of all `cache` blocks of the policy.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cache {
    /// What all answers in memory may take together, from 1 MiB to 1 TiB. Default: `256MiB`.
    #[serde(deserialize_with = "ranges::size::<_, { 1 << 20 }, { 1 << 40 }>")]
    pub memory: Bytes,
    /// The longest body that is kept in memory, from 1 KiB to 1 GiB and no more than `memory`. Default: `8MiB`.
    #[serde(deserialize_with = "ranges::size::<_, { 1 << 10 }, { 1 << 30 }>")]
    pub max_object: Bytes,
    /// What all bodies may take together that are on their way into the cache, from 1 MiB to 1 TiB; beyond, new ones are
    /// passed on and not kept. Default: `128MiB`.
    #[serde(deserialize_with = "ranges::size::<_, { 1 << 20 }, { 1 << 40 }>")]
    pub max_filling: Bytes,
    /// What the answers of one host name may take in memory, from 1 MiB to 1 TiB. Default: no bound of its own.
    #[serde(deserialize_with = "ranges::some_size::<_, { 1 << 20 }, { 1 << 40 }>")]
    pub host_quota: Option<Bytes>,
    /// What answers may take that are kept for the regional tier in this machine's memory, which stands in for it where no
    /// other place is named; from 1 MiB to 1 TiB. Default: `64MiB`.
    #[serde(deserialize_with = "ranges::size::<_, { 1 << 20 }, { 1 << 40 }>")]
    pub regional_memory: Bytes,
    /// Whether an answer is kept only when it is fetched the second time, so that what is asked for once drives nothing
    /// out. Default: false.
    pub second_time: bool,
    /// How long a request waits for the head of an answer that another one fetches; then it fetches for itself. Default: `10s`.
    #[serde(deserialize_with = "ranges::time")]
    pub wait: Span,
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            memory: Bytes(256 << 20),
            max_object: Bytes(8 << 20),
            max_filling: Bytes(128 << 20),
            host_quota: None,
            regional_memory: Bytes(64 << 20),
            second_time: false,
            wait: Span::from_secs(10),
        }
    }
}

impl Cache {
    /// The bounds of the cache.
    #[must_use]
    pub fn bounds(&self) -> edge_cache::Config {
        let memory = self.memory.0 as u64;
        edge_cache::Config {
            memory,
            max_object: (self.max_object.0 as u64).min(memory),
            max_filling: self.max_filling.0 as u64,
            host_quota: self.host_quota.map(|quota| quota.0 as u64),
            wait: self.wait.0,
            second_time: self.second_time,
            regional: Some(Regional::Memory(Shelf::new(self.regional_memory.0 as u64))),
            ..edge_cache::Config::default()
        }
    }
}
