//! `json(E).name[0]["odd name"] as T`: values out of JSON texts.
//!
//! Each part of a path is a value of its own, so that what several paths have in common, above all that
//! the text is valid, is found out once.

use super::{Checker, Typed};
use crate::ast::{Expr as Ast, ExprKind, TypeName};
use crate::diagnostics::OutOfRange;
use crate::hir::{Base, Builtin, Const, Expr, Type};
use crate::source::Span;

/// A value of JSON as written, before `as` says what it is to be.
const VALUE: Type = Type::optional(Base::String);

/// Whether an expression is a part of a JSON text, or all of it.
pub(super) fn is_json(expr: &Ast) -> bool {
    let mut at = expr;
    loop {
        match &at.kind {
            ExprKind::Field(owner, _) | ExprKind::Index(owner, _) => at = owner,
            ExprKind::Call(path, _) => {
                return matches!(path.parts.as_slice(), [name] if name.text == "json");
            }
            _ => return false,
        }
    }
}

impl Checker<'_> {
    /// `E as T`
    pub(super) fn cast(&mut self, value: &Ast, ty: &TypeName, span: Span) -> Option<Typed> {
        if !is_json(value) {
            self.check(value)?;
            let help = "it says what a value of JSON is, `json(request.body).id as int`; `int(…)` and `float(…)` make numbers of text";
            return self.misplaced("`as`", span, help);
        }
        let value = self.json_part(value);
        let builtin = match ty.name.text.as_str() {
            "string" => Builtin::JsonString,
            "int" => Builtin::JsonInt,
            "float" => Builtin::JsonFloat,
            "bool" => Builtin::JsonBool,
            _ => {
                self.type_word(&ty.name)?;
                let what = format!("`{}`", ty.name.text);
                let help = "values of JSON are read as `string`, `int`, `float` or `bool`";
                return self.misplaced(&what, ty.name.span, help);
            }
        };
        if ty.optional {
            let help = "what is read from JSON may always be absent: leave the `?` out";
            return self.misplaced("`?`", ty.name.span, help);
        }
        let value = read(builtin, vec![value?.expr]);
        Some(self.narrow(value))
    }

    /// A value of JSON that nothing says the type of.
    pub(super) fn untyped_json<T>(&mut self, expr: &Ast) -> Option<T> {
        self.json_part(expr)?;
        let code = self.code(expr.span);
        let help = format!(
            "say what it is, `{code} as string`, or `int`, `float`, `bool`; or ask whether it is there, `{code} is present`"
        );
        self.misplaced("a value of JSON without its type", expr.span, &help)
    }

    /// A part of a JSON text, or all of it, as written.
    pub(super) fn json_part(&mut self, expr: &Ast) -> Option<Typed> {
        match &expr.kind {
            ExprKind::Field(owner, name) => {
                let owner = self.json_owner(owner, expr.span)?;
                let name = Const::Bytes(name.text.clone().into_bytes());
                Some(read(Builtin::JsonMember, vec![owner, Expr::Const(name)]))
            }
            ExprKind::Index(owner, key) => {
                let owner = self.json_owner(owner, expr.span);
                let (builtin, key) = self.json_key(key)?;
                Some(read(builtin, vec![owner?, Expr::Const(key)]))
            }
            ExprKind::Call(_, arguments) => {
                let [text] = arguments.as_slice() else {
                    return self.wrong_arguments("json", 1, arguments.len(), expr.span);
                };
                let value = self.check(text)?;
                if value.ty.base != Base::String {
                    return self.wrong_type(VALUE, value.ty, text.span, None);
                }
                Some(read(Builtin::JsonText, vec![value.expr]))
            }
            _ => None,
        }
    }

    fn json_owner(&mut self, owner: &Ast, span: Span) -> Option<Expr> {
        let value = self.nested(span, |checker| checker.json_part(owner))?;
        Some(value.expr)
    }

    /// What stands in brackets: a name or the index of an element, both constant.
    fn json_key(&mut self, key: &Ast) -> Option<(Builtin, Const)> {
        let value = self.check(key)?;
        match value.expr {
            Expr::Const(name @ Const::Bytes(_)) => Some((Builtin::JsonMember, name)),
            Expr::Const(Const::Int(n, Base::Int)) if u32::try_from(n).is_ok() => {
                Some((Builtin::JsonItem, Const::Int(n, Base::Int)))
            }
            Expr::Const(Const::Int(_, Base::Int)) => self.fail(OutOfRange {
                what: "the index of an element".to_owned(),
                range: format!("from 0 to {}", u32::MAX),
                span: key.span,
            }),
            Expr::Const(_) => {
                let help = "a name in quotes, or the number of an element, from 0".to_owned();
                self.wrong_type(Type::of(Base::String), value.ty, key.span, Some(help))
            }
            _ => self.not_constant("a part of a path into JSON", key.span),
        }
    }
}

fn read(builtin: Builtin, arguments: Vec<Expr>) -> Typed {
    Typed {
        expr: Expr::Builtin(builtin, arguments),
        ty: builtin.result(),
    }
}
