//! The scan of a body: its pieces shown to the guest, each before it goes on.
//!
//! A scan lives as long as the body that it looks at, which may be longer than the exchange:
//! an origin's answer streams after its head, and an upload goes on while an early answer is
//! delivered. Its [`Lane`] therefore owns what its calls need.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use bytes::Bytes;
use edge_abi::input::{Event, MAX_CHUNK, flags};
use edge_abi::output::scan::{self, OverLimit};
use http::{HeaderMap, Response, StatusCode};

use super::call::failed;
use super::decide::{Follow, response_facts};
use super::incoming::{Incoming, Refusal};
use super::record::{Findings, Record};
use super::{Worker, respond};
use crate::headers::HeaderEdit;
use crate::input::{Call, Facts};
use crate::output::{Effect, Output, Scan as ScanEffect};
use crate::upstream::Body;

/// What a `scan` effect asks for, out of the guest's memory.
pub(super) struct Order {
    lane: scan::Lane,
    limit: u32,
    over: OverLimit,
    slots: u16,
    continuation: Vec<u8>,
}

impl Order {
    pub(super) fn of(scan: &ScanEffect<'_>) -> Self {
        Order {
            lane: scan.lane(),
            limit: scan.limit(),
            over: scan.over_limit(),
            slots: scan.slots(),
            continuation: scan.continuation().into(),
        }
    }
}

/// What the calls of a scan are told, and what its answer needs.
pub(super) struct Case {
    pub(super) worker: Rc<Worker>,
    pub(super) incoming: Rc<Incoming>,
    /// The request's body, if it is a fact.
    pub(super) body: Option<Bytes>,
    /// Status, origin and header of the response.
    pub(super) response: Option<(StatusCode, Option<u32>, HeaderMap)>,
    /// Edits that hold for whatever answer the client gets.
    pub(super) queued: Vec<HeaderEdit>,
}

/// What ended a scan before the body's end.
pub(super) enum Verdict {
    /// This is the answer, by this rule.
    Answer(u32, Box<Response<Body>>, Follow),
    /// The policy failed.
    Fault(Refusal),
}

/// Nothing of the body goes on any more.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Stopped(String);

/// A scan while it runs. Clones are the same scan.
#[derive(Clone)]
pub(super) struct Scan(Rc<RefCell<Lane>>);

struct Lane {
    order: Order,
    case: Case,
    /// How many bytes may still be shown.
    left: u64,
    /// Whether any were.
    shown: bool,
    state: State,
    findings: Findings,
}

enum State {
    /// What comes is shown.
    Showing,
    /// What comes goes on: all of it was shown, or all that was to be.
    Passing,
    /// Nothing goes on. The verdict is there until somebody takes it.
    Stopped(String, Option<Verdict>),
}

impl Scan {
    pub(super) fn new(order: Order, case: Case) -> Self {
        Scan(Rc::new(RefCell::new(Lane {
            left: u64::from(order.limit),
            order,
            case,
            shown: false,
            state: State::Showing,
            findings: Findings::default(),
        })))
    }

    /// Before the first piece: a length that is known to be over the limit decides at once.
    pub(super) fn begin(&self, length: Option<u64>) {
        let mut lane = self.0.borrow_mut();
        if length.is_some_and(|length| length > lane.left) && lane.order.over != OverLimit::Truncate
        {
            lane.end_showing();
        }
    }

    /// Whether the guest is still to be shown something.
    pub(super) fn is_running(&self) -> bool {
        matches!(self.0.borrow().state, State::Showing)
    }

    /// Whether nothing may go on.
    ///
    /// # Errors
    /// If so, why.
    pub(super) fn check(&self) -> Result<(), Stopped> {
        self.0.borrow().check()
    }

    /// Takes from `bytes` what may go on next: a piece that the guest has let go on, or
    /// everything when it is not to be shown. `ends`: nothing comes after these bytes.
    ///
    /// # Errors
    /// The guest, now or earlier, did not let it go on.
    pub(super) fn admit(&self, bytes: &mut Bytes, ends: bool) -> Result<Bytes, Stopped> {
        let mut lane = self.0.borrow_mut();
        if lane.left == 0 && matches!(lane.state, State::Showing) {
            lane.end_showing();
        }
        match lane.state {
            State::Showing => {
                let most = usize::try_from(lane.left.min(u64::from(MAX_CHUNK)));
                let piece = bytes.split_to(bytes.len().min(most.unwrap_or(0)));
                lane.left -= piece.len() as u64;
                lane.show(&piece, ends && bytes.is_empty())?;
                Ok(piece)
            }
            State::Passing => Ok(std::mem::take(bytes)),
            State::Stopped(..) => lane.check().map(|()| Bytes::new()),
        }
    }

    /// The body has ended. A guest that has seen pieces hears of it, if it has not yet.
    ///
    /// # Errors
    /// The guest, now or earlier, did not let it go on.
    pub(super) fn finish(&self) -> Result<(), Stopped> {
        let mut lane = self.0.borrow_mut();
        if matches!(lane.state, State::Showing) {
            if lane.shown {
                return lane.show(b"", true);
            }
            lane.state = State::Passing;
        }
        lane.check()
    }

    /// What ended the scan, for whoever can still act upon it.
    pub(super) fn take_verdict(&self) -> Option<Verdict> {
        match &mut self.0.borrow_mut().state {
            State::Stopped(_, verdict) => verdict.take(),
            _ => None,
        }
    }

    /// Moves what the calls have found so far into the record, and with it a verdict that
    /// came too late for another answer. Whether there is one.
    pub(super) fn settle(&self, record: &mut Record) -> bool {
        let mut lane = self.0.borrow_mut();
        record.findings.absorb(std::mem::take(&mut lane.findings));
        match &lane.state {
            State::Stopped(_, Some(Verdict::Answer(rule, ..))) => record.rule = Some(*rule),
            State::Stopped(_, Some(Verdict::Fault(refusal))) => {
                record.fault.clone_from(&refusal.reason);
            }
            _ => return false,
        }
        true
    }
}

impl Lane {
    fn check(&self) -> Result<(), Stopped> {
        match &self.state {
            State::Stopped(reason, _) => Err(Stopped(reason.clone())),
            _ => Ok(()),
        }
    }

    /// Shows a piece.
    fn show(&mut self, piece: &[u8], last: bool) -> Result<(), Stopped> {
        self.shown = true;
        self.call(if last { flags::LAST } else { 0 }, Some(piece));
        if last && matches!(self.state, State::Showing) {
            self.state = State::Passing;
        }
        self.check()
    }

    /// The body is over the limit.
    fn end_showing(&mut self) {
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
                Verdict::Answer(..) => match self.order.lane {
                    scan::Lane::Request => "the policy refused the request's body",
                    scan::Lane::Response => "the policy refused the response's body",
                },
                Verdict::Fault(_) => "the policy failed while it scanned the body",
            };
            self.state = State::Stopped(reason.to_owned(), Some(verdict));
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
            )
        });
        let plan = worker.plan(self.order.slots).map_err(Verdict::Fault)?;
        let facts = Facts {
            request_chunk: in_request,
            response_chunk: in_response,
            ..case
                .incoming
                .facts(&worker, plan, case.body.as_deref(), response)
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
                Effect::Proxy(_) | Effect::Pass(_) | Effect::Body(_) | Effect::Edits(_) => break,
            }
        }
        let reason = "the policy's answer to a piece of a body is none";
        Err(Verdict::Fault(super::call::broken(reason)))
    }
}

/// The scans of a request. They may go on after its answer has begun.
#[derive(Default)]
pub struct Scans {
    pub(super) request: Option<Scan>,
    pub(super) response: Option<Scan>,
}

impl Scans {
    /// Moves what the scans have found into the record: at the end of the answer's body, or
    /// earlier and then again. Whether a scan has cut the answer short.
    pub fn settle(&self, record: &mut Record) -> bool {
        let mut cut = false;
        for scan in [&self.request, &self.response].into_iter().flatten() {
            cut |= scan.settle(record);
        }
        cut
    }
}
