//! The table of an automaton; its layout is in `edge_lookup::dfa`.

use edge_lookup::dfa::CELLS;

use super::graph::Graph;
use crate::automata::table::{push_u32, u32_from};

/// Row 0 is dead and row 1 accepts, whether the automaton has such states or not.
const DEAD: usize = 0;
const ACCEPT: usize = 1;
const FIXED_ROWS: usize = 2;

pub(super) fn encode(graph: &Graph<bool>) -> Vec<u8> {
    let rows = Rows::new(graph);
    let stride = graph.stride + 1;
    let width = rows.width(stride);
    let mut table = Vec::with_capacity(rows.table_len(stride));
    push_u32(&mut table, u32_from(width));
    push_u32(&mut table, u32_from(stride));
    push_u32(&mut table, u32_from(rows.of(0) * stride));
    push_u32(&mut table, 0);
    table.extend_from_slice(&graph.classes);
    let mut push_row = |row: usize| {
        // Both widths hold the number: `width` is chosen so.
        let bytes = u32_from(row * stride).to_le_bytes();
        table.extend(bytes.iter().take(width));
    };
    for fixed in [DEAD, ACCEPT] {
        (0..stride).for_each(|_| push_row(fixed));
    }
    for &state in &rows.order {
        for class in 0..graph.stride {
            push_row(rows.of(graph.step(state, class)));
        }
        push_row(if graph.label(state) { ACCEPT } else { DEAD });
    }
    table
}

pub(super) fn encoded_len(graph: &Graph<bool>) -> usize {
    Rows::new(graph).table_len(graph.stride + 1)
}

/// The row of each state.
struct Rows {
    row_of: Vec<usize>,
    /// The states that have a row of their own, in order.
    order: Vec<u32>,
}

impl Rows {
    fn new(graph: &Graph<bool>) -> Rows {
        let mut rows = Rows {
            row_of: Vec::new(),
            order: Vec::new(),
        };
        for (state, cells) in (0..).zip(graph.next.chunks_exact(graph.stride)) {
            let stays = cells.iter().all(|&target| target == state);
            let row = match (stays, graph.label(state)) {
                (true, true) => ACCEPT,
                (true, false) => DEAD,
                _ => {
                    rows.order.push(state);
                    FIXED_ROWS + rows.order.len() - 1
                }
            };
            rows.row_of.push(row);
        }
        rows
    }

    fn of(&self, state: u32) -> usize {
        self.row_of.get(state as usize).copied().unwrap_or(DEAD)
    }

    fn count(&self) -> usize {
        FIXED_ROWS + self.order.len()
    }

    fn width(&self, stride: usize) -> usize {
        if self.count() * stride <= 1 << 16 {
            2
        } else {
            4
        }
    }

    fn table_len(&self, stride: usize) -> usize {
        CELLS + self.count() * stride * self.width(stride)
    }
}
