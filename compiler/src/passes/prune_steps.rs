//! Steps that nothing leads to any more are dropped, and the others numbered anew.

use super::rewrite::rewrite;
use crate::{
    decision::{Decision, Node, Step, Terminal, Then},
    emit::reachable,
};
use std::collections::BTreeMap;

/// Runs the pass.
pub(super) fn run(mut graph: Decision) -> Decision {
    let mut numbers: BTreeMap<u32, u32> = BTreeMap::from([(0, 0)]);
    let mut open = vec![0];
    let mut order = vec![0];
    while let Some(step) = open.pop() {
        let Some(step) = graph.steps.get(step as usize) else {
            continue;
        };
        let nodes = reachable(&graph, step.on.iter().map(|(_, node)| *node));
        let next = nodes
            .iter()
            .filter_map(|node| leads_to(graph.nodes.get(*node)));
        for next in next.chain(step.scan) {
            if !numbers.contains_key(&next) {
                numbers.insert(next, u32::try_from(numbers.len()).unwrap_or(u32::MAX));
                order.push(next);
                open.push(next);
            }
        }
    }
    let steps: Vec<Step> = order
        .iter()
        .filter_map(|step| graph.steps.get(*step as usize).cloned())
        .collect();
    graph.steps = steps;
    let number = |step: u32| numbers.get(&step).copied().unwrap_or(0);
    for step in &mut graph.steps {
        step.scan = step.scan.map(number);
    }
    rewrite(graph, |graph, _, node, _| {
        let node = match node {
            Node::Wait { request, step } => Node::Wait {
                request,
                step: number(step),
            },
            Node::Decide(Terminal::Respond {
                rule,
                status,
                content_type,
                body,
                then,
            }) => {
                let then = then.map(|t| Then {
                    step: number(t.step),
                    ..t
                });
                Node::Decide(Terminal::Respond {
                    rule,
                    status,
                    content_type,
                    body,
                    then,
                })
            }
            Node::Decide(Terminal::Proxy { proxy, then }) => Node::Decide(Terminal::Proxy {
                proxy,
                then: then.map(|t| Then {
                    step: number(t.step),
                    ..t
                }),
            }),
            node => node,
        };
        graph.nodes.intern(node)
    })
}

fn leads_to(node: &Node) -> Option<u32> {
    match node {
        Node::Wait { step, .. } => Some(*step),
        Node::Decide(Terminal::Respond { then, .. } | Terminal::Proxy { then, .. }) => {
            then.map(|t| t.step)
        }
        _ => None,
    }
}
