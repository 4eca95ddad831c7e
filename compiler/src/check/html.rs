//! Where a value stands in HTML, and whether escaping makes it safe there.
//!
//! A small tokenizer, [`page`], follows the constant parts of the page. Text and quoted
//! attributes are safe once `& < > " '` are escaped. Elsewhere a value could become markup or a
//! script, so that is a diagnostic; `raw(E)` is the way out.

mod page;

use super::Checker;
use crate::ast::{Expr as Ast, ExprKind, StrPart};
use crate::diagnostics::HtmlPlace;
use crate::hir::{Base, Builtin, Const, Expr, Type};
use crate::source::Span;
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
                    Some(Expr::Const(Const::Bytes(text.clone().into_bytes())))
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
                _ => page.value(),
            }
            return Some(value);
        }
        let danger = page.danger();
        page.value();
        let value = self.text(expr);
        if let Some(place) = danger {
            let code = self.code(expr.span);
            return self.fail(HtmlPlace {
                place,
                span: expr.span,
                help: Some(format!(
                    "put it into text or a quoted attribute; if it is known to be safe, `raw({code})`"
                )),
            });
        }
        let value = value?;
        Some(match value {
            Expr::Const(Const::Bytes(bytes)) => {
                let mut buffer = vec![0; edge_kernels::bounds::ENTITY.capacity(bytes.len())];
                let escaped = edge_kernels::html::html_escape(&bytes, &mut buffer).to_vec();
                Expr::Const(Const::Bytes(escaped))
            }
            value => Expr::Builtin(Builtin::HtmlEscape, vec![value]),
        })
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
