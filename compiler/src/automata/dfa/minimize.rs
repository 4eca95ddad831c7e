//! Hopcroft's algorithm: split the states by what tells them apart until nothing does.
//!
//! Iterative, in O(n · classes · log n) time; memory is linear in the edges.

#![expect(
    clippy::indexing_slicing,
    reason = "states, classes and blocks are dense numbers made here"
)]

use std::collections::HashMap;

use super::graph::Graph;

/// The minimal automaton, its states numbered breadth-first and its classes merged where
/// no state tells them apart.
pub(in crate::automata) fn minimize<L: Copy + Ord>(graph: Graph<L>) -> Graph<L> {
    let blocks = refine(&graph);
    merge_classes(quotient(&graph, &blocks))
}

/// The block of each state: equal for states that no rest of a text tells apart.
fn refine<L: Copy + Ord>(graph: &Graph<L>) -> Vec<u32> {
    let mut partition = Partition::new(&graph.labels);
    let edges = Inverse::new(graph);
    let mut pending: Vec<u32> = (0..partition.bounds.len() as u32).collect();
    let mut is_pending = vec![true; pending.len()];
    let mut sources = Vec::new();
    while let Some(splitter) = pending.pop() {
        is_pending[splitter as usize] = false;
        // A copy: the splitter may itself be split on the way.
        let members = partition.members(splitter).to_vec();
        for class in 0..graph.stride {
            sources.clear();
            for &state in &members {
                sources.extend_from_slice(edges.sources(class, state));
            }
            for &source in &sources {
                partition.mark(source);
            }
            partition.split_marked(|old, new, new_is_smaller| {
                is_pending.push(false);
                let smaller = if new_is_smaller { new } else { old };
                let wanted = if is_pending[old as usize] {
                    new
                } else {
                    smaller
                };
                is_pending[wanted as usize] = true;
                pending.push(wanted);
            });
        }
    }
    partition.block_of
}

/// Disjoint blocks of states, each a run of `order`; the marked ones of a block come first.
struct Partition {
    order: Vec<u32>,
    place: Vec<u32>,
    block_of: Vec<u32>,
    /// Start, end of the marked ones, end.
    bounds: Vec<(u32, u32, u32)>,
    touched: Vec<u32>,
}

impl Partition {
    /// A block for each label.
    fn new<L: Copy + Ord>(labels: &[L]) -> Partition {
        let mut order: Vec<u32> = (0..labels.len() as u32).collect();
        order.sort_by_key(|&state| labels[state as usize]);
        let mut partition = Partition {
            place: vec![0; labels.len()],
            block_of: vec![0; labels.len()],
            bounds: Vec::new(),
            touched: Vec::new(),
            order: Vec::new(),
        };
        let mut start = 0;
        for block in order.chunk_by(|&a, &b| labels[a as usize] == labels[b as usize]) {
            let end = start + block.len() as u32;
            for (&state, place) in block.iter().zip(start..) {
                partition.place[state as usize] = place;
                partition.block_of[state as usize] = partition.bounds.len() as u32;
            }
            partition.bounds.push((start, start, end));
            start = end;
        }
        partition.order = order;
        partition
    }

    fn members(&self, block: u32) -> &[u32] {
        let (start, _, end) = self.bounds[block as usize];
        &self.order[start as usize..end as usize]
    }

    fn mark(&mut self, state: u32) {
        let block = self.block_of[state as usize];
        let (start, marked, _) = self.bounds[block as usize];
        let from = self.place[state as usize];
        if from < marked {
            return;
        }
        if marked == start {
            self.touched.push(block);
        }
        let other = self.order[marked as usize];
        self.order.swap(from as usize, marked as usize);
        self.place[state as usize] = marked;
        self.place[other as usize] = from;
        self.bounds[block as usize].1 += 1;
    }

    /// Makes the marked states of each block a block of their own, unless that is all of
    /// it, and tells `split` the old and the new number and whether the new is smaller.
    fn split_marked(&mut self, mut split: impl FnMut(u32, u32, bool)) {
        for block in std::mem::take(&mut self.touched) {
            let (start, marked, end) = self.bounds[block as usize];
            if marked == end {
                self.bounds[block as usize].1 = start;
                continue;
            }
            let new = self.bounds.len() as u32;
            self.bounds[block as usize] = (marked, marked, end);
            self.bounds.push((start, start, marked));
            for &state in &self.order[start as usize..marked as usize] {
                self.block_of[state as usize] = new;
            }
            split(block, new, marked - start <= end - marked);
        }
    }
}

/// The edges, by class and target.
struct Inverse {
    states: usize,
    starts: Vec<u32>,
    sources: Vec<u32>,
}

impl Inverse {
    fn new<L>(graph: &Graph<L>) -> Inverse {
        let (states, stride) = (graph.labels.len(), graph.stride);
        let mut starts = vec![0u32; states * stride + 1];
        let slot = |cell: usize, target: u32| (cell % stride) * states + target as usize;
        for (cell, &target) in graph.next.iter().enumerate() {
            starts[slot(cell, target) + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut free = starts.clone();
        let mut sources = vec![0; graph.next.len()];
        for (cell, &target) in graph.next.iter().enumerate() {
            let at = &mut free[slot(cell, target)];
            sources[*at as usize] = (cell / stride) as u32;
            *at += 1;
        }
        Inverse {
            states,
            starts,
            sources,
        }
    }

    fn sources(&self, class: usize, target: u32) -> &[u32] {
        let slot = class * self.states + target as usize;
        &self.sources[self.starts[slot] as usize..self.starts[slot + 1] as usize]
    }
}

/// One state a block, numbered breadth-first from the start's.
fn quotient<L: Copy>(graph: &Graph<L>, blocks: &[u32]) -> Graph<L> {
    let stride = graph.stride;
    let mut numbers: HashMap<u32, u32> = HashMap::from([(blocks[0], 0)]);
    let mut order = vec![0u32];
    let (mut next, mut labels) = (Vec::new(), Vec::new());
    while let Some(&state) = order.get(labels.len()) {
        labels.push(graph.labels[state as usize]);
        for class in 0..stride {
            let target = graph.next[state as usize * stride + class];
            let number = *numbers.entry(blocks[target as usize]).or_insert_with(|| {
                order.push(target);
                (order.len() - 1) as u32
            });
            next.push(number);
        }
    }
    Graph {
        classes: graph.classes,
        stride,
        next,
        labels,
    }
}

/// One class for those that lead from every state to the same one, numbered by their
/// first byte. States keep the order in which a breadth-first walk meets them.
fn merge_classes<L: Copy>(graph: Graph<L>) -> Graph<L> {
    let states = graph.labels.len();
    let mut columns: HashMap<Vec<u32>, u8> = HashMap::new();
    let mut kept: Vec<usize> = Vec::new();
    let mut new_class: Vec<Option<u8>> = vec![None; graph.stride];
    let mut classes = [0; 256];
    for (byte, &old) in graph.classes.iter().enumerate() {
        let old = usize::from(old);
        let class = new_class[old].unwrap_or_else(|| {
            let column = (0..states)
                .map(|state| graph.next[state * graph.stride + old])
                .collect();
            *columns.entry(column).or_insert_with(|| {
                kept.push(old);
                (kept.len() - 1) as u8
            })
        });
        new_class[old] = Some(class);
        classes[byte] = class;
    }
    let next = (0..states)
        .flat_map(|state| kept.iter().map(move |class| state * graph.stride + class))
        .map(|cell| graph.next[cell])
        .collect();
    let merged = Graph {
        classes,
        stride: kept.len(),
        next,
        labels: graph.labels,
    };
    let each_its_own: Vec<u32> = (0..states as u32).collect();
    quotient(&merged, &each_its_own)
}
