//! A test that the test before it has decided is skipped.

use super::rewrite::rewrite;
use crate::decision::{Atom, Decision, Handle, Matcher, Node};

/// Runs the pass.
pub(super) fn run(graph: Decision) -> Decision {
    rewrite(graph, |graph, _, node, _| match node {
        Node::Test { atom, yes, no } => {
            let yes = follow(graph, atom, true, yes);
            let no = follow(graph, atom, false, no);
            graph.test(atom, yes, no)
        }
        node => graph.nodes.intern(node),
    })
}

/// Where a way leads on which `known` is `truth`.
fn follow(
    graph: &Decision,
    known: Handle<Atom>,
    truth: bool,
    mut node: Handle<Node>,
) -> Handle<Node> {
    while let Node::Test { atom, yes, no } = graph.nodes.get(node) {
        let (first, second) = (graph.atoms.get(known), graph.atoms.get(*atom));
        // A body has many texts: that one of them is so says nothing of the others.
        let many = known != *atom && crate::emit::stream_of(graph, first.subject).is_some();
        match implied(first, truth, second).filter(|_| !many) {
            Some(true) => node = *yes,
            Some(false) => node = *no,
            None => break,
        }
    }
    node
}

/// What an atom must be where another one is `truth`.
fn implied(known: &Atom, truth: bool, atom: &Atom) -> Option<bool> {
    if known.subject != atom.subject {
        return None;
    }
    if known.matcher == atom.matcher {
        return Some(truth);
    }
    match (&known.matcher, truth, &atom.matcher) {
        (Matcher::True | Matcher::Any(_), ..) | (.., Matcher::True | Matcher::Any(_)) => None,
        // Whatever holds, holds of something present; nothing holds of what is absent.
        (Matcher::Present, false, _) => Some(false),
        (_, true, Matcher::Present) => Some(true),
        (Matcher::Equals(list), true, matcher) => {
            let all: Vec<Option<bool>> = list.iter().map(|text| matches(text, matcher)).collect();
            match all.first() {
                Some(&Some(first)) if all.iter().all(|m| *m == Some(first)) => Some(first),
                _ => None,
            }
        }
        (Matcher::Range(low, high), true, Matcher::Range(from, to)) => {
            if from <= low && high <= to {
                Some(true)
            } else if high < from || to < low {
                Some(false)
            } else {
                None
            }
        }
        (Matcher::Arm(_), true, Matcher::Arm(_)) => Some(false),
        _ => None,
    }
}

/// Whether a constant text matches, where that is told easily.
pub(super) fn matches(text: &[u8], matcher: &Matcher) -> Option<bool> {
    match matcher {
        Matcher::Present => Some(true),
        Matcher::Equals(list) => Some(list.iter().any(|t| t == text)),
        Matcher::StartsWith(list) => Some(list.iter().any(|t| text.starts_with(t))),
        Matcher::EndsWith(list) => Some(list.iter().any(|t| text.ends_with(t))),
        Matcher::Contains(list) => Some(
            list.iter()
                .any(|t| t.is_empty() || text.windows(t.len()).any(|window| window == t)),
        ),
        _ => None,
    }
}
