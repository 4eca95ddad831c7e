//! From the typed tree to the graph.
//!
//! A block is built from its end: what follows a statement is there before it. Where the
//! policy reads `request.body`, each place exists twice, *cold* (the body has not been
//! read) and *warm*; a statement that mentions the body is, cold, a wait that goes on at
//! its warm twin. Interning makes the two one wherever they don't differ.

mod cache;
mod hits;
mod mentions;
mod phases;
mod scan;
mod state;
mod terminals;
mod values;

use super::{
    Atom, Decision, Effect, FaultReason, Function, Handle, Matcher, Node, Request, Results, Step,
    Terminal, Then, Value,
};
use crate::hir::{self, Base, Expr, Fact, Hir, RuleId, Stmt, StmtKind, Type, rule_of_block};
use edge_abi::{
    input::{Event, result::Status},
    manifest::Fact as RawFact,
};
use mentions::{Mentions, Table};
use scan::Scanning;
use std::collections::HashMap;

/// What follows: where the body has not been read, and where it has.
#[derive(Debug, Clone, Copy)]
struct Next {
    cold: Handle<Node>,
    warm: Handle<Node>,
    /// The longest body that anything from here on reads.
    body: Option<u32>,
}

impl Next {
    fn both(node: Handle<Node>) -> Next {
        Next {
            cold: node,
            warm: node,
            body: None,
        }
    }
}

/// Where a statement stands.
#[derive(Debug, Clone, Copy)]
struct Scope {
    /// The phase that follows the terminals here.
    then: Option<Then>,
    /// The rule that nodes are accounted to.
    rule: RuleId,
    /// The longest body that the phase that follows reads.
    body: Option<u32>,
}

pub(super) struct Builder<'h> {
    hir: &'h Hir,
    graph: Decision,
    mentions: Table,
    lets: HashMap<hir::LetId, Handle<Value>>,
    function: u32,
    /// The steps after the first, by what they do.
    steps: HashMap<Step, u32>,
    /// What is built, where it is a scan.
    scanning: Option<Scanning>,
    /// The step of the pieces of the request's body.
    scan_of_request: Option<u32>,
    /// What is built counts no exposures.
    silent: bool,
}

/// The graph of a policy.
#[must_use]
pub fn build(hir: &Hir) -> Decision {
    let graph = Decision {
        sets: hir.sets.iter().map(|s| s.elements.clone()).collect(),
        arms: hir
            .experiments
            .iter()
            .map(|e| e.arms.iter().map(|(name, _)| name.clone()).collect())
            .collect(),
        asks: hir.asks.clone(),
        steps: vec![Step::default()],
        ..Decision::default()
    };
    let mut builder = Builder {
        hir,
        graph,
        mentions: Table::new(hir),
        lets: HashMap::new(),
        function: u32::MAX,
        steps: HashMap::new(),
        scanning: None,
        scan_of_request: None,
        silent: false,
    };
    builder.functions();
    let scan = builder.request_scan();
    builder.scan_of_request = scan;
    let start = builder.request();
    if let Some(step) = builder.graph.steps.first_mut() {
        step.scan = scan;
        step.on.push((Event::Start, start));
    }
    builder.graph
}

impl Builder<'_> {
    fn functions(&mut self) {
        let hir = self.hir;
        for (index, function) in (0u32..).zip(&hir.fns) {
            self.function = index;
            let body = self.value(&function.body);
            self.graph.fns.push(Function {
                name: function.name.clone(),
                params: function.params.clone(),
                body,
            });
        }
        self.function = u32::MAX;
    }

    /// The request phase: the path must be one, then the decisions.
    fn request(&mut self) -> Handle<Node> {
        let next = self.decisions();
        let subject = self
            .graph
            .value(Value::Fact(Fact::Path), Type::optional(Base::String));
        let atom = self.graph.atoms.intern(Atom {
            subject,
            matcher: Matcher::Present,
        });
        let fault = Terminal::Fault {
            rule: rule_of_block(&self.hir.default).unwrap_or(RuleId(0)),
            place: hir::PlaceId(0),
            reason: FaultReason::RequestPath,
        };
        let fault = self.graph.nodes.intern(Node::Decide(fault));
        self.graph.test(atom, next.cold, fault)
    }

    /// `on request`, routes, `default`.
    fn decisions(&mut self) -> Next {
        let hir = self.hir;
        let plain = self.then(&[]);
        let default = Scope {
            then: plain,
            rule: rule_of_block(&hir.default).unwrap_or(RuleId(0)),
            body: None,
        };
        let unreachable = Next::both(
            self.graph
                .nodes
                .intern(Node::Decide(Terminal::Pass { rule: default.rule })),
        );
        let mut next = self.block(&hir.default, default, unreachable);
        for route in hir.routes.iter().rev() {
            next = self.route(route, next);
        }
        let scope = Scope {
            then: plain,
            rule: rule_of_block(&hir.on_request).unwrap_or(default.rule),
            body: None,
        };
        self.block(&hir.on_request, scope, next)
    }

    fn route(&mut self, route: &hir::Route, next: Next) -> Next {
        let scope = Scope {
            then: self.then(&route.on_response),
            rule: route.rule,
            body: self.body_of(&route.on_response),
        };
        let mut inside = self.block(&route.body, scope, next);
        if let Some(when) = &route.when {
            inside = self.arm(when, inside, next, scope);
        }
        let method = self.graph.value(
            Value::Fact(Fact::Raw(RawFact::Method)),
            Type::of(Base::String),
        );
        let path = self
            .graph
            .value(Value::Fact(Fact::Path), Type::optional(Base::String));
        if !route.methods.is_empty() {
            let list = route
                .methods
                .iter()
                .map(|m| m.clone().into_bytes())
                .collect();
            inside = self.guard(
                Atom {
                    subject: method,
                    matcher: Matcher::Equals(list),
                },
                inside,
                next,
                scope,
            );
        }
        if let Some(pattern) = &route.pattern {
            inside = self.guard(
                Atom {
                    subject: path,
                    matcher: Matcher::Path(pattern.clone()),
                },
                inside,
                next,
                scope,
            );
        }
        inside
    }

    fn guard(&mut self, atom: Atom, yes: Next, no: Next, scope: Scope) -> Next {
        let atom = self.graph.atoms.intern(atom);
        let cold = self.graph.test(atom, yes.cold, no.cold);
        let warm = self.graph.test(atom, yes.warm, no.warm);
        self.account(scope.rule, &[cold, warm]);
        Next {
            cold,
            warm,
            body: yes.body.max(no.body),
        }
    }

    fn step(&mut self, step: Step, events: u16) -> Then {
        let steps = &mut self.graph.steps;
        let step = *self.steps.entry(step).or_insert_with_key(|step| {
            steps.push(step.clone());
            u32::try_from(steps.len() - 1).unwrap_or(u32::MAX)
        });
        Then { step, events }
    }

    fn block(&mut self, block: &[Stmt], scope: Scope, next: Next) -> Next {
        block
            .iter()
            .rev()
            .fold(next, |next, stmt| self.statement(stmt, scope, next))
    }

    fn statement(&mut self, stmt: &Stmt, scope: Scope, next: Next) -> Next {
        if let Some(scanned) = self.scanned(stmt, scope, next) {
            return scanned;
        }
        match &stmt.kind {
            StmtKind::LetElse(id, otherwise) => {
                let hir = self.hir;
                let Some(binding) = hir.lets.get(id.0 as usize) else {
                    return next;
                };
                let absent = self.block(otherwise, scope, next);
                let mentions = self.mentions.of(&binding.value);
                let subject = self.value(&binding.value);
                let atom = self.graph.atoms.intern(Atom {
                    subject,
                    matcher: Matcher::Present,
                });
                let warm = self.graph.test(atom, next.warm, absent.warm);
                let cold = self.graph.test(atom, next.cold, absent.cold);
                let body = next.body.max(absent.body);
                self.consequences(&mentions, scope, Next { cold, warm, body })
            }
            StmtKind::If { arms, otherwise } => {
                let mut rest = self.block(otherwise, scope, next);
                for (condition, block) in arms.iter().rev() {
                    let inside = self.block(block, scope, next);
                    rest = self.arm(condition, inside, rest, scope);
                }
                rest
            }
            StmtKind::Deny(rules) => {
                let mut rest = next;
                for rule in rules.iter().rev() {
                    // What is denied is not read first.
                    let own = Scope {
                        rule: rule_of_block(&rule.body).unwrap_or(scope.rule),
                        body: None,
                        ..scope
                    };
                    let inside = self.block(&rule.body, own, next);
                    rest = self.arm(&rule.condition, inside, rest, own);
                }
                rest
            }
            StmtKind::Hits(hits) => self.hits(hits, scope, next),
            StmtKind::Scan(scan) => self.scan(scan, next),
            StmtKind::Ask(ask) => self.ask(ask, scope, next),
            StmtKind::Do(state) => self.change(state, scope, next),
            StmtKind::Edit(edit) => {
                let (edit, mentions) = self.edit(edit);
                self.act(Effect::Edit(edit), &mentions, scope, next)
            }
            StmtKind::Log { text, place } => {
                let mentions = self.mentions.of(text);
                let text = self.value(text);
                self.act(
                    Effect::Log {
                        text,
                        place: *place,
                    },
                    &mentions,
                    scope,
                    next,
                )
            }
            StmtKind::Respond(respond) => self.respond(respond, scope),
            StmtKind::Redirect {
                rule,
                status,
                to,
                place,
            } => self.redirect(*rule, *status, to, *place, scope),
            StmtKind::Proxy(proxy) => self.proxy(proxy, scope),
        }
    }

    fn act(&mut self, effect: Effect, mentions: &Mentions, scope: Scope, next: Next) -> Next {
        let cold = self.graph.nodes.intern(Node::Act {
            effect: effect.clone(),
            next: next.cold,
        });
        let warm = self.graph.nodes.intern(Node::Act {
            effect,
            next: next.warm,
        });
        let body = next.body;
        self.consequences(mentions, scope, Next { cold, warm, body })
    }

    /// `if condition { yes } else { no }`, waiting first where the condition mentions the body.
    fn arm(&mut self, condition: &Expr, yes: Next, no: Next, scope: Scope) -> Next {
        let warm = self.condition(condition, yes.warm, no.warm, scope);
        let own = self.mentions.of(condition).body;
        let body = own.max(yes.body).max(no.body);
        let cold = match body.filter(|_| own.is_some()) {
            Some(most) => self.wait(most, warm, scope),
            None => self.condition(condition, yes.cold, no.cold, scope),
        };
        self.account(scope.rule, &[cold, warm]);
        Next { cold, warm, body }
    }

    fn condition(
        &mut self,
        expr: &Expr,
        yes: Handle<Node>,
        no: Handle<Node>,
        scope: Scope,
    ) -> Handle<Node> {
        match expr {
            Expr::Const(hir::Const::Bool(value)) => {
                if *value {
                    yes
                } else {
                    no
                }
            }
            Expr::Not(inner) => self.condition(inner, no, yes, scope),
            Expr::And(list) => list
                .iter()
                .rev()
                .fold(yes, |yes, e| self.condition(e, yes, no, scope)),
            Expr::Or(list) => list
                .iter()
                .rev()
                .fold(no, |no, e| self.condition(e, yes, no, scope)),
            leaf if !self.sees(leaf) => no,
            leaf => {
                let mentions = self.mentions.of(leaf);
                let atom = self.atom(leaf);
                let node = self.graph.test(atom, yes, no);
                self.account(scope.rule, &[node]);
                self.exposures(&mentions, node, scope)
            }
        }
    }

    /// What reading brings about before a node: exposures, and a wait where the body is cold.
    fn consequences(&mut self, mentions: &Mentions, scope: Scope, next: Next) -> Next {
        let warm = self.exposures(mentions, next.warm, scope);
        let body = mentions.body.max(next.body);
        let cold = match body.filter(|_| mentions.body.is_some()) {
            Some(most) => self.wait(most, warm, scope),
            None => self.exposures(mentions, next.cold, scope),
        };
        self.account(scope.rule, &[cold, warm]);
        Next { cold, warm, body }
    }

    fn exposures(
        &mut self,
        mentions: &Mentions,
        mut node: Handle<Node>,
        scope: Scope,
    ) -> Handle<Node> {
        let hir = self.hir;
        if self.scanning.is_some() || self.silent {
            return node;
        }
        for &experiment in mentions.experiments.iter().rev() {
            let arm = self.value(&Expr::Experiment(experiment));
            let act = self.graph.nodes.intern(Node::Act {
                effect: Effect::Exposure { experiment, arm },
                next: node,
            });
            node = match hir
                .experiments
                .get(experiment as usize)
                .and_then(|e| e.when.as_ref())
            {
                Some(when) => {
                    let atom = self.atom(when);
                    self.graph.test(atom, act, node)
                }
                None => act,
            };
        }
        self.account(scope.rule, &[node]);
        node
    }

    /// Reads the body, then goes on; a body over the limit is answered 413, one that breaks off 400.
    fn wait(&mut self, most: u32, warm: Handle<Node>, scope: Scope) -> Handle<Node> {
        if let Some(go_on) = self.go_on() {
            return go_on;
        }
        let (rule, then) = (scope.rule, scope.then);
        let too_large = self.plain_answer(rule, 413, then);
        let broken = self.plain_answer(rule, 400, then);
        let subject = self.graph.value(Value::ResultStatus, Type::of(Base::Int));
        let mut is = |status: Status| {
            let n = i64::from(status as u16);
            self.graph.atoms.intern(Atom {
                subject,
                matcher: Matcher::Range(n, n),
            })
        };
        let (ok, large) = (is(Status::Ok), is(Status::TooLarge));
        let no = self.graph.test(large, too_large, broken);
        let entry = self.graph.test(ok, warm, no);
        let step = Step {
            on: vec![(Event::Results, entry)],
            scan: None,
            results: Results::Body,
        };
        let step = self.step(step, Event::Results.bit()).step;
        self.graph.nodes.intern(Node::Wait {
            request: Request::Body(most),
            step,
        })
    }

    fn account(&mut self, rule: RuleId, nodes: &[Handle<Node>]) {
        for node in nodes {
            self.graph.rules_of.entry(*node).or_default().insert(rule);
        }
    }
}
