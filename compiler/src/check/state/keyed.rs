//! How stores and counters are declared.

use super::super::scope::{Place, Scope};
use super::super::{Checker, index};
use crate::ast::{Expr as Ast, Keyed, KeyedSettingKind, Name};
use crate::diagnostics::{GivenTwice, Misplaced, OutOfRange};
use crate::hir::Base;
use crate::resolve::DeclId;
use edge_abi::manifest::{Counter, OnFailure, Store};
use edge_abi::output::state::MAX_VALUE;

/// What a value has at most where its store says nothing, in bytes.
const VALUE: u32 = 64 << 10;

impl Checker<'_> {
    pub(super) fn declare_store(&mut self, id: DeclId, it: &Keyed) {
        self.index.insert(id, index(self.hir.stores.len()));
        let mut made = Store {
            name: self.qualified(id, &it.name.text),
            ttl_ms: None,
            max_value: VALUE,
            on_failure: OnFailure::Error,
        };
        let scope = Scope::at(id.unit, Place::Constant);
        self.within(scope, |checker| {
            for kind in checker.settings(it) {
                match kind {
                    KeyedSettingKind::Ttl(ttl) => made.ttl_ms = checker.lasting(ttl, "`ttl`"),
                    KeyedSettingKind::MaxValue(size) => {
                        made.max_value = checker.max_value(size).unwrap_or(VALUE);
                    }
                    KeyedSettingKind::OnFailure(word) => {
                        made.on_failure = checker.on_failure(word);
                    }
                    KeyedSettingKind::Expire(value) => {
                        checker.not_its_own("`expire` of a store", "`ttl`", value);
                    }
                }
            }
        });
        self.hir.stores.push(made);
    }

    pub(super) fn declare_counter(&mut self, id: DeclId, it: &Keyed) {
        self.index.insert(id, index(self.hir.counters.len()));
        let mut made = Counter {
            name: self.qualified(id, &it.name.text),
            expire_ms: None,
            listed: false,
            on_failure: OnFailure::Error,
        };
        let scope = Scope::at(id.unit, Place::Constant);
        self.within(scope, |checker| {
            for kind in checker.settings(it) {
                match kind {
                    KeyedSettingKind::Expire(d) => made.expire_ms = checker.lasting(d, "`expire`"),
                    KeyedSettingKind::OnFailure(word) => {
                        made.on_failure = checker.on_failure(word);
                    }
                    KeyedSettingKind::Ttl(value) => {
                        checker.not_its_own("`ttl` of a counter", "`expire`", value);
                    }
                    KeyedSettingKind::MaxValue(value) => {
                        let help = "a counter holds a number, which needs no limit";
                        checker.misplaced::<()>("`max_value` of a counter", value.span, help);
                    }
                }
            }
        });
        self.hir.counters.push(made);
    }

    /// The settings, each once.
    fn settings<'k>(&mut self, it: &'k Keyed) -> Vec<&'k KeyedSettingKind> {
        let mut seen: Vec<&str> = Vec::new();
        let mut kinds = Vec::new();
        for setting in &it.settings {
            let word = match &setting.kind {
                KeyedSettingKind::Ttl(_) => "ttl",
                KeyedSettingKind::MaxValue(_) => "max_value",
                KeyedSettingKind::Expire(_) => "expire",
                KeyedSettingKind::OnFailure(_) => "on_failure",
            };
            if seen.contains(&word) {
                self.problems.push(GivenTwice {
                    what: format!("`{word}`"),
                    span: setting.span,
                });
            } else {
                seen.push(word);
                kinds.push(&setting.kind);
            }
        }
        kinds
    }

    fn max_value(&mut self, size: &Ast) -> Option<u32> {
        let bytes = self.constant_integer(size, Base::Size, "`max_value`")?;
        if !(1..=i64::from(MAX_VALUE)).contains(&bytes) {
            return self.fail(OutOfRange {
                what: "`max_value`".to_owned(),
                range: "from 1B to 16MiB".to_owned(),
                span: size.span,
            });
        }
        u32::try_from(bytes).ok()
    }

    fn on_failure(&mut self, word: &Name) -> OnFailure {
        let words = [("error", OnFailure::Error), ("ignore", OnFailure::Ignore)];
        let what = "what becomes of a request whose write failed";
        self.one_word(word, what, &words).unwrap_or_default()
    }

    fn not_its_own(&mut self, what: &str, instead: &str, value: &Ast) {
        self.problems.push(Misplaced {
            what: what.to_owned(),
            span: value.span,
            help: Some(format!("it is called {instead} here")),
        });
    }
}
