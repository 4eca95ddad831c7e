//! Expressions that wait: what a store or counter holds, `increment`, `list`.
//!
//! What is asked for is asked before the statement in which it stands, so it may only stand where it is
//! needed in any case.

use super::super::scope::Place;
use super::super::{Checker, Typed};
use super::{Keeper, answer, int};
use crate::ast::{Expr as Ast, Increment, ListRead, Path};
use crate::diagnostics::{FactNotHere, WaitsSometimes};
use crate::hir::{Ask, Base, Const, Expr, State, Type};
use crate::resolve::DeclKind;
use crate::source::Span;
use edge_abi::output::{Op, state::MAX_LIST};

/// How many entries `list` gives where it says nothing, and at most.
const MOST_LISTED: i64 = 1_000;

impl Checker<'_> {
    /// `S[k]`
    pub(in crate::check) fn read(
        &mut self,
        keeper: Keeper,
        key: &Ast,
        span: Span,
    ) -> Option<Typed> {
        self.may_wait(span)?;
        let key = self.text(key)?;
        let (op, id, base, most) = match keeper {
            Keeper::Store(id) => {
                let store = self.hir.stores.get(id as usize)?;
                (Op::StoreGet, id, Base::String, store.max_value)
            }
            Keeper::Counter(id) => (Op::CounterGet, id, Base::Int, 8),
        };
        let state = State {
            op,
            id,
            key,
            value: None,
            number: None,
        };
        Some(self.asked(state, most, Type::optional(base), span))
    }

    /// `increment C[k] [by n]`
    pub(in crate::check) fn increment(&mut self, it: &Increment, span: Span) -> Option<Typed> {
        self.may_wait(span)?;
        let state = self.addition(it)?;
        Some(self.asked(state, 8, Type::optional(Base::Int), span))
    }

    pub(super) fn addition(&mut self, it: &Increment) -> Option<State> {
        let (id, key) = self.counter_entry(&it.at)?;
        let key = self.text(key);
        let by = match &it.by {
            Some(by) => {
                let value = self.check(by)?;
                self.expect(value, Base::Int, by.span)?
            }
            None => int(1),
        };
        Some(State {
            op: Op::CounterAdd,
            id,
            key: key?,
            value: None,
            number: Some(by),
        })
    }

    /// `list C [prefix E] [at_most N]`
    pub(in crate::check) fn listed(&mut self, it: &ListRead, span: Span) -> Option<Typed> {
        self.may_wait(span)?;
        let id = self.counter_named(&it.counter)?;
        let prefix = match &it.prefix {
            Some(prefix) => self.text(prefix)?,
            None => Expr::Const(Const::Bytes(Vec::new())),
        };
        let most = match &it.at_most {
            Some(most) => self.constant_within(most, "`at_most`", (1, MOST_LISTED))?,
            None => MOST_LISTED,
        };
        if let Some(counter) = self.hir.counters.get_mut(id as usize) {
            counter.listed = true;
        }
        let state = State {
            op: Op::CounterList,
            id,
            key: prefix,
            value: None,
            number: Some(int(most)),
        };
        Some(self.asked(state, MAX_LIST, Type::optional(Base::Counts), span))
    }

    fn counter_named(&mut self, path: &Path) -> Option<u32> {
        let decl = self.path(path, "counter")?;
        match decl.kind {
            DeclKind::Counter => self.index.get(&decl.id).copied(),
            kind => {
                let name = self.code(path.span);
                self.wrong_kind(&name, kind, "a counter", path.span)
            }
        }
    }

    /// Asks before the statement that is checked; the same place asks once.
    fn asked(&mut self, state: State, most: u32, ty: Type, span: Span) -> Typed {
        let known = self.scope.asked.iter().find(|(at, _)| *at == span);
        let ask = match known {
            Some((_, Ask { ask, .. })) => *ask,
            None => {
                let (made, ask) = self.ask(state, most);
                self.scope.asked.push((span, made));
                ask
            }
        };
        let expr = answer(ask, ty);
        self.narrow(Typed { expr, ty })
    }

    /// Reports a read where nothing can wait.
    fn may_wait(&mut self, span: Span) -> Option<()> {
        let help = match self.scope.place {
            Place::Request if self.scope.sometimes == 0 => return Some(()),
            Place::Request => {
                let what = self.quote(span);
                return self.fail(WaitsSometimes { what, span });
            }
            Place::Response | Place::Error => {
                "read it where the request is decided: an answer waits for nothing that is asked"
            }
            Place::When => {
                "a route is chosen without waiting: read it in the route, or in `on request`"
            }
            _ => "read it with `let` where a request is decided",
        };
        let fact = self.quote(span);
        self.fail(FactNotHere {
            fact,
            place: self.scope.place.noun(),
            span,
            help: Some(help.to_owned()),
        })
    }
}
