//! A call of the guest in the main lane, and its output turned into what the host is to do.

use std::time::Instant;

use edge_abi::input::Event;
use http::{HeaderMap, Response, StatusCode};

use super::ask::Ask;
use super::call::{broken, failed};
use super::forward::Forward;
use super::incoming::Refusal;
use super::scan::Order;
use super::{Exchange, respond};
use crate::headers::HeaderEdit;
use crate::input::{Call, ResponseFacts, ResultEntry};
use crate::output::{Edits, Effect, Output};
use crate::upstream::Body;

/// Most edits of one answer that wait for it; the compiler makes 64 at most.
const MAX_QUEUED: usize = 1024;

/// What the next call needs of this one.
#[derive(Debug, Clone, Default)]
pub(super) struct Follow {
    wanted: u16,
    pub(super) slots: u16,
    continuation: Box<[u8]>,
}

impl Follow {
    pub(super) fn of(output: &Output<'_>) -> Self {
        match output.next_slots() {
            0 => Follow::default(),
            slots => Follow {
                wanted: output.wanted(),
                slots,
                continuation: output.continuation().into(),
            },
        }
    }

    /// What the guest has said that it needs.
    pub(super) fn continuation(&self) -> &[u8] {
        &self.continuation
    }

    /// Whether the guest wants to be called for this event.
    pub(super) fn wants(&self, event: Event) -> bool {
        self.slots != 0 && self.wanted & event.bit() != 0
    }
}

/// What an output says.
pub(super) struct Decision {
    /// What is to be done first, in order.
    pub(super) asks: Vec<Ask>,
    pub(super) step: Step,
    pub(super) next: Follow,
}

/// What a call of the guest decided.
pub(super) enum Step {
    /// Nothing yet: the results of what is asked are to be handed in. A body may be to be scanned on the
    /// way.
    Wait(Option<Order>),
    /// This is the answer.
    Respond(Response<Body>),
    /// Ask an origin.
    Forward(Box<Forward>),
    /// Let the response go on with these edits, its body scanned if so ordered.
    Pass(Vec<HeaderEdit>, Option<Order>),
}

impl Exchange<'_> {
    /// Calls the guest. Everything that outlives the call is taken out of its memory.
    pub(super) fn decide(
        &mut self,
        event: Event,
        follow: &Follow,
        results: &[ResultEntry],
        response: Option<ResponseFacts<'_>>,
    ) -> Result<Decision, Refusal> {
        let begun = Instant::now();
        let worker = self.worker;
        let call = Call {
            event,
            flags: 0,
            now: self.incoming.now,
            random: self.incoming.random,
            results,
            continuation: &follow.continuation,
        };
        let plan = worker.plan(follow.slots)?;
        let facts = self.incoming.facts(
            worker,
            plan,
            self.body_fact(),
            self.remembered.answers(),
            response,
        );
        let input = worker.write(plan, &call, &facts);
        let outcome = worker.ask(input, |output| {
            let mut asks = Vec::new();
            let step = self.take(output, &mut asks)?;
            let next = Follow::of(output);
            Ok(Decision { asks, step, next })
        });
        let outcome =
            outcome.unwrap_or_else(|error| Err(failed(&error, event, self.body_fact().is_some())));
        self.record.findings.decision += begun.elapsed();
        outcome
    }

    fn take(&mut self, output: &Output<'_>, asks: &mut Vec<Ask>) -> Result<Step, Refusal> {
        let mut order = None;
        for effect in output.effects() {
            match effect {
                Effect::Log(log) => self.record.findings.remember_line(&log),
                Effect::Note(note) => self.record.findings.remember_note(&note),
                Effect::Hits(hits) => self.record.findings.remember_hits(&hits),
                Effect::Edits(edits) => {
                    let edits = self.edits(edits)?;
                    self.queued.extend(edits);
                    if self.queued.len() > MAX_QUEUED {
                        let reason =
                            format!("more than {MAX_QUEUED} changes of an answer's header");
                        return Err(broken(reason));
                    }
                }
                Effect::Body(body) => asks.push(Ask::body(&body)),
                Effect::State(state) => asks.push(Ask::state(&state)),
                Effect::Scan(scan) => order = Some(Order::of(&scan)),
                Effect::Respond(respond) => {
                    self.record.rule = Some(respond.rule());
                    let mut response = respond::build(&respond, &self.queued)
                        .map_err(|error| self.worker.bad_edit(&error))?;
                    self.worker.name_denial(respond.rule(), &mut response);
                    return Ok(Step::Respond(response));
                }
                Effect::Proxy(proxy) => {
                    let keep = Follow::of(output);
                    self.record.rule = Some(proxy.rule());
                    let forward = self.prepare(&proxy, &keep, order)?;
                    return Ok(Step::Forward(Box::new(forward)));
                }
                Effect::Pass(pass) => return Ok(Step::Pass(self.edits(pass.edits())?, order)),
                // The checker lets it through in the answer to its own event alone.
                Effect::Admit(_) => {
                    return Err(broken("an admission that nobody asked for"));
                }
                Effect::Fault(fault) => {
                    self.record.rule = Some(fault.rule());
                    return Err(self.worker.fault(&fault));
                }
            }
        }
        Ok(Step::Wait(order))
    }

    /// Takes response edits out of the guest's memory.
    pub(super) fn edits(&self, edits: Edits<'_>) -> Result<Vec<HeaderEdit>, Refusal> {
        edits
            .map(|edit| HeaderEdit::new(&edit, &[]).map_err(|error| self.worker.bad_edit(&error)))
            .collect()
    }
}

/// The facts of an answer.
pub(super) fn response_facts<'a>(
    status: StatusCode,
    origin: Option<&'a str>,
    headers: &'a HeaderMap,
    cache: Option<&'static str>,
) -> ResponseFacts<'a> {
    ResponseFacts {
        status: status.as_u16(),
        origin,
        headers,
        cache,
    }
}
