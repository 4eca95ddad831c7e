//! Leases of what happens at once. A host that dies stops renewing its own, so that they come back by themselves.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::link::Link;
use super::script::{Input, Scripts};

/// What this process holds.
pub(super) struct Leases {
    /// Leases by their two keys: `id:count` each.
    held: Mutex<HashMap<Keys, HashSet<String>>>,
    released: mpsc::UnboundedSender<(Keys, String, u64)>,
    /// How long a lease lives without being renewed; all are renewed three times in that.
    life: Duration,
}

type Keys = (Vec<u8>, Vec<u8>);

impl Leases {
    /// The table, and where released ones come out: no more than there were requests.
    pub(super) fn new(life: Duration) -> (Arc<Self>, Released) {
        let (released, out) = mpsc::unbounded_channel();
        (
            Arc::new(Self {
                held: Mutex::default(),
                released,
                life,
            }),
            Released(out),
        )
    }

    /// How long a lease lives without being renewed.
    pub(super) fn life(&self) -> Duration {
        self.life
    }

    /// A lease that is about to be asked for. Dropped, it is released, whether or not Redis has granted it.
    pub(super) fn ask(self: &Arc<Self>, keys: Keys, id: &str, count: u64) -> RedisLease {
        RedisLease {
            leases: Arc::clone(self),
            keys,
            name: format!("{id}:{count}"),
            count,
            state: Asked::Unknown,
        }
    }
}

/// Released leases.
pub(super) struct Released(mpsc::UnboundedReceiver<(Keys, String, u64)>);

/// A place among what happens at once in a fleet.
pub(crate) struct RedisLease {
    leases: Arc<Leases>,
    keys: Keys,
    name: String,
    count: u64,
    state: Asked,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Unknown,
    Granted,
    Refused,
}

impl RedisLease {
    /// It is held from now on, and renewed.
    pub(super) fn granted(mut self) -> Self {
        self.state = Asked::Granted;
        self.leases
            .held
            .lock()
            .entry(self.keys.clone())
            .or_default()
            .insert(self.name.clone());
        self
    }

    /// It never was.
    pub(super) fn refused(mut self) {
        self.state = Asked::Refused;
    }
}

impl Drop for RedisLease {
    fn drop(&mut self) {
        if self.state == Asked::Refused {
            return;
        }
        if self.state == Asked::Granted {
            let mut held = self.leases.held.lock();
            if let Some(names) = held.get_mut(&self.keys) {
                names.remove(&self.name);
                if names.is_empty() {
                    held.remove(&self.keys);
                }
            }
        }
        let (keys, name) = (
            std::mem::take(&mut self.keys),
            std::mem::take(&mut self.name),
        );
        // Without the task that releases, its life ends by itself.
        let _ = self.leases.released.send((keys, name, self.count));
    }
}

/// Releases and renews, until the table is gone.
pub(super) async fn keep(
    leases: Weak<Leases>,
    mut released: Released,
    link: Link,
    scripts: Arc<Scripts>,
) {
    let Some(life) = leases.upgrade().map(|leases| leases.life()) else {
        return;
    };
    let mut clock = interval_at(Instant::now() + life / 3, life / 3);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            out = released.0.recv() => match out {
                Some((keys, name, count)) => release(keys, name, count, &link, &scripts),
                None => return,
            },
            _ = clock.tick() => match leases.upgrade() {
                Some(leases) => renew(&leases, &link, &scripts).await,
                None => return,
            },
        }
    }
}

/// Gives one back. If Redis is away, it ends by itself.
fn release(keys: Keys, name: String, count: u64, link: &Link, scripts: &Arc<Scripts>) {
    let (link, scripts) = (link.clone(), Arc::clone(scripts));
    tokio::spawn(async move {
        let mut input = Input::default();
        input.key(keys.0).key(keys.1).arg(name).arg(count);
        let _ = scripts.release.run::<i64>(&link, &input).await;
    });
}

async fn renew(leases: &Leases, link: &Link, scripts: &Arc<Scripts>) {
    let all: Vec<(Keys, HashSet<String>)> = leases
        .held
        .lock()
        .iter()
        .map(|(keys, names)| (keys.clone(), names.clone()))
        .collect();
    for (keys, names) in all {
        let mut input = Input::default();
        input
            .key(keys.0.clone())
            .key(keys.1.clone())
            .arg(leases.life().as_millis().to_string());
        for name in &names {
            input.arg(name);
        }
        let _ = scripts.renew.run::<i64>(link, &input).await;
        // One that was dropped in between may have been renewed after its release.
        let held = leases.held.lock().get(&keys).cloned().unwrap_or_default();
        for name in names.difference(&held) {
            let count = name
                .rsplit(':')
                .next()
                .and_then(|count| count.parse().ok())
                .unwrap_or(1);
            release(keys.clone(), name.clone(), count, link, scripts);
        }
    }
}
