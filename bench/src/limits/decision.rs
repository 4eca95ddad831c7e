//! A policy's decision about a request, made as a host makes it: the first call, what it asks of the memory, the second
//! call with the answers.

use super::{Key, ip};
use crate::{
    Outcome,
    policy::Loaded,
    request::{Request, call},
};
use edge_abi::{
    input::{Event, result::Status},
    manifest::Rate,
    output::Op,
};
use edge_host::{
    engine::Guest,
    input::{Answer, Call, Facts, Plan, ResultEntry},
    output::{Effect, Output},
    settings::ParamValue,
};
use edge_state::{Backend, Charge, Clock, Limit, Taken, open};
use smallvec::SmallVec;
use std::{sync::Arc, time::Duration};

/// A policy with a memory of its own.
pub struct Decision {
    guest: Guest,
    /// By the number of the slot set.
    plans: Vec<Plan>,
    params: Vec<ParamValue>,
    limits: Vec<Limit>,
    backend: Arc<dyn Backend>,
    input: Vec<u8>,
}

/// What came of a request.
#[derive(Debug, PartialEq, Eq)]
pub struct Decided {
    /// The origin; none where the policy has answered.
    pub target: Option<u32>,
    /// How many limits were asked.
    pub asked: usize,
    /// How often the policy was called.
    pub calls: u32,
}

/// What a host takes out of the guest's memory to ask a limit.
struct Ask {
    limit: u32,
    answer: Option<u32>,
    key: SmallVec<[u8; 40]>,
    cost: i64,
}

impl Decision {
    /// A fresh instance.
    pub fn new(loaded: &Loaded) -> Outcome<Decision> {
        let sets = u16::try_from(loaded.manifest.slot_sets.len())?;
        let limits = loaded.manifest.rate_limits.iter().map(|limit| {
            let Rate::TokenBucket {
                amount,
                per_ms,
                burst,
            } = limit.rate
            else {
                return Err("only token buckets are measured".into());
            };
            let per = Duration::from_millis(per_ms);
            Ok(Limit::token_bucket(&limit.name, amount, per, burst)?)
        });
        Ok(Decision {
            guest: loaded.guest()?,
            plans: (0..sets)
                .map(|set| loaded.plan(set))
                .collect::<Outcome<_>>()?,
            params: loaded.params.clone(),
            limits: limits.collect::<Outcome<_>>()?,
            backend: open("memory://", Clock::System)?,
            input: Vec::new(),
        })
    }

    /// Decides about a request of this client.
    ///
    /// # Errors
    /// The policy asks for something else than limits, or without end.
    pub fn decide(&mut self, request: &Request, client: &Key) -> Outcome<Decided> {
        const MOST: u32 = 4;
        let (mut event, mut slots, mut continuation) = (Event::Start, 0, Box::default());
        let (mut answers, mut results, mut asked) = (Vec::new(), SmallVec::new(), 0);
        for calls in 1..=MOST {
            let facts = Facts {
                ip: ip(client),
                answers: &answers,
                ..request.facts(&self.params, None)
            };
            let call = Call {
                results: &results,
                ..call(event, &continuation)
            };
            let plan = self.plans.get(slots).ok_or("no such slot set")?;
            plan.write(&mut self.input, &call, &facts);
            let output = self.guest.run(&self.input)?;
            let asks = match read(&output) {
                Read::Decided(target) => {
                    return Ok(Decided {
                        target,
                        asked,
                        calls,
                    });
                }
                Read::Asks(asks) => asks,
            };
            (event, slots) = (Event::Results, usize::from(output.next_slots()));
            continuation = output.continuation().into();
            asked += asks.len();
            results = self.ask(&asks, &mut answers)?;
        }
        Err("the policy waits without end".into())
    }

    /// Asks all limits at once; their answers are kept with their numbers.
    fn ask(
        &self,
        asks: &[Ask],
        answers: &mut Vec<(u32, Answer)>,
    ) -> Outcome<SmallVec<[ResultEntry; 4]>> {
        let charges: SmallVec<[Charge<'_>; 4]> = asks
            .iter()
            .filter_map(|ask| {
                Some(Charge {
                    limit: self.limits.get(ask.limit as usize)?,
                    key: &ask.key,
                    cost: u64::try_from(ask.cost).unwrap_or(0),
                })
            })
            .collect();
        let edge_state::Answer::Ready(taken) = self.backend.take(&charges) else {
            return Err("memory does not answer at once".into());
        };
        let results = asks.iter().zip(taken?).map(|(ask, taken)| {
            let answer = Answer::Bool(taken.is_allowed());
            answers.extend(ask.answer.map(|number| (number, answer)));
            let status = match taken {
                Taken::Allowed { .. } => Status::Ok,
                Taken::Refused { .. } => Status::Refused,
                Taken::Skipped => Status::Skipped,
            };
            ResultEntry {
                status,
                op: Op::Limit,
                aux: 0,
            }
        });
        Ok(results.collect())
    }
}

enum Read {
    Decided(Option<u32>),
    Asks(Vec<Ask>),
}

fn read(output: &Output<'_>) -> Read {
    let mut asks = Vec::new();
    for effect in output.effects() {
        match effect {
            Effect::State(state) => asks.push(Ask {
                limit: state.id(),
                answer: state.ask(),
                key: SmallVec::from_slice(state.key()),
                cost: state.number(),
            }),
            Effect::Proxy(proxy) => return Read::Decided(Some(proxy.target())),
            Effect::Respond(_) => return Read::Decided(None),
            _ => {}
        }
    }
    Read::Asks(asks)
}
