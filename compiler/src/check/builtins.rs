//! Built-in functions: their arguments, their results, and what they make of constants.

use super::{Checker, Typed};
use crate::ast::Expr as Ast;
use crate::diagnostics::OutOfRange;
use crate::hir::{Base, Builtin, Const, Expr, Type};
use crate::source::Span;

const STRING: Type = Type::of(Base::String);

/// A built-in function with one form.
struct Plain {
    name: &'static str,
    builtin: Builtin,
    params: &'static [Base],
    ty: Type,
}

const fn plain(name: &'static str, builtin: Builtin, params: &'static [Base], ty: Type) -> Plain {
    Plain {
        name,
        builtin,
        params,
        ty,
    }
}

const ONE: &[Base] = &[Base::String];
const TWO: &[Base] = &[Base::String, Base::String];
const THREE: &[Base] = &[Base::String, Base::String, Base::String];

const PLAIN: &[Plain] = &[
    plain("lower", Builtin::Lower, ONE, STRING),
    plain("upper", Builtin::Upper, ONE, STRING),
    plain("trim", Builtin::Trim, ONE, STRING),
    plain("len", Builtin::Len, ONE, Type::of(Base::Int)),
    plain("remove_prefix", Builtin::RemovePrefix, TWO, STRING),
    plain("remove_suffix", Builtin::RemoveSuffix, TWO, STRING),
    plain("replace", Builtin::Replace, THREE, STRING),
    plain("split_first", Builtin::SplitFirst, TWO, STRING),
    plain("url_decode", Builtin::UrlDecode, ONE, STRING),
    plain("html_decode", Builtin::HtmlDecode, ONE, STRING),
    plain(
        "base64_decode",
        Builtin::Base64Decode,
        ONE,
        Type::optional(Base::String),
    ),
    plain("url_decode_uni", Builtin::UrlDecodeUni, ONE, STRING),
    plain("js_decode", Builtin::JsDecode, ONE, STRING),
    plain("css_decode", Builtin::CssDecode, ONE, STRING),
    plain(
        "base64_decode_lenient",
        Builtin::Base64DecodeLenient,
        ONE,
        STRING,
    ),
    plain("remove_nulls", Builtin::RemoveNulls, ONE, STRING),
    plain(
        "compress_whitespace",
        Builtin::CompressWhitespace,
        ONE,
        STRING,
    ),
    plain("remove_comments", Builtin::RemoveComments, ONE, STRING),
    plain("normalise_path", Builtin::NormalisePath, ONE, STRING),
    plain("cmd_line", Builtin::CmdLine, ONE, STRING),
    plain("utf8_to_unicode", Builtin::Utf8ToUnicode, ONE, STRING),
    plain("base64url_encode", Builtin::Base64UrlEncode, ONE, STRING),
    plain("hex", Builtin::Hex, ONE, STRING),
    plain("sha256", Builtin::Sha256, ONE, STRING),
    plain("unix", Builtin::Unix, &[Base::Time], Type::of(Base::Int)),
    plain("http_date", Builtin::HttpDate, &[Base::Time], STRING),
];

/// Functions of the language that are not built yet.
const UNBUILT: &[&str] = &[
    "hmac_sha256",
    "time",
    "negotiate",
    "random_token",
    "seal",
    "unseal",
];

/// Whether the language has a function of that name.
pub(super) fn is_known(name: &str) -> bool {
    names().any(|known| known == name) || UNBUILT.contains(&name)
}

/// The names of functions that are built.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    PLAIN
        .iter()
        .map(|it| it.name)
        .chain(["int", "float", "json"])
}

/// What a built-in function is called.
pub(super) fn name_of(builtin: Builtin) -> Option<&'static str> {
    if builtin.reads_json() {
        return Some("json");
    }
    let known = PLAIN.iter().find(|it| it.builtin == builtin);
    known.map(|it| it.name)
}

impl Checker<'_> {
    /// A call of a built-in function.
    pub(super) fn builtin(&mut self, name: &str, arguments: &[Ast], span: Span) -> Option<Typed> {
        if UNBUILT.contains(&name) {
            return self.unsupported(name, span);
        }
        let Some(it) = PLAIN.iter().find(|it| it.name == name) else {
            return self.conversion(name, arguments, span);
        };
        let values: Vec<Option<Typed>> = arguments.iter().map(|it| self.check(it)).collect();
        if values.len() != it.params.len() {
            return self.wrong_arguments(name, it.params.len(), values.len(), span);
        }
        let mut given = Some(Vec::new());
        for ((value, base), argument) in values.into_iter().zip(it.params).zip(arguments) {
            let value = value.and_then(|value| self.expect(value, *base, argument.span));
            match (value, &mut given) {
                (Some(value), Some(given)) => given.push(value),
                _ => given = None,
            }
        }
        let given = given?;
        if it.builtin == Builtin::Replace {
            self.check_replace(&given, arguments)?;
        }
        let expr = match fold(it.builtin, &given) {
            Some(value) => Expr::Const(value),
            None => Expr::Builtin(it.builtin, given),
        };
        Some(Typed { expr, ty: it.ty })
    }

    /// `replace` takes constants, so that how long its result can be is known.
    fn check_replace(&mut self, given: &[Expr], arguments: &[Ast]) -> Option<()> {
        for (value, argument) in given.iter().zip(arguments).skip(1) {
            if !matches!(value, Expr::Const(_)) {
                return self.not_constant("what `replace` looks for and puts in", argument.span);
            }
        }
        match given.get(1) {
            Some(Expr::Const(Const::Bytes(from))) if from.is_empty() => self.fail(OutOfRange {
                what: "what `replace` looks for".to_owned(),
                range: "at least one byte".to_owned(),
                span: arguments.get(1)?.span,
            }),
            _ => Some(()),
        }
    }

    /// `int(…)`, `float(…)`
    fn conversion(&mut self, name: &str, arguments: &[Ast], span: Span) -> Option<Typed> {
        let [argument] = arguments else {
            return self.wrong_arguments(name, 1, arguments.len(), span);
        };
        let value = self.check(argument)?;
        let found = value.ty;
        let (builtin, ty) = match (name, found.base) {
            ("int", Base::String) => (Builtin::IntParse, Type::optional(Base::Int)),
            ("int", Base::Float) => (Builtin::IntFromFloat, Type::of(Base::Int)),
            ("float", Base::String) => (Builtin::FloatParse, Type::optional(Base::Float)),
            ("float", Base::Int) => (Builtin::FloatFromInt, Type::of(Base::Float)),
            _ => {
                let help = "`int` takes text or a float, `float` text or an int".to_owned();
                return self.wrong_type(STRING, found, argument.span, Some(help));
            }
        };
        let value = self.present(value, argument.span)?;
        Some(Typed {
            expr: Expr::Builtin(builtin, vec![value]),
            ty,
        })
    }
}

/// The value of a function of constants, where it is no longer than they are.
fn fold(builtin: Builtin, arguments: &[Expr]) -> Option<Const> {
    let text = |n: usize| match arguments.get(n) {
        Some(Expr::Const(Const::Bytes(bytes))) => Some(bytes.as_slice()),
        _ => None,
    };
    let subject = text(0)?;
    let bytes = match builtin {
        Builtin::Lower => subject.to_ascii_lowercase(),
        Builtin::Upper => subject.to_ascii_uppercase(),
        Builtin::Trim => edge_kernels::text::trim(subject).to_vec(),
        Builtin::RemovePrefix => edge_kernels::text::remove_prefix(subject, text(1)?).to_vec(),
        Builtin::RemoveSuffix => edge_kernels::text::remove_suffix(subject, text(1)?).to_vec(),
        Builtin::SplitFirst => edge_kernels::text::split_first(subject, text(1)?).to_vec(),
        Builtin::Len => {
            let length = i64::try_from(subject.len()).unwrap_or(i64::MAX);
            return Some(Const::Int(length, Base::Int));
        }
        _ => return None,
    };
    Some(Const::Bytes(bytes))
}
