//! The table of a scan; its layout is in `edge_lookup::scan`.

use std::collections::BTreeMap;

use edge_lookup::scan::{ALONE, CELLS};

use super::{Label, Scan};
use crate::automata::table::{push_u32, u32_from};

/// Row 0 cannot be left and tells nothing.
const DEAD: usize = 0;

pub(super) fn encode(scan: &Scan) -> Vec<u8> {
    let rows = Rows::new(scan);
    let graph = &scan.graph;
    let (stride, width) = (rows.stride, rows.width());
    let mut table = Vec::with_capacity(rows.table_len(scan.set_len()));
    let sets_at = CELLS + rows.count() * stride * width;
    let bound = (rows.telling.len() - 1) * stride;
    let overlap = scan
        .longest_match
        .map_or(ALONE, |longest| u32_from(longest.saturating_sub(1)));
    let start = rows.of(0) * stride;
    for field in [width, stride, start, bound, scan.set_len(), sets_at] {
        push_u32(&mut table, u32_from(field));
    }
    push_u32(&mut table, overlap);
    push_u32(&mut table, 0);
    table.extend_from_slice(&graph.classes);
    let mut push_row = |row: usize| {
        // Both widths hold the number: `width` is chosen so.
        table.extend(u32_from(row * stride).to_le_bytes().iter().take(width));
    };
    for row in rows
        .telling
        .iter()
        .map(|row| row.state)
        .chain(rows.silent.iter().copied().map(Some))
    {
        for class in 0..graph.stride {
            push_row(row.map_or(DEAD, |state| rows.of(graph.step(state, class))));
        }
        push_row(row.map_or(DEAD, |state| rows.of_end(graph.label(state))));
    }
    for row in &rows.telling {
        let mut set = vec![0u8; scan.set_len()];
        for &pattern in scan.sets.get(row.set as usize).into_iter().flatten() {
            if let Some(byte) = set.get_mut(pattern as usize / 8) {
                *byte |= 1 << (pattern % 8);
            }
        }
        table.extend_from_slice(&set);
    }
    table
}

pub(super) fn encoded_len(scan: &Scan) -> usize {
    Rows::new(scan).table_len(scan.set_len())
}

/// Which row each state has. Rows that tell something come first, row 0 before them.
struct Rows {
    stride: usize,
    row_of: Vec<usize>,
    /// The rows of ends of texts, by set.
    end_rows: BTreeMap<u32, usize>,
    telling: Vec<Telling>,
    silent: Vec<u32>,
}

/// A row with the set that it tells; without a state it is the end of a text, or dead.
struct Telling {
    state: Option<u32>,
    set: u32,
}

impl Rows {
    fn new(scan: &Scan) -> Rows {
        let graph = &scan.graph;
        let mut rows = Rows {
            stride: graph.stride + 1,
            row_of: vec![DEAD; graph.labels.len()],
            end_rows: BTreeMap::from([(0, DEAD)]),
            telling: vec![Telling {
                state: None,
                set: 0,
            }],
            silent: Vec::new(),
        };
        for (state, &Label { reached, ended }) in (0..).zip(&graph.labels) {
            if reached != 0 {
                rows.set_row(state, rows.telling.len());
                rows.telling.push(Telling {
                    state: Some(state),
                    set: reached,
                });
            }
            let telling = &mut rows.telling;
            rows.end_rows.entry(ended).or_insert_with(|| {
                telling.push(Telling {
                    state: None,
                    set: ended,
                });
                telling.len() - 1
            });
        }
        let cells = graph.next.chunks_exact(graph.stride);
        for ((state, label), cells) in (0..).zip(&graph.labels).zip(cells) {
            let is_dead = *label == Label::default() && cells.iter().all(|&target| target == state);
            if label.reached == 0 && !is_dead {
                rows.set_row(state, rows.telling.len() + rows.silent.len());
                rows.silent.push(state);
            }
        }
        rows
    }

    fn set_row(&mut self, state: u32, row: usize) {
        if let Some(known) = self.row_of.get_mut(state as usize) {
            *known = row;
        }
    }

    fn of(&self, state: u32) -> usize {
        self.row_of.get(state as usize).copied().unwrap_or(DEAD)
    }

    fn of_end(&self, label: Label) -> usize {
        self.end_rows.get(&label.ended).copied().unwrap_or(DEAD)
    }

    fn count(&self) -> usize {
        self.telling.len() + self.silent.len()
    }

    fn width(&self) -> usize {
        if self.count() * self.stride <= 1 << 16 {
            2
        } else {
            4
        }
    }

    fn table_len(&self, set_len: usize) -> usize {
        CELLS + self.count() * self.stride * self.width() + self.telling.len() * set_len
    }
}
