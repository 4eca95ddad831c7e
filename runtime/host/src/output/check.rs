//! One walk over an output's records, in place.

use std::ops::Range;

use edge_abi::continuation;
use edge_abi::input::Event;
use edge_abi::output::{
    self, MAX_EFFECTS, Op, Status, admit, body, edits, effect, fault, hits, log, note, pass, proxy,
    respond, scan,
};

use super::lists::Side;
use super::memory::{Reach, u16_at, u32_at};
use super::scan::{Scans, lane_of};
use super::state;
use super::{Bounds, Output, OutputError};

/// Checks the output record at an address of a guest's memory.
///
/// `input` is where the input of this call lies, `event` the number of its event. What comes
/// back borrows the memory and can be read without further doubt.
///
/// # Errors
/// [`OutputError`] says what is not as the ABI says. Any bytes are allowed to come in.
pub fn check_output<'a>(
    memory: &'a [u8],
    at: u32,
    input: Range<u32>,
    event: u16,
    bounds: &Bounds,
) -> Result<Output<'a>, OutputError> {
    let record = memory
        .get(at as usize..)
        .filter(|_| at.is_multiple_of(16))
        .ok_or(OutputError::Address(at))?;
    let length = u32_at(record, output::LENGTH);
    let record = record
        .get(..length as usize)
        .filter(|_| length >= output::HEADER)
        .ok_or(OutputError::Length(length))?;
    let version = u16_at(record, output::VERSION);
    if version != edge_abi::VERSION {
        return Err(OutputError::Version(version));
    }
    check_status(u16_at(record, output::STATUS))?;
    let reach = Reach {
        memory,
        input,
        output: at..at.saturating_add(length),
    };
    let check = Check {
        reach,
        event,
        bounds,
    };
    check.header(record)?;
    let effects = check.reach.field(record, output::EFFECTS_REF)?;
    let waits = check.effects(effects, u32_at(record, output::EFFECTS))?;
    let output = Output::new(memory, record, effects);
    if waits && !output.wants(Event::Results) {
        return Err(OutputError::Unwanted);
    }
    Ok(output)
}

fn check_status(status: u16) -> Result<(), OutputError> {
    match status {
        0 => Ok(()),
        1 => Err(OutputError::Refused(Status::InvalidInput)),
        2 => Err(OutputError::Refused(Status::StaleContinuation)),
        other => Err(OutputError::Status(other)),
    }
}

/// The events that this host raises.
const EVENTS: u16 =
    Event::Results.bit() | Event::ResponseHead.bit() | Event::Failed.bit() | Event::Admit.bit();

pub(super) struct Check<'a, 'b> {
    pub(super) reach: Reach<'a>,
    /// Why the guest was called.
    pub(super) event: u16,
    pub(super) bounds: &'b Bounds,
}

impl<'a> Check<'a, '_> {
    fn header(&self, record: &[u8]) -> Result<(), OutputError> {
        let wanted = u16_at(record, output::WANTED);
        if wanted & !EVENTS != 0 {
            return Err(OutputError::Code {
                what: "events",
                code: u32::from(wanted),
            });
        }
        index(
            "slot set",
            u32::from(u16_at(record, output::NEXT_SLOTS)),
            self.bounds.slot_sets,
        )?;
        self.continuation(record, output::CONTINUATION)
    }

    pub(super) fn continuation(&self, record: &[u8], at: u32) -> Result<(), OutputError> {
        let length = u32_at(record, at + 4);
        if length > continuation::LIMIT {
            return Err(OutputError::Continuation(length));
        }
        self.reach.field(record, at).map(drop)
    }

    /// Whether the effects wait for an answer.
    fn effects(&self, bytes: &'a [u8], count: u32) -> Result<bool, OutputError> {
        if count > MAX_EFFECTS {
            return Err(OutputError::TooMany {
                what: "effects",
                count,
                most: MAX_EFFECTS,
            });
        }
        let (mut rest, mut waits, mut ended) = (bytes, false, false);
        let mut scans = Scans::default();
        for _ in 0..count {
            if ended {
                return Err(OutputError::AfterTerminal);
            }
            let size = u32_at(rest, effect::SIZE);
            let op = u16_at(rest, effect::OP);
            let wrong = OutputError::EffectSize { op, size };
            if size < effect::HEADER || !size.is_multiple_of(4) {
                return Err(wrong);
            }
            let (one, others) = rest.split_at_checked(size as usize).ok_or(wrong)?;
            let flags = u16_at(one, effect::FLAGS);
            match self.effect(op, flags, one)? {
                Role::Terminal => ended = true,
                Role::Waiting => waits = true,
                Role::Immediate => {}
            }
            scans.note(self.event, op, one)?;
            rest = others;
        }
        match (rest.is_empty(), ended, waits) {
            (false, ..) => Err(OutputError::Effects(
                u32::try_from(bytes.len()).unwrap_or(u32::MAX),
            )),
            (_, true, true) => Err(OutputError::WaitAndTerminal),
            (_, false, false) => Err(OutputError::NoTerminal),
            (_, _, waits) => Ok(waits),
        }
    }

    fn effect(&self, op: u16, flags: u16, record: &[u8]) -> Result<Role, OutputError> {
        const RESPOND: u16 = Op::Respond as u16;
        const PROXY: u16 = Op::Proxy as u16;
        const PASS: u16 = Op::Pass as u16;
        const FAULT: u16 = Op::Fault as u16;
        const BODY: u16 = Op::Body as u16;
        const LOG: u16 = Op::Log as u16;
        const NOTE: u16 = Op::Note as u16;
        const EDITS: u16 = Op::Edits as u16;
        const HITS: u16 = Op::Hits as u16;
        const SCAN: u16 = Op::Scan as u16;
        const ADMIT: u16 = Op::Admit as u16;
        self.may_answer(op)?;
        let (size, role) = match op {
            RESPOND => (respond::SIZE, Role::Terminal),
            PROXY => (proxy::SIZE, Role::Terminal),
            PASS => (pass::SIZE, Role::Terminal),
            FAULT => (fault::SIZE, Role::Terminal),
            ADMIT => (admit::SIZE, Role::Terminal),
            BODY => (body::SIZE, Role::Waiting),
            LOG => (log::SIZE, Role::Immediate),
            NOTE => (note::SIZE, Role::Immediate),
            HITS => (hits::SIZE, Role::Immediate),
            EDITS => (edits::SIZE, Role::Immediate),
            SCAN if lane_of(self.event).is_some() => (scan::SIZE, Role::Terminal),
            SCAN => (scan::SIZE, Role::Immediate),
            other => {
                let op = state::op_of(other).ok_or(OutputError::UnknownOp(other))?;
                return self.state(op, flags, record);
            }
        };
        if record.len() < size as usize {
            return Err(OutputError::EffectSize {
                op,
                size: u32_at(record, effect::SIZE),
            });
        }
        let flags_fit = match role {
            Role::Waiting => {
                flags & effect::ANSWER != 0 && flags & !(effect::ANSWER | effect::CHAINED) == 0
            }
            Role::Terminal | Role::Immediate => flags == 0,
        };
        if !flags_fit {
            return Err(OutputError::Flags { op, flags });
        }
        match op {
            RESPOND => self.respond(record),
            PROXY => self.proxy(record),
            PASS => {
                index("rule", u32_at(record, pass::RULE), self.bounds.rules)?;
                self.edits(record, pass::EDITS, Side::Response)
            }
            FAULT => self.fault(record),
            ADMIT => self.admit(record),
            BODY => self.body(record),
            EDITS => self.edits(record, edits::EDITS, Side::Response),
            LOG => {
                index("place", u32_at(record, log::PLACE), self.bounds.places)?;
                self.reach.field(record, log::TEXT).map(drop)
            }
            HITS => self.hits(record),
            SCAN => self.scan(record),
            _ => self.note(record),
        }?;
        Ok(role)
    }
}

/// What an effect is to the decision.
pub(super) enum Role {
    Terminal,
    Waiting,
    Immediate,
}

/// Refuses an index that the manifest does not have.
pub(super) fn index(what: &'static str, index: u32, count: u32) -> Result<(), OutputError> {
    if index < count {
        Ok(())
    } else {
        Err(OutputError::Index { what, index })
    }
}
