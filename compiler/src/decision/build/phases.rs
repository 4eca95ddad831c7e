//! The phases after a terminal: responses, and what no origin answered.

use super::{Builder, Next, Scope, scan::has_scan};
use crate::{
    decision::{Node, Step, Terminal, Then},
    hir::{self, Lane, rule_of_error},
};
use edge_abi::input::Event;

impl Builder<'_> {
    /// The step after a terminal, for a route with these handlers of its own.
    pub(super) fn then(&mut self, own: &[hir::Handler]) -> Option<Then> {
        let scanning = self.scanning.take();
        let then = self.phases_after(own);
        self.scanning = scanning;
        then
    }

    /// The longest body that a route's own handlers read.
    pub(super) fn body_of(&self, own: &[hir::Handler]) -> Option<u32> {
        let mut most = None;
        for handler in own {
            handler.exprs(&mut |expr| most = most.max(self.mentions.of(expr).body));
        }
        most
    }

    fn phases_after(&mut self, own: &[hir::Handler]) -> Option<Then> {
        let hir = self.hir;
        let handlers: Vec<&hir::Handler> = own.iter().chain(&hir.on_response).collect();
        let mut step = Step::default();
        if let Some(last) = handlers.last() {
            let mut node = self
                .graph
                .nodes
                .intern(Node::Decide(Terminal::Pass { rule: last.rule }));
            // An answer that replaces another goes on at the handlers that are left.
            let mut then = None;
            let mut bodies = handlers.iter().flat_map(|handler| &handler.body);
            let scans = bodies.any(|stmt| has_scan(stmt, Lane::Response));
            let mut piece = None;
            for handler in handlers.iter().rev() {
                let scope = Scope {
                    then,
                    rule: handler.rule,
                    body: None,
                };
                let mut scan = None;
                if scans {
                    let (way, step) = self.response_scan(handler, scope, piece);
                    (piece, scan) = (Some(way), step);
                }
                let next = Next::both(node);
                let mut inside = self.block(&handler.body, scope, next);
                if let Some(when) = &handler.when {
                    inside = self.arm(when, inside, next, scope);
                }
                node = inside.warm;
                let left = Step {
                    on: vec![(Event::ResponseHead, node)],
                    scan,
                    ..Step::default()
                };
                step.scan = scan;
                then = Some(self.step(left, Event::ResponseHead.bit()));
            }
            step.on.push((Event::ResponseHead, node));
        }
        if let Some(block) = &hir.on_error {
            let response =
                (!step.on.is_empty()).then(|| self.step(step.clone(), Event::ResponseHead.bit()));
            let rule = rule_of_error(hir);
            let pass = Next::both(
                self.graph
                    .nodes
                    .intern(Node::Decide(Terminal::Pass { rule })),
            );
            let node = self
                .block(
                    block,
                    Scope {
                        then: response,
                        rule,
                        body: None,
                    },
                    pass,
                )
                .warm;
            step.on.push((Event::Failed, node));
        }
        let events = step
            .on
            .iter()
            .fold(0, |mask, (event, _)| mask | event.bit());
        (events != 0).then(|| self.step(step, events))
    }
}
