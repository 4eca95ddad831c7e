//! What is kept of origins' answers, and how much.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use edge_cache::{ParentRegion, RedisRegion, Regional, Shelf};
use http::HeaderValue;
use serde::Deserialize;

use super::units::{self, Bytes, Span};
use super::{SecretError, SecretSource, StateUrl, Tls, ranges};
use crate::origin::{Address, OriginPlan, TlsError};
use crate::private::PrivateError;
use crate::region::Way;
use crate::token;

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
    /// The disk below memory. Default: none.
    pub disk: Option<Disk>,
    /// Where the regional tier is that several hosts share: `redis://host`, `rediss://host` (Redis or Valkey),
    /// `http://host[:port]`, `https://…` (the `children.listen` of another host), or `memory://`, which stands in for it on one
    /// machine. Default: `memory://`.
    pub regional: StateUrl,
    /// Where the token comes from that the other host wants: its `children.token`. Default: none.
    pub regional_token: Option<SecretSource>,
    /// What answers may take in that memory, from 1 MiB to 1 TiB. Default: `64MiB`.
    #[serde(deserialize_with = "ranges::size::<_, { 1 << 20 }, { 1 << 40 }>")]
    pub regional_memory: Bytes,
    /// Where other hosts ask whose regional tier that memory is. Default: nowhere.
    pub children: Option<Children>,
    /// Whether an answer is kept only when it is fetched the second time, so that what is asked for once drives nothing
    /// out. Default: false.
    pub second_time: bool,
    /// How long a request waits for the head of an answer that another one fetches; then it fetches for itself. Default: `10s`.
    #[serde(deserialize_with = "ranges::time")]
    pub wait: Span,
}

/// Why answers can't be kept where the settings say.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// A part of the regional tier's URL isn't where it should be.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// It is none.
    #[error(
        "`cache.regional` is no URL of a regional tier: `memory://`, `redis://host`, `rediss://host`, `http://host` or `https://host`"
    )]
    Url,
    /// Another host tells nobody anything without.
    #[error(
        "`cache.regional` is another host: a `cache.regional_token` is needed, its `cache.children.token`"
    )]
    NoToken,
    /// Trusted certificates can't be loaded.
    #[error("`cache.regional`: {0}")]
    Tls(#[from] TlsError),
    /// The way to the other host can't be set up, for want of a thread.
    #[error("`cache.regional`: {0}")]
    Thread(io::Error),
    /// Its children's answers would have to be elsewhere.
    #[error(
        "`[cache.children]` is about answers in this host's memory: `cache.regional` must be `memory://`"
    )]
    Children,
    /// A token can't be had, or the children's address.
    #[error(transparent)]
    Private(#[from] PrivateError),
    /// The disk can't be used.
    #[error("`cache.disk`: {0}")]
    Disk(#[from] edge_cache::OpenError),
}

/// Hosts whose parent this one is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Children {
    /// Address and port to listen on for them; port 0 lets the system choose.
    #[serde(deserialize_with = "units::address")]
    pub listen: SocketAddr,
    /// Where the token comes from that they must have: with it, any answer can be put into the cache.
    pub token: SecretSource,
}

/// Answers that survive the process, and bodies that are too long for memory.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disk {
    /// Its folder, of one host at a time.
    pub directory: PathBuf,
    /// What all its files may take together, from 1 MiB to 1 PiB. Default: `10GiB`.
    #[serde(
        default = "size",
        deserialize_with = "ranges::size::<_, { 1 << 20 }, { 1 << 50 }>"
    )]
    pub size: Bytes,
    /// The longest body that is kept there, from 1 KiB to 1 PiB. Default: a quarter of `size`.
    #[serde(
        default,
        deserialize_with = "ranges::some_size::<_, { 1 << 10 }, { 1 << 50 }>"
    )]
    pub max_object: Option<Bytes>,
    /// What may wait to be written, from 1 MiB to 1 TiB; beyond, answers are not written. Default: `64MiB`.
    #[serde(
        default = "queue",
        deserialize_with = "ranges::size::<_, { 1 << 20 }, { 1 << 40 }>"
    )]
    pub queue: Bytes,
}

fn size() -> Bytes {
    Bytes(10 << 30)
}

fn queue() -> Bytes {
    Bytes(64 << 20)
}

impl Disk {
    fn bounds(&self, folder: &Path) -> edge_cache::Disk {
        let mut disk = edge_cache::Disk::new(folder.join(&self.directory), self.size.0 as u64);
        if let Some(most) = self.max_object {
            disk.max_object = most.0 as u64;
        }
        disk.queue = self.queue.0 as u64;
        disk
    }
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            memory: Bytes(256 << 20),
            max_object: Bytes(8 << 20),
            max_filling: Bytes(128 << 20),
            host_quota: None,
            disk: None,
            regional: StateUrl::default(),
            regional_token: None,
            regional_memory: Bytes(64 << 20),
            children: None,
            second_time: false,
            wait: Span::from_secs(10),
        }
    }
}

impl Cache {
    /// The bounds of the cache. A relative directory starts at `folder`. `tls` is how another host is trusted.
    ///
    /// # Errors
    /// A URL of the regional tier that is none or can't be used, or whose secret isn't where it should be.
    pub fn bounds(&self, folder: &Path, tls: &Tls) -> Result<edge_cache::Config, CacheError> {
        let regional = self.regional(folder, tls)?;
        Ok(self.bounds_with(regional, folder))
    }

    /// The bounds of the cache of a test: in memory.
    #[must_use]
    pub fn of_test() -> edge_cache::Config {
        let cache = Self::default();
        cache.bounds_with(cache.in_memory(), Path::new(""))
    }

    fn in_memory(&self) -> Regional {
        Regional::Memory(Shelf::new(self.regional_memory.0 as u64))
    }

    fn regional(&self, folder: &Path, tls: &Tls) -> Result<Regional, CacheError> {
        let url = self.regional.reveal("cache.regional", folder)?;
        match url.split_once("://") {
            Some(("memory", "")) => Ok(self.in_memory()),
            Some(("redis" | "rediss", _)) => {
                let redis = RedisRegion::new(&url).ok_or(CacheError::Url)?;
                Ok(Regional::Redis(redis))
            }
            Some(("http" | "https", _)) => self.parent(&url, folder, tls),
            _ => Err(CacheError::Url),
        }
    }

    fn parent(&self, url: &str, folder: &Path, tls: &Tls) -> Result<Regional, CacheError> {
        let ca = tls.ca.as_deref().map(|ca| folder.join(ca));
        let address = Address::parse(url).ok_or(CacheError::Url)?;
        let plan = OriginPlan::one(address, ca.as_deref())?;
        let host = url.parse::<http::Uri>().ok();
        let host = host.as_ref().and_then(http::Uri::authority);
        let host = host.and_then(|host| HeaderValue::from_str(host.as_str()).ok());
        let source = self.regional_token.as_ref().ok_or(CacheError::NoToken)?;
        let token = token::authorization("cache.regional_token", source, folder)?;
        let way =
            Way::start(plan, host.ok_or(CacheError::Url)?, token).map_err(CacheError::Thread)?;
        Ok(Regional::Parent(ParentRegion::new(Arc::new(way))))
    }

    fn bounds_with(&self, regional: Regional, folder: &Path) -> edge_cache::Config {
        let memory = self.memory.0 as u64;
        edge_cache::Config {
            memory,
            max_object: (self.max_object.0 as u64).min(memory),
            max_filling: self.max_filling.0 as u64,
            host_quota: self.host_quota.map(|quota| quota.0 as u64),
            wait: self.wait.0,
            second_time: self.second_time,
            disk: self.disk.as_ref().map(|disk| disk.bounds(folder)),
            regional: Some(regional),
            ..edge_cache::Config::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_needs_a_host() {
        for (url, fits) in [
            ("memory://", true),
            ("redis://127.0.0.1", true),
            ("redis://", false),
            ("redis://:0", false),
            ("memory://x", false),
            ("file:///x", false),
            ("http://127.0.0.1:9", true),
            ("http://127.0.0.1:9/x", false),
            ("http://", false),
            ("http://u:p@127.0.0.1", false),
        ] {
            let text = format!("regional = \"{url}\"\nregional_token = {{ env = \"PATH\" }}");
            let fit = toml::from_str::<Cache>(&text)
                .is_ok_and(|cache| cache.bounds(Path::new(""), &Tls::default()).is_ok());
            assert_eq!(fit, fits, "{url}");
        }
    }
}
