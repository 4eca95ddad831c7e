//! Constants: values where they can be worked out here, else expressions that are shared.

use super::scope::{Place, Scope};
use super::{Checker, Progress, Typed, index};
use crate::ast::{ConstValue, ItemKind};
use crate::diagnostics::TooLargeConstant;
use crate::hir::{Const, Expr, Let, LetId};
use crate::resolve::DeclId;
use crate::source::Span;

/// Longest text that is put together from constants, in bytes.
const LONGEST: usize = 64 << 10;
/// Longest text that is written out, as long as one that is loaded, in bytes.
const LONGEST_WRITTEN: usize = crate::resolve::CONST_FILE_LIMIT;
/// All constants that a policy puts in, counted wherever they are used, in bytes.
const MOST_INLINED: usize = 16 << 20;

impl Checker<'_> {
    /// What a `const` stands for, where it is used.
    pub(super) fn constant(&mut self, id: DeclId, span: Span) -> Option<Typed> {
        let value = match self.consts.get(&id) {
            Some(Progress::Done(value)) => value.clone()?,
            Some(Progress::Busy) => return self.contains_itself("the constant", id, span),
            None => self.check_constant(id)?,
        };
        if let Expr::Const(Const::Bytes(bytes)) = &value.expr {
            self.inline(bytes.len(), span)?;
        }
        Some(value)
    }

    /// Counts what is put in: a constant that is used again and again is copied each time.
    fn inline(&mut self, bytes: usize, span: Span) -> Option<()> {
        let before = self.spent.inlined;
        self.spent.inlined = before.saturating_add(bytes);
        if self.spent.inlined <= MOST_INLINED {
            return Some(());
        }
        if before > MOST_INLINED {
            return None;
        }
        self.fail(TooLargeConstant {
            bytes: self.spent.inlined,
            limit: MOST_INLINED,
            span,
        })
    }

    pub(super) fn check_constant(&mut self, id: DeclId) -> Option<Typed> {
        if let Some(Progress::Done(value)) = self.consts.get(&id) {
            return value.clone();
        }
        let resolved = self.resolved;
        let ItemKind::Const { name, value } = &resolved.item(id)?.kind else {
            return None;
        };
        self.consts.insert(id, Progress::Busy);
        self.open.push((id, name.text.clone()));
        let scope = Scope::at(id.unit, Place::Constant);
        let (value, _) = self.within(scope, |checker| match value {
            ConstValue::Load(text) => {
                let bytes = resolved.loaded.get(&text.span)?;
                Some(super::expr::string(bytes.clone()))
            }
            ConstValue::Expr(expr) => {
                let value = checker.check(expr)?;
                checker.value(value, expr.span)
            }
        });
        self.open.pop();
        let value = value.map(|value| self.shared(&name.text, value));
        self.consts.insert(id, Progress::Done(value.clone()));
        value
    }

    /// An expression that is no plain value stands in one place, for all that use it.
    fn shared(&mut self, name: &str, value: Typed) -> Typed {
        if matches!(value.expr, Expr::Const(_)) {
            return value;
        }
        let id = self.new_let(name, value.clone());
        Typed {
            expr: Expr::Let(id, value.ty),
            ty: value.ty,
        }
    }

    pub(super) fn new_let(&mut self, name: &str, value: Typed) -> LetId {
        self.hir.lets.push(Let {
            name: name.to_owned(),
            ty: value.ty,
            value: value.expr,
        });
        LetId(index(self.hir.lets.len() - 1))
    }

    /// Texts put together; neighbours that are constant become one.
    pub(super) fn concat(&mut self, parts: Vec<Expr>, span: Span) -> Option<Expr> {
        let mut joined: Vec<Expr> = Vec::new();
        for part in parts {
            match (joined.last_mut(), part) {
                (_, Expr::Concat(inner)) => joined.extend(inner),
                (Some(Expr::Const(Const::Bytes(before))), Expr::Const(Const::Bytes(more))) => {
                    before.extend(more);
                    if before.len() > LONGEST && before.len() > self.source_length(span) {
                        let bytes = before.len();
                        return self.fail(TooLargeConstant {
                            bytes,
                            limit: LONGEST,
                            span,
                        });
                    }
                }
                (_, Expr::Const(Const::Bytes(empty))) if empty.is_empty() => {}
                (_, part) => joined.push(part),
            }
        }
        let mut joined = joined.into_iter();
        Some(match (joined.next(), joined.next()) {
            (None, _) => Expr::Const(Const::Bytes(Vec::new())),
            (Some(only), None) => only,
            (Some(first), Some(second)) => {
                Expr::Concat([first, second].into_iter().chain(joined).collect())
            }
        })
    }

    /// A text as it is written out.
    pub(super) fn literal(&mut self, text: &str, span: Span) -> Option<Vec<u8>> {
        if text.len() <= LONGEST_WRITTEN {
            return Some(text.as_bytes().to_vec());
        }
        self.fail(TooLargeConstant {
            bytes: text.len(),
            limit: LONGEST_WRITTEN,
            span,
        })
    }

    /// Text that was written out is as long as it is.
    fn source_length(&self, span: Span) -> usize {
        (span.end.saturating_sub(span.start)) as usize
    }
}
