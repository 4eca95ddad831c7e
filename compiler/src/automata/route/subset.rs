//! The subset construction: all nodes of the trie that a path can be at, as one state.

use std::collections::BTreeSet;

use super::trie::{Node, Trie};
use super::{PathPattern, RouteError};
use crate::automata::interner::Interner;

/// The deterministic automaton over segments. State 0 is the start.
pub(super) struct Automaton<'p> {
    pub states: Vec<State<'p>>,
    /// The lists of patterns that states end in; the first is empty.
    pub leaves: Vec<Vec<u32>>,
}

/// One state, with where each segment leads from it.
pub(super) struct State<'p> {
    /// The leaf of a path that ends here.
    pub leaf: u32,
    /// The literal segments that do not lead where the defaults do.
    pub edges: Vec<(&'p [u8], u32)>,
    /// Where other segments lead that are not empty.
    pub other: u32,
    /// Where the empty segment leads, if no edge says otherwise.
    pub empty: u32,
}

/// How large an automaton may become.
#[derive(Clone, Copy)]
pub(super) struct Budget {
    states: usize,
    edges: usize,
    /// Patterns in all leaves and sets of rests together.
    listed: usize,
}

impl Budget {
    /// A few times what patterns without overlaps need.
    pub fn of(patterns: &[PathPattern]) -> Budget {
        let segments: usize = patterns.iter().map(|pattern| pattern.segments.len()).sum();
        Budget {
            states: 4 * segments + 4096,
            edges: 4 * segments + 16_384,
            listed: 1024 * patterns.len() + (1 << 20),
        }
    }
}

/// The nodes that a path can be at, and the set of patterns whose rest it is in.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Position {
    nodes: Vec<u32>,
    rests: u32,
}

impl<'p> Automaton<'p> {
    pub fn new(trie: &Trie<'p>, budget: Budget) -> Result<Automaton<'p>, RouteError> {
        let mut construction = Construction {
            trie,
            positions: Interner::default(),
            rests: Interner::default(),
            leaves: Interner::default(),
            edges: 0,
            listed: 0,
            budget,
        };
        construction.rests.intern(Vec::new());
        construction.leaves.intern(Vec::new());
        construction.positions.intern(Position {
            nodes: vec![0],
            rests: 0,
        });
        let mut states = Vec::new();
        while let Some(position) = construction.positions.items().get(states.len()).cloned() {
            states.push(construction.state(&position)?);
        }
        Ok(Automaton {
            states,
            leaves: construction.leaves.into_items(),
        })
    }
}

struct Construction<'t, 'p> {
    trie: &'t Trie<'p>,
    positions: Interner<Position>,
    rests: Interner<Vec<u32>>,
    leaves: Interner<Vec<u32>>,
    edges: usize,
    listed: usize,
    budget: Budget,
}

impl<'t, 'p> Construction<'t, 'p> {
    fn state(&mut self, position: &Position) -> Result<State<'p>, RouteError> {
        let trie = self.trie;
        let nodes: Vec<&'t Node<'p>> = position
            .nodes
            .iter()
            .filter_map(|&node| trie.node(node))
            .collect();
        let leaf = self.leaf(&nodes, position.rests)?;
        let rests = self.rests_after(&nodes, position.rests)?;
        let params: Vec<u32> = nodes.iter().filter_map(|node| node.param).collect();
        let other = self.position(params.clone(), rests)?;
        let empty = self.position(Vec::new(), rests)?;
        let mut edges = Vec::new();
        for (segment, mut targets) in literal_edges(&nodes) {
            let default = if segment.is_empty() {
                empty
            } else {
                targets.extend_from_slice(&params);
                other
            };
            let target = self.position(targets, rests)?;
            if target != default {
                edges.push((segment, target));
            }
        }
        self.edges += edges.len();
        within(self.edges, self.budget.edges)?;
        Ok(State {
            leaf,
            edges,
            other,
            empty,
        })
    }

    fn position(&mut self, mut nodes: Vec<u32>, rests: u32) -> Result<u32, RouteError> {
        nodes.sort_unstable();
        let number = self.positions.intern(Position { nodes, rests });
        within(self.positions.items().len(), self.budget.states)?;
        Ok(number)
    }

    fn leaf(&mut self, nodes: &[&Node<'p>], rests: u32) -> Result<u32, RouteError> {
        let ended = list(&self.rests, rests);
        let mut list: Vec<u32> = nodes
            .iter()
            .flat_map(|node| &node.ends)
            .chain(ended)
            .copied()
            .collect();
        list.sort_unstable();
        self.count(list.len())?;
        Ok(self.leaves.intern(list))
    }

    /// The set of rests once another slash has come.
    fn rests_after(&mut self, nodes: &[&Node<'p>], rests: u32) -> Result<u32, RouteError> {
        if nodes.iter().all(|node| node.rests.is_empty()) {
            return Ok(rests);
        }
        let known = list(&self.rests, rests);
        let all: BTreeSet<u32> = nodes
            .iter()
            .flat_map(|node| &node.rests)
            .chain(known)
            .copied()
            .collect();
        self.count(all.len())?;
        Ok(self.rests.intern(all.into_iter().collect()))
    }

    fn count(&mut self, listed: usize) -> Result<(), RouteError> {
        self.listed += listed;
        within(self.listed, self.budget.listed)
    }
}

fn within(count: usize, limit: usize) -> Result<(), RouteError> {
    if count > limit {
        Err(RouteError::TooManyStates { limit })
    } else {
        Ok(())
    }
}

/// Each literal segment of the nodes with the children it leads to, in a fixed order.
fn literal_edges<'p>(nodes: &[&Node<'p>]) -> Vec<(&'p [u8], Vec<u32>)> {
    if let [node] = nodes {
        return node
            .literals
            .iter()
            .map(|&(segment, child)| (segment, vec![child]))
            .collect();
    }
    let mut edges: Vec<(&'p [u8], u32)> = nodes
        .iter()
        .flat_map(|node| &node.literals)
        .copied()
        .collect();
    edges.sort_unstable();
    let same = edges.chunk_by(|left, right| left.0 == right.0);
    same.filter_map(|run| Some((run.first()?.0, run.iter().map(|edge| edge.1).collect())))
        .collect()
}

fn list(lists: &Interner<Vec<u32>>, number: u32) -> &[u32] {
    lists
        .items()
        .get(number as usize)
        .map_or(&[], Vec::as_slice)
}
