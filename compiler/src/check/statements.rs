//! Blocks: what runs, in which order, and whether it ends in an answer.

use super::condition::common;
use super::edits::Message;
use super::scope::{Place, Proven};
use super::{Checker, Typed};
use crate::ast::{self, Expr as Ast, StmtKind as Written};
use crate::diagnostics::{
    AlwaysPresent, NestedTooDeep, NeverReached, NoTerminal, NotInBlock, TooManyStatements,
};
use crate::hir::{Block, DenyRule, Expr, LetId, Stmt, StmtKind, Type};
use crate::source::Span;
use edge_abi::manifest::RuleKind;
use miette::LabeledSpan;

/// Most statements of a policy.
const MOST_STATEMENTS: usize = 100_000;
/// How deep blocks nest.
const DEPTH: usize = 64;

/// Whether a block ends in an answer.
#[derive(Debug)]
pub(super) enum Flow {
    /// It does: with this terminal.
    Ends(Span),
    /// It can run to its end: the way that leads there.
    Falls(Vec<LabeledSpan>),
}

/// A statement, or nothing where it says nothing by itself, and whether it ends in an answer.
type Checked = (Option<StmtKind>, Flow);

impl Checker<'_> {
    /// A block whose names and proofs end with it.
    pub(super) fn block(&mut self, block: &ast::Block) -> (Block, Flow) {
        if self.scope.blocks >= DEPTH {
            self.problems.push(NestedTooDeep {
                limit: DEPTH,
                span: block.span,
            });
            return (Block::new(), Flow::Ends(block.span));
        }
        let mark = self.scope.mark();
        self.scope.blocks += 1;
        let found = self.open_block(block);
        self.scope.blocks -= 1;
        self.scope.reset(mark);
        found
    }

    /// A block that must end in an answer.
    pub(super) fn answering(&mut self, block: &ast::Block, what: &str) -> Block {
        let (made, flow) = self.block(block);
        self.must_end(flow, block, what);
        made
    }

    fn must_end(&mut self, flow: Flow, block: &ast::Block, what: &str) {
        if let Flow::Falls(way) = flow {
            self.problems.push(NoTerminal {
                what: what.to_owned(),
                span: last_byte(block.span),
                way,
            });
        }
    }

    fn open_block(&mut self, block: &ast::Block) -> (Block, Flow) {
        let mut made = Block::new();
        let mut terminal: Option<Span> = None;
        let mut reported = false;
        let mut way = Vec::new();
        for stmt in &block.statements {
            if let (Some(terminal), false) = (terminal, reported) {
                reported = true;
                self.problems.push(NeverReached {
                    span: stmt.span,
                    terminal: Some(terminal),
                });
            }
            self.count_statement(stmt.span);
            let around = std::mem::take(&mut self.scope.asked);
            let (kinds, flow) = match &stmt.kind {
                Written::Waf(path) if self.may_stand_here(stmt) => {
                    (self.waf_statement(path), falls())
                }
                Written::Waf(_) => (Vec::new(), falls()),
                Written::State(it) => self.state_statement(it, stmt.span),
                _ => {
                    let (kind, flow) = self.statement(stmt);
                    (Vec::from_iter(kind), flow)
                }
            };
            let asked = std::mem::replace(&mut self.scope.asked, around);
            let asked = asked.into_iter().map(|(_, ask)| StmtKind::Ask(ask));
            made.extend(asked.chain(kinds).map(|kind| Stmt {
                span: stmt.span,
                kind,
            }));
            match flow {
                Flow::Ends(span) => {
                    terminal.get_or_insert(span);
                }
                Flow::Falls(labels) => way.extend(labels),
            }
        }
        match terminal {
            Some(span) => (made, Flow::Ends(span)),
            None => (made, Flow::Falls(way)),
        }
    }

    fn count_statement(&mut self, span: Span) {
        self.spent.statements += 1;
        if self.spent.statements == MOST_STATEMENTS + 1 {
            self.problems.push(TooManyStatements {
                limit: MOST_STATEMENTS,
                span,
            });
        }
    }

    fn statement(&mut self, stmt: &ast::Stmt) -> Checked {
        if !self.may_stand_here(stmt) {
            let flow = match &stmt.kind {
                Written::Proxy(_) => Flow::Ends(stmt.span),
                _ => falls(),
            };
            return (None, flow);
        }
        let span = stmt.span;
        match &stmt.kind {
            Written::Let {
                name,
                value,
                otherwise,
            } => self.let_statement(name, value, otherwise.as_ref()),
            Written::If { arms, otherwise } => self.if_statement(arms, otherwise.as_ref()),
            Written::Require {
                condition,
                otherwise,
            } => self.require(condition, otherwise, span),
            // One may be several.
            Written::Waf(_) | Written::State(_) => (None, falls()),
            Written::Header(edit) => {
                let edit = self.edit(edit, Message::Answer, span);
                (edit.map(StmtKind::Edit), falls())
            }
            Written::Log(text) => {
                let text = self.text(text);
                let place = self.place(span);
                (text.map(|text| StmtKind::Log { text, place }), falls())
            }
            Written::Respond(it) => {
                let rule = self.scope.rule;
                let made = self.respond(it, rule).map(StmtKind::Respond);
                (made, Flow::Ends(span))
            }
            Written::Redirect { status, to } => {
                (self.redirect(status.as_ref(), to, span), Flow::Ends(span))
            }
            Written::Proxy(it) => {
                let made = self.proxy(it, span);
                (
                    made.map(|it| StmtKind::Proxy(Box::new(it))),
                    Flow::Ends(span),
                )
            }
            Written::OnResponse(handler) => {
                self.route_handler(handler, span);
                (None, falls())
            }
            Written::Unbuilt(what) => {
                self.unsupported::<()>(what, span);
                (None, falls())
            }
        }
    }

    /// Reports a statement that its block can't hold.
    fn may_stand_here(&mut self, stmt: &ast::Stmt) -> bool {
        let (what, help) = match (&stmt.kind, self.scope.place) {
            (Written::Proxy(_), Place::Response) => {
                ("proxy", "there is an answer already; `respond` replaces it")
            }
            (Written::Proxy(_), Place::Error) => (
                "proxy",
                "name another target before it fails: `fallback`, in the `proxy` block",
            ),
            (Written::Waf(_), Place::Error) => (
                "waf",
                "requests are judged in `on request` or in a route, answers in `on response`",
            ),
            (Written::Require { .. }, Place::Response | Place::Error) => {
                ("require", "write `if not … { … }`")
            }
            (Written::OnResponse(_), _) if !(self.scope.in_route && self.scope.blocks == 1) => (
                "on response",
                "it stands at the top of a route or of the file; write `on response when …`",
            ),
            _ => return true,
        };
        let block = match self.scope.place {
            Place::Request => "this block",
            place => place.noun(),
        };
        self.problems.push(NotInBlock {
            what: what.to_owned(),
            block,
            span: stmt.span,
            help: Some(help.to_owned()),
        });
        false
    }

    fn let_statement(
        &mut self,
        name: &ast::Name,
        value: &Ast,
        otherwise: Option<&ast::Block>,
    ) -> Checked {
        let found = self
            .check(value)
            .and_then(|found| self.value(found, value.span));
        let Some(block) = otherwise else {
            let made = found.map(|found| self.let_value(&name.text, found));
            self.name_local(name, made);
            return (None, falls());
        };
        if let Some(found) = &found
            && !found.ty.optional
            && !matches!(found.expr, Expr::Narrowed(_))
        {
            let what = self.quote(value.span);
            self.problems.push(AlwaysPresent {
                what,
                span: value.span,
                help: Some("the block behind `else` would never run: leave it out".to_owned()),
            });
        }
        let block = self.answering(block, "the block behind `else`");
        let made = found.map(|found| {
            let proven: Proven = super::facts::key(&found).into_iter().collect();
            self.scope.prove(&proven);
            let present = Type::of(found.ty.base);
            let id = self.new_let(&name.text, found);
            if let Some(made) = self.hir.lets.get_mut(id.0 as usize) {
                made.ty = present;
            }
            (id, present)
        });
        let value = made.map(|(id, ty)| Typed {
            expr: Expr::Let(id, ty),
            ty,
        });
        self.name_local(name, value);
        (made.map(|(id, _)| StmtKind::LetElse(id, block)), falls())
    }

    /// A constant stands for itself; anything else is evaluated once.
    fn let_value(&mut self, name: &str, found: Typed) -> Typed {
        if matches!(found.expr, Expr::Const(_)) {
            return found;
        }
        let ty = found.ty;
        let id: LetId = self.new_let(name, found);
        Typed {
            expr: Expr::Let(id, ty),
            ty,
        }
    }

    fn if_statement(
        &mut self,
        arms: &[(Ast, ast::Block)],
        otherwise: Option<&ast::Block>,
    ) -> Checked {
        let mark = self.scope.mark();
        let mut made = Some(Vec::new());
        let mut way = Vec::new();
        let mut last_end = None;
        let mut falls_through = false;
        // What is proved on each way that goes on behind the `if`, and what the conditions so far
        // proved by not holding.
        let mut after: Option<Proven> = None;
        let mut no = Proven::new();
        for (n, (condition, block)) in arms.iter().enumerate() {
            let checked = match n {
                0 => self.condition(condition),
                _ => self.sometimes(|checker| checker.condition(condition)),
            };
            let yes = checked
                .as_ref()
                .map(|it| it.yes.clone())
                .unwrap_or_default();
            let (body, flow) = self.branch(&yes, |checker| checker.block(block));
            match flow {
                Flow::Ends(span) => last_end = Some(span),
                Flow::Falls(inner) => {
                    if !falls_through {
                        way = step(condition.span, "where this holds", inner);
                    }
                    falls_through = true;
                    after = Some(common(after, &no, &yes));
                }
            }
            if let Some(checked) = checked {
                self.scope.prove(&checked.no);
                no.extend(checked.no);
                if let Some(made) = &mut made {
                    made.push((checked.expr, body));
                }
            } else {
                made = None;
            }
        }
        let (last, flow) = match otherwise {
            Some(block) => self.block(block),
            None => (Block::new(), falls()),
        };
        self.scope.reset(mark);
        match flow {
            Flow::Ends(span) => last_end = Some(span),
            Flow::Falls(inner) => {
                if !falls_through && let Some((condition, _)) = arms.last() {
                    way = step(condition.span, "where this does not hold", inner);
                }
                falls_through = true;
                after = Some(common(after, &no, &Proven::new()));
            }
        }
        self.scope.prove(&after.unwrap_or_default());
        let flow = match (falls_through, last_end) {
            (false, Some(span)) => Flow::Ends(span),
            _ => Flow::Falls(way),
        };
        let made = made.map(|arms| StmtKind::If {
            arms,
            otherwise: last,
        });
        (made, flow)
    }

    /// `require C else { … }`: what is proved by `C` holds from here on.
    fn require(&mut self, condition: &Ast, otherwise: &ast::Block, span: Span) -> Checked {
        let checked = self.condition(condition);
        let name = format!("{}.require", self.scope.name);
        let rule = self.rule(&name, RuleKind::Deny, span);
        let outer = std::mem::replace(&mut self.scope.rule, rule);
        let no = checked.as_ref().map(|it| it.no.clone()).unwrap_or_default();
        let body = self.branch(&no, |checker| {
            checker.answering(otherwise, "the block behind `else`")
        });
        self.scope.rule = outer;
        let Some(checked) = checked else {
            return (None, falls());
        };
        self.scope.prove(&checked.yes);
        let deny = DenyRule {
            condition: Expr::Not(Box::new(checked.expr)),
            body,
        };
        (Some(StmtKind::Deny(vec![deny])), falls())
    }
}

pub(super) fn falls() -> Flow {
    Flow::Falls(Vec::new())
}

/// One more step of the way to a block's end.
fn step(span: Span, words: &str, rest: Vec<LabeledSpan>) -> Vec<LabeledSpan> {
    let label = LabeledSpan::new_with_span(Some(words.to_owned()), span);
    std::iter::once(label).chain(rest).collect()
}

/// The closing brace of a block.
fn last_byte(span: Span) -> Span {
    Span {
        start: span.end.saturating_sub(1).max(span.start),
        ..span
    }
}
