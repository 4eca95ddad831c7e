//! `state`: what is asked of the host's memory, or changed in it. Its checks and its view.

use edge_abi::output::{NONE, Op, effect, state};

use super::OutputError;
use super::check::{Check, Role, index};
use super::memory::{follow, u16_at, u32_at};

/// The effects that are a `state` record.
const OPS: [Op; 8] = [
    Op::Limit,
    Op::StoreGet,
    Op::CounterGet,
    Op::CounterAdd,
    Op::CounterList,
    Op::Put,
    Op::Delete,
    Op::Purge,
];

/// Which of them an opcode is, if it is one.
pub(super) fn op_of(op: u16) -> Option<Op> {
    OPS.into_iter().find(|known| *known as u16 == op)
}

impl Check<'_, '_> {
    /// With an answer it waits; without one it is done before what follows.
    pub(super) fn state(&self, op: Op, flags: u16, record: &[u8]) -> Result<Role, OutputError> {
        let code = op as u16;
        if record.len() < state::SIZE as usize {
            let size = u32_at(record, effect::SIZE);
            return Err(OutputError::EffectSize { op: code, size });
        }
        if flags & !(effect::ANSWER | effect::CHAINED) != 0 {
            return Err(OutputError::Flags { op: code, flags });
        }
        self.declared(op, u32_at(record, state::ID))?;
        self.reach.field(record, state::KEY)?;
        self.reach.field(record, state::VALUE)?;
        let ask = u32_at(record, state::ASK);
        if flags & effect::ANSWER != 0 {
            index("answer", ask, self.bounds.asks)?;
            return Ok(Role::Waiting);
        }
        match ask {
            NONE => Ok(Role::Immediate),
            _ => Err(OutputError::Flags { op: code, flags }),
        }
    }

    fn declared(&self, op: Op, id: u32) -> Result<(), OutputError> {
        match op {
            Op::Limit => index("rate limit", id, self.bounds.rate_limits),
            Op::StoreGet | Op::Put | Op::Delete => index("store", id, self.bounds.stores),
            Op::Purge => index("kind of purge", id, state::Purge::Path as u32 + 1),
            _ => index("counter", id, self.bounds.counters),
        }
    }
}

/// A `state` record.
#[derive(Debug, Clone, Copy)]
pub struct State<'a> {
    pub(super) op: Op,
    pub(super) memory: &'a [u8],
    pub(super) record: &'a [u8],
}

impl<'a> State<'a> {
    /// What is asked or changed.
    #[must_use]
    pub fn op(&self) -> Op {
        self.op
    }

    /// The number of the answer, if one is waited for.
    #[must_use]
    pub fn ask(&self) -> Option<u32> {
        match u32_at(self.record, state::ASK) {
            NONE => None,
            ask => Some(ask),
        }
    }

    /// Only if the wait before it ended in ok.
    #[must_use]
    pub fn is_chained(&self) -> bool {
        u16_at(self.record, effect::FLAGS) & effect::CHAINED != 0
    }

    /// Index of the rate limit, store or counter; of a purge, its kind.
    #[must_use]
    pub fn id(&self) -> u32 {
        u32_at(self.record, state::ID)
    }

    /// The key; of a list its prefix, of a purge the tag or path.
    #[must_use]
    pub fn key(&self) -> &'a [u8] {
        follow(self.memory, self.record, state::KEY)
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> &'a [u8] {
        follow(self.memory, self.record, state::VALUE)
    }

    /// A limit's cost, what is added, most entries of a list, or a time in milliseconds.
    #[must_use]
    pub fn number(&self) -> i64 {
        let bytes = self.record.get(state::NUMBER as usize..);
        bytes
            .and_then(|rest| rest.first_chunk())
            .map_or(0, |bytes| i64::from_le_bytes(*bytes))
    }
}
