//! The scan of a body: its pieces shown to the guest, each before it goes on.
//!
//! A scan lives as long as the body that it looks at, which may be longer than the exchange:
//! an origin's answer streams after its head, and an upload goes on while an early answer is
//! delivered. Its [`Lane`] therefore owns what its calls need.

mod lane;

use std::cell::RefCell;
use std::rc::Rc;

use bytes::Bytes;
use edge_abi::input::MAX_CHUNK;
use edge_abi::output::scan::{self, OverLimit};
use http::{HeaderMap, Response, StatusCode};

use super::Worker;
use super::decide::Follow;
use super::incoming::{Incoming, Refusal};
use super::record::Record;
use crate::headers::HeaderEdit;
use crate::input::Answer;
use crate::output::Scan as ScanEffect;
use crate::upstream::Body;
use lane::{Lane, State};

/// What a `scan` effect asks for, out of the guest's memory.
#[derive(Clone)]
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
    /// What its state effects were answered.
    pub(super) answers: Vec<(u32, Answer)>,
    /// Status, origin and header of the response.
    pub(super) response: Option<(StatusCode, Option<u32>, HeaderMap)>,
    /// How a cache has answered, if one was asked.
    pub(super) cache: Option<&'static str>,
    /// Edits that hold for an answer of the scan.
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
pub(super) struct Stopped(&'static str);

/// A scan while it runs. Clones are the same scan.
#[derive(Clone)]
pub(super) struct Scan(Rc<RefCell<Lane>>);

impl Scan {
    pub(super) fn new(order: Order, case: Case) -> Self {
        Scan(Rc::new(RefCell::new(Lane::new(order, case))))
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
