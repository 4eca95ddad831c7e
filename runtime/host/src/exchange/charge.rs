//! Limits: what is charged, and what that means for the request.

use edge_abi::input::result::Status;
use edge_abi::manifest::Fail;
use edge_abi::output::Op;
use edge_state::{Charge, Failure, Taken, Takings};
use smallvec::SmallVec;

use super::Exchange;
use super::ask::{Done, StateAsk};
use super::state::status_of;
use crate::input::Answer;
use crate::metrics::{Charged, Kept};
use crate::state::{Limit, State};

impl Exchange<'_> {
    /// Notes what came of limits. One that only watches and would have refused keeps the
    /// backend from charging those behind it: they are charged then.
    pub(super) async fn take_limits(
        &mut self,
        limits: &[&StateAsk],
        mut taken: Result<Takings, Failure>,
        done: &mut Done,
    ) {
        let worker = self.worker;
        let state = worker.deployment.state();
        let mut rest = limits;
        loop {
            let used = self.note_limits(rest, taken, done);
            rest = rest.get(used..).unwrap_or_default();
            if rest.is_empty() {
                return;
            }
            taken = match used {
                0 => Err(Failure::Unavailable(
                    "there is no answer about a limit".into(),
                )),
                _ => {
                    let charges = charges(state, rest);
                    state.backends().limits.take(&charges).get().await
                }
            };
        }
    }

    /// How many of the limits have been judged.
    fn note_limits(
        &mut self,
        limits: &[&StateAsk],
        taken: Result<Takings, Failure>,
        done: &mut Done,
    ) -> usize {
        let state = self.worker.deployment.state();
        let (mut takings, failure) = match taken {
            Ok(takings) => (takings.into_iter(), None),
            Err(failure) => (Takings::new().into_iter(), Some(failure)),
        };
        let mut used = 0;
        for ask in limits {
            let taken = match &failure {
                Some(failure) => Err(failure),
                None => match takings.next() {
                    // It was not charged, but what stands before it has only watched.
                    Some(Taken::Skipped) if used > 0 && done.lets(true) => return used,
                    Some(taken) => Ok(taken),
                    None => return used,
                },
            };
            used += 1;
            let status = match (state.limit(ask.id), done.lets(ask.chained)) {
                (Some(limit), true) => self.judge(limit, ask, taken),
                _ => Status::Skipped,
            };
            if ask.answer.is_some() {
                done.note(Op::Limit, status);
            }
        }
        used
    }

    /// What a charge means for the request. What may go on is ok, for whatever reason it may.
    fn judge(&mut self, limit: &Limit, ask: &StateAsk, taken: Result<Taken, &Failure>) -> Status {
        let asked = ask.answer.is_some();
        let metrics = self.worker.deployment.metrics();
        if let Some(charged) = charged(&taken) {
            metrics.charge(ask.id, charged);
        }
        let memory = &mut self.remembered;
        let (allowed, status) = match taken {
            Ok(Taken::Allowed { quota, lease }) => {
                memory.leases.extend(lease);
                if !limit.shadow {
                    memory.note_quota(ask.id, quota);
                }
                (true, Status::Ok)
            }
            Ok(Taken::Refused { .. }) if limit.shadow => {
                self.record.findings.remember_shadow(limit.rule);
                (true, Status::Ok)
            }
            Ok(Taken::Refused { quota, retry_after }) => {
                memory.note_quota(ask.id, quota);
                if asked {
                    memory.retry_after = memory.retry_after.max(retry_after);
                }
                (false, Status::Refused)
            }
            Ok(Taken::Skipped) => return Status::Skipped,
            Err(failure) => {
                metrics.fail_state(Kept::Limit, failure);
                self.record.degrade(Kept::Limit, &limit.name, failure);
                match limit.fail {
                    Fail::Closed if !limit.shadow => (false, status_of(failure)),
                    _ => (true, Status::Ok),
                }
            }
        };
        self.remembered
            .answer(ask.answer, Some(Answer::Bool(allowed)));
        status
    }
}

/// How a charge ended; none when it was not made.
fn charged(taken: &Result<Taken, &Failure>) -> Option<Charged> {
    match taken {
        Ok(Taken::Allowed { .. }) => Some(Charged::Allowed),
        Ok(Taken::Refused { .. }) => Some(Charged::Refused),
        Ok(Taken::Skipped) => None,
        Err(_) => Some(Charged::Failed),
    }
}

/// What limits are charged, as their backend is told.
pub(super) fn charges<'a>(state: &'a State, limits: &[&'a StateAsk]) -> SmallVec<[Charge<'a>; 4]> {
    let charge = |ask: &&'a StateAsk| {
        Some(Charge {
            limit: &state.limit(ask.id)?.limit,
            key: &ask.key,
            cost: u64::try_from(ask.number).unwrap_or(0),
        })
    };
    limits.iter().filter_map(charge).collect()
}
