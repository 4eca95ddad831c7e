//! What every graph must satisfy, checked after each pass in tests and debug builds.

use super::{Decision, Effect, Handle, Node, Request, State, Terminal, Value};
use crate::{
    emit::reachable,
    hir::{Base, RuleId},
};
use edge_abi::output::{MAX_EDITS, MAX_EFFECTS};
use std::collections::BTreeSet;

/// Checks a graph.
///
/// # Errors
/// What is wrong, in words: a defect of the compiler.
pub fn verify(graph: &Decision) -> Result<(), String> {
    if graph.types.len() != graph.values.len() {
        return Err(format!(
            "{} values have {} types",
            graph.values.len(),
            graph.types.len()
        ));
    }
    for (handle, node) in graph.nodes.iter() {
        if let Some(next) = node.successors().find(|next| *next >= handle) {
            return Err(format!(
                "node {handle:?} leads to {next:?}, which is not before it"
            ));
        }
        check_node(graph, handle, node, graph.steps.len())?;
    }
    let mut scans = graph.steps.iter().filter_map(|step| step.scan);
    if let Some(step) = scans.find(|step| *step as usize >= graph.steps.len()) {
        return Err(format!("a scan begins at step {step}, which is not there"));
    }
    let mut roots = graph.steps.iter().flat_map(|s| &s.on);
    match roots.find(|(_, root)| root.index() >= graph.nodes.len()) {
        Some((_, root)) => Err(format!("a step begins at {root:?}, which is not there")),
        None => Ok(()),
    }
}

/// Checks that no path does more in one call than the ABI has room for.
///
/// # Errors
/// What is too much, in words.
pub fn room(graph: &Decision) -> Result<(), String> {
    let mut needs: Vec<(u32, u32)> = Vec::new();
    for (_, node) in graph.nodes.iter() {
        let below = node
            .successors()
            .filter_map(|n| needs.get(n.index()).copied());
        let (mut edits, mut effects) = below.fold((0, 0), |(a, b), (c, d)| (a.max(c), b.max(d)));
        match node {
            Node::Act {
                effect: Effect::Edit(_),
                ..
            } => edits += 1,
            Node::Act { .. } => effects += 1,
            Node::Wait {
                request: Request::State(list),
                ..
            } => effects += u32::try_from(list.len()).unwrap_or(u32::MAX),
            _ => {}
        }
        needs.push((edits, effects));
    }
    for (_, root) in graph.steps.iter().flat_map(|s| &s.on) {
        let (edits, effects) = needs.get(root.index()).copied().unwrap_or_default();
        if edits > MAX_EDITS {
            return Err(format!(
                "one way through it edits {edits} headers of an answer; {MAX_EDITS} are the most"
            ));
        }
        // Edits queued before a wait, the wait and the terminal come on top.
        if effects + 3 > MAX_EFFECTS {
            return Err(format!(
                "one way through it logs and counts {effects} times; {} are the most",
                MAX_EFFECTS - 3
            ));
        }
    }
    Ok(())
}

/// Most decisions of all steps: each step is a function of all that may follow until something is asked again.
const MOST_NODES: usize = 400_000;

/// Checks that what may follow each wait doesn't come to too much.
///
/// # Errors
/// What is too much, in words.
pub fn size(graph: &Decision) -> Result<(), String> {
    let mut all = 0;
    for step in &graph.steps {
        all += reachable(graph, step.on.iter().map(|(_, node)| *node)).len();
        if all > MOST_NODES {
            return Err(format!(
                "what may follow each wait comes to more than {MOST_NODES} decisions; ask before the conditions rather than in them, or leave some out"
            ));
        }
    }
    Ok(())
}

/// Checks that no body is to be scanned in a call that comes after it was read.
///
/// # Errors
/// The rule of a group that would look too late.
pub fn scans_first(graph: &Decision) -> Result<(), RuleId> {
    let everywhere = graph.steps.iter().flat_map(|step| &step.on);
    let mut open = Vec::new();
    for node in reachable(graph, everywhere.map(|(_, node)| *node)) {
        if let Node::Wait {
            request: Request::Body(_),
            step,
        } = graph.nodes.get(node)
        {
            open.push(*step);
        }
    }
    let mut seen: BTreeSet<u32> = open.iter().copied().collect();
    while let Some(step) = open.pop() {
        let roots = graph.steps.get(step as usize).into_iter();
        for node in reachable(graph, roots.flat_map(|s| &s.on).map(|(_, node)| *node)) {
            match graph.nodes.get(node) {
                Node::Act {
                    effect: Effect::Scan { rule, .. },
                    ..
                } => return Err(*rule),
                Node::Wait { step, .. } if seen.insert(*step) => open.push(*step),
                _ => {}
            }
        }
    }
    Ok(())
}

fn check_node(
    graph: &Decision,
    handle: Handle<Node>,
    node: &Node,
    steps: usize,
) -> Result<(), String> {
    let in_range = |step: u32| {
        if (step as usize) < steps {
            Ok(())
        } else {
            Err(format!("node {handle:?} names step {step} of {steps}"))
        }
    };
    match node {
        Node::Test { atom, yes, no } => {
            if yes == no {
                return Err(format!("node {handle:?} tests for nothing"));
            }
            check_value(graph, graph.atoms.get(*atom).subject)
        }
        Node::Switch {
            subject,
            table,
            arms,
        } => {
            let table = graph
                .tables
                .get(*table as usize)
                .ok_or("a switch has no table")?;
            if table.leaves.len() != arms.len() {
                return Err(format!(
                    "node {handle:?} has {} arms for {} leaves",
                    arms.len(),
                    table.leaves.len()
                ));
            }
            expect(graph, *subject, Base::String)
        }
        Node::Act {
            effect: Effect::Hits { rules, .. },
            ..
        } => expect(graph, *rules, Base::String),
        Node::Act {
            effect: Effect::State(state),
            ..
        } => check_state(graph, state),
        Node::Act { .. } => Ok(()),
        Node::Wait { request, step } => {
            if let Request::State(list) = request {
                list.iter()
                    .try_for_each(|asked| check_state(graph, &asked.state))?;
            }
            in_range(*step)
        }
        Node::Decide(Terminal::Respond { then, body, .. }) => {
            body.iter()
                .try_for_each(|part| expect(graph, *part, Base::String))?;
            then.map_or(Ok(()), |t| in_range(t.step))
        }
        Node::Decide(Terminal::Proxy { then, proxy }) => {
            expect(graph, proxy.target, Base::Target)?;
            expect(graph, proxy.path, Base::String)?;
            expect(graph, proxy.query, Base::String)?;
            if let Some(key) = proxy.key {
                expect(graph, key, Base::String)?;
            }
            then.map_or(Ok(()), |t| in_range(t.step))
        }
        Node::Decide(Terminal::Admit { tags, .. }) => tags
            .iter()
            .try_for_each(|tag| expect(graph, *tag, Base::String)),
        Node::Decide(_) => Ok(()),
    }
}

fn check_state(graph: &Decision, state: &State) -> Result<(), String> {
    expect(graph, state.key, Base::String)?;
    if let Some(value) = state.value {
        expect(graph, value, Base::String)?;
    }
    match state.number {
        Some(number) if !graph.type_of(number).base.is_integer() => {
            Err(format!("value {number:?} is no number"))
        }
        _ => Ok(()),
    }
}

fn check_value(graph: &Decision, value: Handle<Value>) -> Result<(), String> {
    if value.index() < graph.values.len() {
        Ok(())
    } else {
        Err(format!("value {value:?} is not there"))
    }
}

fn expect(graph: &Decision, value: Handle<Value>, base: Base) -> Result<(), String> {
    check_value(graph, value)?;
    let ty = graph.type_of(value);
    if ty.base == base {
        Ok(())
    } else {
        Err(format!("value {value:?} is {:?}, not {base:?}", ty.base))
    }
}
