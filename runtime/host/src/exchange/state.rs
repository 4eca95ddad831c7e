//! The effects of an output, carried out in their order.
//!
//! Limits that are chained to each other are one question to their backend, reads beside each other and
//! behind limits are asked at the same time; all else waits for what stands before it.

use std::time::{Duration, Instant};

use bytes::Bytes;
use edge_abi::input::result::Status;
use edge_abi::manifest::OnFailure;
use edge_abi::output::Op;
use edge_abi::output::state::Purge as PurgeKind;
use edge_state::{Failure, Purge};
use http::{Response, StatusCode};
use smallvec::SmallVec;

use super::Exchange;
use super::ask::{Ask, Done, StateAsk, Stop};
use super::charge::charges;
use super::incoming::Refusal;
use super::reads::{self, Reading};
use super::record::Purged;
use super::scan::Order;
use crate::input::Answer;
use crate::metrics::Kept;
use crate::state::State;
use crate::upstream::Body;

impl Exchange<'_> {
    /// Carries an output's effects out. A scan that is ordered holds for the body that is read here, or stays
    /// ordered for what follows.
    ///
    /// # Errors
    /// [`Stop`] when something else becomes of the request than what the output says.
    pub(super) async fn perform(
        &mut self,
        asks: &[Ask],
        order: &mut Option<Order>,
    ) -> Result<Done, Stop> {
        let mut done = Done::new();
        let mut rest = asks;
        while let Some((first, others)) = rest.split_first() {
            match first {
                Ask::Body { limit, chained } => {
                    let read = done.lets(*chained);
                    let status = match read {
                        true => self.read_body(*limit, order).await,
                        false => Status::Skipped,
                    };
                    done.note(Op::Body, status);
                    if let Some(decided) = self.check_body()? {
                        return Err(Stop::Decided(decided));
                    }
                    rest = others;
                }
                Ask::State(ask) => {
                    let begun = Instant::now();
                    let used = self.remember(ask, others, &mut done).await;
                    self.record.state += begun.elapsed();
                    rest = others.get(used?..).unwrap_or_default();
                }
            }
        }
        Ok(done)
    }

    async fn read_body(&mut self, limit: u32, order: &mut Option<Order>) -> Status {
        self.scan_request(order.take()).await;
        let status = self.body.read(limit).await;
        self.body_known |= status == Status::Ok;
        if status == Status::TooLarge {
            self.record.body_over = Some(limit);
        }
        status
    }

    /// Does a state effect, with as many of those behind it as can be asked together: how many.
    async fn remember(
        &mut self,
        first: &StateAsk,
        others: &[Ask],
        done: &mut Done,
    ) -> Result<usize, Stop> {
        if !done.lets(first.chained) {
            if first.answer.is_some() {
                done.note(first.op, Status::Skipped);
            }
            return Ok(0);
        }
        let apart = self.worker.deployment.state().backends().apart;
        let batch = Batch::of(first, others, apart);
        match first.op {
            _ if batch.len() > 0 => self.ask_batch(&batch, done).await,
            _ => self.write(first, done).await?,
        }
        Ok(batch.len().saturating_sub(1))
    }

    /// Asks limits and reads.
    async fn ask_batch(&mut self, batch: &Batch<'_>, done: &mut Done) {
        let worker = self.worker;
        let state = worker.deployment.state();
        let mut readings: SmallVec<[Reading<'_>; 2]> = SmallVec::new();
        readings.extend(batch.reads.iter().map(|ask| Reading::start(state, ask)));
        let charges = charges(state, &batch.limits);
        let taking = match charges.is_empty() {
            true => None,
            false => Some(state.backends().limits.take(&charges)),
        };
        let taken = reads::join(taking, &mut readings).await;
        if let Some(taken) = taken {
            self.take_limits(&batch.limits, taken, done).await;
        }
        for (ask, reading) in batch.reads.iter().zip(readings) {
            let status = self.note_read(ask, reading.into_answer());
            done.note(ask.op, status);
        }
    }

    fn note_read(&mut self, ask: &StateAsk, read: Result<Option<Answer>, Failure>) -> Status {
        match read {
            Ok(answer) => {
                let status = match answer {
                    Some(_) => Status::Ok,
                    None => Status::Absent,
                };
                match self.remembered.answer(ask.answer, answer) {
                    true => status,
                    false => Status::TooLarge,
                }
            }
            Err(failure) => {
                self.remembered.answer(ask.answer, None);
                self.degrade(ask, &failure);
                status_of(&failure)
            }
        }
    }

    /// Changes something.
    async fn write(&mut self, ask: &StateAsk, done: &mut Done) -> Result<(), Stop> {
        let worker = self.worker;
        let written = change(worker.deployment.state(), ask).await;
        if let (Op::Purge, Ok(_)) = (ask.op, &written) {
            self.record.purge(Purged {
                path: ask.id == PurgeKind::Path as u32,
                what: Bytes::copy_from_slice(&ask.key),
            });
        }
        if ask.op == Op::Purge
            && let Some(caches) = worker.deployment.caches()
            && !caches.settle(worker.clock.now_ms()).await
        {
            let told = Failure::Unavailable("caches may not have heard it".into());
            self.record.degrade(Kept::Purge, "", &told);
        }
        let status = written.as_ref().err().map_or(Status::Ok, status_of);
        if let Err(failure) = &written {
            self.degrade(ask, failure);
        }
        if ask.answer.is_some() {
            let failed = (ask.op != Op::CounterAdd).then_some(Answer::Bool(false));
            let answer = written.map_or(failed, Some);
            self.remembered.answer(ask.answer, answer);
            done.note(ask.op, status);
            return Ok(());
        }
        match written {
            Err(failure) if self.must_be_kept(ask) => Err(Stop::Unkept(failure.to_string())),
            _ => Ok(()),
        }
    }

    fn must_be_kept(&self, ask: &StateAsk) -> bool {
        let state = self.worker.deployment.state();
        let on_failure = match ask.op {
            Op::Purge => None,
            Op::CounterAdd => state.counter(ask.id).map(|counter| counter.on_failure),
            _ => state.store(ask.id).map(|store| store.on_failure),
        };
        on_failure == Some(OnFailure::Error)
    }

    /// Notes what could not be done.
    fn degrade(&mut self, ask: &StateAsk, failure: &Failure) {
        let state = self.worker.deployment.state();
        let (kept, name) = match ask.op {
            Op::Purge => (Kept::Purge, None),
            Op::StoreGet | Op::Put | Op::Delete => (
                Kept::Store,
                state.store(ask.id).map(|store| store.name.as_str()),
            ),
            _ => (
                Kept::Counter,
                state.counter(ask.id).map(|counter| counter.name.as_str()),
            ),
        };
        let metrics = self.worker.deployment.metrics();
        metrics.fail_state(kept, failure);
        self.record.degrade(kept, name.unwrap_or_default(), failure);
    }

    /// The host's answer when something could not be written.
    pub(super) fn unkept(&mut self, reason: String) -> Response<Body> {
        let reason = format!("something could not be written: {reason}");
        let refusal = Refusal::new(StatusCode::SERVICE_UNAVAILABLE, reason);
        let mut response = self.refuse(&refusal);
        self.apply_queued(&mut response);
        response
    }
}

/// What is asked at the same time: limits that are chained to each other, and reads that nothing holds up.
struct Batch<'a> {
    limits: SmallVec<[&'a StateAsk; 4]>,
    reads: SmallVec<[&'a StateAsk; 2]>,
}

impl<'a> Batch<'a> {
    /// The first and what goes with it, limits one by one if they are to be `apart`; empty when the first is
    /// neither a limit nor a read.
    fn of(first: &'a StateAsk, others: &'a [Ask], apart: bool) -> Self {
        let mut batch = Batch {
            limits: SmallVec::new(),
            reads: SmallVec::new(),
        };
        let following = others.iter().map_while(|ask| match ask {
            Ask::State(ask) => Some(ask),
            Ask::Body { .. } => None,
        });
        for (number, ask) in std::iter::once(first).chain(following).enumerate() {
            let fits = match ask.op {
                Op::Limit => {
                    // A charge that nobody asks about does not keep others from being made.
                    let asked = batch.limits.last().is_none_or(|last| last.answer.is_some());
                    let follows = ask.chained && !apart && batch.reads.is_empty();
                    number == 0 || (asked && follows)
                }
                _ => ask.is_read() && (number == 0 || !ask.chained),
            };
            if !fits {
                break;
            }
            match ask.op {
                Op::Limit => batch.limits.push(ask),
                _ => batch.reads.push(ask),
            }
        }
        batch
    }

    fn len(&self) -> usize {
        self.limits.len() + self.reads.len()
    }
}

/// Carries a write out. A value that can't be kept takes what was there with it.
async fn change(state: &State, ask: &StateAsk) -> Result<Answer, Failure> {
    match ask.op {
        Op::Put => put(state, ask).await?,
        Op::Delete => {
            let store = state.store(ask.id).ok_or_else(undeclared)?;
            let backend = &state.backends().stores;
            backend.delete(&store.declared(), &ask.key).get().await?;
        }
        Op::CounterAdd => {
            let counter = state.counter(ask.id).ok_or_else(undeclared)?;
            let backend = &state.backends().counters;
            let sum = backend.increment(&counter.declared(), &ask.key, ask.number);
            return Ok(Answer::I64(sum.get().await?));
        }
        _ => {
            let what = Bytes::copy_from_slice(&ask.key);
            let purge = match ask.id == PurgeKind::Path as u32 {
                true => Purge::Path(what),
                false => Purge::Tag(what),
            };
            state.backends().purges.purge(&purge).get().await?;
        }
    }
    Ok(Answer::Bool(true))
}

async fn put(state: &State, ask: &StateAsk) -> Result<(), Failure> {
    let store = state.store(ask.id).ok_or_else(undeclared)?;
    let backend = &state.backends().stores;
    let (bytes, limit) = (ask.value.len(), store.max_value);
    let kept = match bytes > limit {
        true => Err(Failure::TooLarge {
            what: "value",
            bytes,
            limit,
        }),
        false => {
            let ttl = lifetime(ask.number);
            let put = backend.put(&store.declared(), &ask.key, &ask.value, ttl);
            put.get().await
        }
    };
    if let Err(Failure::TooLarge { what: "value", .. }) = &kept {
        backend.delete(&store.declared(), &ask.key).get().await?;
    }
    kept
}

/// How long a value is kept: as its store says, or for so many milliseconds. What is over already
/// was there for no time.
fn lifetime(ms: i64) -> Option<Duration> {
    (ms != 0).then(|| Duration::from_millis(u64::try_from(ms).unwrap_or(0)))
}

/// A declaration that is not there: the checker has excluded it.
pub(super) fn undeclared() -> Failure {
    Failure::Unavailable("it is not declared".into())
}

/// A failure as a result tells it.
pub(super) fn status_of(failure: &Failure) -> Status {
    match failure {
        Failure::Timeout(_) => Status::Timeout,
        Failure::TooLarge { .. } => Status::TooLarge,
        Failure::Unavailable(_) | Failure::Full(_) | Failure::Corrupt(_) => Status::Unavailable,
    }
}
