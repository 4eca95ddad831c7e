//! What rules seek in each text.

use crate::{
    automata::pattern::{LiteralKind, Pattern},
    decision::{Atom, Decision, Handle, Matcher, Node, Value},
    emit::{
        plan::{operands, reachable, values_of_node},
        streams::lane_of,
    },
    hir::Base,
};
use std::collections::{BTreeMap, BTreeSet};

/// The patterns that are sought in each text.
pub(super) fn sought(graph: &Decision) -> BTreeMap<Handle<Value>, Vec<Pattern>> {
    let mut sought: BTreeMap<Handle<Value>, Vec<Pattern>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for atom in atoms(graph) {
        let Atom { subject, matcher } = graph.atoms.get(atom);
        let Some(pattern) = pattern(matcher) else {
            continue;
        };
        let streams = lane_of(graph, *subject).is_some();
        if seen.insert(atom) && graph.type_of(*subject).base == Base::String && !streams {
            sought.entry(*subject).or_default().push(pattern);
        }
    }
    sought
}

/// The pattern of a matcher that needs a walk over the whole text.
pub(in crate::emit) fn pattern(matcher: &Matcher) -> Option<Pattern> {
    match matcher {
        Matcher::Regex(regex) => Some(Pattern::Regex(regex.clone())),
        Matcher::Contains(list) => Some(Pattern::Literals {
            kind: LiteralKind::Contains,
            any: list.clone(),
        }),
        _ => None,
    }
}

/// The atoms that can be asked, in a fixed order, but for those of functions, whose texts differ
/// from call to call.
pub(in crate::emit) fn atoms(graph: &Decision) -> Vec<Handle<Atom>> {
    let mut atoms = Vec::new();
    let mut open = Vec::new();
    let roots = graph.steps.iter().flat_map(|s| &s.on).map(|(_, n)| *n);
    for node in reachable(graph, roots) {
        let node = graph.nodes.get(node);
        if let Node::Test { atom, .. } = node {
            atoms.push(*atom);
        }
        open.extend(values_of_node(graph, node));
    }
    let mut seen: BTreeSet<Handle<Value>> = open.iter().copied().collect();
    while let Some(value) = open.pop() {
        let value = graph.values.get(value);
        if let Value::Atom(atom) = value {
            atoms.push(*atom);
        }
        let below = operands(graph, value);
        open.extend(below.into_iter().filter(|value| seen.insert(*value)));
    }
    atoms
}
