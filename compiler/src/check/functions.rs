//! Functions: checked once, kept as functions, never recursive.

use super::scope::{Local, Place, Reads, Scope};
use super::{Checker, Progress, Typed, index};
use crate::ast::{Expr as Ast, ItemKind, Path};
use crate::diagnostics::{DeclaredTwice, UnknownName, WrongArguments};
use crate::hir::{Expr, Fn, Type};
use crate::resolve::{DeclId, DeclKind, suggest};
use crate::source::Span;
use std::rc::Rc;

/// What a caller knows of a function.
#[derive(Debug)]
pub(super) struct Signature {
    index: u32,
    params: Vec<Type>,
    ty: Type,
    reads: Reads,
}

impl Checker<'_> {
    /// `f(E, …)`
    pub(super) fn call(&mut self, path: &Path, arguments: &[Ast], span: Span) -> Option<Typed> {
        let words: Vec<&str> = path.parts.iter().map(|name| name.text.as_str()).collect();
        match words.as_slice() {
            ["request", "body"] => self.body(arguments, span),
            ["raw"] => self.misplaced(
                "`raw(…)`",
                span,
                "it stands in the text of `respond html` and `respond json`",
            ),
            [name] if super::builtins::is_known(name) => {
                let name = (*name).to_owned();
                self.builtin(&name, arguments, span)
            }
            [name] if self.declared(self.scope.unit, name).is_none() => {
                let name = (*name).to_owned();
                self.unknown_function(&name, path.span)
            }
            _ => {
                let decl = self.path(path, "function")?;
                let name = self.code(path.span);
                match decl.kind {
                    DeclKind::Fn => self.call_fn(decl.id, &name, arguments, span),
                    kind => self.wrong_kind(&name, kind, "a function", path.span),
                }
            }
        }
    }

    fn unknown_function<T>(&mut self, name: &str, span: Span) -> Option<T> {
        if self.resolved.partial {
            return None;
        }
        let resolved = self.resolved;
        let declared = resolved.units.get(self.scope.unit);
        let declared = declared.iter().flat_map(|unit| unit.names.iter());
        let functions = declared.filter(|(_, decl)| decl.kind == DeclKind::Fn);
        let mut known: Vec<&str> = functions.map(|(name, _)| name.as_str()).collect();
        for builtin in super::builtins::names() {
            known.push(builtin);
        }
        let help = suggest(name, known);
        self.fail(UnknownName {
            what: "function",
            name: name.to_owned(),
            span,
            help,
        })
    }

    fn call_fn(&mut self, id: DeclId, name: &str, arguments: &[Ast], span: Span) -> Option<Typed> {
        let found: Option<Vec<Option<Typed>>> =
            Some(arguments.iter().map(|it| self.check(it)).collect());
        let signature = self.signature(id, span)?;
        if signature.params.len() != arguments.len() {
            return self.wrong_arguments(name, signature.params.len(), arguments.len(), span);
        }
        let mut values = Vec::new();
        for ((value, argument), ty) in found?.into_iter().zip(arguments).zip(&signature.params) {
            let mut value = value?;
            super::expr::whole_as_float(&mut value, ty.base);
            let value = match ty.optional {
                true if value.ty.base == ty.base => value.expr,
                _ => self.expect(value, ty.base, argument.span)?,
            };
            values.push(value);
        }
        let Reads { body, response } = signature.reads;
        self.check_reads(body.is_some(), response.is_some(), span)?;
        let ty = signature.ty;
        Some(Typed {
            expr: Expr::CallFn(signature.index, values, ty),
            ty,
        })
    }

    pub(super) fn wrong_arguments<T>(
        &mut self,
        name: &str,
        expected: usize,
        found: usize,
        span: Span,
    ) -> Option<T> {
        let expected = match expected {
            0 => "no argument".to_owned(),
            1 => "one argument".to_owned(),
            n => format!("{n} arguments"),
        };
        let help = Some(format!("write `{name}(…)` with {expected}"));
        self.fail(WrongArguments {
            name: name.to_owned(),
            expected,
            found,
            span,
            help,
        })
    }

    /// What a function takes and gives; it is checked when it is first needed.
    pub(super) fn signature(&mut self, id: DeclId, span: Span) -> Option<Rc<Signature>> {
        match self.fns.get(&id) {
            Some(Progress::Done(signature)) => return signature.clone(),
            Some(Progress::Busy) => return self.contains_itself("the function", id, span),
            None => {}
        }
        let resolved = self.resolved;
        let ItemKind::Fn(it) = &resolved.item(id)?.kind else {
            return None;
        };
        self.fns.insert(id, Progress::Busy);
        self.open.push((id, it.name.text.clone()));
        let scope = Scope::at(id.unit, Place::Function);
        let (made, scope) = self.within(scope, |checker| checker.check_fn(it));
        self.open.pop();
        let signature = made.map(|(params, body)| {
            self.hir.fns.push(Fn {
                name: it.name.text.clone(),
                params: params.clone(),
                ty: body.ty,
                body: body.expr,
            });
            Rc::new(Signature {
                index: index(self.hir.fns.len() - 1),
                params,
                ty: body.ty,
                reads: scope.reads,
            })
        });
        self.fns.insert(id, Progress::Done(signature.clone()));
        signature
    }

    fn check_fn(&mut self, it: &crate::ast::Fn) -> Option<(Vec<Type>, Typed)> {
        let mut types = Some(Vec::new());
        for (n, (name, ty)) in it.params.iter().enumerate() {
            let ty = self.type_name(ty);
            let value = ty.map(|ty| Typed {
                expr: Expr::FnParam(index(n), ty),
                ty,
            });
            self.name_local(name, value);
            match (ty, &mut types) {
                (Some(ty), Some(types)) => types.push(ty),
                _ => types = None,
            }
        }
        let body = self.check(&it.body)?;
        let body = self.value(body, it.body.span)?;
        Some((types?, body))
    }

    /// Enters a `let` or a parameter; names don't shadow each other.
    pub(super) fn name_local(&mut self, name: &crate::ast::Name, value: Option<Typed>) {
        let declared = self
            .declared(self.scope.unit, &name.text)
            .map(|decl| decl.span);
        let local = self.scope.local(&name.text).map(|local| local.span);
        if crate::resolve::RESERVED.contains(&name.text.as_str()) {
            self.problems.push(crate::diagnostics::NameTaken {
                name: name.text.clone(),
                span: name.span,
            });
        } else if let Some(first) = local.or(declared) {
            self.problems.push(DeclaredTwice {
                what: "the name",
                name: name.text.clone(),
                span: name.span,
                first: Some(first),
            });
        }
        self.scope.name(Local {
            name: name.text.clone(),
            span: name.span,
            value,
        });
    }
}
