//! The checks of `scan`: what it says, and what it stands beside.

use edge_abi::input::Event;
use edge_abi::output::{Op, scan};

use super::check::{Check, index};
use super::memory::u32_at;
use super::{MAX_SCAN, OutputError};

const REQUEST: u32 = scan::Lane::Request as u32;
const RESPONSE: u32 = scan::Lane::Response as u32;

/// The lane whose pieces this event shows.
pub(super) fn lane_of(event: u16) -> Option<u32> {
    match event {
        event if event == Event::RequestChunk as u16 => Some(REQUEST),
        event if event == Event::ResponseChunk as u16 => Some(RESPONSE),
        _ => None,
    }
}

impl Check<'_, '_> {
    /// In the answer to a piece of a body, most effects have no place; in that to `admit`, all but one.
    pub(super) fn may_answer(&self, op: u16) -> Result<(), OutputError> {
        use Op::{Admit, Fault, Hits, Log, Note, Respond, Scan};
        let is_admit = op == Admit as u16;
        let may = match lane_of(self.event) {
            Some(_) => [Log, Note, Hits, Scan, Respond, Fault]
                .iter()
                .any(|known| *known as u16 == op),
            None => is_admit == (self.event == Event::Admit as u16),
        };
        if may {
            return Ok(());
        }
        let event = self.event;
        Err(OutputError::Misplaced { op, event })
    }

    pub(super) fn scan(&self, record: &[u8]) -> Result<(), OutputError> {
        self.continuation(record, scan::CONTINUATION)?;
        let (lane, limit) = (u32_at(record, scan::LANE), u32_at(record, scan::LIMIT));
        let (over, slots) = (
            u32_at(record, scan::OVER_LIMIT),
            u32_at(record, scan::SLOTS),
        );
        if lane > RESPONSE {
            return Err(code("lane", lane));
        }
        if let Some(shown) = lane_of(self.event) {
            return match (lane == shown, [limit, over, slots]) {
                (true, [0, 0, 0]) => Ok(()),
                _ => Err(OutputError::Scan(lane)),
            };
        }
        if limit > MAX_SCAN {
            return Err(OutputError::TooMany {
                what: "bytes of a body",
                count: limit,
                most: MAX_SCAN,
            });
        }
        if over > scan::OverLimit::Truncate as u32 {
            return Err(code("way to go on over the limit", over));
        }
        index("slot set", slots, self.bounds.slot_sets)
    }
}

fn code(what: &'static str, code: u32) -> OutputError {
    OutputError::Code { what, code }
}

/// The scans that an output asks for.
#[derive(Default)]
pub(super) struct Scans {
    asked: [bool; 2],
}

impl Scans {
    /// Notes an effect: a lane is asked for once, in a phase that has its body. Where the output then sends
    /// no body on, nothing is shown.
    pub(super) fn note(&mut self, event: u16, op: u16, record: &[u8]) -> Result<(), OutputError> {
        if op != Op::Scan as u16 || lane_of(event).is_some() {
            return Ok(());
        }
        let lane = u32_at(record, scan::LANE);
        let wrong = OutputError::Scan(lane);
        let in_response = event == Event::ResponseHead as u16;
        let Some(asked) = self.asked.get_mut(lane as usize) else {
            return Err(wrong);
        };
        if std::mem::replace(asked, true) || in_response != (lane == RESPONSE) {
            return Err(wrong);
        }
        Ok(())
    }
}
