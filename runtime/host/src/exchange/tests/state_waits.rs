//! State effects that have to be waited for.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use edge_abi::output::effect::ANSWER;
use edge_state::memory::{MIN_BYTES, Memory};
use edge_state::{Backend, Charge, Clock, Counter, Failure, Purge, Store, Takings};
use tokio::sync::broadcast;

use super::state::{Asked, guest};
use super::*;
use crate::fixture::{ITEMS, PER_IP};
use crate::state::Backends;

/// A memory that lets one wait, or that never answers in time.
struct Slow {
    memory: Memory,
    late: bool,
    /// How many wait now, and how many did at most.
    waiting: AtomicUsize,
    most: AtomicUsize,
}

impl Slow {
    fn new(late: bool) -> Arc<Self> {
        Arc::new(Slow {
            memory: Memory::new(MIN_BYTES, Clock::System),
            late,
            waiting: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
        })
    }

    fn later<'a, T: Send + 'a>(
        &'a self,
        answer: edge_state::Answer<'a, T>,
    ) -> edge_state::Answer<'a, T> {
        edge_state::Answer::wait(async move {
            let waiting = self.waiting.fetch_add(1, Relaxed) + 1;
            self.most.fetch_max(waiting, Relaxed);
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
            self.waiting.fetch_sub(1, Relaxed);
            match self.late {
                true => Err(Failure::Timeout(Duration::from_millis(50))),
                false => answer.get().await,
            }
        })
    }
}

impl Backend for Slow {
    fn take<'a>(&'a self, charges: &'a [Charge<'a>]) -> edge_state::Answer<'a, Takings> {
        self.later(self.memory.take(charges))
    }

    fn get<'a>(&'a self, store: &Store<'_>, key: &[u8]) -> edge_state::Answer<'a, Option<Bytes>> {
        self.later(self.memory.get(store, key))
    }

    fn put<'a>(
        &'a self,
        store: &Store<'_>,
        key: &[u8],
        value: &[u8],
        ttl: Option<Duration>,
    ) -> edge_state::Answer<'a, ()> {
        self.later(self.memory.put(store, key, value, ttl))
    }

    fn delete<'a>(&'a self, store: &Store<'_>, key: &[u8]) -> edge_state::Answer<'a, ()> {
        self.later(self.memory.delete(store, key))
    }

    fn increment<'a>(
        &'a self,
        counter: &Counter<'_>,
        key: &[u8],
        by: i64,
    ) -> edge_state::Answer<'a, i64> {
        self.later(self.memory.increment(counter, key, by))
    }

    fn read<'a>(
        &'a self,
        counter: &Counter<'_>,
        key: &[u8],
    ) -> edge_state::Answer<'a, Option<i64>> {
        self.later(self.memory.read(counter, key))
    }

    fn list<'a>(
        &'a self,
        counter: &Counter<'_>,
        prefix: &[u8],
        at_most: usize,
    ) -> edge_state::Answer<'a, Vec<(Bytes, i64)>> {
        self.later(self.memory.list(counter, prefix, at_most))
    }

    fn purge<'a>(&'a self, purge: &Purge) -> edge_state::Answer<'a, ()> {
        self.later(self.memory.purge(purge))
    }

    fn purges(&self) -> broadcast::Receiver<Purge> {
        self.memory.purges()
    }

    fn place(&self) -> &str {
        "slow"
    }
}

/// What a guest is told, and the record.
fn told(slow: &Arc<Slow>, asks: &[Asked<'_>], kinds: &[&str]) -> (String, Record) {
    let mut settings = Settings::default();
    settings.secrets.insert("KEY".into(), Secret::new("s3cr3t"));
    settings.backends = Some(Backends::all(Arc::clone(slow) as Arc<dyn Backend>));
    let deployment = Arc::new(Deployment::new(guest(asks, kinds).policy(), settings).unwrap());
    let worker = Worker::new(
        deployment,
        Box::new(ManualClock::at(1)),
        Box::new(SeededEntropy::from_text("t")),
        Box::new(LocalTasks),
    );
    let (worker, origins) = (Rc::new(worker.unwrap()), Played::default());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let answer = runtime.block_on(handle(&worker, &origins, get("/"), client()));
    let body = finish(answer.response.into_body().collect()).unwrap();
    let body = String::from_utf8_lossy(&body.to_bytes()).into_owned();
    (body, answer.record)
}

const LIMIT: Asked<'static> = (Op::Limit, ANSWER, 0, PER_IP, "k", "", 1);
const GET: Asked<'static> = (Op::StoreGet, ANSWER, 1, ITEMS, "k", "", 0);
const READ: Asked<'static> = (Op::CounterGet, ANSWER, 2, 0, "k", "", 0);
const LIST: Asked<'static> = (Op::CounterList, ANSWER, 3, 0, "", "", 9);
const PUT: Asked<'static> = (Op::Put, 0, 0, ITEMS, "k", "v", 0);

#[test]
fn limits_and_reads_are_waited_for_together() {
    let slow = Slow::new(false);
    let kinds = ["bool", "bytes", "i64", "bytes"];
    let (body, record) = told(&slow, &[LIMIT, GET, READ, LIST], &kinds);
    assert_eq!(body, "\0\u{1}\u{1}\0\u{1}");
    assert_eq!(slow.most.load(Relaxed), 4);
    assert!(record.state > Duration::ZERO);
}

#[test]
fn what_is_written_is_done_before_what_follows() {
    let slow = Slow::new(false);
    let kinds = ["bool", "bytes"];
    let (body, _) = told(&slow, &[PUT, GET, PUT, LIMIT], &kinds);
    assert_eq!(body, "\0\0\u{1}v");
    assert_eq!(slow.most.load(Relaxed), 1);
}

#[test]
fn what_does_not_answer_in_time_is_told_apart() {
    let slow = Slow::new(true);
    let put = (Op::Put, ANSWER, 4, ITEMS, "k", "v", 0);
    let kinds = ["bool", "bytes", "i64", "bytes", "bool"];
    let (body, record) = told(&slow, &[LIMIT, GET, READ, LIST, put], &kinds);
    assert_eq!(
        body, "\0\u{4}\u{4}\u{4}\u{4}\u{1}\0",
        "the limit fails open"
    );
    assert_eq!(record.degraded.len(), 3, "{:?}", record.degraded);
}
