//! Bounds on what a policy may stand for.

use super::Checker;
use crate::diagnostics::{ExpandsTooFar, TooManyEdits};
use crate::hir::{Block, Expr, Stmt, StmtKind};
use crate::source::Span;

/// Most expressions that copies may come to.
pub(super) const MOST_COPIED: usize = 1_000_000;
/// Most changes of one message's headers.
const MOST_EDITS: usize = 64;

/// What was used up so far.
#[derive(Debug, Default)]
pub(super) struct Spent {
    pub(super) inlined: usize,
    pub(super) copied: usize,
    pub(super) statements: usize,
    /// How deep the checker is, through all declarations being checked.
    pub(super) depth: usize,
    /// Whether that was too deep, and reported.
    pub(super) too_deep: bool,
}

impl Checker<'_> {
    /// A copy of an expression that is needed twice. Copies in copies multiply, so they are counted.
    pub(super) fn copy(&mut self, expr: &Expr, span: Span) -> Option<Expr> {
        self.spend(expr.size(), span)?;
        Some(expr.clone())
    }

    /// Counts what is copied.
    pub(super) fn spend(&mut self, count: usize, span: Span) -> Option<()> {
        let before = self.spent.copied;
        self.spent.copied = before.saturating_add(count);
        if self.spent.copied <= MOST_COPIED {
            return Some(());
        }
        if before > MOST_COPIED {
            return None;
        }
        self.fail(ExpandsTooFar {
            limit: MOST_COPIED,
            span,
        })
    }

    /// Checks the bounds that need the whole policy.
    pub(super) fn check_limits(&mut self) {
        let shared = edits(&self.hir.on_request)
            + self
                .hir
                .on_response
                .iter()
                .map(|it| edits(&it.body))
                .sum::<usize>();
        let mut paths = Vec::new();
        for route in &self.hir.routes {
            let own: usize = route.on_response.iter().map(|it| edits(&it.body)).sum();
            paths.push((Some(route.rule), shared + own + edits(&route.body)));
        }
        let default = edits(&self.hir.default);
        let error = self.hir.on_error.as_deref().map_or(0, edits);
        paths.push((None, shared + default.max(error)));
        for (rule, count) in paths {
            if count <= MOST_EDITS {
                continue;
            }
            let rule = rule.and_then(|rule| self.hir.rules.get(rule.0 as usize));
            let what =
                rule.map_or_else(|| "an answer".to_owned(), |rule| format!("`{}`", rule.name));
            let span = rule
                .map(|rule| rule.span)
                .or(self.hir.default.first().map(|it| it.span));
            self.problems.push(TooManyEdits {
                what,
                count,
                span: span.unwrap_or_default(),
            });
        }
        let mut proxies = Vec::new();
        let routes = self.hir.routes.iter().map(|route| &route.body);
        for block in routes.chain([&self.hir.default, &self.hir.on_request]) {
            crowded(block, &mut proxies);
        }
        for (count, span) in proxies {
            self.problems.push(TooManyEdits {
                what: "this request".to_owned(),
                count,
                span,
            });
        }
    }
}

/// The most edits of the answer on any way through a block.
fn edits(block: &[Stmt]) -> usize {
    let of = |stmt: &Stmt| match &stmt.kind {
        StmtKind::Edit(_) => 1,
        StmtKind::If { arms, otherwise } => {
            let arms = arms.iter().map(|(_, block)| edits(block));
            arms.max().unwrap_or(0).max(edits(otherwise))
        }
        StmtKind::Deny(rules) => rules
            .iter()
            .map(|rule| edits(&rule.body))
            .max()
            .unwrap_or(0),
        StmtKind::LetElse(_, block) => edits(block),
        StmtKind::Hits(hits) => edits(&hits.then),
        _ => 0,
    };
    block.iter().map(of).sum()
}

/// `proxy` statements that change too many headers.
fn crowded(block: &Block, found: &mut Vec<(usize, Span)>) {
    for stmt in block {
        match &stmt.kind {
            StmtKind::Proxy(proxy) if proxy.edits.len() > MOST_EDITS => {
                found.push((proxy.edits.len(), stmt.span));
            }
            StmtKind::If { arms, otherwise } => {
                arms.iter().for_each(|(_, block)| crowded(block, found));
                crowded(otherwise, found);
            }
            StmtKind::Deny(rules) => rules.iter().for_each(|rule| crowded(&rule.body, found)),
            StmtKind::LetElse(_, block) => crowded(block, found),
            StmtKind::Hits(hits) => crowded(&hits.then, found),
            _ => {}
        }
    }
}
