//! What is asked of what the host remembers, and done to it.

use super::{Builder, Mentions, Next, Scope};
use crate::{
    decision::{Asked, Effect, Node, Request, Results, State, Step},
    hir,
};
use edge_abi::input::Event;

impl Builder<'_> {
    /// Asks, and goes on when the answer is there. A scan of a body comes after all answers: it knows them.
    pub(super) fn ask(&mut self, ask: &hir::Ask, scope: Scope, next: Next) -> Next {
        let (state, mentions) = self.state(&ask.state);
        let asked = Asked {
            ask: ask.ask,
            is_chained: false,
            state,
        };
        let mut wait = |node| {
            let step = Step {
                on: vec![(Event::Results, node)],
                scan: self.scan_of_request,
                results: Results::State(1),
            };
            let step = self.step(step, Event::Results.bit()).step;
            self.graph.nodes.intern(Node::Wait {
                request: Request::State(vec![asked.clone()]),
                step,
            })
        };
        let (cold, warm) = (wait(next.cold), wait(next.warm));
        self.consequences(&mentions, scope, Next { cold, warm, ..next })
    }

    /// Does something that nothing waits for.
    pub(super) fn change(&mut self, state: &hir::State, scope: Scope, next: Next) -> Next {
        let (state, mentions) = self.state(state);
        self.act(Effect::State(state), &mentions, scope, next)
    }

    fn state(&mut self, state: &hir::State) -> (State, Mentions) {
        let mut mentions = Mentions::default();
        for part in state.parts() {
            mentions.add(&self.mentions.of(part));
        }
        let state = State {
            op: state.op,
            id: state.id,
            key: self.value(&state.key),
            value: state.value.as_ref().map(|value| self.value(value)),
            number: state.number.as_ref().map(|number| self.value(number)),
        };
        (state, mentions)
    }
}
