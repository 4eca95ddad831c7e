//! How answers of origins are kept.

use super::Expr;
use edge_abi::manifest;

/// A cache.
#[derive(Debug, Clone)]
pub struct Cache {
    /// What a host knows of it.
    pub declared: manifest::Cache,
    /// What of the query reaches an origin: a list of names, as [`edge_kernels::filter`] reads it.
    pub query: Option<Vec<u8>>,
    /// What is added to the key: strings.
    pub key: Vec<Expr>,
    /// An answer is kept only where this holds.
    pub only_when: Option<Expr>,
    /// How long it is fresh, in milliseconds: the first whose condition holds; the last may have none.
    pub ttl: Vec<(u64, Option<Expr>)>,
    /// Its tags: strings. An empty one is none.
    pub tags: Vec<Expr>,
}

impl Cache {
    /// Whether anything about an answer decides how it is kept.
    #[must_use]
    pub fn admits(&self) -> bool {
        self.only_when.is_some() || !self.ttl.is_empty() || !self.tags.is_empty()
    }

    /// What decides how an answer is kept.
    pub fn admission(&self) -> impl Iterator<Item = &Expr> {
        let conditions = self.ttl.iter().filter_map(|(_, when)| when.as_ref());
        self.only_when.iter().chain(conditions).chain(&self.tags)
    }
}

/// The cache of a `proxy`.
#[derive(Debug, Clone)]
pub struct Cached {
    /// Its index.
    pub cache: u32,
    /// What is added to the key: a string.
    pub key: Option<Expr>,
    /// See [`Cache::query`].
    pub query: Option<Vec<u8>>,
    /// The query is sorted by its names.
    pub sorts: bool,
}
