//! Every backend gives the model's answers, whatever is asked in whatever order, also when time moves back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use edge_state::{Backend, Charge, Clock, Lease, Limit, Taken, open};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Runtime;

use crate::model::{Answer, Model};
use crate::server::{self, Server};
use crate::steps::{COUNTERS, KEYS, PREFIXES, STORES, Step, TTLS, limits, step};

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

/// Runs made-up sequences against new backends of a kind; `EDGE_STATE_TIMES` multiplies how many.
pub fn agrees(cases: u32, mut opened: impl FnMut(Clock) -> Arc<dyn Backend>) {
    let runtime = Runtime::new().unwrap();
    let cases = cases * crate::number("EDGE_STATE_TIMES", 1) as u32;
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
