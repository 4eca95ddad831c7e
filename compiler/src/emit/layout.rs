//! Where things lie in memory behind the constants. Offsets count from the regions' base.

use super::{EmitError, MEMORY_LIMIT, plan::Plan};
use edge_abi::{
    manifest::Line,
    output::{MAX_EDITS, MAX_EFFECTS, edit, proxy, scan},
};

/// The regions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    /// The table of facts: a ref each.
    pub facts: u32,
    /// The memo's flags: a byte each.
    pub flags: u32,
    /// The memo's values: 16 bytes each.
    pub memo: u32,
    /// Edits before the terminal that carries them.
    pub edits: u32,
    /// Effects before they are put together.
    pub effects: u32,
    /// What the scan of a body remembers.
    pub stream: u32,
    /// The input.
    pub input: u32,
    /// Its limit.
    pub input_limit: u32,
    /// The output.
    pub output: u32,
    /// Where all ends.
    pub end: u32,
}

impl Layout {
    /// The regions for a plan.
    pub fn new(
        plan: &Plan,
        stream_state: u32,
        input_limit: u32,
        output: Line,
    ) -> Result<Layout, EmitError> {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let facts = 0;
        let flags = align(facts + 8 * count(plan.facts.len()));
        let memo = align(flags + plan.memos.next_multiple_of(8));
        let edits = align(memo + 16 * plan.memos);
        let effects = align(edits + MAX_EDITS * edit::SIZE);
        let stream = align(effects + MAX_EFFECTS * plan.effect + 2 * scan::SIZE + proxy::SIZE);
        let input = align(stream + stream_state);
        let start = align(input + input_limit);
        let size = output
            .base
            .saturating_add(output.per_byte.saturating_mul(u64::from(input_limit)));
        let end = u64::from(start).saturating_add(size);
        if end > MEMORY_LIMIT {
            return Err(EmitError::Memory(end));
        }
        let end = u32::try_from(end).map_err(|_| EmitError::Memory(end))?;
        Ok(Layout {
            facts,
            flags,
            memo,
            edits,
            effects,
            stream,
            input,
            input_limit,
            output: start,
            end,
        })
    }
}

fn align(offset: u32) -> u32 {
    offset.next_multiple_of(16)
}
