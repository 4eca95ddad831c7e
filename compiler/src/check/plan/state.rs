//! What a test says of what the host remembers.

use super::super::Checker;
use super::super::state::Keeper;
use crate::ast::{Expr as Ast, Name, Path};
use crate::hir::Base;
use crate::resolve::DeclKind;
use edge_abi::test_plan::{Given, StateKind, Subject};

impl Checker<'_> {
    /// `given store N[k] = v`, `given counter N[k] = 3`
    pub(super) fn given_state(&mut self, counter: bool, at: &Ast, value: &Ast) -> Option<Given> {
        let (name, key) = self.tested_entry(counter, at)?;
        Some(match counter {
            true => Given::Counter {
                name,
                key,
                value: self.constant_integer(value, Base::Int, "a counter's value")?,
            },
            false => Given::Store {
                name,
                key,
                value: self.test_text(value)?,
            },
        })
    }

    /// `given store N fails`
    pub(super) fn failing(&mut self, kind: &Name, name: &Path, fails: bool) -> Option<Given> {
        let (decl_kind, what, kind) = match kind.text.as_str() {
            "limit" => (DeclKind::Limit, "limit", StateKind::Limit),
            "store" => (DeclKind::Store, "store", StateKind::Store),
            _ => (DeclKind::Counter, "counter", StateKind::Counter),
        };
        let decl = self.path(name, what)?;
        let last = name.parts.last()?;
        if decl.kind != decl_kind {
            return self.wrong_kind(&last.text, decl.kind, &format!("a {what}"), last.span);
        }
        let name = self.qualified(decl.id, &last.text);
        Some(Given::State { kind, name, fails })
    }

    /// `store N[k]`, `counter N[k]` of an expectation.
    pub(super) fn entry_subject(&mut self, counter: bool, at: &Ast) -> Option<Subject> {
        let (name, key) = self.tested_entry(counter, at)?;
        Some(match counter {
            true => Subject::Counter { name, key },
            false => Subject::Store { name, key },
        })
    }

    fn tested_entry(&mut self, counter: bool, at: &Ast) -> Option<(String, String)> {
        let (keeper, key) = match counter {
            true => {
                let (n, key) = self.counter_entry(at)?;
                (Keeper::Counter(n), key)
            }
            false => {
                let (n, key) = self.store_entry(at)?;
                (Keeper::Store(n), key)
            }
        };
        Some((self.keeper_name(keeper), self.test_text(key)?))
    }
}
