//! Checked records, read where they lie.
//!
//! Each view holds the guest's memory and the bytes of its record. The checker has
//! seen to it that every read is in range; should one not be, it reads zeros.

use edge_abi::input::Event;
use edge_abi::output::{self, Op, body, edits, effect, hits, log, note, scan};

use super::edit::Edits;
use super::memory::{follow, u16_at, u32_at};
use super::state::{self, State};
use super::terminal::{Admit, Fault, Pass, Proxy, Respond};

/// A checked output.
#[derive(Debug, Clone, Copy)]
pub struct Output<'a> {
    memory: &'a [u8],
    record: &'a [u8],
    effects: &'a [u8],
}

impl<'a> Output<'a> {
    pub(super) fn new(memory: &'a [u8], record: &'a [u8], effects: &'a [u8]) -> Self {
        Output {
            memory,
            record,
            effects,
        }
    }

    /// The effects, in the order in which they start; a terminal is the last.
    #[must_use]
    pub fn effects(&self) -> Effects<'a> {
        Effects {
            memory: self.memory,
            rest: self.effects,
        }
    }

    /// Whether a further call is wanted for an event.
    #[must_use]
    pub fn wants(&self, event: Event) -> bool {
        self.next_slots() != 0 && self.wanted() & event.bit() != 0
    }

    /// The mask of events for which a further call is wanted.
    #[must_use]
    pub fn wanted(&self) -> u16 {
        u16_at(self.record, output::WANTED)
    }

    /// The slot set of the next call; 0 when none is wanted.
    #[must_use]
    pub fn next_slots(&self) -> u16 {
        u16_at(self.record, output::NEXT_SLOTS)
    }

    /// What the next call is to hand in again.
    #[must_use]
    pub fn continuation(&self) -> &'a [u8] {
        follow(self.memory, self.record, output::CONTINUATION)
    }
}

/// The effects of an output.
#[derive(Debug, Clone)]
pub struct Effects<'a> {
    memory: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Iterator for Effects<'a> {
    type Item = Effect<'a>;

    fn next(&mut self) -> Option<Effect<'a>> {
        let size = u32_at(self.rest, effect::SIZE);
        if size < effect::HEADER {
            return None;
        }
        let (record, rest) = self.rest.split_at_checked(size as usize)?;
        self.rest = rest;
        Effect::new(self.memory, record)
    }
}

/// One effect.
#[derive(Debug, Clone)]
pub enum Effect<'a> {
    /// Answer.
    Respond(Respond<'a>),
    /// Ask an origin.
    Proxy(Proxy<'a>),
    /// Let the response go on.
    Pass(Pass<'a>),
    /// Whether an answer may be kept, and how.
    Admit(Admit<'a>),
    /// The policy's statement can't be carried out.
    Fault(Fault<'a>),
    /// Read the request's body.
    Body(BodyWait<'a>),
    /// Ask what is remembered between requests, or change it.
    State(State<'a>),
    /// Write a line to the log.
    Log(Log<'a>),
    /// Remember something.
    Note(Note<'a>),
    /// Rules matched without deciding.
    Hits(Hits<'a>),
    /// Edits of whatever answer follows.
    Edits(Edits<'a>),
    /// Show a body piece by piece; in the answer to a piece: let it go on.
    Scan(Scan<'a>),
}

impl<'a> Effect<'a> {
    fn new(memory: &'a [u8], record: &'a [u8]) -> Option<Self> {
        let op = u16_at(record, effect::OP);
        Some(match op {
            op if op == Op::Respond as u16 => Effect::Respond(Respond { memory, record }),
            op if op == Op::Proxy as u16 => Effect::Proxy(Proxy { memory, record }),
            op if op == Op::Pass as u16 => Effect::Pass(Pass { memory, record }),
            op if op == Op::Admit as u16 => Effect::Admit(Admit { memory, record }),
            op if op == Op::Fault as u16 => Effect::Fault(Fault { record }),
            op if op == Op::Body as u16 => Effect::Body(BodyWait { record }),
            op if op == Op::Log as u16 => Effect::Log(Log { memory, record }),
            op if op == Op::Note as u16 => Effect::Note(Note { record }),
            op if op == Op::Hits as u16 => Effect::Hits(Hits { memory, record }),
            op if op == Op::Edits as u16 => Effect::Edits(Edits::new(memory, record, edits::EDITS)),
            op if op == Op::Scan as u16 => Effect::Scan(Scan { memory, record }),
            op => Effect::State(State {
                op: state::op_of(op)?,
                memory,
                record,
            }),
        })
    }
}

/// `body`.
#[derive(Debug, Clone, Copy)]
pub struct BodyWait<'a> {
    record: &'a [u8],
}

impl BodyWait<'_> {
    /// Most bytes to read.
    #[must_use]
    pub fn limit(&self) -> u32 {
        u32_at(self.record, body::LIMIT)
    }

    /// Only if the wait before it succeeded.
    #[must_use]
    pub fn is_chained(&self) -> bool {
        u16_at(self.record, effect::FLAGS) & effect::CHAINED != 0
    }
}

/// `log`.
#[derive(Debug, Clone, Copy)]
pub struct Log<'a> {
    memory: &'a [u8],
    record: &'a [u8],
}

impl<'a> Log<'a> {
    /// Index of the statement's place.
    #[must_use]
    pub fn place(&self) -> u32 {
        u32_at(self.record, log::PLACE)
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &'a [u8] {
        follow(self.memory, self.record, log::TEXT)
    }
}

/// `note`.
#[derive(Debug, Clone, Copy)]
pub struct Note<'a> {
    record: &'a [u8],
}

impl Note<'_> {
    /// What it is about.
    #[must_use]
    pub fn kind(&self) -> note::Kind {
        note::Kind::Exposure
    }

    /// Index of what it is about.
    #[must_use]
    pub fn id(&self) -> u32 {
        u32_at(self.record, note::ID)
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> u32 {
        u32_at(self.record, note::VALUE)
    }
}

/// `hits`.
#[derive(Debug, Clone, Copy)]
pub struct Hits<'a> {
    memory: &'a [u8],
    record: &'a [u8],
}

impl<'a> Hits<'a> {
    /// Why the rules did not decide.
    #[must_use]
    pub fn kind(&self) -> hits::Kind {
        match u32_at(self.record, hits::KIND) {
            1 => hits::Kind::Shadow,
            _ => hits::Kind::Scored,
        }
    }

    /// The rules.
    pub fn rules(&self) -> impl Iterator<Item = u32> + 'a {
        let (rules, _) = follow(self.memory, self.record, hits::RULES).as_chunks();
        rules.iter().map(|rule| u32::from_le_bytes(*rule))
    }
}

/// `scan`.
#[derive(Debug, Clone, Copy)]
pub struct Scan<'a> {
    memory: &'a [u8],
    record: &'a [u8],
}

impl<'a> Scan<'a> {
    /// Which body.
    #[must_use]
    pub fn lane(&self) -> scan::Lane {
        match u32_at(self.record, scan::LANE) {
            0 => scan::Lane::Request,
            _ => scan::Lane::Response,
        }
    }

    /// Most bytes to show, at most [`MAX_SCAN`](super::MAX_SCAN).
    #[must_use]
    pub fn limit(&self) -> u32 {
        u32_at(self.record, scan::LIMIT)
    }

    /// What becomes of a longer body.
    #[must_use]
    pub fn over_limit(&self) -> scan::OverLimit {
        match u32_at(self.record, scan::OVER_LIMIT) {
            1 => scan::OverLimit::Pass,
            2 => scan::OverLimit::Truncate,
            _ => scan::OverLimit::Block,
        }
    }

    /// The slot set of the calls with pieces.
    #[must_use]
    pub fn slots(&self) -> u16 {
        u16::try_from(u32_at(self.record, scan::SLOTS)).unwrap_or(u16::MAX)
    }

    /// What the next of these calls is to hand in.
    #[must_use]
    pub fn continuation(&self) -> &'a [u8] {
        follow(self.memory, self.record, scan::CONTINUATION)
    }
}
