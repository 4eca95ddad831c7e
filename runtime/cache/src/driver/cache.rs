//! The cache itself, and how it is made.

use super::config::Config;
use super::flight::Flights;
use super::note::{Notes, Seen};
use crate::counters::Counters;
use crate::storage::disk::OpenError;
use crate::storage::disk::{self, tier::DiskTier};
use crate::storage::memory::Memory;
use crate::storage::purge::Purges;
use crate::storage::purging::Purging;
use crate::storage::regional::Region;
use crate::storage::residents::Residents;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// A shared cache. Clones are handles of the same one.
#[derive(Clone)]
pub struct Cache(pub(crate) Arc<Shared>);

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").finish_non_exhaustive()
    }
}

pub(crate) struct Shared {
    pub config: Config,
    pub memory: Memory,
    pub region: Option<Region>,
    /// Before the disk: its log ends first.
    pub purging: Arc<Purging>,
    pub purges: Arc<Purges>,
    pub disk: Option<Arc<DiskTier>>,
    /// The purge up to which memory was swept.
    pub swept: AtomicU64,
    pub counters: Arc<Counters>,
    pub residents: Arc<Residents>,
    pub flights: Arc<Flights>,
    pub notes: Notes,
    pub seen: Option<Seen>,
    pub filling: AtomicU64,
}

/// What a cache begins with.
#[derive(Default)]
struct Parts {
    purging: Purging,
    residents: Arc<Residents>,
    counters: Arc<Counters>,
}

impl Cache {
    /// A cache of these bounds. Its memory is empty. When the disk tier can't be opened it does without, and counts an
    /// error; see [`Cache::open`].
    pub fn new(config: Config) -> Self {
        match Self::open(config.clone()) {
            Ok(cache) => cache,
            Err(_) => {
                let disk = None;
                let cache = Self::with(Config { disk, ..config }, Default::default(), None);
                cache.0.counters.disk.errors.one();
                cache
            }
        }
    }

    /// A cache of these bounds. It begins with what the disk has.
    ///
    /// # Errors
    ///
    /// The disk tier's directory can't be made or written, or another process has it.
    pub fn open(config: Config) -> Result<Self, OpenError> {
        let mut parts = Parts::default();
        let Some(disk) = config.disk.clone() else {
            return Ok(Self::with(config, parts, None));
        };
        let (residents, counters) = (parts.residents.clone(), parts.counters.clone());
        let purges = &parts.purging.purges;
        let (disk, log) = disk::open(disk, config.max_object, purges, residents, counters)?;
        parts.purging.log = Some(log);
        Ok(Self::with(config, parts, Some(disk)))
    }

    fn with(config: Config, parts: Parts, disk: Option<Arc<DiskTier>>) -> Self {
        let Parts {
            purging,
            residents,
            counters,
        } = parts;
        let purging = Arc::new(purging);
        let region = config.regional.clone().map(|regional| {
            let (purging, counters) = (Arc::downgrade(&purging), counters.clone());
            Region::new(regional, config.regional_max_object, purging, counters)
        });
        Self(Arc::new(Shared {
            memory: Memory::new(
                config.memory,
                config.max_object,
                config.host_quota,
                residents.clone(),
                purging.purges.clone(),
            ),
            disk,
            region,
            swept: AtomicU64::new(0),
            purges: purging.purges.clone(),
            purging,
            counters,
            residents,
            flights: Arc::new(Flights::new()),
            notes: Notes::new(config.notes),
            seen: config.second_time.then(Seen::new),
            filling: AtomicU64::new(0),
            config,
        }))
    }
}
