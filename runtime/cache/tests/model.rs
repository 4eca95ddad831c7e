//! Sequences of asking, filling, breaking off and purging, against what must hold whatever their order.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use bytes::Bytes;
use edge_cache::{
    Admit, Answer, Answered, Ask, Asked, Cache, Config, Fetch, Filler, Key, Origin, Place, Purge,
    Rules,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_body_util::BodyExt;
use proptest::prelude::*;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

const LIFE: u64 = 10_000;
const KEYS: usize = 3;

#[derive(Clone, Debug)]
enum Step {
    Ask(usize),
    Head(usize),
    Write(usize),
    Finish(usize),
    Abort(usize),
    Purge(usize),
    PurgeAll,
    Tidy,
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let key = 0..KEYS;
    prop_oneof![
        4 => key.clone().prop_map(Step::Ask),
        3 => key.clone().prop_map(Step::Head),
        2 => key.clone().prop_map(Step::Write),
        3 => key.clone().prop_map(Step::Finish),
        1 => key.clone().prop_map(Step::Abort),
        1 => key.prop_map(Step::Purge),
        1 => Just(Step::PurgeAll),
        1 => Just(Step::Tidy),
        1 => (0..LIFE).prop_map(Step::Wait),
    ]
}

/// One version of one key: when it was fetched, and whether a purge came after that.
struct Version {
    key: usize,
    fetched: u64,
    purged: bool,
    stored: bool,
}

struct World {
    cache: Cache,
    now: u64,
    versions: Vec<Version>,
    fetches: Vec<Vec<(usize, Fetch)>>,
    fillers: Vec<Vec<(usize, Filler)>>,
    readers: Vec<(usize, Answer)>,
}

fn piece(key: usize, version: usize) -> String {
    format!("[{key}:{version}]")
}

fn ready<T>(future: impl Future<Output = T>) -> Option<T> {
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

impl World {
    fn new() -> Self {
        let lists = || (0..KEYS).map(|_| Vec::new()).collect();
        let fillers = (0..KEYS).map(|_| Vec::new()).collect();
        let cache = Cache::new(Config::default());
        Self {
            cache,
            now: 1_800_000_000_000,
            versions: Vec::new(),
            fetches: lists(),
            fillers,
            readers: Vec::new(),
        }
    }

    fn ask(&mut self, key: usize) {
        let name = [b'/', b'0' + key as u8];
        let empty = HeaderMap::new();
        let ask = Ask {
            key: Key::of([&name[..]]),
            place: &Arc::new(Place::new("a", &name, b"")),
            method: &Method::GET,
            headers: &empty,
            sent: &empty,
            rules: &Arc::new(Rules {
                coalesce: true,
                ..Rules::default()
            }),
        };
        let fresh = self
            .versions
            .iter()
            .any(|it| it.key == key && it.stored && !it.purged && self.now < it.fetched + LIFE);
        match ready(self.cache.ask(&ask, self.now)) {
            None => assert!(
                !fresh && !self.fetches[key].is_empty(),
                "it waits for nobody"
            ),
            Some(Asked::Failed) => panic!("nothing failed"),
            Some(Asked::Fetch(fetch)) => {
                assert!(!fresh, "key {key} is stored and fresh");
                self.versions.push(Version {
                    key,
                    fetched: self.now,
                    purged: false,
                    stored: false,
                });
                self.fetches[key].push((self.versions.len() - 1, *fetch));
            }
            Some(Asked::Answer(answer)) => {
                let version: usize = answer.headers["version"].to_str().unwrap().parse().unwrap();
                let it = &self.versions[version];
                assert_eq!(it.key, key);
                assert!(self.now < it.fetched + LIFE, "version {version} is stale");
                assert!(!it.purged, "version {version} is purged");
                self.readers.push((version, *answer));
            }
        }
    }

    fn head(&mut self, key: usize) {
        let Some((version, fetch)) = self.fetches[key].pop() else {
            return;
        };
        let mut headers = HeaderMap::new();
        headers.insert("cache-control", HeaderValue::from_static("max-age=10"));
        headers.insert("version", HeaderValue::from(version));
        self.versions[version].fetched = self.now;
        let origin = Origin {
            status: StatusCode::OK,
            headers,
            requested: self.now,
            received: self.now,
        };
        let Answered::Fill(answer, filler) = fetch.answered(origin, &Admit::default(), self.now)
        else {
            panic!("it may be stored");
        };
        self.readers.push((version, *answer));
        self.fillers[key].push((version, *filler));
    }

    fn write(&mut self, key: usize) {
        if let Some((version, filler)) = self.fillers[key].last_mut() {
            ready(filler.write(Bytes::from(piece(key, *version))))
                .expect("no waiting")
                .unwrap();
        }
    }

    fn finish(&mut self, key: usize) {
        self.write(key);
        let Some((version, filler)) = self.fillers[key].pop() else {
            return;
        };
        let stored = filler.finish();
        assert_eq!(stored, !self.versions[version].purged);
        for it in self.versions.iter_mut().filter(|it| it.key == key) {
            it.stored &= !stored;
        }
        self.versions[version].stored = stored;
    }

    fn purge(&mut self, key: Option<usize>) {
        match key {
            Some(key) => self.cache.purge(
                Purge::Path(None, &[b'/', b'0' + key as u8]),
                false,
                self.now,
            ),
            None => self.cache.purge(Purge::All, false, self.now),
        }
        for it in self
            .versions
            .iter_mut()
            .filter(|it| key.is_none_or(|key| it.key == key))
        {
            it.purged = true;
        }
    }

    fn run(&mut self, step: &Step) {
        match *step {
            Step::Ask(key) => self.ask(key),
            Step::Head(key) => self.head(key),
            Step::Write(key) => self.write(key),
            Step::Finish(key) => self.finish(key),
            Step::Abort(key) => drop(self.fillers[key].pop()),
            Step::Purge(key) => self.purge(Some(key)),
            Step::PurgeAll => self.purge(None),
            Step::Tidy => {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .build()
                    .unwrap();
                runtime.block_on(self.cache.tidy());
            }
            Step::Wait(ms) => self.now += ms,
        }
    }

    /// Whatever was read is of one version, whole or an error.
    fn read_all(self) {
        drop((self.fetches, self.fillers));
        for (version, answer) in self.readers {
            let Ok(body) = ready(answer.body.collect()).expect("all have ended") else {
                continue;
            };
            let body = String::from_utf8(body.to_bytes().to_vec()).unwrap();
            let piece = piece(self.versions[version].key, version);
            assert!(
                !body.is_empty() && body.replace(&piece, "").is_empty(),
                "{body} is not of {piece}"
            );
        }
        assert_eq!(self.cache.flights(), 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn what_is_served_is_whole_fresh_and_not_purged(steps in proptest::collection::vec(step(), 0..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let _guard = runtime.enter();
        let mut world = World::new();
        for step in &steps {
            world.run(step);
        }
        world.read_all();
    }
}
