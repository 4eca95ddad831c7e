//! Types: their names, and what is demanded of values.

use super::{Checker, Typed};
use crate::ast::{Name, TypeName};
use crate::diagnostics::{MayBeAbsent, Misplaced, UnknownName, WrongType};
use crate::hir::{Base, Expr, Type};
use crate::resolve::suggest;
use crate::source::Span;

/// Types that can be written.
const TYPES: &[(&str, Base)] = &[
    ("bool", Base::Bool),
    ("int", Base::Int),
    ("float", Base::Float),
    ("string", Base::String),
    ("duration", Base::Duration),
    ("size", Base::Size),
    ("time", Base::Time),
    ("ip", Base::Ip),
    ("percent", Base::Percent),
];

/// How a type is written; `None` for what has no word of its own.
pub(super) fn word(base: Base) -> Option<&'static str> {
    TYPES
        .iter()
        .find(|(_, known)| *known == base)
        .map(|(word, _)| *word)
}

impl Checker<'_> {
    /// A type as a message shows it.
    pub(super) fn describe(&self, ty: Type) -> String {
        let optional = if ty.optional { "?" } else { "" };
        match ty.base {
            Base::Arm(experiment) => {
                let name = self.hir.experiments.get(experiment as usize);
                format!("an arm of `{}`", name.map_or("", |it| &it.name))
            }
            Base::List => "a list".to_owned(),
            Base::Counts => format!("a list of counters{optional}"),
            Base::Target => "an origin or pool".to_owned(),
            base => format!("`{}{optional}`", word(base).unwrap_or_default()),
        }
    }

    /// The type that a word names.
    pub(super) fn type_word(&mut self, name: &Name) -> Option<Base> {
        if let Some((_, base)) = TYPES.iter().find(|(word, _)| *word == name.text) {
            return Some(*base);
        }
        if name.text == "json" {
            return self.unsupported("json", name.span);
        }
        self.fail(UnknownName {
            what: "type",
            name: name.text.clone(),
            span: name.span,
            help: suggest(&name.text, TYPES.iter().map(|(word, _)| *word)).or_else(|| {
                let words: Vec<&str> = TYPES.iter().map(|(word, _)| *word).collect();
                Some(format!("it is one of `{}`", words.join("`, `")))
            }),
        })
    }

    pub(super) fn type_name(&mut self, name: &TypeName) -> Option<Type> {
        let base = self.type_word(&name.name)?;
        Some(Type {
            base,
            optional: name.optional,
        })
    }

    /// Demands that a value is there.
    pub(super) fn present(&mut self, value: Typed, span: Span) -> Option<Expr> {
        if !value.ty.optional {
            return Some(value.expr);
        }
        self.may_be_absent(span)
    }

    pub(super) fn may_be_absent<T>(&mut self, span: Span) -> Option<T> {
        let what = self.quote(span);
        let code = what.trim_matches('`').to_owned();
        // What is asked again may be answered otherwise.
        let is_asked = self.scope.asked.iter().any(|(at, _)| *at == span);
        let help = match is_asked {
            true => format!("ask before, and say what follows: `let it = {code} else {{ … }}`"),
            false => format!(
                "say what holds then, `{code} else …`, or look first with `{code} is present`"
            ),
        };
        self.fail(MayBeAbsent {
            what,
            span,
            help: Some(help),
        })
    }

    /// Demands a present value of one type.
    pub(super) fn expect(&mut self, value: Typed, base: Base, span: Span) -> Option<Expr> {
        if value.ty.base != base {
            return self.wrong_type(Type::of(base), value.ty, span, None);
        }
        self.present(value, span)
    }

    pub(super) fn wrong_type<T>(
        &mut self,
        expected: Type,
        found: Type,
        span: Span,
        help: Option<String>,
    ) -> Option<T> {
        let (expected, found) = (self.describe(expected), self.describe(found));
        self.fail(WrongType {
            expected,
            found,
            span,
            help,
        })
    }

    /// Demands something that is a value: no list, no target.
    pub(super) fn value(&mut self, value: Typed, span: Span) -> Option<Typed> {
        let help = match value.ty.base {
            Base::List => "write `any` before it and compare it",
            Base::Target => {
                "an origin has no value that could be kept: choose where it is asked, `proxy choose … { a => shop, b => spare }`"
            }
            _ => return Some(value),
        };
        let what = self.describe(value.ty);
        self.fail(Misplaced {
            what,
            span,
            help: Some(help.to_owned()),
        })
    }
}

/// The type that a word names.
pub(super) fn base_of(word: &str) -> Option<Base> {
    TYPES
        .iter()
        .find(|(known, _)| *known == word)
        .map(|(_, base)| *base)
}
