//! Statements.

use crate::ast::{Block, EditOp, Format, HeaderEdit, Respond, Stmt, StmtKind};

use super::builder::Builder;
use super::grammar::{Node, Rule, parts};

impl Builder<'_, '_> {
    /// `{ … }`
    pub(super) fn block(&mut self, node: Node<'_>) -> Option<Block> {
        let span = self.span(&node);
        let statements = parts(node)
            .map(|statement| self.statement(statement))
            .collect::<Option<_>>()?;
        Some(Block { statements, span })
    }

    fn statement(&mut self, node: Node<'_>) -> Option<Stmt> {
        let span = self.span(&node);
        let node = node.into_inner().next()?;
        let kind = match node.as_rule() {
            Rule::let_stmt => self.let_stmt(node)?,
            Rule::if_stmt => self.if_stmt(node)?,
            Rule::require => self.require(node)?,
            Rule::run_waf => StmtKind::Waf(self.path(parts(node).next()?)),
            Rule::header_edit => StmtKind::Header(self.header_edit(node)?),
            Rule::log_stmt => StmtKind::Log(self.expr(parts(node).next()?)?),
            Rule::respond => StmtKind::Respond(self.respond(node)?),
            Rule::redirect => self.redirect(node)?,
            Rule::proxy => StmtKind::Proxy(self.proxy(node)?),
            Rule::on_response => StmtKind::OnResponse(self.handler(node)?),
            Rule::run_limit | Rule::put | Rule::delete | Rule::purge | Rule::increment => {
                StmtKind::State(self.state_stmt(node)?)
            }
            rule => StmtKind::Unbuilt(unbuilt(rule)?),
        };
        Some(Stmt { span, kind })
    }

    /// `let x = E`, `let x = E else { … }`
    fn let_stmt(&mut self, node: Node<'_>) -> Option<StmtKind> {
        let mut inner = parts(node);
        let name = self.name(&inner.next()?);
        let value = self.expr(inner.next()?)?;
        let otherwise = match inner.next() {
            Some(block) => Some(self.block(block)?),
            None => None,
        };
        Some(StmtKind::Let {
            name,
            value,
            otherwise,
        })
    }

    /// `if C { } else if C { } else { }`
    fn if_stmt(&mut self, node: Node<'_>) -> Option<StmtKind> {
        let (mut arms, mut otherwise, mut condition) = (Vec::new(), None, None);
        for part in parts(node) {
            if part.as_rule() == Rule::block {
                let block = self.block(part)?;
                match condition.take() {
                    Some(condition) => arms.push((condition, block)),
                    None => otherwise = Some(block),
                }
            } else {
                condition = Some(self.expr(part)?);
            }
        }
        Some(StmtKind::If { arms, otherwise })
    }

    /// `require C else { … }`
    fn require(&mut self, node: Node<'_>) -> Option<StmtKind> {
        let mut inner = parts(node);
        let condition = self.expr(inner.next()?)?;
        let otherwise = self.block(inner.next()?)?;
        Some(StmtKind::Require {
            condition,
            otherwise,
        })
    }

    /// `set`, `add`, `remove` of a header, of the answer or towards an origin.
    pub(super) fn header_edit(&mut self, node: Node<'_>) -> Option<HeaderEdit> {
        let mut op = EditOp::Set;
        let (mut name, mut value) = (None, None);
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::kw_add => op = EditOp::Add,
                Rule::kw_remove => op = EditOp::Remove,
                Rule::text => name = Some(self.text(part)?),
                Rule::expr => value = Some(self.expr(part)?),
                _ => {}
            }
        }
        Some(HeaderEdit {
            op,
            name: name?,
            value,
        })
    }

    /// `respond [STATUS] [FORMAT E]`
    pub(super) fn respond(&mut self, node: Node<'_>) -> Option<Respond> {
        let span = self.span(&node);
        let (mut status, mut body) = (None, None);
        for part in parts(node) {
            match part.as_rule() {
                Rule::respond_status => status = Some(self.expr(parts(part).next()?)?),
                _ => body = Some(self.respond_body(part)?),
            }
        }
        Some(Respond { status, body, span })
    }

    fn respond_body(&mut self, node: Node<'_>) -> Option<(Format, crate::ast::Expr)> {
        let mut format = Format::Json;
        for part in parts(node) {
            match (part.as_rule(), part.as_str()) {
                (Rule::format, "text") => format = Format::Text,
                (Rule::format, "html") => format = Format::Html,
                (Rule::format, "bytes") => format = Format::Bytes,
                (Rule::format, _) => {}
                _ => return Some((format, self.expr(part)?)),
            }
        }
        None
    }

    /// `redirect [STATUS] E`
    fn redirect(&mut self, node: Node<'_>) -> Option<StmtKind> {
        let mut status = None;
        for part in parts(node) {
            if part.as_rule() == Rule::redirect_status {
                status = Some(self.expr(part.into_inner().next()?)?);
            } else {
                let to = self.expr(part)?;
                return Some(StmtKind::Redirect { status, to });
            }
        }
        None
    }
}

/// The words that name a statement that is not built yet.
fn unbuilt(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::if_let => "`if let`",
        Rule::set_cookie => "`set response.cookie`",
        Rule::run_auth => "`auth` statements",
        Rule::count => "`count`",
        Rule::gather => "`gather`",
        Rule::mirror => "`mirror`",
        Rule::replace => "`replace response.body`",
        Rule::insert => "`insert`",
        _ => return None,
    })
}
