//! Where a value stands in HTML, and whether escaping makes it safe there.
//!
//! A small tokenizer, [`page`], follows the constant parts of the page. Text and quoted
//! attributes are safe once `& < > " '` are escaped. Elsewhere a value could become markup or a
//! script, so that is a diagnostic; `raw(E)` is the way out.

mod link;
mod page;

use super::Checker;
use crate::ast::{Expr as Ast, ExprKind, StrPart};
use crate::diagnostics::HtmlPlace;
use crate::hir::{Base, Builtin, Const, Expr, Fact, Type};
use crate::source::Span;
use edge_abi::manifest::Fact as RawFact;
use link::Known;
use page::Page;

impl Checker<'_> {
    /// The body of `respond html`.
    pub(super) fn html(&mut self, expr: &Ast) -> Option<Expr> {
        self.nested(expr.span, |checker| match &expr.kind {
            ExprKind::Str(parts) => checker.html_template(parts, expr.span),
            ExprKind::Call(path, arguments) if is_raw(path) => checker.raw(arguments, expr.span),
            ExprKind::Choose(choose) => {
                let (arms, last) = checker.choose(choose, expr.span, Self::html)?;
                let ty = Type::of(Base::String);
                Some(Expr::Choose(arms, Box::new(last), ty))
            }
            _ => {
                let value = checker.text(expr)?;
                // A constant is the author's own markup.
                Some(match value {
                    Expr::Const(_) => value,
                    _ => Expr::Builtin(Builtin::HtmlEscape, vec![value]),
                })
            }
        })
    }

    fn html_template(&mut self, parts: &[StrPart], span: Span) -> Option<Expr> {
        let mut page = Page::default();
        let mut texts = Some(Vec::new());
        for part in parts {
            let text = match part {
                StrPart::Text(text) => {
                    page.read(text.as_bytes());
                    self.literal(text, span)
                        .map(|text| Expr::Const(Const::Bytes(text)))
                }
                StrPart::Expr(expr) => self.html_part(expr, &mut page),
            };
            match (text, &mut texts) {
                (Some(text), Some(texts)) => texts.push(text),
                _ => texts = None,
            }
        }
        self.concat(texts?, span)
    }

    fn html_part(&mut self, expr: &Ast, page: &mut Page) -> Option<Expr> {
        if let ExprKind::Call(path, arguments) = &expr.kind
            && is_raw(path)
        {
            let value = self.raw(arguments, expr.span)?;
            match &value {
                Expr::Const(Const::Bytes(bytes)) => page.read(bytes),
                _ => page.value(Known::Anything),
            }
            return Some(value);
        }
        let value = self.text(expr);
        // A constant is the author's own text; where that is escaped, nobody else can change it.
        if let Some(Expr::Const(Const::Bytes(bytes))) = &value
            && page.escapes()
        {
            let mut buffer = vec![0; edge_kernels::bounds::ENTITY.capacity(bytes.len())];
            let escaped = edge_kernels::html::html_escape(bytes, &mut buffer).to_vec();
            page.read(&escaped);
            return Some(Expr::Const(Const::Bytes(escaped)));
        }
        let known = value.as_ref().map_or(Known::Anything, Self::known);
        let danger = page.danger(known);
        page.value(known);
        if let Some(place) = danger {
            let help = self.html_help(place, expr.span);
            return self.fail(HtmlPlace {
                place,
                span: expr.span,
                help: Some(help),
            });
        }
        Some(Expr::Builtin(Builtin::HtmlEscape, vec![value?]))
    }

    /// What is known of a value, for links.
    fn known(value: &Expr) -> Known {
        match value {
            Expr::Fact(Fact::Host, _) => Known::Host,
            Expr::Fact(Fact::Path, _) => Known::Path,
            Expr::Fact(Fact::Raw(RawFact::Scheme), _) => Known::Scheme,
            Expr::ToText(inner) if is_int(inner) => Known::Number,
            _ => Known::Anything,
        }
    }

    /// What to write instead of a value in a dangerous place.
    fn html_help(&self, place: &str, span: Span) -> String {
        let code = self.code(span);
        match place {
            "the start of a link" | "a link right behind its first `/`" => format!(
                "begin the link with a path of its own, as in `href=\"/items/{{{code}}}\"`; if it is known to be safe, `raw({code})`"
            ),
            "the site's name in a link" => format!(
                "end the site's name with a `/` before the value; if it is known to be safe, `raw({code})`"
            ),
            "the address of a script" | "the base of all links" | "a list of links" => format!(
                "write a constant, or `choose` among pages; if it is known to be safe, `raw({code})`"
            ),
            _ => format!(
                "put it into text or a quoted attribute; if it is known to be safe, `raw({code})`"
            ),
        }
    }

    /// `raw(E)`: the text of `E`, as it is.
    pub(super) fn raw(&mut self, arguments: &[Ast], span: Span) -> Option<Expr> {
        match arguments {
            [argument] => self.text(argument),
            _ => self.wrong_arguments("raw", 1, arguments.len(), span),
        }
    }
}

/// Whether a call is `raw(…)`.
pub(super) fn is_raw(path: &crate::ast::Path) -> bool {
    matches!(path.parts.as_slice(), [name] if name.text == "raw")
}

/// Whether a value is a whole number.
fn is_int(value: &Expr) -> bool {
    match value {
        Expr::Const(Const::Int(_, base)) => *base == Base::Int,
        Expr::Fact(_, ty)
        | Expr::Let(_, ty)
        | Expr::FnParam(_, ty)
        | Expr::CallFn(_, _, ty)
        | Expr::Arith(_, _, _, ty)
        | Expr::OrElse(_, ty)
        | Expr::Choose(_, _, ty) => ty.base == Base::Int,
        Expr::Builtin(builtin, _) => matches!(builtin, Builtin::Len),
        Expr::Narrowed(inner) => is_int(inner),
        _ => false,
    }
}
