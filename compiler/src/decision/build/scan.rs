//! Scans of bodies: the question of the request's head, asked again with more known.
//!
//! A policy is a pure function of its facts, so that whatever it decided when the head came, it would decide
//! again. When a piece of the body shows something new, the request phase is built a second time, with
//! tests of the body that are real: where a rule that looks at the body denies now, that is the verdict, and
//! everything else means that the body goes on.

use super::{Builder, Mentions, Next, Scope};
use crate::{
    decision::{Atom, Effect, Handle, Matcher, Node, Step, Terminal, Value},
    hir::{self, Base, Expr, Lane, Over, StmtKind, Type, rule_of_block},
};
use edge_abi::{input::Event, output::hits::Kind};

/// What is built instead of the request phase.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scanning {
    lane: Lane,
    /// The body goes on.
    go_on: Handle<Node>,
}

impl Builder<'_> {
    /// The step of the pieces of a request's body, if any rule could deny because of them.
    pub(super) fn request_scan(&mut self) -> Option<u32> {
        let hir = self.hir;
        let lane = Lane::Request;
        let scans = |block: &[hir::Stmt]| block.iter().any(|stmt| has_scan(stmt, lane));
        let blocks = hir.routes.iter().map(|route| &route.body);
        let mut blocks = blocks.chain([&hir.on_request, &hir.default]);
        if !blocks.any(|block| scans(block)) {
            return None;
        }
        let go_on = Node::Decide(Terminal::GoOn { lane });
        let go_on = self.graph.nodes.intern(go_on);
        let outer = self.scanning.replace(Scanning { lane, go_on });
        let Next { cold, warm, .. } = self.decisions();
        self.scanning = outer;
        // Where all that looks comes after the body was read, `verify::scans_first` says so.
        let root = if cold == go_on { warm } else { cold };
        self.pieces(Event::RequestChunk, root, go_on)
    }

    /// The way of a piece of a response's body through a handler, with those behind it; and the step of such
    /// pieces, if any rule could deny because of them.
    pub(super) fn response_scan(
        &mut self,
        handler: &hir::Handler,
        scope: Scope,
        behind: Option<Handle<Node>>,
    ) -> (Handle<Node>, Option<u32>) {
        let lane = Lane::Response;
        let go_on = Node::Decide(Terminal::GoOn { lane });
        let go_on = self.graph.nodes.intern(go_on);
        let outer = self.scanning.replace(Scanning { lane, go_on });
        let next = Next::both(behind.unwrap_or(go_on));
        let mut inside = self.block(&handler.body, scope, next);
        if let Some(when) = &handler.when {
            inside = self.arm(when, inside, next, scope);
        }
        self.scanning = outer;
        let step = self.pieces(Event::ResponseChunk, inside.warm, go_on);
        (inside.warm, step)
    }

    /// The step of pieces, unless all that is to be done with them is to let them go on.
    fn pieces(&mut self, event: Event, root: Handle<Node>, go_on: Handle<Node>) -> Option<u32> {
        let step = Step {
            on: vec![(event, root)],
            ..Step::default()
        };
        (root != go_on).then(|| self.step(step, event.bit()).step)
    }

    /// Whether a test can hold in the phase that is built.
    pub(super) fn sees(&self, test: &Expr) -> bool {
        let Expr::Test(subject, _) = test else {
            return true;
        };
        let lane = subject.lane();
        lane.is_none() || lane == self.scanning.map(|it| it.lane)
    }

    /// The way that a body goes on where a scan is built.
    pub(super) fn go_on(&self) -> Option<Handle<Node>> {
        self.scanning.map(|it| it.go_on)
    }

    /// A statement in a scan: only rules that look at the body act, with the edits before them.
    pub(super) fn scanned(&mut self, stmt: &hir::Stmt, scope: Scope, next: Next) -> Option<Next> {
        let Scanning { lane, go_on } = self.scanning?;
        let looks = |condition: &Expr| condition.any(&|part| part.lane() == Some(lane));
        match &stmt.kind {
            StmtKind::Respond(_) | StmtKind::Redirect { .. } | StmtKind::Proxy(_) => {
                Some(Next::both(go_on))
            }
            // The answers are known, and what was done was done.
            StmtKind::Log { .. } | StmtKind::Ask(_) | StmtKind::Do(_) => Some(next),
            StmtKind::Edit(edit) => {
                let (edit, mentions) = self.edit(edit);
                let made = self.act(Effect::Edit(edit), &mentions, scope, next);
                // Before a body that goes on, an edit is nothing.
                let or_on = |next, made| if next == go_on { go_on } else { made };
                Some(Next {
                    cold: or_on(next.cold, made.cold),
                    warm: or_on(next.warm, made.warm),
                    ..made
                })
            }
            StmtKind::Hits(hits) if !hits.rules.iter().any(|(_, it)| looks(it)) => Some(next),
            StmtKind::Deny(rules) => {
                let mut rest = next;
                for rule in rules.iter().rev().filter(|rule| looks(&rule.condition)) {
                    let own = Scope {
                        rule: rule_of_block(&rule.body).unwrap_or(scope.rule),
                        body: None,
                        ..scope
                    };
                    let scanning = self.scanning.take();
                    let inside = self.block(&rule.body, own, next);
                    self.scanning = scanning;
                    let condition = undecided(&rule.condition, &looks);
                    rest = self.arm(&condition, inside, rest, own);
                }
                Some(rest)
            }
            StmtKind::Scan(scan) => Some(self.over_limit(scan, scope, next)),
            _ => None,
        }
    }

    /// What a scan does at its place: where the head is decided it is asked for.
    pub(super) fn scan(&mut self, scan: &hir::Scan, next: Next) -> Next {
        let effect = Effect::Scan {
            lane: scan.lane,
            limit: scan.limit,
            over_limit: scan.over_limit,
            rule: scan.rule,
        };
        let mut act = |next| {
            let effect = effect.clone();
            self.graph.nodes.intern(Node::Act { effect, next })
        };
        let (cold, warm) = (act(next.cold), act(next.warm));
        self.account(scan.rule, &[cold, warm]);
        Next { cold, warm, ..next }
    }

    /// Where the body is too long, the group's answer.
    fn over_limit(&mut self, scan: &hir::Scan, scope: Scope, next: Next) -> Next {
        let own = Scope {
            rule: scan.rule,
            body: None,
            ..scope
        };
        let inside = match &scan.over {
            Over::GoesOn => return next,
            Over::Answered(answer) => {
                let scanning = self.scanning.take();
                let inside = self.respond(answer, own);
                self.scanning = scanning;
                inside
            }
            Over::Told => {
                let rules = self.bytes(&scan.rule.0.to_le_bytes());
                let kind = Kind::Shadow;
                let mentions = Mentions::default();
                self.act(Effect::Hits { kind, rules }, &mentions, own, next)
            }
        };
        let subject = self.graph.value(Value::OverLimit, Type::of(Base::Bool));
        let matcher = Matcher::True;
        self.guard(Atom { subject, matcher }, inside, next, own)
    }
}

/// What of a condition is still open when the head has not satisfied it: of an `or`, what looks at the body.
fn undecided(condition: &Expr, looks: &dyn Fn(&Expr) -> bool) -> Expr {
    match condition {
        Expr::Or(list) => {
            let open = list.iter().filter(|part| looks(part));
            Expr::Or(open.map(|part| undecided(part, looks)).collect())
        }
        other => other.clone(),
    }
}

/// Whether a statement, or one in it, asks to see a body.
pub(super) fn has_scan(stmt: &hir::Stmt, lane: Lane) -> bool {
    let any = |block: &[hir::Stmt]| block.iter().any(|stmt| has_scan(stmt, lane));
    match &stmt.kind {
        StmtKind::Scan(scan) => scan.lane == lane,
        StmtKind::LetElse(_, block) => any(block),
        StmtKind::If { arms, otherwise } => {
            any(otherwise) || arms.iter().any(|(_, block)| any(block))
        }
        _ => false,
    }
}
