//! What is emitted: the nodes and values that can be reached, the facts that each step
//! reads, and the values that become functions of their own because several places read
//! them (computed once a call, kept in a memo) or because they would nest too deep.

use crate::{
    decision::{Atom, Decision, Effect, Handle, Matcher, Node, Part, Request, Terminal, Value},
    hir::{Base, Fact},
};
use edge_abi::{
    input::Event,
    manifest::{Fact as RawFact, Kind, Slot},
    output::{log, state},
};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Expressions nested deeper than this are cut into functions.
const DEEPEST: u32 = 48;

/// The plan.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Facts of each step, in the order of its slot set.
    pub slots: Vec<Vec<Slot>>,
    /// All facts with their place in the table of facts: those of step 0 first, in order.
    pub facts: BTreeMap<RawFact, u32>,
    /// Values that become functions, each with its place in the memo, if it has one.
    pub functions: BTreeMap<Handle<Value>, Option<u32>>,
    /// How many memo entries there are.
    pub memos: u32,
    /// Bytes of the longest effect of which there may be many.
    pub effect: u32,
    /// The flags that say that a body's scan was asked for, by lane, if any is.
    pub scans: Option<u32>,
}

impl Plan {
    /// Makes the plan of a graph.
    pub fn new(graph: &Decision) -> Plan {
        let mut plan = Plan::default();
        let facts = facts_of_values(graph);
        if graph.steps.iter().any(|step| step.scan.is_some()) {
            plan.scans = Some(plan.memos_of(32));
        }
        for step in &graph.steps {
            let mut found = BTreeSet::new();
            for node in reachable(graph, step.on.iter().map(|(_, node)| *node)) {
                for value in values_of_node(graph, graph.nodes.get(node)) {
                    found.extend(facts.get(value.index()).into_iter().flatten().cloned());
                }
            }
            for fact in &found {
                let next = u32::try_from(plan.facts.len()).unwrap_or(u32::MAX);
                plan.facts.entry(fact.clone()).or_insert(next);
            }
            let slots = found
                .into_iter()
                .map(|fact| Slot {
                    kind: kind(graph, &fact),
                    fact,
                })
                .collect();
            plan.slots.push(slots);
        }
        plan.effect = effect(graph);
        plan.choose_functions(graph);
        plan
    }

    /// Most bytes of all answers that a call holds.
    pub fn answers(&self, graph: &Decision) -> u32 {
        let most = |slot: &Slot| match slot.fact {
            RawFact::Answer { ask } => graph.asks.get(ask as usize).copied().unwrap_or(0),
            _ => 0,
        };
        let sets = self.slots.iter();
        let sums = sets.map(|set| set.iter().map(most).fold(0, u32::saturating_add));
        sums.max().unwrap_or(0)
    }

    /// The place of a new memo.
    pub fn memo(&mut self) -> u32 {
        self.memos += 1;
        self.memos - 1
    }

    /// The place of a memo of so many bytes: several in a row.
    pub fn memos_of(&mut self, bytes: u32) -> u32 {
        let first = self.memos;
        self.memos += bytes.div_ceil(16).max(1);
        first
    }

    fn choose_functions(&mut self, graph: &Decision) {
        let parametric = parametric(graph);
        let mut uses = vec![0u32; graph.values.len()];
        let mut live = vec![false; graph.values.len()];
        let mut count = |value: Handle<Value>, live: &mut Vec<bool>| {
            if let (Some(uses), Some(live)) =
                (uses.get_mut(value.index()), live.get_mut(value.index()))
            {
                *uses += 1;
                *live = true;
            }
        };
        let roots = graph
            .steps
            .iter()
            .flat_map(|s| &s.on)
            .map(|(_, node)| *node);
        for node in reachable(graph, roots) {
            values_of_node(graph, graph.nodes.get(node))
                .into_iter()
                .for_each(|v| count(v, &mut live));
        }
        graph.fns.iter().for_each(|f| count(f.body, &mut live));
        for (handle, value) in graph.values.iter().rev() {
            if live.get(handle.index()) == Some(&true) {
                operands(graph, value)
                    .into_iter()
                    .for_each(|v| count(v, &mut live));
            }
        }
        let mut depth = vec![0u32; graph.values.len()];
        for (handle, value) in graph.values.iter() {
            let below = operands(graph, value)
                .into_iter()
                .filter_map(|v| depth.get(v.index()).copied())
                .max();
            let mut own = below.unwrap_or(0) + 1;
            let shared = uses.get(handle.index()).is_some_and(|u| *u > 1) && !is_light(value);
            let free = parametric.get(handle.index()) == Some(&false);
            if free && live.get(handle.index()) == Some(&true) && (shared || own > DEEPEST) {
                let memo = shared.then(|| self.memo());
                self.functions.insert(handle, memo);
                own = 1;
            }
            if let Some(depth) = depth.get_mut(handle.index()) {
                *depth = own;
            }
        }
    }
}

/// Bytes of the longest effect of which there may be many.
fn effect(graph: &Decision) -> u32 {
    let is_state = |node: &Node| {
        matches!(
            node,
            Node::Wait {
                request: Request::State(_),
                ..
            } | Node::Act {
                effect: Effect::State(_),
                ..
            }
        )
    };
    match graph.nodes.iter().any(|(_, node)| is_state(node)) {
        true => state::SIZE,
        false => log::SIZE,
    }
}

/// Whether something is remembered once there is an answer, or none can be had.
pub(super) fn finishes(graph: &Decision) -> bool {
    let after = |event: &Event| matches!(event, Event::ResponseHead | Event::Failed);
    let roots = graph.steps.iter().flat_map(|step| &step.on);
    let roots = roots.filter(|(event, _)| after(event));
    let changes = |node: &Node| {
        matches!(
            node,
            Node::Act {
                effect: Effect::State(_),
                ..
            }
        )
    };
    reachable(graph, roots.map(|(_, node)| *node))
        .into_iter()
        .any(|node| changes(graph.nodes.get(node)))
}

/// Cheaper to compute again than to keep.
fn is_light(value: &Value) -> bool {
    match value {
        Value::Const(_) | Value::FnParam(..) | Value::ResultStatus | Value::OverLimit => true,
        Value::Fact(fact) => matches!(fact, Fact::Raw(_) | Fact::Now),
        Value::Narrowed(_) => true,
        _ => false,
    }
}

/// Nodes that can be reached from some, in topological order (successors later).
pub(crate) fn reachable(
    graph: &Decision,
    roots: impl Iterator<Item = Handle<Node>>,
) -> Vec<Handle<Node>> {
    // Only what is reached is looked at: a policy may have as many steps as routes.
    let mut seen: HashSet<Handle<Node>> = HashSet::new();
    let mut open: Vec<Handle<Node>> = roots.filter(|root| seen.insert(*root)).collect();
    let mut order = open.clone();
    while let Some(node) = open.pop() {
        for next in graph.nodes.get(node).successors() {
            if seen.insert(next) {
                open.push(next);
                order.push(next);
            }
        }
    }
    // Successors were there before: handles are a topological order.
    order.sort_unstable_by(|a, b| b.cmp(a));
    order
}

/// The values that a node reads itself.
pub(crate) fn values_of_node(graph: &Decision, node: &Node) -> Vec<Handle<Value>> {
    match node {
        Node::Test { atom, .. } => vec![graph.atoms.get(*atom).subject],
        Node::Switch { subject, .. } => vec![*subject],
        Node::Act { effect, .. } => match effect {
            Effect::Edit(edit) => texts(&edit.value).collect(),
            Effect::Log { text, .. } => vec![*text],
            Effect::Exposure { arm, .. } => vec![*arm],
            Effect::Hits { rules, .. } => vec![*rules],
            Effect::Scan { .. } => Vec::new(),
            Effect::State(state) => state.values().collect(),
        },
        Node::Wait { request, .. } => match request {
            Request::Body(_) => Vec::new(),
            Request::State(list) => list.iter().flat_map(|it| it.state.values()).collect(),
        },
        Node::Decide(terminal) => match terminal {
            Terminal::Respond { body, .. } => body.clone(),
            Terminal::Proxy { proxy, .. } => {
                let mut list = vec![proxy.target, proxy.path, proxy.query];
                list.extend(proxy.host);
                list.extend(proxy.key);
                list.extend(proxy.edits.iter().flat_map(|e| texts(&e.value)));
                list
            }
            Terminal::Admit { tags, .. } => tags.clone(),
            Terminal::Pass { .. } | Terminal::GoOn { .. } | Terminal::Fault { .. } => Vec::new(),
        },
    }
}

fn texts(parts: &[Part]) -> impl Iterator<Item = Handle<Value>> + '_ {
    parts.iter().filter_map(|part| match part {
        Part::Text(value) => Some(*value),
        Part::Secret(_) => None,
    })
}

/// The values that a value is made of, derived facts through the facts that they are made of.
pub(crate) fn operands(graph: &Decision, value: &Value) -> Vec<Handle<Value>> {
    match value {
        Value::Const(_)
        | Value::Fact(_)
        | Value::ResultStatus
        | Value::OverLimit
        | Value::FnParam(..) => Vec::new(),
        Value::Call(_, list)
        | Value::Builtin(_, list)
        | Value::Concat(list)
        | Value::And(list)
        | Value::Or(list)
        | Value::OrElse(list) => list.clone(),
        Value::Text(v)
        | Value::Json(v)
        | Value::Not(v)
        | Value::Narrowed(v)
        | Value::Split(_, v, _) => vec![*v],
        Value::QueryRemove(v, _) => vec![*v],
        Value::Atom(atom) => vec![graph.atoms.get(*atom).subject],
        Value::Compare(_, a, b) | Value::Arith(_, a, b) | Value::QuerySet(a, _, b) => vec![*a, *b],
        Value::Choose(arms, otherwise) => {
            let mut list: Vec<_> = arms.iter().flat_map(|(c, v)| [*c, *v]).collect();
            list.push(*otherwise);
            list
        }
    }
}

/// The raw facts below each value.
fn facts_of_values(graph: &Decision) -> Vec<BTreeSet<RawFact>> {
    let mut table: Vec<BTreeSet<RawFact>> = Vec::new();
    for (_, value) in graph.values.iter() {
        let mut own = BTreeSet::new();
        if let Value::Fact(fact) = value {
            own.extend(crate::eval::Facts::sources(fact));
        }
        if let Value::Call(index, _) = value
            && let Some(function) = graph.fns.get(*index as usize)
        {
            own.extend(
                table
                    .get(function.body.index())
                    .into_iter()
                    .flatten()
                    .cloned(),
            );
        }
        for operand in operands(graph, value) {
            own.extend(table.get(operand.index()).into_iter().flatten().cloned());
        }
        table.push(own);
    }
    table
}

/// Which values depend on a function's parameters.
fn parametric(graph: &Decision) -> Vec<bool> {
    let mut table: Vec<bool> = Vec::new();
    for (_, value) in graph.values.iter() {
        let below = operands(graph, value)
            .into_iter()
            .any(|v| table.get(v.index()) == Some(&true));
        table.push(below || matches!(value, Value::FnParam(..)));
    }
    table
}

fn kind(graph: &Decision, fact: &RawFact) -> Kind {
    let ty = graph.values.iter().find_map(|(handle, value)| match value {
        Value::Fact(Fact::Raw(raw)) if raw == fact => Some(graph.type_of(handle).base),
        _ => None,
    });
    match ty {
        Some(Base::Ip) => Kind::Ip,
        Some(Base::Bool) => Kind::Bool,
        Some(Base::Float) => Kind::F64,
        Some(Base::List) => Kind::List,
        Some(base) if base.is_integer() => Kind::I64,
        _ => Kind::Bytes,
    }
}

/// The matcher below `any`, and whether there is an `any`.
pub(super) fn inner(atom: &Atom) -> (&Matcher, bool) {
    match &atom.matcher {
        Matcher::Any(inner) => (inner, true),
        other => (other, false),
    }
}
