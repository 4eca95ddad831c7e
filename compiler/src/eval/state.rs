//! What is asked of what the host remembers, and done to it.

use super::{
    Run,
    expr::Val,
    outcome::{End, Outcome, State},
};
use crate::hir;

impl Run<'_> {
    /// Asks, unless the answer is there: then what was done before it has been handed out already. True when
    /// that takes a wait.
    pub(super) fn ask(&mut self, ask: &hir::Ask) -> bool {
        let parts: Vec<_> = ask.state.parts().collect();
        if self.waits(&parts) {
            return true;
        }
        self.expose(&parts);
        if self.facts.answered.contains(&ask.ask) {
            self.outcome = Outcome::default();
            return false;
        }
        self.outcome.end = End::Ask(ask.ask, self.state(&ask.state));
        true
    }

    /// Does something that nothing waits for; true when it takes a wait for the body first.
    pub(super) fn change(&mut self, state: &hir::State) -> bool {
        let parts: Vec<_> = state.parts().collect();
        if self.waits(&parts) {
            return true;
        }
        self.expose(&parts);
        let state = self.state(state);
        self.outcome.changes.push(state);
        false
    }

    fn state(&mut self, state: &hir::State) -> State {
        let number = state.number.as_ref().map(|number| self.value(number));
        State {
            op: state.op,
            id: state.id,
            key: self.text(&state.key),
            value: state
                .value
                .as_ref()
                .map(|value| self.text(value))
                .unwrap_or_default(),
            number: match number {
                Some(Val::Int(n, _)) => n,
                _ => 0,
            },
        }
    }
}
