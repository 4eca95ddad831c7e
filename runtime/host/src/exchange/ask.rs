//! What an output asks for before its decision holds, out of the guest's memory.

use bytes::Bytes;
use edge_abi::input::result::Status;
use edge_abi::output::Op;
use smallvec::SmallVec;

use super::decide::Follow;
use super::incoming::Refusal;
use super::verdicts::Decided;
use crate::input::ResultEntry;
use crate::output::{BodyWait, State};

/// Something to be done before what follows.
pub(super) enum Ask {
    /// Read the request's body, up to a limit.
    Body { limit: u32, chained: bool },
    /// Ask what is remembered between requests, or change it.
    State(StateAsk),
}

/// A `state` effect. What its fields mean depends on the operation.
pub(super) struct StateAsk {
    pub(super) op: Op,
    /// The number of its answer, if one is waited for.
    pub(super) answer: Option<u32>,
    pub(super) chained: bool,
    pub(super) id: u32,
    pub(super) key: SmallVec<[u8; 40]>,
    pub(super) value: Bytes,
    pub(super) number: i64,
}

impl Ask {
    pub(super) fn body(wait: &BodyWait<'_>) -> Self {
        Ask::Body {
            limit: wait.limit(),
            chained: wait.is_chained(),
        }
    }

    pub(super) fn state(state: &State<'_>) -> Self {
        Ask::State(StateAsk {
            op: state.op(),
            answer: state.ask(),
            chained: state.is_chained(),
            id: state.id(),
            key: SmallVec::from_slice(state.key()),
            value: Bytes::copy_from_slice(state.value()),
            number: state.number(),
        })
    }
}

impl StateAsk {
    /// Whether it changes nothing, and need not wait for another that does not either.
    pub(super) fn is_read(&self) -> bool {
        matches!(self.op, Op::StoreGet | Op::CounterGet | Op::CounterList)
    }
}

/// The results of an output's waits so far.
pub(super) struct Done {
    pub(super) results: SmallVec<[ResultEntry; 4]>,
    last: Status,
}

impl Done {
    pub(super) fn new() -> Self {
        Done {
            results: SmallVec::new(),
            last: Status::Ok,
        }
    }

    /// Whether an effect is to be done: where it is chained, only if the wait before it ended in ok.
    pub(super) fn lets(&self, chained: bool) -> bool {
        !chained || self.last == Status::Ok
    }

    /// Notes how a wait ended.
    pub(super) fn note(&mut self, op: Op, status: Status) {
        self.last = status;
        self.results.push(ResultEntry { status, op, aux: 0 });
    }
}

/// Why what an output decided does not come to pass.
pub(super) enum Stop {
    /// There is another answer: a scan has refused the body.
    Decided(Decided),
    /// Something could not be written that had to be: why.
    Unkept(String),
    /// The host answers.
    Refused(Refusal),
}

impl Stop {
    /// The answer that takes the place of what was decided, and what is wanted after it.
    pub(super) fn decided(
        self,
        exchange: &mut super::Exchange<'_>,
        next: Follow,
    ) -> Result<Decided, Refusal> {
        match self {
            Stop::Decided(decided) => Ok(decided),
            Stop::Unkept(reason) => Ok((exchange.unkept(reason), next)),
            Stop::Refused(refusal) => Err(refusal),
        }
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Stop::Refused(refusal)
    }
}
