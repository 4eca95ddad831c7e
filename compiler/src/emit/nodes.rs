//! Nodes: a graph without cycles becomes nested blocks.
//!
//! A node with several predecessors gets a label: a block that ends just before its code,
//! opened at its immediate dominator (Ramsey, "Beyond Relooper", ICFP 2022, for the case
//! without loops). Everything else is put where its one predecessor goes on. A chain of
//! tests is a loop here, so that a policy of any length needs no deep recursion.

use super::{EmitError, Emitter, code::Code, plan::reachable};
use crate::decision::{Handle, Node};
use edge_abi::input::Event;
use std::collections::HashMap;
use wasm_encoder::{BlockType, Instruction as I, ValType};

/// Where the nodes of one function go.
#[derive(Debug, Default)]
struct Shape {
    /// Joins by their immediate dominator, the last in topological order first.
    joins: HashMap<Handle<Node>, Vec<Handle<Node>>>,
    /// Labels of the joins that are open: the depth of their block.
    labels: HashMap<Handle<Node>, u32>,
}

impl Shape {
    fn new(emitter: &Emitter<'_>, root: Handle<Node>) -> Shape {
        let graph = emitter.graph;
        let order = reachable(graph, std::iter::once(root));
        let mut predecessors: HashMap<Handle<Node>, Vec<Handle<Node>>> = HashMap::new();
        for node in &order {
            for next in graph.nodes.get(*node).successors() {
                predecessors.entry(next).or_default().push(*node);
            }
        }
        let mut dominators = Dominators::new(root);
        let mut shape = Shape::default();
        for node in order.iter().skip(1) {
            let list = predecessors
                .get(node)
                .map(Vec::as_slice)
                .unwrap_or_default();
            let common = list.iter().copied().reduce(|a, b| dominators.meet(a, b));
            let dominator = common.unwrap_or(root);
            dominators.enter(*node, dominator);
            if list.len() > 1 {
                shape.joins.entry(dominator).or_default().push(*node);
            }
        }
        shape.joins.values_mut().for_each(|joins| joins.reverse());
        shape
    }
}

/// The tree of immediate dominators. Each node also knows one far above it, so that a walk up takes
/// a logarithm of the steps (Myers, "An applicative random-access stack", 1983).
struct Dominators(HashMap<Handle<Node>, Place>);

#[derive(Debug, Clone, Copy)]
struct Place {
    depth: u32,
    up: Handle<Node>,
    far: Handle<Node>,
}

impl Dominators {
    fn new(root: Handle<Node>) -> Dominators {
        Dominators(HashMap::from([(
            root,
            Place {
                depth: 0,
                up: root,
                far: root,
            },
        )]))
    }

    fn of(&self, node: Handle<Node>) -> Place {
        let lost = Place {
            depth: 0,
            up: node,
            far: node,
        };
        self.0.get(&node).copied().unwrap_or(lost)
    }

    fn enter(&mut self, node: Handle<Node>, up: Handle<Node>) {
        let above = self.of(up);
        let far = self.of(above.far);
        let further = self.of(far.far);
        let is_even = above.depth - far.depth == far.depth - further.depth;
        let place = Place {
            depth: above.depth + 1,
            up,
            far: if is_even { far.far } else { up },
        };
        self.0.insert(node, place);
    }

    /// The nearest common dominator.
    fn meet(&self, mut a: Handle<Node>, mut b: Handle<Node>) -> Handle<Node> {
        if self.of(a).depth < self.of(b).depth {
            std::mem::swap(&mut a, &mut b);
        }
        let depth = self.of(b).depth;
        while self.of(a).depth > depth {
            let place = self.of(a);
            let is_far = self.of(place.far).depth < depth;
            a = if is_far { place.up } else { place.far };
        }
        while a != b {
            let (left, right) = (self.of(a), self.of(b));
            (a, b) = if left.far == right.far {
                (left.up, right.up)
            } else {
                (left.far, right.far)
            };
        }
        a
    }
}

impl Emitter<'_> {
    /// The function of a step: checks the input, takes the facts, and does what the event asks.
    pub(super) fn step_function(&mut self, step: u32) -> Result<Code, EmitError> {
        let mut code = Code::new(1);
        let graph = self.graph;
        self.step = step;
        self.step_head(&mut code, step);
        let on = graph
            .steps
            .get(step as usize)
            .map(|s| s.on.as_slice())
            .unwrap_or_default();
        for (event, root) in on {
            let only = on.len() == 1 && *event == Event::Start;
            if !only {
                self.event_is(&mut code, *event);
                code.if_empty();
            }
            self.piece_head(&mut code, *event);
            let mut shape = Shape::new(self, *root);
            self.graph_code(&mut code, &mut shape, *root)?;
            if only {
                return Ok(code);
            }
            code.end();
        }
        self.reject(&mut code, edge_abi::output::Status::InvalidInput);
        Ok(code)
    }

    /// The code of a node and of all that it dominates. Ends with a return or a branch.
    fn graph_code(
        &mut self,
        code: &mut Code,
        shape: &mut Shape,
        mut node: Handle<Node>,
    ) -> Result<(), EmitError> {
        loop {
            let joins = shape.joins.remove(&node).unwrap_or_default();
            for join in &joins {
                code.push(I::Block(BlockType::Empty));
                shape.labels.insert(*join, code.depth());
            }
            let mut joins = joins.into_iter().rev();
            let next = self.node_code(code, shape, node, joins.len() == 0)?;
            if let Some(next) = next {
                node = next;
                continue;
            }
            let Some(mut join) = joins.next() else {
                return Ok(());
            };
            code.end();
            for following in joins {
                self.graph_code(code, shape, join)?;
                code.end();
                join = following;
            }
            node = join;
        }
    }

    /// The code of one node. Gives the node whose code follows directly, if `tail` allows it.
    fn node_code(
        &mut self,
        code: &mut Code,
        shape: &mut Shape,
        node: Handle<Node>,
        tail: bool,
    ) -> Result<Option<Handle<Node>>, EmitError> {
        let graph = self.graph;
        let before = self.written(code);
        match graph.nodes.get(node) {
            Node::Test { atom, yes, no } => {
                self.atom(code, *atom)?;
                self.account(node, self.written(code) - before);
                if let Some(label) = shape.labels.get(no) {
                    let label = code.depth() - label;
                    code.push(I::I32Eqz).push(I::BrIf(label));
                    return self.go(code, shape, *yes, tail);
                }
                if let Some(label) = shape.labels.get(yes) {
                    let label = code.depth() - label;
                    code.push(I::BrIf(label));
                    return self.go(code, shape, *no, tail);
                }
                code.if_empty();
                self.graph_code(code, shape, *yes)?;
                code.end();
                self.go(code, shape, *no, tail)
            }
            Node::Switch {
                subject,
                table,
                arms,
            } => {
                self.switch(code, shape, *subject, *table, arms)?;
                Ok(None)
            }
            Node::Act { effect, next } => {
                self.effect_code(code, effect)?;
                self.account(node, self.written(code) - before);
                self.go(code, shape, *next, tail)
            }
            Node::Wait { request, step } => {
                self.wait(code, request, *step)?;
                self.account(node, self.written(code) - before);
                code.push(I::Return);
                Ok(None)
            }
            Node::Decide(terminal) => {
                self.terminal(code, terminal)?;
                code.push(I::Return);
                self.account(node, self.written(code) - before);
                Ok(None)
            }
        }
    }

    /// Goes to a node: by a branch if it has a label, else its code follows.
    fn go(
        &mut self,
        code: &mut Code,
        shape: &mut Shape,
        next: Handle<Node>,
        tail: bool,
    ) -> Result<Option<Handle<Node>>, EmitError> {
        if let Some(label) = shape.labels.get(&next) {
            let label = code.depth() - label;
            code.push(I::Br(label));
            return Ok(None);
        }
        if tail {
            return Ok(Some(next));
        }
        self.graph_code(code, shape, next)?;
        Ok(None)
    }

    fn switch(
        &mut self,
        code: &mut Code,
        shape: &mut Shape,
        subject: Handle<crate::decision::Value>,
        table: u32,
        arms: &[Handle<Node>],
    ) -> Result<(), EmitError> {
        let graph = self.graph;
        // Arms that have no label get a block each; equal arms share it.
        let mut own: Vec<Handle<Node>> = Vec::new();
        let mut places: HashMap<Handle<Node>, u32> = HashMap::new();
        for arm in arms {
            if !shape.labels.contains_key(arm) {
                let next = u32::try_from(own.len()).unwrap_or(u32::MAX);
                places.entry(*arm).or_insert_with(|| {
                    own.push(*arm);
                    next
                });
            }
        }
        let base = code.depth();
        for _ in &own {
            code.push(I::Block(BlockType::Empty));
        }
        self.value(code, subject)?;
        let (p, l) = (code.local(ValType::I32), code.local(ValType::I32));
        code.set(l).set(p);
        if let Some(table) = graph.tables.get(table as usize) {
            self.lookup(code, &table.bytes, p, l, "route_find");
        }
        code.release(ValType::I32, p);
        code.release(ValType::I32, l);
        let depth = code.depth();
        let count = u32::try_from(own.len()).unwrap_or(u32::MAX);
        let targets: Vec<u32> = arms
            .iter()
            .map(|arm| match places.get(arm) {
                // The block of the first of `own` is the innermost.
                Some(place) => depth - (base + count - place),
                None => depth - shape.labels.get(arm).copied().unwrap_or(0),
            })
            .collect();
        let default = targets.first().copied().unwrap_or(0);
        let targets: Vec<u32> = targets.into_iter().collect();
        code.push(I::BrTable(targets.into(), default));
        for arm in own {
            code.end();
            self.graph_code(code, shape, arm)?;
        }
        Ok(())
    }

    /// Bytes of code and constants so far, without automata: those are accounted by who walks them.
    fn written(&self, code: &Code) -> usize {
        code.bytes() + self.constants.bytes_held() - self.automata_bytes
    }

    fn account(&mut self, node: Handle<Node>, bytes: usize) {
        if let Some(rules) = self.graph.rules_of.get(&node) {
            for rule in rules {
                *self.rule_bytes.entry(rule.0).or_default() += u32::try_from(bytes).unwrap_or(0);
            }
        }
    }
}
