//! `respond` and `redirect`.

use super::Checker;
use crate::ast::{Expr as Ast, ExprKind, Format, Respond as Written};
use crate::diagnostics::{BadStatus, NoBodyAllowed, WrongType};
use crate::hir::{Base, Respond, RuleId, StmtKind};
use crate::source::Span;

impl Checker<'_> {
    pub(super) fn respond(&mut self, it: &Written, rule: RuleId) -> Option<Respond> {
        let status = match &it.status {
            Some(status) if is_text(status) => return self.format_missing(status),
            Some(status) => self.status(status, "`respond`", (200, 599)),
            None => Some(200),
        };
        let (format, body) = match &it.body {
            Some((format, body)) => (Some(*format), Some(self.response_body(*format, body))),
            None => (None, None),
        };
        let status = status?;
        if let (204 | 304, Some((_, body))) = (status, &it.body) {
            return self.fail(NoBodyAllowed {
                status,
                span: body.span,
            });
        }
        let body = match body {
            Some(body) => Some(body?),
            None => None,
        };
        Some(Respond {
            rule,
            status,
            content_type: format.map(|format| content_type(format).to_owned()),
            body,
        })
    }

    /// `respond "hello"`
    fn format_missing<T>(&mut self, text: &Ast) -> Option<T> {
        let help = format!("write `respond text {}`", self.code(text.span));
        self.fail(WrongType {
            expected: "a status".to_owned(),
            found: "a text".to_owned(),
            span: text.span,
            help: Some(help),
        })
    }

    fn response_body(&mut self, format: Format, body: &Ast) -> Option<crate::hir::Expr> {
        match format {
            Format::Text | Format::Bytes => self.text(body),
            Format::Html => self.html(body),
            Format::Json => self.json(body),
        }
    }

    pub(super) fn redirect(
        &mut self,
        status: Option<&Ast>,
        to: &Ast,
        span: Span,
    ) -> Option<StmtKind> {
        let status = match status {
            Some(status) => self.status(status, "`redirect`", (300, 399)),
            None => Some(302),
        };
        let text = self.text(to)?;
        self.check_header_value("location", &text, to.span)?;
        Some(StmtKind::Redirect {
            rule: self.scope.rule,
            status: status?,
            to: text,
            place: self.place(span),
        })
    }

    pub(super) fn status(
        &mut self,
        expr: &Ast,
        what: &'static str,
        (least, most): (i64, i64),
    ) -> Option<u16> {
        let status = self.constant_integer(expr, Base::Int, "a status")?;
        if (least..=most).contains(&status) {
            return u16::try_from(status).ok();
        }
        let range = match least {
            200 => "from 200 to 599",
            300 => "from 300 to 399",
            _ => "from 100 to 599",
        };
        self.fail(BadStatus {
            status,
            what,
            range,
            span: expr.span,
        })
    }
}

fn is_text(expr: &Ast) -> bool {
    matches!(expr.kind, ExprKind::Str(_) | ExprKind::Raw(_))
}

fn content_type(format: Format) -> &'static str {
    match format {
        Format::Text => "text/plain; charset=utf-8",
        Format::Html => "text/html; charset=utf-8",
        Format::Json => "application/json",
        Format::Bytes => "application/octet-stream",
    }
}
