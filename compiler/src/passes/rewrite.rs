//! Rebuilding a graph's nodes from their ends.

use crate::decision::{Arena, Decision, Handle, Node};
use std::collections::HashMap;

/// Rebuilds every node that a step can reach: `change` gets the new graph, the old handle and
/// the node with its successors replaced, and says what stands there instead.
pub(super) fn rewrite(
    mut graph: Decision,
    mut change: impl FnMut(
        &mut Decision,
        Handle<Node>,
        Node,
        &HashMap<Handle<Node>, Handle<Node>>,
    ) -> Handle<Node>,
) -> Decision {
    let order = crate::emit::reachable(
        &graph,
        graph
            .steps
            .iter()
            .flat_map(|s| &s.on)
            .map(|(_, node)| *node),
    );
    let old = std::mem::take(&mut graph.nodes);
    let rules = std::mem::take(&mut graph.rules_of);
    let mut map: HashMap<Handle<Node>, Handle<Node>> = HashMap::new();
    for handle in order.into_iter().rev() {
        let node = with_successors(old.get(handle), |next| {
            map.get(&next).copied().unwrap_or(next)
        });
        let new = match node {
            Node::Test { yes, no, .. } if yes == no => yes,
            node => change(&mut graph, handle, node, &map),
        };
        if let Some(rules) = rules.get(&handle) {
            graph.rules_of.entry(new).or_default().extend(rules);
        }
        map.insert(handle, new);
    }
    for (_, node) in graph.steps.iter_mut().flat_map(|s| &mut s.on) {
        *node = map.get(node).copied().unwrap_or(*node);
    }
    graph
}

/// A node with other successors.
pub(super) fn with_successors(node: &Node, next: impl Fn(Handle<Node>) -> Handle<Node>) -> Node {
    match node.clone() {
        Node::Test { atom, yes, no } => Node::Test {
            atom,
            yes: next(yes),
            no: next(no),
        },
        Node::Switch {
            subject,
            table,
            arms,
        } => Node::Switch {
            subject,
            table,
            arms: arms.into_iter().map(next).collect(),
        },
        Node::Act {
            effect,
            next: following,
        } => Node::Act {
            effect,
            next: next(following),
        },
        end => end,
    }
}

/// The graph below `root` with `from` replaced by `to`. Nodes with a smaller index than `from`
/// can't lead to it.
pub(super) fn replace(
    nodes: &mut Arena<Node>,
    root: Handle<Node>,
    from: Handle<Node>,
    to: Handle<Node>,
) -> Handle<Node> {
    if root == from {
        return to;
    }
    let mut seen = std::collections::BTreeSet::new();
    let mut open = vec![root];
    while let Some(handle) = open.pop() {
        if handle > from && seen.insert(handle) {
            open.extend(nodes.get(handle).successors());
        }
    }
    let mut map: HashMap<Handle<Node>, Handle<Node>> = HashMap::from([(from, to)]);
    for handle in seen {
        let node = with_successors(nodes.get(handle), |next| {
            map.get(&next).copied().unwrap_or(next)
        });
        let new = match node {
            Node::Test { yes, no, .. } if yes == no => yes,
            node => nodes.intern(node),
        };
        map.insert(handle, new);
    }
    map.get(&root).copied().unwrap_or(root)
}
