//! What the host remembers between requests: limits, stores, counters, purges.
//!
//! `limit` and `keyed` check how they are declared, `statement` what is done to them, `read` the
//! expressions that wait for an answer.

mod keyed;
mod limit;
mod read;
mod statement;

pub(super) use limit::Limit;

use super::names::FACT_GROUPS;
use super::{Checker, index};
use crate::ast::{Expr as Ast, ExprKind, Name, Path};
use crate::diagnostics::OutOfRange;
use crate::hir::{Ask, Base, Const, Expr, Fact, State, Stmt, StmtKind, Type};
use crate::resolve::{DeclId, DeclKind};
use crate::source::Span;
use edge_abi::manifest::Fact as RawFact;
use edge_abi::output::state::MAX_NAME;

/// A store or counter, by its index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keeper {
    Store(u32),
    Counter(u32),
}

impl Checker<'_> {
    /// Gives every store and counter its index, and every limit its own with its rule.
    pub(in crate::check) fn declare_state(&mut self) {
        let resolved = self.resolved;
        for (id, item) in resolved.items() {
            match &item.kind {
                crate::ast::ItemKind::Store(it) => {
                    self.bound_name(id, &it.name, "a store's name");
                    self.declare_store(id, it);
                }
                crate::ast::ItemKind::Counter(it) => {
                    self.bound_name(id, &it.name, "a counter's name");
                    self.declare_counter(id, it);
                }
                crate::ast::ItemKind::Limit(it) => {
                    self.bound_name(id, &it.name, "a limit's name");
                    self.declare_limit(id, it);
                }
                crate::ast::ItemKind::Cache(it) => {
                    self.bound_name(id, &it.name, "a cache's name");
                    self.declare_cache(id, &it.name.text);
                }
                _ => {}
            }
        }
    }

    /// Reports a name that, with its unit's, is longer than hosts take.
    fn bound_name(&mut self, id: DeclId, name: &Name, what: &str) {
        if self.qualified(id, &name.text).len() > MAX_NAME {
            self.problems.push(OutOfRange {
                what: what.to_owned(),
                range: format!("at most {MAX_NAME} bytes long"),
                span: name.span,
            });
        }
    }

    /// A new question, whose answer has at most so many bytes; what follows knows the answer.
    fn ask(&mut self, state: State, most: u32) -> (Ask, u32) {
        self.hir.asks.push(most);
        let ask = index(self.hir.asks.len() - 1);
        (Ask { ask, state }, ask)
    }

    /// The store or counter that an expression names, if it names one.
    pub(super) fn keeper_named(&self, expr: &Ast) -> Option<Keeper> {
        let decl = self.decl_named(&expr.kind)?;
        let index = self.index.get(&decl.id).copied();
        match decl.kind {
            DeclKind::Store => index.map(Keeper::Store),
            DeclKind::Counter => index.map(Keeper::Counter),
            _ => None,
        }
    }

    /// `S[k]`: the store or counter, and the key's expression.
    fn entry<'e>(&mut self, at: &'e Ast, example: &str) -> Option<(Keeper, &'e Ast)> {
        if let ExprKind::Index(owner, key) = &at.kind
            && let Some(keeper) = self.keeper_named(owner)
        {
            return Some((keeper, key));
        }
        if let Some(keeper) = self.keeper_named(at) {
            let what = match keeper {
                Keeper::Store(_) => "a store without a key",
                Keeper::Counter(_) => "a counter without a key",
            };
            let help = format!("say which: `{}[…]`", self.code(at.span));
            return self.misplaced(what, at.span, &help);
        }
        if let ExprKind::Index(owner, _) = &at.kind {
            self.unknown_keeper(owner)?;
        }
        let what = self.quote(at.span);
        let help = format!("name a declared one and a key, for instance `{example}`");
        self.misplaced(&what, at.span, &help)
    }

    /// Reports a name that nothing declares, or that something else has, where a store or counter belongs.
    pub(super) fn unknown_keeper(&mut self, owner: &Ast) -> Option<()> {
        let ExprKind::Name(name) = &owner.kind else {
            return Some(());
        };
        if self.scope.local(name).is_some() || FACT_GROUPS.contains(&name.as_str()) {
            return Some(());
        }
        match self.declared(self.scope.unit, name) {
            Some(decl) => self.wrong_kind(name, decl.kind, "a store or a counter", owner.span),
            None => self.unknown("store or counter", name, owner.span),
        }
    }

    /// The store of `S[k]`.
    pub(super) fn store_entry<'e>(&mut self, at: &'e Ast) -> Option<(u32, &'e Ast)> {
        match self.entry(at, "items[request.path]")? {
            (Keeper::Store(store), key) => Some((store, key)),
            (Keeper::Counter(_), _) => {
                let what = self.quote(at.span);
                let help = "it is a counter: `increment C[k] [by n]` changes it";
                self.misplaced(&what, at.span, help)
            }
        }
    }

    /// The counter of `C[k]`.
    pub(super) fn counter_entry<'e>(&mut self, at: &'e Ast) -> Option<(u32, &'e Ast)> {
        match self.entry(at, "hits[request.path]")? {
            (Keeper::Counter(counter), key) => Some((counter, key)),
            (Keeper::Store(_), _) => {
                let what = self.quote(at.span);
                let help = "it is a store, which holds texts; declare a `counter` to count";
                self.misplaced(&what, at.span, help)
            }
        }
    }

    /// The name, as the host knows it, of a store or counter.
    pub(super) fn keeper_name(&self, keeper: Keeper) -> String {
        let name = match keeper {
            Keeper::Store(n) => self.hir.stores.get(n as usize).map(|it| &it.name),
            Keeper::Counter(n) => self.hir.counters.get(n as usize).map(|it| &it.name),
        };
        name.cloned().unwrap_or_default()
    }

    /// The limit of that name.
    pub(super) fn limit_named(&mut self, path: &Path) -> Option<crate::resolve::DeclId> {
        let decl = self.path(path, "limit")?;
        match decl.kind {
            DeclKind::Limit => Some(decl.id),
            kind => {
                let name = self.code(path.span);
                self.wrong_kind(&name, kind, "a limit", path.span)
            }
        }
    }
}

/// What was answered.
fn answer(ask: u32, ty: Type) -> Expr {
    Expr::Fact(Fact::Raw(RawFact::Answer { ask }), ty)
}

/// An integer.
fn int(n: i64) -> Expr {
    Expr::Const(Const::Int(n, Base::Int))
}

fn stmt(span: Span, kind: StmtKind) -> Stmt {
    Stmt { span, kind }
}
