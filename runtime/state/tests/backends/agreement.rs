//! Every backend gives the model's answers, whatever is asked in whatever order, also when time moves back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use edge_state::{Backend, Charge, Clock, Counter, Lease, Limit, Store, Taken, open};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Runtime;

use crate::model::{Answer, Model};
use crate::server::{self, Server};

const KEYS: [&[u8]; 6] = [b"", b"a", b"a:b", b"ab", b"\0\xff", b"\xff"];
const STORES: [Store<'static>; 2] = [
    Store {
        name: "a",
        ttl: None,
        max_value: 1000,
    },
    Store {
        name: "a:a",
        ttl: Some(Duration::from_secs(1)),
        max_value: 1000,
    },
];
const COUNTERS: [Counter<'static>; 3] = [
    Counter {
        name: "a",
        expire: None,
        listed: false,
    },
    Counter {
        name: "kept",
        expire: None,
        listed: true,
    },
    Counter {
        name: "views",
        expire: Some(Duration::from_secs(1)),
        listed: true,
    },
];
const TTLS: [Option<Duration>; 4] = [
    None,
    Some(Duration::ZERO),
    Some(Duration::from_millis(300)),
    Some(Duration::from_secs(86_400)),
];
const PREFIXES: [&[u8]; 5] = [b"", b"a", b"ab", b"\0", b"\xff"];
const DAY: u64 = 86_400_000;

fn limits() -> Vec<Limit> {
    let (second, minute) = (Duration::from_secs(1), Duration::from_secs(60));
    vec![
        Limit::token_bucket("fast", 5, second, 2).unwrap(),
        Limit::token_bucket("slow", 7, minute, 0).unwrap(),
        Limit::sliding_window("window", 3, second).unwrap(),
        Limit::sliding_window("long", 4, minute).unwrap(),
        Limit::at_once("at once", 2).unwrap(),
    ]
}

/// One step. Numbers are indexes into the lists above.
#[derive(Clone, Debug)]
enum Step {
    On(u64),
    Back(u64),
    Take(Vec<(usize, usize, u64)>),
    GiveBack(usize),
    Get(usize, usize),
    Put(usize, usize, Vec<u8>, usize),
    Delete(usize, usize),
    Increment(usize, usize, i64),
    Read(usize, usize),
    List(usize, usize, usize),
}

fn step() -> impl Strategy<Value = Step> {
    let key = 0..KEYS.len();
    let cost = prop_oneof![6 => Just(1_u64), 2 => Just(0), 2 => 2..9_u64, 1 => Just(u64::MAX)];
    let by =
        prop_oneof![4 => Just(1_i64), 2 => -5..5_i64, 1 => Just(i64::MAX), 1 => Just(i64::MIN)];
    prop_oneof![
        4 => prop_oneof![1..400_u64, Just(999), Just(1000), Just(60_000), Just(DAY)].prop_map(Step::On),
        1 => prop_oneof![1..1000_u64, 1000..5000_u64, Just(DAY)].prop_map(Step::Back),
        10 => prop::collection::vec((0..5_usize, 0..2_usize, cost), 1..4).prop_map(Step::Take),
        2 => (0..8_usize).prop_map(Step::GiveBack),
        3 => (0..2_usize, key.clone()).prop_map(|(store, key)| Step::Get(store, key)),
        3 => (0..2_usize, key.clone(), prop::collection::vec(any::<u8>(), 0..20), 0..TTLS.len())
            .prop_map(|(store, key, value, ttl)| Step::Put(store, key, value, ttl)),
        1 => (0..2_usize, key.clone()).prop_map(|(store, key)| Step::Delete(store, key)),
        4 => (0..3_usize, key.clone(), by).prop_map(|(counter, key, by)| Step::Increment(counter, key, by)),
        2 => (0..3_usize, key).prop_map(|(counter, key)| Step::Read(counter, key)),
        2 => (1..3_usize, 0..PREFIXES.len(), 0..5_usize).prop_map(|(counter, prefix, most)| Step::List(counter, prefix, most)),
    ]
}

/// A backend beside the model.
struct Pair {
    backend: Arc<dyn Backend>,
    model: Model,
    time: Arc<AtomicU64>,
    limits: Vec<Limit>,
    leases: Vec<(usize, usize, u64, Lease)>,
}

impl Pair {
    async fn run(&mut self, step: &Step) {
        let now = self.time.load(Ordering::Relaxed);
        let millis = |ttl: Duration| ttl.as_millis() as u64;
        match step {
            Step::On(by) => self.time.store(now + by, Ordering::Relaxed),
            Step::Back(by) => self.time.store(now - by.min(&now), Ordering::Relaxed),
            Step::Take(charges) => self.take(charges, now).await,
            Step::GiveBack(index) => self.give_back(*index).await,
            Step::Get(store, key) => {
                let found = self
                    .backend
                    .get(&STORES[*store], KEYS[*key])
                    .get()
                    .await
                    .unwrap();
                assert_eq!(
                    found.map(Vec::from),
                    self.model.get(STORES[*store].name, KEYS[*key], now)
                );
            }
            Step::Put(store, key, value, ttl) => {
                let (store, key, ttl) = (&STORES[*store], KEYS[*key], TTLS[*ttl]);
                self.backend
                    .put(store, key, value, ttl)
                    .get()
                    .await
                    .unwrap();
                self.model
                    .put(store.name, key, value, ttl.or(store.ttl).map(millis), now);
            }
            Step::Delete(store, key) => {
                self.backend
                    .delete(&STORES[*store], KEYS[*key])
                    .get()
                    .await
                    .unwrap();
                self.model.delete(STORES[*store].name, KEYS[*key], now);
            }
            Step::Increment(counter, key, by) => {
                let (counter, key) = (&COUNTERS[*counter], KEYS[*key]);
                let value = self
                    .backend
                    .increment(counter, key, *by)
                    .get()
                    .await
                    .unwrap();
                assert_eq!(
                    value,
                    self.model
                        .increment(counter.name, key, *by, counter.expire.map(millis), now)
                );
            }
            Step::Read(counter, key) => {
                let value = self
                    .backend
                    .read(&COUNTERS[*counter], KEYS[*key])
                    .get()
                    .await
                    .unwrap();
                assert_eq!(
                    value,
                    self.model.read(COUNTERS[*counter].name, KEYS[*key], now)
                );
            }
            Step::List(counter, prefix, at_most) => {
                let (counter, prefix) = (&COUNTERS[*counter], PREFIXES[*prefix]);
                let found = self
                    .backend
                    .list(counter, prefix, *at_most)
                    .get()
                    .await
                    .unwrap();
                let found: Vec<_> = found
                    .into_iter()
                    .map(|(key, value)| (key.to_vec(), value))
                    .collect();
                assert_eq!(found, self.model.list(counter.name, prefix, *at_most, now));
            }
        }
    }

    async fn take(&mut self, charges: &[(usize, usize, u64)], now: u64) {
        let plain: Vec<_> = charges
            .iter()
            .map(|&(limit, key, cost)| (&self.limits[limit], KEYS[key], cost))
            .collect();
        let expected = self.model.take(&plain, now);
        let asked: Vec<_> = plain
            .iter()
            .map(|&(limit, key, cost)| Charge { limit, key, cost })
            .collect();
        let takings = self.backend.take(&asked).get().await.unwrap();
        let given: Vec<_> = takings.iter().map(answer).collect();
        assert_eq!(given, expected, "of {charges:?} at {now}");
        for (taken, &(limit, key, cost)) in takings.into_iter().zip(charges) {
            if let Taken::Allowed {
                lease: Some(lease), ..
            } = taken
            {
                self.leases.push((limit, key, cost, lease));
            }
        }
    }

    /// Drops a lease, and waits until that is known.
    async fn give_back(&mut self, index: usize) {
        if index >= self.leases.len() {
            return;
        }
        let (limit, key, cost, lease) = self.leases.swap_remove(index);
        drop(lease);
        let (limit, key) = (&self.limits[limit], KEYS[key]);
        self.model.give_back(limit, key, cost);
        let expected = self.model.take(&[(limit, key, 0)], 0);
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let takings = self
                .backend
                .take(&[Charge {
                    limit,
                    key,
                    cost: 0,
                }])
                .get()
                .await
                .unwrap();
            if answer(&takings[0]) == expected[0] {
                return;
            }
            assert!(Instant::now() < deadline, "a lease does not come back");
            tokio::task::yield_now().await;
        }
    }
}

fn answer(taken: &Taken) -> Option<Answer> {
    let millis = |duration: Duration| duration.as_millis() as u64;
    match taken {
        Taken::Allowed { quota, .. } => Some((true, quota.remaining, millis(quota.reset), None)),
        Taken::Refused { quota, retry_after } => Some((
            false,
            quota.remaining,
            millis(quota.reset),
            retry_after.map(millis),
        )),
        Taken::Skipped => None,
    }
}

/// Runs made-up sequences against new backends of a kind.
pub fn agrees(cases: u32, mut opened: impl FnMut(Clock) -> Arc<dyn Backend>) {
    let runtime = Runtime::new().unwrap();
    let mut runner = TestRunner::new(Config {
        cases,
        ..Config::default()
    });
    let opened = std::cell::RefCell::new(&mut opened);
    let steps = prop::collection::vec(step(), 1..120);
    let result = runner.run(&steps, |steps| {
        let (clock, time) = Clock::at(1_700_000_000_000);
        let backend = (opened.borrow_mut())(clock);
        let mut pair = Pair {
            backend,
            model: Model::default(),
            time,
            limits: limits(),
            leases: Vec::new(),
        };
        runtime.block_on(async {
            for step in &steps {
                pair.run(step).await;
            }
        });
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn memory() {
    agrees(400, |clock| open("memory://", clock).unwrap());
}

#[test]
fn file() {
    let folder = tempfile::tempdir().unwrap();
    let mut number = 0;
    agrees(40, |clock| {
        number += 1;
        open(
            &format!("file://{}/{number}", folder.path().display()),
            clock,
        )
        .unwrap()
    });
}

#[test]
fn redis() {
    if !server::is_there() {
        return;
    }
    let server = Server::start(&[]);
    let mut number = 0;
    agrees(100, |clock| {
        number += 1;
        open(
            &format!("{}?prefix=case{number}&timeout=10s", server.url()),
            clock,
        )
        .unwrap()
    });
}
