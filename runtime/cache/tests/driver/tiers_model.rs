//! Any sequence of fills, purges and restarts over all tiers: what is served is whole, fresh and not purged.

use crate::checked::*;
use crate::site::*;
use edge_cache::*;
use proptest::prelude::*;
use std::sync::Arc;
use tempfile::TempDir;

const LIFE: u64 = 10_000;
const EDGE: u64 = 4000;
const LENS: [usize; 4] = [10, 5000, 300_000, 600_000];
const KEYS: u32 = 3;

#[derive(Clone, Debug)]
enum Step {
    /// Asks one of two instances, and fills it on a miss; or breaks off.
    Ask(usize, u32, bool),
    Purge(usize, u32),
    Soften(usize, u32),
    PurgeAll(usize),
    Restart(usize),
    Tidy(usize),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let (site, key) = (0..2_usize, 0..KEYS);
    prop_oneof![
        9 => (site.clone(), key.clone(), any::<bool>()).prop_map(|(site, key, whole)| Step::Ask(site, key, whole)),
        2 => (site.clone(), key.clone()).prop_map(|(site, key)| Step::Purge(site, key)),
        1 => (site.clone(), key).prop_map(|(site, key)| Step::Soften(site, key)),
        1 => site.clone().prop_map(Step::PurgeAll),
        2 => site.clone().prop_map(Step::Restart),
        1 => site.prop_map(Step::Tidy),
        2 => (0..LIFE / 2).prop_map(Step::Wait),
    ]
}

struct Version {
    key: u32,
    fetched: u64,
    purged: bool,
    softened: bool,
}

struct World {
    folders: [TempDir; 2],
    shelf: Shelf,
    sites: [Option<Site>; 2],
    now: u64,
    versions: Vec<Version>,
    hits: usize,
}

impl World {
    async fn new() -> Self {
        let mut world = Self {
            folders: [folder(), folder()],
            shelf: Shelf::new(4 << 20),
            sites: [None, None],
            now: NOW,
            versions: Vec::new(),
            hits: 0,
        };
        for site in 0..2 {
            world.restart(site).await;
        }
        world
    }

    async fn restart(&mut self, site: usize) {
        self.sites[site] = None;
        let folder = self.folders[site].path();
        let mut new = Site::on_with(folder, |config| {
            config.disk = Some(Disk::new(folder, 4 << 20));
            config.memory = 64 << 10;
            config.max_object = 8000;
            config.regional = Some(Regional::Memory(self.shelf.clone()));
        })
        .await;
        new.rules = Arc::new(Rules {
            ttl: Some(EDGE),
            regional_ttl: Some(LIFE),
            ..(*new.rules).clone()
        });
        self.sites[site] = Some(new);
    }

    async fn ask(&mut self, site: usize, key: u32, whole: bool) {
        let site = self.sites[site].clone().unwrap();
        match site.ask(&format!("/{key}"), &[], self.now).await {
            Asked::Failed => panic!("nothing failed"),
            Asked::Answer(answer) => {
                let version: u32 = answer.headers["version"].to_str().unwrap().parse().unwrap();
                let it = &self.versions[version as usize];
                assert_eq!(it.key, key);
                assert!(!it.purged && !it.softened, "{version} is purged");
                assert!(self.now < it.fetched + LIFE, "{version} is stale");
                let age = (self.now - it.fetched) / 1000;
                assert_eq!(answer.headers["age"], age.to_string().as_str());
                let len = LENS[version as usize % LENS.len()];
                check(*answer, key, version, len, 0)
                    .await
                    .expect("nothing is damaged");
                self.hits += 1;
            }
            Asked::Fetch(fetch) => {
                let version = self.versions.len() as u32;
                let (fetched, purged, softened) = (self.now, false, false);
                self.versions.push(Version {
                    key,
                    fetched,
                    purged,
                    softened,
                });
                let lines = [
                    "Cache-Control: max-age=86400".to_owned(),
                    format!("Version: {version}"),
                ];
                let lines = lines.each_ref().map(String::as_str);
                let (_, mut filler) = filled(*fetch, 200, &lines, self.now);
                let body = body(key, version, LENS[version as usize % LENS.len()]);
                if whole {
                    assert!(write_all(filler, &body).await);
                } else {
                    filler.write(body.slice(..body.len() / 2)).await.unwrap();
                }
            }
        }
    }

    fn purge(&mut self, site: usize, key: Option<u32>, soft: bool) {
        let cache = &self.sites[site].as_ref().unwrap().cache;
        match key {
            Some(key) => {
                let path = format!("/{key}");
                cache.purge(Purge::Path(None, path.as_bytes()), soft, self.now);
            }
            None => cache.purge(Purge::All, soft, self.now),
        }
        for it in self
            .versions
            .iter_mut()
            .filter(|it| key.is_none_or(|key| it.key == key))
        {
            it.purged |= !soft;
            it.softened |= soft;
        }
    }

    async fn run(&mut self, step: &Step) {
        match *step {
            Step::Ask(site, key, whole) => self.ask(site, key, whole).await,
            Step::Purge(site, key) => self.purge(site, Some(key), false),
            Step::Soften(site, key) => self.purge(site, Some(key), true),
            Step::PurgeAll(site) => self.purge(site, None, false),
            Step::Restart(site) => self.restart(site).await,
            Step::Tidy(site) => self.sites[site].as_ref().unwrap().cache.tidy().await,
            Step::Wait(ms) => self.now += ms,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn what_is_served_is_whole_fresh_and_not_purged(steps in proptest::collection::vec(step(), 0..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let mut world = World::new().await;
            for step in &steps {
                world.run(step).await;
            }
        });
    }
}

#[tokio::test]
async fn the_model_does_hit() {
    let mut world = World::new().await;
    for round in 0..10 {
        for site in 0..2 {
            for key in 0..KEYS {
                world.ask(site, key, true).await;
            }
            world.sites[site].as_ref().unwrap().cache.flush().await;
            if round % 3 == 0 {
                world.restart(site).await;
            }
        }
        world.now += LIFE / 20;
    }
    assert!(world.hits > 50, "{}", world.hits);
}
