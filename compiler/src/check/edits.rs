//! Headers: their names, their values, and which ones belong to the host.

use super::Checker;
use crate::ast::{EditOp, Expr as Ast, ExprKind, HeaderEdit, StrPart};
use crate::diagnostics::{BadHeaderName, BadHeaderValue, HostsHeader};
use crate::hir::{Const, Edit, EditValue, Expr, SecretPart};
use crate::resolve::DeclKind;
use crate::source::Span;

/// Headers that describe one connection, and the host's own. (RFC 9110, section 7.6.1)
const HOSTS: &[&str] = &[
    "connection",
    "content-length",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-edge-rule",
];

/// Which message an edit changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Message {
    /// The answer to the client.
    Answer,
    /// The request to an origin.
    ToOrigin,
}

impl Checker<'_> {
    /// `set`, `add`, `remove` of a header.
    pub(super) fn edit(&mut self, edit: &HeaderEdit, message: Message, span: Span) -> Option<Edit> {
        let name = self.header_name(edit.name.value.as_bytes(), edit.name.span);
        let name = name.and_then(|name| self.editable(name, message, edit.name.span));
        let value = edit.value.as_ref();
        let value = value.map(|value| self.edit_value(&edit.name.value, value, message));
        let value = match value {
            Some(value) => Some(value?),
            None => None,
        };
        debug_assert!(value.is_some() || edit.op == EditOp::Remove);
        Some(Edit {
            op: edit.op,
            name: name?,
            value,
            place: self.place(span),
        })
    }

    /// The name of a header, in lower case.
    pub(super) fn header_name(&mut self, name: &[u8], span: Span) -> Option<String> {
        let text = String::from_utf8_lossy(name).into_owned();
        if is_token(&text) {
            return Some(text.to_ascii_lowercase());
        }
        self.fail(BadHeaderName {
            name: text,
            what: "header",
            span,
        })
    }

    pub(super) fn editable(
        &mut self,
        name: String,
        message: Message,
        span: Span,
    ) -> Option<String> {
        let help = if HOSTS.contains(&name.as_str()) {
            Some("leave it out: the host writes it".to_owned())
        } else if message == Message::Answer && name == "host" {
            Some(
                "answers have none; the one that an origin gets is `host E` in the `proxy` block"
                    .to_owned(),
            )
        } else if message == Message::ToOrigin && name == "host" {
            Some("write `host E` in the `proxy` block".to_owned())
        } else {
            return Some(name);
        };
        self.fail(HostsHeader { name, span, help })
    }

    fn edit_value(&mut self, name: &str, value: &Ast, message: Message) -> Option<EditValue> {
        if message == Message::ToOrigin
            && let Some(parts) = self.secret_parts(value)
        {
            return parts.map(EditValue::WithSecrets);
        }
        let text = self.text(value)?;
        self.check_header_value(name, &text, value.span)?;
        Some(EditValue::Text(text))
    }

    /// The parts of a value that holds secrets; the outer `None` when it holds none.
    fn secret_parts(&mut self, value: &Ast) -> Option<Option<Vec<SecretPart>>> {
        let whole = [StrPart::Expr(value.clone())];
        let parts: &[StrPart] = match &value.kind {
            ExprKind::Str(parts) => parts,
            ExprKind::Name(_) | ExprKind::Field(..) => &whole,
            _ => return None,
        };
        let secret = |part: &StrPart| match part {
            StrPart::Expr(expr) => self.secret_named(&expr.kind),
            StrPart::Text(_) => None,
        };
        let secrets: Vec<Option<u32>> = parts.iter().map(secret).collect();
        if secrets.iter().all(Option::is_none) {
            return None;
        }
        let mut made = Some(Vec::new());
        for (part, secret) in parts.iter().zip(secrets) {
            let part = match (secret, part) {
                (Some(secret), _) => Some(SecretPart::Secret(secret)),
                (None, StrPart::Text(text)) => {
                    let text = Expr::Const(Const::Bytes(text.clone().into_bytes()));
                    self.check_header_value("the header", &text, value.span)
                        .map(|()| SecretPart::Text(text))
                }
                (None, StrPart::Expr(expr)) => self.text(expr).map(SecretPart::Text),
            };
            match (part, &mut made) {
                (Some(part), Some(made)) => made.push(part),
                _ => made = None,
            }
        }
        Some(made)
    }

    fn secret_named(&self, kind: &ExprKind) -> Option<u32> {
        let decl = match kind {
            ExprKind::Name(name) if self.scope.local(name).is_none() => {
                self.declared(self.scope.unit, name)?
            }
            ExprKind::Field(owner, name) => {
                let ExprKind::Name(owner) = &owner.kind else {
                    return None;
                };
                let DeclKind::Unit(Some(unit)) = self.declared(self.scope.unit, owner)?.kind else {
                    return None;
                };
                self.declared(unit, &name.text)?
            }
            _ => return None,
        };
        (decl.kind == DeclKind::Secret)
            .then(|| self.index.get(&decl.id).copied())
            .flatten()
    }

    /// Constant parts of a value must be allowed in a header; the rest is looked at when it runs.
    pub(super) fn check_header_value(
        &mut self,
        name: &str,
        value: &Expr,
        span: Span,
    ) -> Option<()> {
        let parts = match value {
            Expr::Concat(parts) => parts.as_slice(),
            one => std::slice::from_ref(one),
        };
        for part in parts {
            let Expr::Const(Const::Bytes(bytes)) = part else {
                continue;
            };
            let why = match bytes.iter().find(|byte| is_forbidden(**byte)) {
                None => continue,
                Some(0) => "a NUL",
                Some(b'\r' | b'\n') => "a line break",
                Some(_) => "a control character",
            };
            return self.fail(BadHeaderValue {
                name: name.to_owned(),
                why,
                span,
            });
        }
        Some(())
    }
}

/// Whether a byte can't be in a header's value: all controls but the tab (RFC 9110, section 5.5).
pub(super) fn is_forbidden(byte: u8) -> bool {
    matches!(byte, 0..=8 | 10..=31 | 127)
}

/// Whether a text is a token (RFC 9110, section 5.6.2).
pub(super) fn is_token(text: &str) -> bool {
    let mark = |byte: u8| b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty()
        && text.len() <= 256
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || mark(byte))
}
