//! The calls of a scan.

use std::rc::Rc;
use std::time::Instant;

use edge_abi::input::{Event, flags};
use edge_abi::output::scan::{self, OverLimit};

use super::{Case, Order, Stopped, Verdict};
use crate::exchange::call::{broken, failed};
use crate::exchange::decide::{Follow, response_facts};
use crate::exchange::record::Findings;
use crate::exchange::respond;
use crate::input::{Call, Facts};
use crate::output::{Effect, Output};

/// A scan's side of the conversation with the guest.
pub(super) struct Lane {
    pub(super) order: Order,
    case: Case,
    /// How many bytes may still be shown.
    pub(super) left: u64,
    /// Whether any were.
    pub(super) shown: bool,
    pub(super) state: State,
    pub(super) findings: Findings,
}

/// How far a scan has come.
pub(super) enum State {
    /// What comes is shown.
    Showing,
    /// What comes goes on: all of it was shown, or all that was to be.
    Passing,
    /// Nothing goes on. The verdict is there until somebody takes it.
    Stopped(&'static str, Option<Verdict>),
}

impl Lane {
    pub(super) fn new(order: Order, case: Case) -> Self {
        Lane {
            left: u64::from(order.limit),
            order,
            case,
            shown: false,
            state: State::Showing,
            findings: Findings::default(),
        }
    }

    pub(super) fn check(&self) -> Result<(), Stopped> {
        match &self.state {
            State::Stopped(reason, _) => Err(Stopped(reason)),
            _ => Ok(()),
        }
    }

    /// Shows a piece.
    pub(super) fn show(&mut self, piece: &[u8], last: bool) -> Result<(), Stopped> {
        self.shown = true;
        self.call(if last { flags::LAST } else { 0 }, Some(piece));
        if last && matches!(self.state, State::Showing) {
            self.state = State::Passing;
        }
        self.check()
    }

    /// The body is over the limit.
    pub(super) fn end_showing(&mut self) {
        if self.order.over == OverLimit::Block {
            self.call(flags::OVER, None);
        }
        if matches!(self.state, State::Showing) {
            self.state = State::Passing;
        }
    }

    /// Calls the guest. Whatever is not plainly a consent stops the body.
    fn call(&mut self, flags: u32, piece: Option<&[u8]>) {
        let begun = Instant::now();
        if let Err(verdict) = self.ask(flags, piece) {
            let reason = match &verdict {
                Verdict::Answer(..) => {
                    let metrics = self.case.worker.deployment.metrics();
                    metrics.refuse_body(self.order.lane);
                    match self.order.lane {
                        scan::Lane::Request => "the policy refused the request's body",
                        scan::Lane::Response => "the policy refused the response's body",
                    }
                }
                Verdict::Fault(_) => "the policy failed while it scanned the body",
            };
            self.state = State::Stopped(reason, Some(verdict));
        }
        self.findings.decision += begun.elapsed();
    }

    fn ask(&mut self, flags: u32, piece: Option<&[u8]>) -> Result<(), Verdict> {
        let case = &self.case;
        let worker = Rc::clone(&case.worker);
        let (event, in_request, in_response) = match self.order.lane {
            scan::Lane::Request => (Event::RequestChunk, piece, None),
            scan::Lane::Response => (Event::ResponseChunk, None, piece),
        };
        let call = Call {
            event,
            flags,
            now: case.incoming.now,
            random: case.incoming.random,
            results: &[],
            continuation: &self.order.continuation,
        };
        let policy = worker.deployment.policy();
        let response = case.response.as_ref().map(|(status, origin, headers)| {
            response_facts(
                *status,
                origin.and_then(|at| policy.target_name(at)),
                headers,
                case.cache,
            )
        });
        let plan = worker.plan(self.order.slots).map_err(Verdict::Fault)?;
        let facts = Facts {
            request_chunk: in_request,
            response_chunk: in_response,
            ..case
                .incoming
                .facts(&worker, plan, case.body.as_deref(), &case.answers, response)
        };
        let input = worker.write(plan, &call, &facts);
        worker
            .ask(input, |output| self.take(output))
            .unwrap_or_else(|error| Err(Verdict::Fault(failed(&error, event, true))))
    }

    fn take(&mut self, output: &Output<'_>) -> Result<(), Verdict> {
        let worker = &self.case.worker;
        for effect in output.effects() {
            match effect {
                Effect::Log(log) => self.findings.remember_line(&log),
                Effect::Note(note) => self.findings.remember_note(&note),
                Effect::Hits(hits) => self.findings.remember_hits(&hits),
                Effect::Scan(scan) => {
                    let continuation = &mut self.order.continuation;
                    continuation.clear();
                    continuation.extend_from_slice(scan.continuation());
                    return Ok(());
                }
                Effect::Respond(respond) => {
                    let mut response = respond::build(&respond, &self.case.queued)
                        .map_err(|error| Verdict::Fault(worker.bad_edit(&error)))?;
                    worker.name_denial(respond.rule(), &mut response);
                    let follow = Follow::of(output);
                    return Err(Verdict::Answer(respond.rule(), Box::new(response), follow));
                }
                Effect::Fault(fault) => return Err(Verdict::Fault(worker.fault(&fault))),
                // The checker lets none of these through.
                Effect::Proxy(_)
                | Effect::Pass(_)
                | Effect::Admit(_)
                | Effect::Body(_)
                | Effect::State(_)
                | Effect::Edits(_) => break,
            }
        }
        let reason = "the policy's answer to a piece of a body is none";
        Err(Verdict::Fault(broken(reason)))
    }
}
