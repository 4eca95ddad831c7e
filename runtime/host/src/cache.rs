//! The answers of origins that a host keeps, and a policy's rules for them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use edge_abi::manifest::{self, Manifest};
use edge_cache::{Cache, Config, Place, Purge as Purged, Respect, Rules};
use edge_state::Purge;
use http::uri::Scheme;
use http::{HeaderName, Method};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::TryRecvError;

use crate::sources::Clock;
use crate::state::Backends;

/// How long a purge waits until it is safe.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often what was purged is looked after.
const PAUSE: Duration = Duration::from_secs(1);

/// A policy's caches. All have one store, in which the cache's name is part of each key.
#[derive(Debug)]
pub struct Caches {
    store: Cache,
    /// By the manifest's index.
    caches: Box<[Declared]>,
    /// Where purges are heard.
    purges: Mutex<broadcast::Receiver<Purge>>,
}

/// One `cache` block.
#[derive(Debug)]
pub(crate) struct Declared {
    pub(crate) rules: Arc<Rules>,
    methods: Box<[Method]>,
    /// What its keys begin with.
    pub(crate) name: Box<str>,
    /// Whether the guest is asked about each answer.
    pub(crate) admits: bool,
}

impl Caches {
    /// The caches of a policy; none when it has none. `store` is where answers are kept; without it, in a memory of its own.
    pub(crate) fn new(
        manifest: &Manifest,
        store: Option<Cache>,
        namespace: Option<&str>,
        backends: &Backends,
    ) -> Option<Self> {
        if manifest.caches.is_empty() {
            return None;
        }
        let namespace = namespace.unwrap_or(&manifest.name);
        let declared = |cache| Declared::new(namespace, cache);
        Some(Caches {
            store: store.unwrap_or_else(|| Cache::new(Config::default())),
            caches: manifest.caches.iter().map(declared).collect(),
            purges: Mutex::new(backends.purges()),
        })
    }

    /// Where answers are kept.
    #[must_use]
    pub fn store(&self) -> &Cache {
        &self.store
    }

    pub(crate) fn get(&self, index: u32) -> Option<&Declared> {
        self.caches.get(index as usize)
    }

    /// Forgets all that was purged so far, and waits until it would outlive this host and is known to the region, but not
    /// for long. Whether it is.
    pub(crate) async fn settle(&self, now: u64) -> bool {
        // another thread may be at it: until it has ended, what it took counts as not forgotten
        let purges = self.purges.lock();
        self.take(&mut purges.unwrap_or_else(PoisonError::into_inner), now);
        let safe = tokio::time::timeout(PATIENCE, self.store.purged());
        safe.await.unwrap_or(false)
    }

    /// Frees what was purged, as long as it runs, and hears of purges without any request.
    pub(crate) async fn keep_up(&self, clock: impl Clock) {
        loop {
            tokio::time::sleep(PAUSE).await;
            self.hear(clock.now_ms());
            self.store.tidy().await;
        }
    }

    /// Forgets what this host and others have purged since it was last called. Cheap when nothing was, and when another
    /// thread does it.
    pub(crate) fn hear(&self, now: u64) {
        if let Ok(mut purges) = self.purges.try_lock() {
            self.take(&mut purges, now);
        }
    }

    fn take(&self, purges: &mut broadcast::Receiver<Purge>, now: u64) {
        if purges.is_empty() {
            return;
        }
        loop {
            match purges.try_recv() {
                Ok(Purge::Tag(tag)) => self.store.purge(Purged::Tag(&tag), false, now),
                Ok(Purge::Path(path)) => self.store.purge(Purged::Path(None, &path), false, now),
                // What was missed may have been anything; what is stale is asked for again.
                Ok(Purge::Missed) | Err(TryRecvError::Lagged(_)) => {
                    self.store.purge(Purged::All, true, now);
                }
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }
}

impl Declared {
    fn new(namespace: &str, cache: &manifest::Cache) -> Self {
        // The names were checked when the module was loaded.
        let (beginnings, names): (Vec<_>, Vec<_>) =
            cache.strip.iter().partition(|name| name.ends_with('*'));
        let rules = Rules {
            ttl: cache.edge_ms,
            regional_ttl: cache.regional_ms,
            respect: match cache.respect {
                manifest::Respect::Origin => Respect::Origin,
                manifest::Respect::Override => Respect::Override,
            },
            stale_while_revalidate: cache.stale_while_revalidate_ms,
            stale_if_error: cache.stale_if_error_ms,
            strip: names
                .iter()
                .filter_map(|name| HeaderName::from_bytes(name.as_bytes()).ok())
                .collect(),
            strip_beginnings: beginnings
                .iter()
                .map(|name| name.trim_end_matches('*').into())
                .collect(),
            coalesce: cache.coalesce,
            etag: cache.etag,
            forward: cache.forward == manifest::Forward::ClientHeaders,
        };
        Declared {
            rules: Arc::new(rules),
            methods: cache
                .methods
                .iter()
                .filter_map(|method| method.parse().ok())
                .collect(),
            name: format!("{namespace}/{}", cache.name).into(),
            admits: cache.admits,
        }
    }

    /// Whether answers to this method are kept. A cache that keeps `GET` keeps `HEAD`, says the manifest.
    pub(crate) fn keeps(&self, method: &Method) -> bool {
        self.methods.contains(method)
    }

    /// Whether all of the client's header goes to the origin.
    pub(crate) fn forwards(&self) -> bool {
        self.rules.forward
    }
}

/// The place of a URI for purges: the path in its normal form, the host in lower case and with its port only where it
/// is not the scheme's.
pub(crate) fn place(scheme: &Scheme, authority: &[u8], path: &[u8], query: &[u8]) -> Place {
    let mut room = vec![0; path.len().saturating_mul(3)];
    let path = edge_kernels::path::path_normalise(path, &mut room).unwrap_or(path);
    let host = String::from_utf8_lossy(authority).to_ascii_lowercase();
    let default = if *scheme == Scheme::HTTPS {
        ":443"
    } else {
        ":80"
    };
    Place::new(host.strip_suffix(default).unwrap_or(&host), path, query)
}
