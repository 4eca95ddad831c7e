//! An exposure that every way to a place has counted already is not counted again.

use super::rewrite::rewrite;
use crate::{
    decision::{Decision, Effect, Handle, Node},
    emit::reachable,
};
use std::{
    collections::{BTreeSet, HashMap},
    rc::Rc,
};

/// The experiments that are counted on every way to a node.
type Counted = Rc<BTreeSet<u32>>;

/// Runs the pass.
pub(super) fn run(graph: Decision) -> Decision {
    let counted = counted(&graph);
    rewrite(graph, |graph, old, node, _| match node {
        Node::Act {
            effect: Effect::Exposure { experiment, .. },
            next,
        } if counted.get(&old).is_some_and(|c| c.contains(&experiment)) => next,
        node => graph.nodes.intern(node),
    })
}

/// What is counted before each node, from the roots on.
fn counted(graph: &Decision) -> HashMap<Handle<Node>, Counted> {
    let roots: Vec<Handle<Node>> = graph
        .steps
        .iter()
        .flat_map(|s| &s.on)
        .map(|(_, n)| *n)
        .collect();
    let mut before: HashMap<Handle<Node>, Counted> = HashMap::new();
    for root in &roots {
        before.insert(*root, Counted::default());
    }
    for handle in reachable(graph, roots.into_iter()) {
        let node = graph.nodes.get(handle);
        let mut after = before.get(&handle).cloned().unwrap_or_default();
        if let Node::Act {
            effect: Effect::Exposure { experiment, .. },
            ..
        } = node
            && !after.contains(experiment)
        {
            Rc::make_mut(&mut after).insert(*experiment);
        }
        for next in node.successors() {
            match before.get_mut(&next) {
                None => {
                    before.insert(next, Rc::clone(&after));
                }
                Some(known) if !Rc::ptr_eq(known, &after) && **known != *after => {
                    *known = Rc::new(known.intersection(&after).copied().collect());
                }
                Some(_) => {}
            }
        }
    }
    before
}
