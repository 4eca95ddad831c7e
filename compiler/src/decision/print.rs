//! The graph as text, for `edge build --emit decision` and for snapshots.
//!
//! Only what the steps reach is printed: each step with its nodes in the order in which they
//! run, then the values that they read. `n3` is a node, `v7` a value.

use super::{
    Atom, Const, Decision, Edit, Effect, Handle, Node, Part, Request, State, Terminal, Then, Value,
};
use crate::emit::{operands, reachable, values_of_node};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

/// Prints a graph.
#[must_use]
pub fn print(graph: &Decision) -> String {
    let mut printer = Printer {
        graph,
        nodes: BTreeMap::new(),
        values: BTreeMap::new(),
        out: String::new(),
    };
    printer.number();
    printer.all();
    printer.out
}

struct Printer<'a> {
    graph: &'a Decision,
    nodes: BTreeMap<Handle<Node>, usize>,
    values: BTreeMap<Handle<Value>, usize>,
    out: String,
}

impl Printer<'_> {
    fn number(&mut self) {
        let graph = self.graph;
        let roots = || {
            graph
                .steps
                .iter()
                .flat_map(|s| &s.on)
                .map(|(_, node)| *node)
        };
        let mut live: BTreeSet<Handle<Value>> = graph.fns.iter().map(|f| f.body).collect();
        for (i, node) in reachable(graph, roots()).into_iter().enumerate() {
            self.nodes.insert(node, i);
            live.extend(values_of_node(graph, graph.nodes.get(node)));
        }
        let mut open: Vec<Handle<Value>> = live.iter().copied().collect();
        while let Some(value) = open.pop() {
            for operand in operands(graph, graph.values.get(value)) {
                if live.insert(operand) {
                    open.push(operand);
                }
            }
        }
        self.values = live
            .into_iter()
            .enumerate()
            .map(|(i, value)| (value, i))
            .collect();
    }

    fn all(&mut self) {
        let graph = self.graph;
        for (i, step) in graph.steps.iter().enumerate() {
            for (event, root) in &step.on {
                let line = format!("step {i} on {event:?} -> {}\n", self.node(*root));
                self.out.push_str(&line);
            }
            if let Some(scan) = step.scan {
                let line = format!("step {i} has bodies scanned by step {scan}\n");
                self.out.push_str(&line);
            }
        }
        let mut order: Vec<(usize, Handle<Node>)> =
            self.nodes.iter().map(|(node, i)| (*i, *node)).collect();
        order.sort_unstable();
        for (i, node) in order {
            let text = self.node_text(graph.nodes.get(node));
            let _ = writeln!(self.out, "n{i}: {text}");
        }
        for (i, table) in graph.tables.iter().enumerate() {
            let patterns: Vec<String> = table.patterns.iter().map(ToString::to_string).collect();
            let _ = writeln!(
                self.out,
                "table {i}: {}; leaves {:?}",
                patterns.join(" "),
                table.leaves
            );
        }
        for (i, function) in graph.fns.iter().enumerate() {
            let _ = writeln!(
                self.out,
                "fn {i} {}: {}",
                function.name,
                self.value(function.body)
            );
        }
        let mut values: Vec<(usize, Handle<Value>)> =
            self.values.iter().map(|(value, i)| (*i, *value)).collect();
        values.sort_unstable();
        for (i, value) in values {
            let ty = graph.type_of(value);
            let optional = if ty.optional { "?" } else { "" };
            let text = self.value_text(graph.values.get(value));
            let _ = writeln!(self.out, "v{i}: {:?}{optional} = {text}", ty.base);
        }
    }

    fn node(&self, node: Handle<Node>) -> String {
        self.nodes
            .get(&node)
            .map_or_else(|| "?".into(), |i| format!("n{i}"))
    }

    fn value(&self, value: Handle<Value>) -> String {
        self.values
            .get(&value)
            .map_or_else(|| "?".into(), |i| format!("v{i}"))
    }

    fn list(&self, list: &[Handle<Value>]) -> String {
        list.iter()
            .map(|v| self.value(*v))
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn atom(&self, atom: Handle<Atom>) -> String {
        let atom = self.graph.atoms.get(atom);
        format!("{} {:?}", self.value(atom.subject), Shown(&atom.matcher))
    }

    fn node_text(&self, node: &Node) -> String {
        match node {
            Node::Test { atom, yes, no } => {
                format!(
                    "test {} ? {} : {}",
                    self.atom(*atom),
                    self.node(*yes),
                    self.node(*no)
                )
            }
            Node::Switch {
                subject,
                table,
                arms,
            } => {
                let arms: Vec<String> = arms.iter().map(|arm| self.node(*arm)).collect();
                format!(
                    "switch {} by table {table} -> {}",
                    self.value(*subject),
                    arms.join(" ")
                )
            }
            Node::Act { effect, next } => {
                format!("{} -> {}", self.effect(effect), self.node(*next))
            }
            Node::Wait { request, step } => {
                format!("wait {} -> step {step}", self.request(request))
            }
            Node::Decide(terminal) => self.terminal(terminal),
        }
    }

    fn effect(&self, effect: &Effect) -> String {
        match effect {
            Effect::Edit(edit) => self.edit(edit),
            Effect::Log { text, .. } => format!("log {}", self.value(*text)),
            Effect::Exposure { experiment, arm } => {
                format!("expose {experiment} {}", self.value(*arm))
            }
            Effect::State(state) => self.state(state),
            Effect::Hits { kind, rules } => format!("tell {kind:?} {}", self.value(*rules)),
            Effect::Scan {
                lane,
                limit,
                over_limit,
                ..
            } => format!("scan {lane:?} body up to {limit}, else {over_limit:?}"),
        }
    }

    fn request(&self, request: &Request) -> String {
        let Request::State(list) = request else {
            return format!("{request:?}");
        };
        let asked = list.iter().map(|asked| {
            let chained = if asked.is_chained { "then " } else { "" };
            format!("{chained}{} as {}", self.state(&asked.state), asked.ask)
        });
        asked.collect::<Vec<_>>().join(", ")
    }

    fn state(&self, state: &State) -> String {
        let values: Vec<String> = state.values().map(|value| self.value(value)).collect();
        format!("{:?} {} [{}]", state.op, state.id, values.join(" "))
    }

    fn edit(&self, edit: &Edit) -> String {
        let value: Vec<String> = edit
            .value
            .iter()
            .map(|part| match part {
                Part::Text(value) => self.value(*value),
                Part::Secret(index) => format!("secret {index}"),
            })
            .collect();
        format!(
            "{:?} {} {}",
            edit.op,
            edit.name.escape_ascii(),
            value.join(" ")
        )
    }

    fn terminal(&self, terminal: &Terminal) -> String {
        let then =
            |then: &Option<Then>| then.map_or(String::new(), |t| format!(" then step {}", t.step));
        match terminal {
            Terminal::Respond {
                rule,
                status,
                body,
                then: t,
                ..
            } => {
                format!(
                    "respond {status} [{}] by rule {}{}",
                    self.list(body),
                    rule.0,
                    then(t)
                )
            }
            Terminal::Proxy { proxy, then: t } => {
                let edits: Vec<String> = proxy.edits.iter().map(|e| self.edit(e)).collect();
                let (target, path, query) = (
                    self.value(proxy.target),
                    self.value(proxy.path),
                    self.value(proxy.query),
                );
                let rule = proxy.rule.0;
                let cache = proxy.cache.map_or_else(String::new, |cache| {
                    let key = proxy.key.map(|key| self.value(key)).unwrap_or_default();
                    format!(" cache {cache} [{key}]")
                });
                format!(
                    "proxy {target} {path} ?{query} [{}]{cache} by rule {rule}{}",
                    edits.join("; "),
                    then(t)
                )
            }
            Terminal::GoOn { lane } => format!("{lane:?} body goes on"),
            Terminal::Admit { stores, ttl, tags } => {
                let ttl = ttl.map_or_else(String::new, |ttl| format!(" for {ttl}ms"));
                format!("admit {stores}{ttl} [{}]", self.list(tags))
            }
            Terminal::Pass { rule } => format!("pass by rule {}", rule.0),
            Terminal::Fault { rule, reason, .. } => format!("fault {reason:?} by rule {}", rule.0),
        }
    }

    fn value_text(&self, value: &Value) -> String {
        match value {
            Value::Const(Const::Bytes(bytes)) => format!("\"{}\"", bytes.escape_ascii()),
            Value::Const(constant) => format!("{constant:?}"),
            Value::Fact(fact) => format!("{fact:?}"),
            Value::ResultStatus => "the result's status".into(),
            Value::OverLimit => "the body is over its limit".into(),
            Value::FnParam(_, index) => format!("parameter {index}"),
            Value::Call(index, list) => format!("fn {index} ({})", self.list(list)),
            Value::Builtin(builtin, list) => format!("{builtin:?} ({})", self.list(list)),
            Value::Concat(list) => format!("concat ({})", self.list(list)),
            Value::Text(v) => format!("text {}", self.value(*v)),
            Value::Json(v) => format!("json {}", self.value(*v)),
            Value::Not(v) => format!("not {}", self.value(*v)),
            Value::And(list) => format!("and ({})", self.list(list)),
            Value::Or(list) => format!("or ({})", self.list(list)),
            Value::Atom(atom) => self.atom(*atom),
            Value::Compare(op, a, b) => format!("{op:?} ({}, {})", self.value(*a), self.value(*b)),
            Value::OrElse(list) => format!("else ({})", self.list(list)),
            Value::Narrowed(v) => format!("present {}", self.value(*v)),
            Value::Arith(op, a, b) => format!("{op:?} ({}, {})", self.value(*a), self.value(*b)),
            Value::Choose(arms, otherwise) => {
                let arms: Vec<String> = arms
                    .iter()
                    .map(|(c, v)| format!("{} => {}", self.value(*c), self.value(*v)))
                    .collect();
                format!(
                    "choose {{ {}, otherwise => {} }}",
                    arms.join(", "),
                    self.value(*otherwise)
                )
            }
            Value::Split(experiment, text, bounds) => {
                format!("split {experiment} by {} at {bounds:x?}", self.value(*text))
            }
            Value::QuerySet(query, name, set) => {
                format!(
                    "query {} set {} = {}",
                    self.value(*query),
                    name.escape_ascii(),
                    self.value(*set)
                )
            }
            Value::QueryRemove(query, name) => {
                format!(
                    "query {} remove {}",
                    self.value(*query),
                    name.escape_ascii()
                )
            }
        }
    }
}

/// A matcher with its texts as text.
struct Shown<'a>(&'a super::Matcher);

impl std::fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        use super::Matcher;
        let texts = |list: &[Vec<u8>]| {
            list.iter()
                .map(|t| t.escape_ascii().to_string())
                .collect::<Vec<_>>()
        };
        match self.0 {
            Matcher::Equals(list) => write!(f, "== {:?}", texts(list)),
            Matcher::Contains(list) => write!(f, "contains {:?}", texts(list)),
            Matcher::StartsWith(list) => write!(f, "starts_with {:?}", texts(list)),
            Matcher::EndsWith(list) => write!(f, "ends_with {:?}", texts(list)),
            Matcher::Regex(pattern) => write!(f, "matches {pattern:?}"),
            Matcher::Path(pattern) => write!(f, "is path {pattern}"),
            Matcher::Any(inner) => write!(f, "any {:?}", Shown(inner)),
            other => write!(f, "{other:?}"),
        }
    }
}
