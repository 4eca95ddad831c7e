//! What names stand for.

use super::{Checker, Typed, index};
use crate::ast::{ExprKind, ItemKind, Name, Path};
use crate::diagnostics::{
    ContainsItself, MOST_PROBLEMS, Misplaced, SecretMisplaced, UnknownName, WrongKind,
};
use crate::hir::{Base, Const, Expr, Fact, Type};
use crate::resolve::{Decl, DeclId, DeclKind, suggest};
use crate::source::Span;
use edge_abi::manifest::Fact as RawFact;

/// The groups of facts, and the one that stands alone.
pub(super) const FACT_GROUPS: &[&str] = &["request", "response", "client", "geo", "edge", "params"];

impl Checker<'_> {
    /// What a plain name is worth.
    pub(super) fn name(&mut self, name: &str, span: Span) -> Option<Typed> {
        if let Some(local) = self.scope.local(name) {
            let value = local.value.clone()?;
            return Some(self.narrow(value));
        }
        if let Some(decl) = self.declared(self.scope.unit, name) {
            return self.declared_value(&decl, name, span);
        }
        if name == "now" {
            return self.fact(Fact::Now, Type::of(Base::Time), span);
        }
        if name == "inspected" {
            return self.inspected(span);
        }
        if FACT_GROUPS.contains(&name) {
            return self.fail(Misplaced {
                what: format!("the group of facts `{name}`"),
                span,
                help: Some(format!("name one of its facts: `{name}.…`")),
            });
        }
        self.unknown("name", name, span)
    }

    /// What a rule looks at: it is a function of one text.
    fn inspected(&mut self, span: Span) -> Option<Typed> {
        if !self.scope.in_rule {
            return self.misplaced(
                "`inspected`",
                span,
                "it stands in a rule of a group: `waf shield { inspect path, args  rule r { when inspected contains \"…\" } }`",
            );
        }
        let ty = Type::of(Base::String);
        Some(Typed {
            expr: Expr::FnParam(0, ty),
            ty,
        })
    }

    /// Reports a name that nothing declares.
    pub(super) fn unknown<T>(&mut self, what: &'static str, name: &str, span: Span) -> Option<T> {
        if self.resolved.partial {
            return None;
        }
        if name == "param" {
            let help = Some("a param is called by its name alone".to_owned());
            return self.fail(UnknownName {
                what,
                name: name.to_owned(),
                span,
                help,
            });
        }
        let resolved = self.resolved;
        let declared = resolved.units.get(self.scope.unit);
        let known = declared.iter().flat_map(|unit| unit.names.keys());
        let locals = self.scope.local_names();
        let facts = FACT_GROUPS.iter().copied().chain(["now"]);
        // Beyond what is reported, nobody reads the help.
        let reported = self.problems.len() < MOST_PROBLEMS;
        let known = known.map(String::as_str).chain(locals).chain(facts);
        let help = reported.then(|| {
            suggest(name, known)
                .unwrap_or_else(|| "declare it, or write it as it is declared".to_owned())
        });
        self.fail(UnknownName {
            what,
            name: name.to_owned(),
            span,
            help,
        })
    }

    pub(super) fn declared(&self, unit: usize, name: &str) -> Option<Decl> {
        self.resolved.units.get(unit)?.names.get(name).cloned()
    }

    /// What a dotted name declares: in this file, or in a used one.
    pub(super) fn path(&mut self, path: &Path, what: &'static str) -> Option<Decl> {
        let first = path.parts.first()?;
        let Some(decl) = self.declared(self.scope.unit, &first.text) else {
            return self.unknown(what, &first.text, first.span);
        };
        match path.parts.get(1..).unwrap_or_default() {
            [] => Some(decl),
            [second] => self.member(&decl, &first.text, second, what),
            _ => {
                let name = self.code(path.span);
                self.unknown(what, &name, path.span)
            }
        }
    }

    /// A name of a used file.
    pub(super) fn member(
        &mut self,
        decl: &Decl,
        owner: &str,
        name: &Name,
        what: &'static str,
    ) -> Option<Decl> {
        match decl.kind {
            DeclKind::Unit(Some(unit)) => {
                if let Some(found) = self.declared(unit, &name.text) {
                    return Some(found);
                }
                let resolved = self.resolved;
                let known = resolved.units.get(unit);
                let known = known.iter().flat_map(|unit| unit.names.keys());
                let help = suggest(&name.text, known.map(String::as_str))
                    .or_else(|| (what == "waf group").then(|| self.groups_of(unit))?);
                self.fail(UnknownName {
                    what,
                    name: format!("{owner}.{}", name.text),
                    span: name.span,
                    help,
                })
            }
            DeclKind::Unit(None) | DeclKind::Unbuilt(_) => None,
            kind => self.wrong_kind(owner, kind, "a used file", name.span),
        }
    }

    /// The waf groups of a used file, if there are any.
    fn groups_of(&self, unit: usize) -> Option<String> {
        let names = &self.resolved.units.get(unit)?.names;
        let groups = names.iter().filter(|(_, decl)| decl.kind == DeclKind::Waf);
        let mut groups: Vec<&str> = groups.map(|(name, _)| name.as_str()).collect();
        groups.sort_unstable();
        groups.truncate(20);
        (!groups.is_empty()).then(|| format!("there is `{}`", groups.join("`, `")))
    }

    pub(super) fn wrong_kind<T>(
        &mut self,
        name: &str,
        found: DeclKind,
        expected: &str,
        span: Span,
    ) -> Option<T> {
        if matches!(found, DeclKind::Unbuilt(_) | DeclKind::Unit(None)) {
            return None;
        }
        self.fail(WrongKind {
            name: name.to_owned(),
            found: found.noun(),
            expected: expected.to_owned(),
            span,
            help: Some(format!("name {expected}, or declare one")),
        })
    }

    /// What a declared name is worth as an expression.
    pub(super) fn declared_value(&mut self, decl: &Decl, name: &str, span: Span) -> Option<Typed> {
        match decl.kind {
            DeclKind::Origin | DeclKind::Pool => Some(Typed {
                expr: Expr::Const(Const::Target(*self.index.get(&decl.id)?)),
                ty: Type::of(Base::Target),
            }),
            DeclKind::Experiment => self.experiment_value(decl.id, span),
            DeclKind::Param => {
                let ty = *self.params.get(&decl.id)?;
                let unit = self.resolved.units.get(decl.id.unit)?;
                let name = unit.qualify(declared_name(self.resolved.item(decl.id)?)?);
                self.fact(Fact::Raw(RawFact::Param { name }), ty, span)
            }
            DeclKind::Const => self.constant(decl.id, span),
            DeclKind::Secret => self.fail(SecretMisplaced {
                name: name.to_owned(),
                span,
            }),
            DeclKind::Set => self.fail(Misplaced {
                what: format!("the set `{name}`"),
                span,
                help: Some(format!("ask whether it holds a value: `E in {name}`")),
            }),
            DeclKind::Store | DeclKind::Counter => self.fail(Misplaced {
                what: format!("`{name}` without a key"),
                span,
                help: Some(format!("say which: `{name}[…]`")),
            }),
            DeclKind::Cache => self.fail(Misplaced {
                what: format!("the cache `{name}`"),
                span,
                help: Some(format!("use it in a `proxy` block: `cache {name}`")),
            }),
            DeclKind::Limit => self.fail(Misplaced {
                what: format!("the limit `{name}`"),
                span,
                help: Some(format!("charge it with a statement: `limit {name}`")),
            }),
            DeclKind::Fn => self.fail(Misplaced {
                what: format!("the function `{name}`"),
                span,
                help: Some(format!("call it: `{name}(…)`")),
            }),
            kind => self.wrong_kind(name, kind, "a value", span),
        }
    }

    /// The declaration that an expression names, here or in a used file, if it names one.
    pub(super) fn decl_named(&self, kind: &ExprKind) -> Option<Decl> {
        match kind {
            ExprKind::Name(name) if self.scope.local(name).is_none() => {
                self.declared(self.scope.unit, name)
            }
            ExprKind::Field(owner, name) => {
                let ExprKind::Name(owner) = &owner.kind else {
                    return None;
                };
                let DeclKind::Unit(Some(unit)) = self.declared(self.scope.unit, owner)?.kind else {
                    return None;
                };
                self.declared(unit, &name.text)
            }
            _ => None,
        }
    }

    /// The set that an expression names, if it names one.
    pub(super) fn set_named(&self, kind: &ExprKind) -> Option<Decl> {
        self.decl_named(kind)
            .filter(|decl| decl.kind == DeclKind::Set)
    }

    /// Reports that a declaration comes back to itself.
    pub(super) fn contains_itself<T>(
        &mut self,
        what: &'static str,
        id: DeclId,
        span: Span,
    ) -> Option<T> {
        let start = self.open.iter().position(|(open, _)| *open == id)?;
        let open = self.open.get(start..).unwrap_or_default();
        let name = open.first().map(|(_, name)| name.clone())?;
        let mut chain: Vec<&str> = open.iter().map(|(_, name)| name.as_str()).collect();
        chain.push(&name);
        let chain = chain.join(" → ");
        self.fail(ContainsItself {
            what,
            name,
            chain,
            span,
        })
    }

    /// The origin or pool of that name.
    pub(super) fn target(&mut self, path: &Path) -> Option<u32> {
        let decl = self.path(path, "origin or pool")?;
        match decl.kind {
            DeclKind::Origin | DeclKind::Pool => self.index.get(&decl.id).copied(),
            kind => {
                let name = path.parts.last().map_or("", |name| &name.text).to_owned();
                self.wrong_kind(&name, kind, "an origin or pool", path.span)
            }
        }
    }

    /// Gives every origin, pool, experiment, secret and param its index.
    pub(super) fn declare(&mut self) {
        let resolved = self.resolved;
        let mut targets = 0;
        for pools in [false, true] {
            for (id, item) in resolved.items() {
                if matches!(
                    (&item.kind, pools),
                    (ItemKind::Origin(_), false) | (ItemKind::Pool(_), true)
                ) {
                    self.index.insert(id, targets);
                    targets += 1;
                }
            }
        }
        for (id, item) in resolved.items() {
            match &item.kind {
                ItemKind::Experiment(it) => self.declare_experiment(id, it),
                ItemKind::Secret(name) => {
                    self.index.insert(id, index(self.hir.secrets.len()));
                    let name = self.qualified(id, &name.text);
                    self.hir.secrets.push(name);
                }
                ItemKind::Param { ty, .. } => {
                    self.scope.unit = id.unit;
                    if let Some(base) = self.type_word(ty) {
                        self.params.insert(id, Type::of(base));
                    }
                }
                _ => {}
            }
        }
    }

    pub(super) fn qualified(&self, id: DeclId, name: &str) -> String {
        let unit = self.resolved.units.get(id.unit);
        unit.map_or_else(|| name.to_owned(), |unit| unit.qualify(name))
    }
}

/// The name that an item declares.
pub(super) fn declared_name(item: &crate::ast::Item) -> Option<&str> {
    Some(match &item.kind {
        ItemKind::Origin(it) => &it.name.text,
        ItemKind::Pool(it) => &it.name.text,
        ItemKind::Experiment(it) => &it.name.text,
        ItemKind::Waf(it) => &it.name.text,
        ItemKind::Secret(name)
        | ItemKind::Param { name, .. }
        | ItemKind::Set { name, .. }
        | ItemKind::Const { name, .. } => &name.text,
        ItemKind::Fn(it) => &it.name.text,
        ItemKind::Limit(it) => &it.name.text,
        ItemKind::Cache(it) => &it.name.text,
        ItemKind::Store(it) | ItemKind::Counter(it) => &it.name.text,
        _ => return None,
    })
}
