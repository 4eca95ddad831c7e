//! Chains of path tests become one lookup in a route table.
//!
//! The routes of a policy are a chain: a path pattern, then what follows if it matches,
//! else the next route. A table says at once which patterns match; for each such set (a
//! leaf) only their routes stand behind it, in source order, the first one first. What a
//! route does when its `when` does not hold is to go on to the next route: there the next
//! one of the leaf is put instead.

use super::rewrite::{replace, rewrite};
use crate::{
    automata::route::RouteTable,
    decision::{Decision, Handle, Matcher, Node, Table, Value},
    emit::path_pattern,
    hir::Pattern,
};
use std::collections::HashSet;

/// Runs the pass.
pub(super) fn run(graph: Decision) -> Decision {
    let heads = heads(&graph);
    rewrite(graph, |graph, old, node, _| {
        let handle = graph.nodes.intern(node);
        if heads.contains(&old) {
            tabulate(graph, handle)
        } else {
            handle
        }
    })
}

/// A link of a chain.
struct Link {
    node: Handle<Node>,
    pattern: Pattern,
    yes: Handle<Node>,
}

/// A test of a path: the path, the link, and where it goes on.
fn link(graph: &Decision, node: Handle<Node>) -> Option<(Handle<Value>, Link, Handle<Node>)> {
    let Node::Test { atom, yes, no } = graph.nodes.get(node) else {
        return None;
    };
    let atom = graph.atoms.get(*atom);
    match &atom.matcher {
        Matcher::Path(pattern) => Some((
            atom.subject,
            Link {
                node,
                pattern: pattern.clone(),
                yes: *yes,
            },
            *no,
        )),
        _ => None,
    }
}

/// Tests of a path that don't go on from another one.
fn heads(graph: &Decision) -> HashSet<Handle<Node>> {
    let roots = graph
        .steps
        .iter()
        .flat_map(|s| &s.on)
        .map(|(_, node)| *node);
    let order = crate::emit::reachable(graph, roots);
    let links: Vec<_> = order
        .iter()
        .filter(|n| link(graph, **n).is_some())
        .copied()
        .collect();
    let following: HashSet<_> = links
        .iter()
        .filter_map(|n| link(graph, *n))
        .map(|(_, _, no)| no)
        .collect();
    links
        .into_iter()
        .filter(|n| !following.contains(n))
        .collect()
}

/// The switch that stands for the chain from `head` on.
fn tabulate(graph: &mut Decision, head: Handle<Node>) -> Handle<Node> {
    let mut chain = Vec::new();
    let mut at = head;
    let mut subject = None;
    while let Some((path, next, no)) = link(graph, at) {
        subject = Some(path);
        chain.push(next);
        at = no;
    }
    match subject {
        Some(subject) if chain.len() > 1 => switch(graph, subject, &chain, at),
        _ => head,
    }
}

/// A switch for these links, which go on to `tail`; two, if one table would be too large.
fn switch(
    graph: &mut Decision,
    subject: Handle<Value>,
    chain: &[Link],
    tail: Handle<Node>,
) -> Handle<Node> {
    let patterns: Vec<Pattern> = chain.iter().map(|l| l.pattern.clone()).collect();
    let Ok(table) = RouteTable::build(&patterns.iter().map(path_pattern).collect::<Vec<_>>())
    else {
        let (first, second) = chain.split_at(chain.len() / 2);
        let [next, ..] = second else { return tail };
        if first.is_empty() {
            return next.node;
        }
        let (from, to) = (next.node, switch(graph, subject, second, tail));
        let first: Vec<Link> = first
            .iter()
            .map(|l| Link {
                node: l.node,
                pattern: l.pattern.clone(),
                yes: replace(&mut graph.nodes, l.yes, from, to),
            })
            .collect();
        return switch(graph, subject, &first, to);
    };
    let leaves = table.leaves().to_vec();
    let arms = leaves
        .iter()
        .map(|leaf| arm(graph, chain, leaf, tail))
        .collect();
    let table = Table {
        patterns,
        leaves,
        bytes: table.bytes().to_vec(),
    };
    let index = graph
        .tables
        .iter()
        .position(|t| *t == table)
        .unwrap_or_else(|| {
            graph.tables.push(table);
            graph.tables.len() - 1
        });
    let table = u32::try_from(index).unwrap_or(u32::MAX);
    graph.nodes.intern(Node::Switch {
        subject,
        table,
        arms,
    })
}

/// What a leaf does: its routes in order, each going on to the next of the leaf.
fn arm(graph: &mut Decision, chain: &[Link], leaf: &[u32], tail: Handle<Node>) -> Handle<Node> {
    leaf.iter().rev().fold(tail, |next, &index| {
        let index = index as usize;
        let following = chain.get(index + 1).map_or(tail, |l| l.node);
        match chain.get(index) {
            Some(link) => replace(&mut graph.nodes, link.yes, following, next),
            None => next,
        }
    })
}
