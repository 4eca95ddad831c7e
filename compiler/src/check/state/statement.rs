//! What statements do to what the host remembers.

use super::super::scope::{Place, Reads};
use super::super::statements::{Flow, falls};
use super::super::{Checker, Typed};
use super::limit::{ALLOWED, too_many};
use super::{answer, int, stmt};
use crate::ast::{self, Expr as Ast, Path, StateStmt};
use crate::diagnostics::OutOfRange;
use crate::hir::{Base, Const, DenyRule, Expr, State, StmtKind, Type};
use crate::source::Span;
use edge_abi::output::{Op, state::Purge};

/// What a statement does, and whether it ends in an answer.
type Checked = Option<(Vec<StmtKind>, Flow)>;

impl Checker<'_> {
    /// What a statement does, and whether it ends in an answer.
    pub(in crate::check) fn state_statement(
        &mut self,
        it: &StateStmt,
        span: Span,
    ) -> (Vec<StmtKind>, Flow) {
        let made = match it {
            StateStmt::Limit {
                limit,
                cost,
                otherwise,
            } => self.charge(limit, cost.as_ref(), otherwise.as_ref(), span),
            StateStmt::Put {
                at,
                value,
                ttl,
                otherwise,
            } => {
                let state = self.put(at, value, ttl.as_ref());
                self.write(state, otherwise.as_ref(), span)
            }
            StateStmt::Delete { at, otherwise } => {
                let state = self.delete(at);
                self.write(state, otherwise.as_ref(), span)
            }
            StateStmt::Purge { path, what } => self.purge(*path, what),
            StateStmt::Increment(it) => {
                let state = self.addition(it);
                self.write(state, None, span)
            }
        };
        made.unwrap_or_else(|| (Vec::new(), falls()))
    }

    /// `limit N [cost E] [else { … }]`
    fn charge(
        &mut self,
        path: &Path,
        cost: Option<&Ast>,
        otherwise: Option<&ast::Block>,
        span: Span,
    ) -> Checked {
        let id = self.limit_named(path)?;
        let limit = self.limit(id, path.span)?;
        let Reads { body, response } = limit.reads;
        self.check_reads(body.is_some(), response.is_some(), path.span)?;
        if limit.at_once && self.scope.place != Place::Request {
            return self.misplaced(
                "a limit of requests `at_once`",
                path.span,
                "the request has been let in already: charge it where the request is decided",
            );
        }
        let cost = match cost {
            Some(cost) => self.cost(cost)?,
            None => int(1),
        };
        let state = State {
            op: Op::Limit,
            id: limit.index,
            key: self.copy(&limit.key, path.span)?,
            value: None,
            number: Some(cost),
        };
        let outer = std::mem::replace(&mut self.scope.rule, limit.rule);
        let block = otherwise.map(|block| self.block(block));
        self.scope.rule = outer;
        if self.scope.place != Place::Request {
            if let Some(block) = otherwise {
                return self.misplaced(
                    "`else` behind a limit that only charges",
                    block.span,
                    "there is an answer already: `limit N` charges it, and changes nothing else",
                );
            }
            return Some((vec![StmtKind::Do(state)], falls()));
        }
        if limit.shadow {
            return Some((vec![StmtKind::Do(state)], falls()));
        }
        let (ask, number) = self.ask(state, 1);
        let refused = Expr::Not(Box::new(answer(number, ALLOWED)));
        let then = match block {
            Some((body, _)) => StmtKind::If {
                arms: vec![(refused, body)],
                otherwise: Vec::new(),
            },
            None => {
                let (mut respond, at) = limit.respond.clone().unwrap_or((too_many(), span));
                respond.rule = limit.rule;
                if let Some(body) = &respond.body {
                    respond.body = Some(self.copy(body, span)?);
                }
                StmtKind::Deny(vec![DenyRule {
                    condition: refused,
                    body: vec![stmt(at, StmtKind::Respond(respond))],
                }])
            }
        };
        Some((vec![StmtKind::Ask(ask), then], falls()))
    }

    fn cost(&mut self, cost: &Ast) -> Option<Expr> {
        let value: Typed = self.check(cost)?;
        match self.expect(value, Base::Int, cost.span)? {
            Expr::Const(Const::Int(n, _)) if n < 0 => self.fail(OutOfRange {
                what: "`cost`".to_owned(),
                range: "0, which only looks, or more".to_owned(),
                span: cost.span,
            }),
            cost => Some(cost),
        }
    }

    /// A write: where it says what follows its failure, that is waited for.
    fn write(
        &mut self,
        state: Option<State>,
        otherwise: Option<&ast::Block>,
        span: Span,
    ) -> Checked {
        let block = otherwise.map(|block| self.block(block));
        let state = state?;
        let (Some((body, _)), Some(written)) = (block, otherwise) else {
            return Some((vec![StmtKind::Do(state)], falls()));
        };
        if self.scope.place != Place::Request {
            return self.misplaced(
                "`else` behind a write that nothing waits for",
                written.span,
                "say what becomes of the answer where it is declared: `on_failure error` or `on_failure ignore`",
            );
        }
        let _ = span;
        let (ask, number) = self.ask(state, 1);
        let failed = Expr::Not(Box::new(answer(number, Type::of(Base::Bool))));
        let then = StmtKind::If {
            arms: vec![(failed, body)],
            otherwise: Vec::new(),
        };
        Some((vec![StmtKind::Ask(ask), then], falls()))
    }

    /// `put S[k] = v [ttl D]`
    fn put(&mut self, at: &Ast, value: &Ast, ttl: Option<&Ast>) -> Option<State> {
        let entry = self.store_entry(at);
        let value = self.text(value);
        let ttl = match ttl {
            Some(ttl) => i64::try_from(self.lasting(ttl, "`ttl`")?).unwrap_or(i64::MAX),
            None => 0,
        };
        let (id, key) = entry?;
        let key = self.text(key)?;
        Some(State {
            op: Op::Put,
            id,
            key,
            value: Some(value?),
            number: Some(int(ttl)),
        })
    }

    /// `delete S[k]`
    fn delete(&mut self, at: &Ast) -> Option<State> {
        let (id, key) = self.store_entry(at)?;
        let key = self.text(key)?;
        Some(State {
            op: Op::Delete,
            id,
            key,
            value: None,
            number: None,
        })
    }

    /// `purge tag E, …`, `purge path E`
    fn purge(&mut self, path: bool, what: &[Ast]) -> Checked {
        let kind = if path { Purge::Path } else { Purge::Tag };
        self.hir.purges = true;
        let mut made = Vec::new();
        for expr in what {
            let key = self.text(expr);
            made.extend(key.map(|key| {
                StmtKind::Do(State {
                    op: Op::Purge,
                    id: kind as u32,
                    key,
                    value: None,
                    number: None,
                })
            }));
        }
        Some((made, falls()))
    }
}
