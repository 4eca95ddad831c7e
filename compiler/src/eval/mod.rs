//! The reference evaluator: what a policy means, plainly.
//!
//! It walks the typed tree and builds owned effects. It is slow on purpose and shares with
//! the compiled policy only the kernels' sources; matching is done here by the `regex` crate
//! and by plain loops. The property tests hold compiled wasm, unoptimised and optimised,
//! against it.

mod cache;
mod expr;
mod facts;
mod json;
mod outcome;
mod scan;
mod state;

pub use cache::admit;
pub use facts::{Facts, RawValue};
pub use outcome::{Edit, End, Outcome, Proxy, State};
pub use scan::{response_scan, scan};

use crate::{
    ast::EditOp,
    hir::{self, Block, Expr, Hir, RuleId, Stmt, StmtKind},
};
use edge_abi::output::fault::Reason;
use expr::Val;
use scan::Seen;
use std::collections::BTreeSet;

/// Which phase of a request is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// From the start; with the body in the facts, what follows the wait for it.
    Request,
    /// No origin gave a usable response.
    Failed,
}

/// Evaluates one phase.
#[must_use]
pub fn evaluate(hir: &Hir, facts: &Facts, phase: Phase) -> Outcome {
    let mut run = Run::new(hir, facts);
    match phase {
        Phase::Request => run.request(),
        Phase::Failed => {
            run.warm = true;
            run.failed();
        }
    }
    run.outcome
}

/// The answer after a wait for a body that is too large (413) or broke off (400): by the rule
/// that asked for it.
#[must_use]
pub fn without_body(hir: &Hir, facts: &Facts, status: u16) -> Outcome {
    let mut run = Run::new(hir, facts);
    run.request();
    let end = End::Respond {
        rule: run.rule,
        status,
        content_type: None,
        body: Vec::new(),
    };
    Outcome {
        end,
        ..Outcome::default()
    }
}

/// Evaluates the phase of a response's head, for the route of that index if one had decided, from the
/// handler of that index on: the route's handlers come before the file's. Also gives the handler
/// that goes on where the answer was replaced and there is one.
#[must_use]
pub fn response(
    hir: &Hir,
    facts: &Facts,
    route: Option<usize>,
    from: usize,
) -> (Outcome, Option<usize>) {
    let mut run = Run::after(hir, facts);
    let left = run.response(route, from);
    (run.outcome, left)
}

/// The handlers of a response, in order.
fn handlers(hir: &Hir, route: Option<usize>) -> impl Iterator<Item = &hir::Handler> {
    let own = route.and_then(|r| hir.routes.get(r));
    let own = own.map(|r| r.on_response.as_slice()).unwrap_or_default();
    own.iter().chain(&hir.on_response)
}

struct Run<'a> {
    hir: &'a Hir,
    facts: &'a Facts,
    outcome: Outcome,
    /// The wait for the body is behind us.
    warm: bool,
    /// The handlers of the route's answer read the body.
    later: bool,
    /// The rule to which what runs belongs.
    rule: u32,
    /// What runs counts no exposures.
    silent: bool,
    /// Where a scan is asked: only rules that look at the body act.
    seen: Option<Seen<'a>>,
}

impl<'a> Run<'a> {
    fn new(hir: &'a Hir, facts: &'a Facts) -> Run<'a> {
        Run {
            hir,
            facts,
            outcome: Outcome::default(),
            warm: false,
            later: false,
            rule: rule_of(&hir.default),
            silent: false,
            seen: None,
        }
    }

    /// Where there is an answer: a body that was not read by then is empty.
    fn after(hir: &'a Hir, facts: &'a Facts) -> Run<'a> {
        Run {
            warm: true,
            ..Run::new(hir, facts)
        }
    }
}

impl Run<'_> {
    fn request(&mut self) {
        let hir = self.hir;
        if self.facts.path().is_none() {
            self.fault(rule_of(&hir.default), Reason::RequestPath);
            return;
        }
        let default = self.rule;
        if let Some(rule) = crate::hir::rule_of_block(&hir.on_request) {
            self.rule = rule.0;
        }
        if self.block(&hir.on_request) {
            return;
        }
        for route in &hir.routes {
            self.rule = route.rule.0;
            match self.matches(route) {
                Some(true) => {
                    self.later = self.read_by(&route.on_response);
                    self.block(&route.body);
                    return;
                }
                Some(false) => {}
                None => return,
            }
        }
        self.rule = default;
        self.block(&hir.default);
    }

    /// Whether a route takes the request; `None` when that takes a wait.
    fn matches(&mut self, route: &hir::Route) -> Option<bool> {
        let path = self.facts.path().unwrap_or_default();
        let method = self
            .facts
            .text(&edge_abi::manifest::Fact::Method)
            .unwrap_or_default();
        if route
            .pattern
            .as_ref()
            .is_some_and(|p| !expr::path_matches(p, &path))
        {
            return Some(false);
        }
        if !route.methods.is_empty() && !route.methods.iter().any(|m| m.as_bytes() == method) {
            return Some(false);
        }
        let Some(when) = &route.when else {
            return Some(true);
        };
        if self.waits(&[when]) {
            return None;
        }
        Some(self.condition(when))
    }

    /// Gives the next handler, if one has replaced the answer and is not the last.
    fn response(&mut self, route: Option<usize>, from: usize) -> Option<usize> {
        let mut rule = 0;
        let hir = self.hir;
        for (place, handler) in handlers(hir, route).enumerate().skip(from) {
            rule = handler.rule.0;
            if handler
                .when
                .as_ref()
                .is_none_or(|when| self.condition(when))
                && self.block(&handler.body)
            {
                let left = place + 1;
                let faulty = matches!(self.outcome.end, End::Fault { .. });
                return (!faulty && left < handlers(hir, route).count()).then_some(left);
            }
        }
        self.outcome.end = End::Pass { rule };
        None
    }

    fn failed(&mut self) {
        let Some(block) = &self.hir.on_error else {
            return;
        };
        if !self.block(block) {
            let RuleId(rule) = crate::hir::rule_of_error(self.hir);
            self.outcome.end = End::Pass { rule };
        }
    }

    /// Runs a block; true when it ended the call.
    fn block(&mut self, block: &Block) -> bool {
        block.iter().any(|stmt| self.statement(stmt))
    }

    fn statement(&mut self, stmt: &Stmt) -> bool {
        if let Some(seen) = self.seen
            && let Some(ended) = self.scanned(stmt, seen)
        {
            return ended;
        }
        match &stmt.kind {
            StmtKind::LetElse(id, otherwise) => {
                let Some(binding) = self.hir.lets.get(id.0 as usize) else {
                    return false;
                };
                if self.waits(&[&binding.value]) {
                    return true;
                }
                self.expose(&[&binding.value]);
                self.value(&binding.value) == Val::Absent && self.block(otherwise)
            }
            StmtKind::If { arms, otherwise } => {
                for (condition, block) in arms {
                    if self.waits(&[condition]) {
                        return true;
                    }
                    if self.condition(condition) {
                        return self.block(block);
                    }
                }
                self.block(otherwise)
            }
            StmtKind::Deny(rules) => rules.iter().any(|rule| self.deny(rule)),
            StmtKind::Hits(hits) => self.hits(hits),
            StmtKind::Scan(scan) => {
                self.outcome.scan = Some((scan.lane, scan.limit, scan.over_limit));
                false
            }
            StmtKind::Ask(ask) => self.ask(ask),
            StmtKind::Do(state) => self.change(state),
            StmtKind::Edit(edit) => {
                if self.waits(&edit_parts(edit)) {
                    return true;
                }
                self.expose(&edit_parts(edit));
                let edit = self.edit(edit);
                self.outcome.edits.push(edit);
                false
            }
            StmtKind::Log { text, place } => {
                if self.waits(&[text]) {
                    return true;
                }
                self.expose(&[text]);
                let text = self.text(text);
                self.outcome.logs.push((place.0, text));
                false
            }
            StmtKind::Respond(respond) => self.respond(respond),
            StmtKind::Redirect {
                rule, status, to, ..
            } => self.redirect(*rule, *status, to),
            StmtKind::Proxy(proxy) => self.proxy(proxy),
        }
    }

    fn deny(&mut self, rule: &hir::DenyRule) -> bool {
        let later = std::mem::take(&mut self.later);
        let ended = self.denies(rule);
        self.later = later;
        ended
    }

    fn denies(&mut self, rule: &hir::DenyRule) -> bool {
        let before = self.rule;
        if let Some(own) = crate::hir::rule_of_block(&rule.body) {
            self.rule = own.0;
        }
        let ended = self.waits(&[&rule.condition])
            || (self.condition(&rule.condition) && self.denied(&rule.body));
        if !ended {
            self.rule = before;
        }
        ended
    }

    fn hits(&mut self, hits: &hir::Hits) -> bool {
        for (_, condition) in &hits.rules {
            if self.waits(&[condition]) {
                return true;
            }
            if self.condition(condition) {
                return self.tell(hits) || self.block(&hits.then);
            }
        }
        false
    }

    /// Tells which rules match; true when that takes a wait.
    fn tell(&mut self, hits: &hir::Hits) -> bool {
        let conditions: Vec<&Expr> = hits.rules.iter().map(|(_, it)| it).collect();
        if self.waits(&conditions) {
            return true;
        }
        self.expose(&conditions);
        for (rule, condition) in &hits.rules {
            if self.value(condition) == Val::Bool(true) {
                self.outcome.hits.push((hits.kind, rule.0));
            }
        }
        false
    }

    fn respond(&mut self, respond: &hir::Respond) -> bool {
        let parts: Vec<&Expr> = respond.body.iter().collect();
        if self.waits(&parts) || self.waits_for_handlers() {
            return true;
        }
        self.expose(&parts);
        let body = respond
            .body
            .as_ref()
            .map(|b| self.text(b))
            .unwrap_or_default();
        let (rule, status, content_type) =
            (respond.rule.0, respond.status, respond.content_type.clone());
        self.outcome.end = End::Respond {
            rule,
            status,
            content_type,
            body,
        };
        true
    }

    fn redirect(&mut self, rule: RuleId, status: u16, to: &Expr) -> bool {
        if self.waits(&[to]) || self.waits_for_handlers() {
            return true;
        }
        self.expose(&[to]);
        let to = self.text(to);
        if to.iter().any(|&b| b < 0x20 || b == 0x7f) {
            self.fault(rule.0, Reason::Location);
            return true;
        }
        self.outcome.edits.push(Edit {
            op: EditOp::Set,
            name: "location".into(),
            value: vec![Ok(to)],
        });
        self.outcome.end = End::Respond {
            rule: rule.0,
            status,
            content_type: None,
            body: Vec::new(),
        };
        true
    }

    fn proxy(&mut self, proxy: &hir::Proxy) -> bool {
        let mut parts = Vec::new();
        proxy.exprs(&mut |part| parts.push(part));
        if self.waits(&parts) || self.waits_for_handlers() {
            return true;
        }
        self.expose(&parts);
        let Some(path) = self.upstream_path(proxy.path.as_ref()) else {
            self.fault(proxy.rule.0, Reason::UpstreamPath);
            return true;
        };
        let Val::Target(target) = self.value(&proxy.target) else {
            return true;
        };
        let cached = proxy.cache.as_ref();
        let mut query = self.facts.query();
        if let Some(list) = cached.and_then(|cached| cached.query.as_ref()) {
            query = query.and_then(|query| expr::query_filter(&query, list));
        }
        for edit in &proxy.query {
            query = match edit {
                hir::QueryEdit::Set(name, value) => Some(expr::query_set(
                    query.as_deref().unwrap_or_default(),
                    name,
                    &self.text(value),
                )),
                hir::QueryEdit::Remove(name) => query.map(|q| expr::query_remove(&q, name)),
            };
        }
        if cached.is_some_and(|cached| cached.sorts) {
            query = query.and_then(|query| expr::query_sort(&query));
        }
        let key = cached.and_then(|cached| cached.key.as_ref());
        self.outcome.end = End::Proxy(Proxy {
            rule: proxy.rule.0,
            target,
            method: proxy.method.clone(),
            path,
            query,
            host: proxy.host.as_ref().map(|h| self.text(h)),
            edits: proxy.edits.iter().map(|e| self.edit(e)).collect(),
            options: proxy.options,
            cache: cached.map(|cached| cached.cache),
            key: key.map(|key| self.text(key)).unwrap_or_default(),
        });
        true
    }

    /// The answer is the host's own: edits have nothing to apply to.
    fn fault(&mut self, rule: u32, reason: Reason) {
        self.outcome.edits.clear();
        let reason = reason as u32;
        self.outcome.end = End::Fault { rule, reason };
    }

    /// The path for an origin, if its parts may stand there.
    fn upstream_path(&mut self, path: Option<&hir::UpstreamPath>) -> Option<Vec<u8>> {
        let Some(path) = path else {
            return self.facts.path();
        };
        let mut whole = Vec::new();
        let mut dynamic = false;
        for part in &path.parts {
            let text = self.text(part);
            if !matches!(part, Expr::Const(_)) {
                dynamic = true;
                if !edge_kernels::uri::upstream_value_ok(&text) {
                    return None;
                }
            }
            whole.extend(text);
        }
        (!dynamic || edge_kernels::uri::upstream_path_ok(&whole)).then_some(whole)
    }

    fn edit(&mut self, edit: &hir::Edit) -> Edit {
        let mut op = edit.op;
        let value = match &edit.value {
            None => Vec::new(),
            Some(hir::EditValue::Text(text)) => match (op, self.value(text)) {
                (EditOp::Set, Val::Absent) => {
                    op = EditOp::Remove;
                    Vec::new()
                }
                (_, Val::Bytes(text)) => vec![Ok(text)],
                _ => vec![Ok(Vec::new())],
            },
            Some(hir::EditValue::WithSecrets(parts)) => parts
                .iter()
                .map(|part| match part {
                    hir::SecretPart::Text(text) => Ok(self.text(text)),
                    hir::SecretPart::Secret(index) => Err(*index),
                })
                .collect(),
        };
        Edit {
            op,
            name: edit.name.clone(),
            value,
        }
    }

    /// Whether a statement that reads these must wait first. After the wait, what was done
    /// before it has been handed out already.
    fn waits(&mut self, parts: &[&Expr]) -> bool {
        if self.warm || !parts.iter().any(|part| self.mentions_body(part)) {
            return false;
        }
        self.wait_for_body()
    }

    /// Whether a terminal must wait since the handlers of its answer read the body.
    fn waits_for_handlers(&mut self) -> bool {
        self.later && !self.warm && self.wait_for_body()
    }

    fn read_by(&self, handlers: &[hir::Handler]) -> bool {
        let mut found = false;
        for handler in handlers {
            handler.exprs(&mut |expr| found = found || self.mentions_body(expr));
        }
        found
    }

    fn wait_for_body(&mut self) -> bool {
        if self.seen.is_some() {
            self.outcome.end = End::GoOn;
            return true;
        }
        if self.facts.has_body() {
            self.warm = true;
            self.outcome = Outcome::default();
            return false;
        }
        self.outcome.end = End::WaitForBody;
        true
    }

    fn mentions_body(&self, expr: &Expr) -> bool {
        let mut found = false;
        self.visit(expr, &mut |e| {
            found |= matches!(e, Expr::Fact(hir::Fact::Body(_), _));
        });
        found
    }

    /// Calls `see` with every expression that this one is made of, through `let`s, functions
    /// and experiments; what has a name is seen once.
    fn visit(&self, expr: &Expr, see: &mut dyn FnMut(&Expr)) {
        self.visit_once(expr, see, &mut BTreeSet::new());
    }

    fn visit_once(&self, expr: &Expr, see: &mut dyn FnMut(&Expr), names: &mut BTreeSet<(u8, u32)>) {
        see(expr);
        let hir = self.hir;
        let below: Vec<&Expr> = match expr {
            Expr::Let(id, _) if names.insert((0, id.0)) => hir
                .lets
                .get(id.0 as usize)
                .map(|l| &l.value)
                .into_iter()
                .collect(),
            Expr::CallFn(index, ..) if names.insert((1, *index)) => hir
                .fns
                .get(*index as usize)
                .map(|f| &f.body)
                .into_iter()
                .collect(),
            Expr::Experiment(index) if names.insert((2, *index)) => {
                let experiment = hir.experiments.get(*index as usize);
                let parts = experiment.map(|e| [Some(&e.unit), e.when.as_ref(), e.force.as_ref()]);
                parts.into_iter().flatten().flatten().collect()
            }
            _ => Vec::new(),
        };
        for below in below {
            self.visit_once(below, see, names);
        }
        expr.children(&mut |child| self.visit_once(child, see, names));
    }

    /// Counts what reading these expressions exposes.
    fn expose(&mut self, parts: &[&Expr]) {
        if self.seen.is_some() || self.silent {
            return;
        }
        let mut found = BTreeSet::new();
        for part in parts {
            self.visit(part, &mut |e| {
                if let Expr::Experiment(index) = e {
                    found.insert(*index);
                }
            });
        }
        for index in found {
            let eligible = match self
                .hir
                .experiments
                .get(index as usize)
                .and_then(|e| e.when.as_ref())
            {
                Some(when) => self.value(when) == Val::Bool(true),
                None => true,
            };
            if let (true, Val::Arm(arm)) = (eligible, self.value(&Expr::Experiment(index))) {
                self.outcome.exposures.push((index, arm));
            }
        }
    }

    /// A condition: operands from left to right, exposures where an operand is reached.
    fn condition(&mut self, expr: &Expr) -> bool {
        match expr {
            Expr::Not(inner) => !self.condition(inner),
            Expr::And(list) => list.iter().all(|e| self.condition(e)),
            Expr::Or(list) => list.iter().any(|e| self.condition(e)),
            leaf => {
                self.expose(&[leaf]);
                self.value(leaf) == Val::Bool(true)
            }
        }
    }

    fn text(&mut self, expr: &Expr) -> Vec<u8> {
        match self.value(expr) {
            Val::Bytes(bytes) => bytes,
            _ => Vec::new(),
        }
    }

    fn value(&self, expr: &Expr) -> Val {
        expr::Evaluator {
            hir: self.hir,
            facts: self.facts,
            texts: self.seen.map(|seen| (seen.lane, seen.texts)),
            text: None,
        }
        .value(expr, &[])
    }
}

fn edit_parts(edit: &hir::Edit) -> Vec<&Expr> {
    let mut parts = Vec::new();
    edit.exprs(&mut |part| parts.push(part));
    parts
}

/// The rule that a block's own end would name: of its last terminal.
fn rule_of(block: &Block) -> u32 {
    crate::hir::rule_of_block(block).unwrap_or(RuleId(0)).0
}
