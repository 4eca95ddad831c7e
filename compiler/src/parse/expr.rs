//! Expressions: operands and operators in a row become a tree by precedence.
//!
//! Loosest first: `or`, `and`, `not`, comparisons (which don't chain), `else`, `+ -`, `* / %`. Two stacks, no
//! recursion: only brackets recurse, and the splitter has bounded these.

use crate::ast::{Choose, Expr, ExprKind, Name};
use crate::diagnostics::{BadNumber, OperatorOutOfPlace};
use crate::source::Span;

use super::builder::Builder;
use super::grammar::{Node, Rule, parts};
use super::number;
use super::precedence::{Climb, Operand};

/// How deep an expression's tree may be: chains of `+` make it deep as brackets do.
pub(super) const MOST_DEEP: usize = 256;

/// The digits of the least int, which has no positive counterpart.
const LEAST: &str = "9223372036854775808";

/// An expression and the depth of its tree.
pub(super) struct Built {
    pub(super) expr: Expr,
    pub(super) depth: usize,
}

/// A finished list of expressions and the depth of the deepest.
type BuiltList = (Vec<Expr>, usize);

impl Builder<'_, '_> {
    /// `expr`, `subject`, `value`, `operand`, `simple_operand`, `share`, `path`.
    pub(super) fn expr(&mut self, node: Node<'_>) -> Option<Expr> {
        self.built(node).map(|built| built.expr)
    }

    pub(super) fn exprs<'n>(&mut self, nodes: impl Iterator<Item = Node<'n>>) -> Option<Vec<Expr>> {
        nodes.map(|node| self.expr(node)).collect()
    }

    pub(super) fn built(&mut self, node: Node<'_>) -> Option<Built> {
        match node.as_rule() {
            Rule::expr | Rule::subject | Rule::value => self.row(node),
            Rule::operand | Rule::simple_operand => {
                let mut climb = Climb::default();
                self.operand(&mut climb, node)?;
                climb.finish(self)
            }
            Rule::share => self.built(node.into_inner().next()?),
            _ => self.primary(node),
        }
    }

    /// Operands with operators between them.
    fn row(&mut self, node: Node<'_>) -> Option<Built> {
        let mut climb = Climb::default();
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::operand | Rule::simple_operand => self.operand(&mut climb, part)?,
                Rule::is_test => {
                    let end = self.span(&part);
                    let state = self.name(&parts(part).next()?);
                    climb.is_test(self, state, end)?;
                }
                _ => {
                    let span = self.span(&part);
                    climb.infix(self, part.as_str(), span)?;
                }
            }
        }
        climb.finish(self)
    }

    /// `not … any … -` before, the operand, and what follows it.
    fn operand(&mut self, climb: &mut Climb, node: Node<'_>) -> Option<()> {
        let (mut minus, mut any): (Vec<Span>, Option<Span>) = (Vec::new(), None);
        let mut value: Option<Built> = None;
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::prefix | Rule::minus => {
                    let span = self.span(&part);
                    match part.as_str() {
                        "not" if any.is_none() && minus.is_empty() => climb.not(self, span)?,
                        "any" if any.is_none() && minus.is_empty() => any = Some(span),
                        "-" => minus.push(span),
                        word => return self.out_of_place(word, span),
                    }
                }
                Rule::number if !minus.is_empty() => {
                    let span = minus.pop()?.to(self.span(&part));
                    if part.as_str() == LEAST {
                        value = Some(self.grown(ExprKind::Int(i64::MIN), 0, span)?);
                        continue;
                    }
                    let number = self.number(part.as_str(), span)?;
                    value = Some(self.negated(number)?);
                }
                Rule::field | Rule::index | Rule::call | Rule::cast => {
                    value = Some(self.postfix(value?, part)?);
                }
                _ => value = Some(self.primary(part)?),
            }
        }
        let mut value = value?;
        for span in minus.into_iter().rev() {
            let span = span.to(value.expr.span);
            value = self.grown(ExprKind::Neg(Box::new(value.expr)), value.depth, span)?;
        }
        climb.operand(self, Operand::new(value, any))
    }

    /// A negative literal is one literal.
    fn negated(&mut self, number: Built) -> Option<Built> {
        let (span, depth) = (number.expr.span, number.depth);
        match number.expr.kind {
            ExprKind::Int(n) => self.grown(ExprKind::Int(-n), 0, span),
            ExprKind::Float(x) => self.grown(ExprKind::Float(-x), 0, span),
            kind => self.grown(ExprKind::Neg(Box::new(Expr { span, kind })), depth, span),
        }
    }

    pub(super) fn out_of_place<T>(&mut self, word: &str, span: Span) -> Option<T> {
        let word = word.to_owned();
        self.report(OperatorOutOfPlace { word, span });
        None
    }

    /// A node one deeper than `below`, unless that is too deep.
    pub(super) fn grown(&mut self, kind: ExprKind, below: usize, span: Span) -> Option<Built> {
        if below >= MOST_DEEP {
            self.too_deep(span, MOST_DEEP);
            return None;
        }
        Some(Built {
            expr: Expr { span, kind },
            depth: below + 1,
        })
    }

    pub(super) fn postfix(&mut self, base: Built, node: Node<'_>) -> Option<Built> {
        let span = base.expr.span.to(self.span(&node));
        let rule = node.as_rule();
        let mut inner = parts(node);
        if rule == Rule::call {
            let callee = self.callee(base.expr)?;
            let (arguments, depth) = self.list_of(inner)?;
            return self.grown(ExprKind::Call(callee, arguments), depth, span);
        }
        let part = inner.next()?;
        let depth = base.depth;
        let of = Box::new(base.expr);
        match rule {
            Rule::field => self.grown(ExprKind::Field(of, self.name(&part)), depth, span),
            Rule::cast => {
                let ty = self.type_name(part)?;
                self.grown(ExprKind::As(of, ty), depth, span)
            }
            _ => {
                let at = self.built(part)?;
                self.grown(
                    ExprKind::Index(of, Box::new(at.expr)),
                    depth.max(at.depth),
                    span,
                )
            }
        }
    }

    /// What is called must be a dotted name.
    fn callee(&mut self, expr: Expr) -> Option<crate::ast::Path> {
        let span = expr.span;
        let mut names = Vec::new();
        let mut at = expr;
        loop {
            match at.kind {
                ExprKind::Field(of, name) => {
                    names.push(name);
                    at = *of;
                }
                ExprKind::Name(text) => {
                    names.push(Name {
                        text,
                        span: at.span,
                    });
                    names.reverse();
                    return Some(crate::ast::Path { parts: names, span });
                }
                _ => {
                    self.report(OperatorOutOfPlace {
                        word: "(".to_owned(),
                        span,
                    });
                    return None;
                }
            }
        }
    }

    fn list_of<'n>(&mut self, nodes: impl Iterator<Item = Node<'n>>) -> Option<BuiltList> {
        let (mut list, mut depth) = (Vec::new(), 0);
        for node in nodes {
            let built = self.built(node)?;
            depth = depth.max(built.depth);
            list.push(built.expr);
        }
        Some((list, depth))
    }

    fn primary(&mut self, node: Node<'_>) -> Option<Built> {
        let span = self.span(&node);
        let kind = match node.as_rule() {
            Rule::number => return self.number(node.as_str(), span),
            Rule::str_plain | Rule::str_triple => return self.string(&node),
            Rule::str_raw | Rule::str_hash => ExprKind::Raw(super::strings::raw(node.as_str())),
            Rule::str_time => ExprKind::Time(super::strings::raw(node.as_str())),
            Rule::kw_true => ExprKind::Bool(true),
            Rule::kw_false => ExprKind::Bool(false),
            Rule::kw_null => ExprKind::Null,
            Rule::variable | Rule::name => ExprKind::Name(node.as_str().to_owned()),
            Rule::group => {
                let inner = self.built(parts(node).next()?)?;
                return self.grown(inner.expr.kind, inner.depth, span);
            }
            Rule::path => return self.dotted(node),
            Rule::list => {
                let (list, depth) = self.list_of(parts(node))?;
                return self.grown(ExprKind::List(list), depth, span);
            }
            Rule::object => return self.object(node),
            Rule::choose => return self.choose(node),
            Rule::fetch => ExprKind::Unbuilt("`fetch`"),
            Rule::increment | Rule::list_read => return self.state_read(node),
            _ => return None,
        };
        self.grown(kind, 0, span)
    }

    fn number(&mut self, text: &str, span: Span) -> Option<Built> {
        match number::value(text) {
            Ok(kind) => self.grown(kind, 0, span),
            Err(bad) => {
                self.report(BadNumber {
                    what: bad.what,
                    help: bad.help,
                    span,
                });
                None
            }
        }
    }

    /// A dotted name as an expression.
    fn dotted(&mut self, node: Node<'_>) -> Option<Built> {
        let mut parts = parts(node);
        let mut built = self.primary(parts.next()?)?;
        for part in parts {
            let name = self.name(&part);
            let span = built.expr.span.to(name.span);
            built = self.grown(
                ExprKind::Field(Box::new(built.expr), name),
                built.depth,
                span,
            )?;
        }
        Some(built)
    }

    fn object(&mut self, node: Node<'_>) -> Option<Built> {
        let span = self.span(&node);
        let (mut entries, mut depth) = (Vec::new(), 0);
        for entry in parts(node) {
            let mut inner = parts(entry);
            let key = inner.next()?;
            let key = match key.as_rule() {
                Rule::text => {
                    let text = self.text(key)?;
                    Name {
                        text: text.value,
                        span: text.span,
                    }
                }
                _ => self.name(&key),
            };
            let value = self.built(inner.next()?)?;
            depth = depth.max(value.depth);
            entries.push((key, value.expr));
        }
        self.grown(ExprKind::Object(entries), depth, span)
    }

    fn choose(&mut self, node: Node<'_>) -> Option<Built> {
        let span = self.span(&node);
        let mut depth = 0;
        let mut choose = Choose {
            subject: None,
            arms: Vec::new(),
            otherwise: None,
        };
        for part in parts(node) {
            if part.as_rule() == Rule::subject {
                let subject = self.built(part)?;
                depth = depth.max(subject.depth);
                choose.subject = Some(Box::new(subject.expr));
                continue;
            }
            let arm = self.span(&part);
            let mut inner = parts(part);
            let keys = inner.next()?;
            let (keys, keys_depth) = self.list_of(parts(keys))?;
            let value = self.built(inner.next()?)?;
            depth = depth.max(value.depth).max(keys_depth);
            if choose.otherwise.is_some() {
                return self.out_of_place("otherwise", arm);
            }
            if !keys.is_empty() {
                choose.arms.push((keys, value.expr));
            } else {
                choose.otherwise = Some(Box::new(value.expr));
            }
        }
        self.grown(ExprKind::Choose(choose), depth, span)
    }
}
