//! One question before many: is any of them true?
//!
//! The rules of a firewall are a run of tests, each tried when the one before it is false. What
//! they seek in texts is found by one scan, so that "none of them" is one test of some bits. A run
//! gets that test in front.

use super::rewrite::{rewrite, with_successors};
use crate::{
    decision::{Atom, Decision, Handle, Matcher, Node, Value},
    hir::{Base, Type},
};
use std::collections::{HashMap, HashSet};

/// Shorter runs are tried one by one.
const SHORTEST: u32 = 8;
/// Longer ones get a gate for each so many.
const LONGEST: u32 = 4096;

/// Runs the pass.
pub(super) fn run(graph: Decision) -> Decision {
    let inner = inner(&graph);
    let mut gates = Gates::default();
    let mut graph = rewrite(graph, |graph, old, node, _| {
        let in_run = sought(graph, &node).is_some();
        let gated = with_successors(&node, |next| gates.before(next));
        let node = match (gated, node) {
            // Within a run there are no gates.
            (Node::Test { atom, yes, .. }, Node::Test { no, .. }) if in_run => {
                Node::Test { atom, yes, no }
            }
            (gated, _) => gated,
        };
        let new = graph.nodes.intern(node);
        gates.enter(graph, new, inner.contains(&old));
        new
    });
    for (_, node) in graph.steps.iter_mut().flat_map(|step| &mut step.on) {
        *node = gates.before(*node);
    }
    graph
}

/// The nodes that follow in a run.
fn inner(graph: &Decision) -> HashSet<Handle<Node>> {
    let nodes = graph.nodes.iter().map(|(_, node)| node);
    nodes
        .filter_map(|node| sought(graph, node).map(|(_, no)| no))
        .collect()
}

/// The atom of a test that a scan answers, and what follows if it is false.
fn sought(graph: &Decision, node: &Node) -> Option<(Handle<Atom>, Handle<Node>)> {
    let Node::Test { atom, no, .. } = node else {
        return None;
    };
    let Atom { subject, matcher } = graph.atoms.get(*atom);
    let is_sought = matches!(matcher, Matcher::Contains(_) | Matcher::Regex(_))
        && graph.type_of(*subject).base == Base::String;
    is_sought.then_some((*atom, *no))
}

#[derive(Default)]
struct Gates {
    /// How long the run is that begins at a node.
    runs: HashMap<Handle<Node>, u32>,
    /// What to enter instead of a node.
    gates: HashMap<Handle<Node>, Handle<Node>>,
}

impl Gates {
    fn before(&self, node: Handle<Node>) -> Handle<Node> {
        self.gates.get(&node).copied().unwrap_or(node)
    }

    fn enter(&mut self, graph: &mut Decision, node: Handle<Node>, is_inner: bool) {
        let Some((_, no)) = sought(graph, graph.nodes.get(node)) else {
            return;
        };
        let length = match self.runs.get(&no) {
            Some(&length) if length < LONGEST => length + 1,
            _ => 1,
        };
        self.runs.insert(node, length);
        if length < SHORTEST || is_inner && length < LONGEST {
            return;
        }
        let (mut atoms, mut at) = (Vec::new(), node);
        for _ in 0..length {
            let Some((atom, no)) = sought(graph, graph.nodes.get(at)) else {
                break;
            };
            atoms.push(atom);
            at = no;
        }
        let truth = Type::of(Base::Bool);
        let any = atoms
            .into_iter()
            .map(|atom| graph.value(Value::Atom(atom), truth))
            .collect();
        let subject = graph.value(Value::Or(any), truth);
        let atom = graph.atoms.intern(Atom {
            subject,
            matcher: Matcher::True,
        });
        let gate = graph.test(atom, node, at);
        self.gates.insert(node, gate);
    }
}
