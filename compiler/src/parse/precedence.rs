//! Operators between operands: a tree by precedence, with two stacks.

use crate::ast::{ArithOp, Compare, CompareOp, Expr, ExprKind, Name};
use crate::diagnostics::ChainedComparison;
use crate::source::Span;

use super::builder::Builder;
use super::expr::Built;

/// How tightly an operator binds, loosest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Or,
    And,
    Not,
    Compare,
    Else,
    Sum,
    Product,
}

#[derive(Debug, Clone, Copy)]
enum Operator {
    Or,
    And,
    Not,
    Compare(CompareOp),
    Else,
    Arith(ArithOp),
}

impl Operator {
    fn level(self) -> Level {
        match self {
            Operator::Or => Level::Or,
            Operator::And => Level::And,
            Operator::Not => Level::Not,
            Operator::Compare(_) => Level::Compare,
            Operator::Else => Level::Else,
            Operator::Arith(ArithOp::Add | ArithOp::Sub) => Level::Sum,
            Operator::Arith(_) => Level::Product,
        }
    }

    fn of(word: &str) -> Option<Operator> {
        Some(match word {
            "or" => Operator::Or,
            "and" => Operator::And,
            "else" => Operator::Else,
            "+" => Operator::Arith(ArithOp::Add),
            "-" => Operator::Arith(ArithOp::Sub),
            "*" => Operator::Arith(ArithOp::Mul),
            "/" => Operator::Arith(ArithOp::Div),
            "%" => Operator::Arith(ArithOp::Rem),
            _ => Operator::Compare(compare_op(word)?),
        })
    }
}

/// The comparison of a sign or word.
pub(super) fn compare_op(word: &str) -> Option<CompareOp> {
    Some(match word {
        "==" => CompareOp::Eq,
        "!=" => CompareOp::Ne,
        "<" => CompareOp::Lt,
        "<=" => CompareOp::Le,
        ">" => CompareOp::Gt,
        ">=" => CompareOp::Ge,
        "in" => CompareOp::In,
        "matches" => CompareOp::Matches,
        "contains" => CompareOp::Contains,
        "starts_with" => CompareOp::StartsWith,
        "ends_with" => CompareOp::EndsWith,
        _ => return None,
    })
}

/// A value on the stack.
pub(super) struct Operand {
    built: Built,
    /// Where the `any` before it stands, until a comparison takes it.
    any: Option<Span>,
    /// The operator that made it in this row, if one did: `and` goes on an `and`.
    made_by: Option<Level>,
}

impl Operand {
    pub(super) fn new(built: Built, any: Option<Span>) -> Self {
        Operand {
            built,
            any,
            made_by: None,
        }
    }

    fn span(&self) -> Span {
        self.built.expr.span
    }
}

/// The two stacks.
#[derive(Default)]
pub(super) struct Climb {
    values: Vec<Operand>,
    operators: Vec<(Operator, Span)>,
}

type Ctx<'a, 't, 'p> = &'a mut Builder<'t, 'p>;

impl Climb {
    fn top(&self) -> Option<Level> {
        self.operators.last().map(|(op, _)| op.level())
    }

    /// `not` before an operand: legal at the start, and after `or`, `and`, `not`.
    pub(super) fn not(&mut self, b: Ctx<'_, '_, '_>, span: Span) -> Option<()> {
        if self.top().is_some_and(|level| level > Level::Not) {
            return b.out_of_place("not", span);
        }
        self.operators.push((Operator::Not, span));
        Some(())
    }

    /// An operand; `any` only where a side of a comparison begins.
    pub(super) fn operand(&mut self, b: Ctx<'_, '_, '_>, operand: Operand) -> Option<()> {
        if let (Some(any), true) = (operand.any, self.top().is_some_and(|l| l > Level::Compare)) {
            return b.out_of_place("any", any);
        }
        self.values.push(operand);
        Some(())
    }

    /// An operator after an operand.
    pub(super) fn infix(&mut self, b: Ctx<'_, '_, '_>, word: &str, span: Span) -> Option<()> {
        let operator = Operator::of(word)?;
        self.reduce(b, operator.level(), span)?;
        self.operators.push((operator, span));
        Some(())
    }

    /// `is present`, `is absent`, `is arm`: a comparison whose right side is a word.
    pub(super) fn is_test(&mut self, b: Ctx<'_, '_, '_>, state: Name, end: Span) -> Option<()> {
        self.reduce(b, Level::Compare, end)?;
        let operand = self.values.pop()?;
        if let Some(any) = operand.any {
            return b.out_of_place("any", any);
        }
        let span = operand.span().to(end);
        let (of, depth) = (Box::new(operand.built.expr), operand.built.depth);
        let kind = match state.text.as_str() {
            "present" => ExprKind::IsPresent(of, true),
            "absent" => ExprKind::IsPresent(of, false),
            _ => ExprKind::IsArm(of, state),
        };
        let built = b.grown(kind, depth, span)?;
        self.values.push(Operand {
            built,
            any: None,
            made_by: Some(Level::Compare),
        });
        Some(())
    }

    /// Applies the operators that bind at least as tightly as what comes next.
    fn reduce(&mut self, b: Ctx<'_, '_, '_>, next: Level, span: Span) -> Option<()> {
        while self.top().is_some_and(|level| level >= next) {
            self.apply(b)?;
        }
        let made_by = self.values.last().and_then(|value| value.made_by);
        if next == Level::Compare && made_by == Some(Level::Compare) {
            b.report(ChainedComparison { span });
            return None;
        }
        Some(())
    }

    fn apply(&mut self, b: Ctx<'_, '_, '_>) -> Option<()> {
        let (operator, op_span) = self.operators.pop()?;
        let right = self.values.pop()?;
        let result = match operator {
            Operator::Not => not(b, right, op_span)?,
            _ => {
                let left = self.values.pop()?;
                binary(b, operator, op_span, left, right)?
            }
        };
        self.values.push(result);
        Some(())
    }

    /// The tree of the whole row.
    pub(super) fn finish(mut self, b: Ctx<'_, '_, '_>) -> Option<Built> {
        while !self.operators.is_empty() {
            self.apply(b)?;
        }
        let value = self.values.pop()?;
        match value.any {
            Some(any) => b.out_of_place("any", any),
            None => Some(value.built),
        }
    }
}

fn not(b: Ctx<'_, '_, '_>, right: Operand, op_span: Span) -> Option<Operand> {
    if let Some(any) = right.any {
        return b.out_of_place("any", any);
    }
    let span = op_span.to(right.span());
    let kind = ExprKind::Not(Box::new(right.built.expr));
    Some(Operand {
        built: b.grown(kind, right.built.depth, span)?,
        any: None,
        made_by: Some(Level::Not),
    })
}

fn binary(
    b: Ctx<'_, '_, '_>,
    op: Operator,
    op_span: Span,
    left: Operand,
    right: Operand,
) -> Option<Operand> {
    let level = op.level();
    // `any` covers a whole side of a comparison: arithmetic and `else` hand it on.
    let any = match (op, level > Level::Compare) {
        (Operator::Compare(_), _) => None,
        (_, true) => left.any,
        (_, false) => match left.any.or(right.any) {
            Some(any) => return b.out_of_place("any", any),
            None => None,
        },
    };
    let span = left.span().to(right.span());
    let goes_on = left.made_by == Some(level);
    let (any_left, any_right) = (left.any.is_some(), right.any.is_some());
    let (left, right) = (left.built, right.built);
    let below = left.depth.max(right.depth);
    let built = match op {
        Operator::Or | Operator::And | Operator::Else => {
            flat(b, level, goes_on, left, right, span)?
        }
        Operator::Arith(op) => {
            let kind = ExprKind::Arith(op, Box::new(left.expr), Box::new(right.expr));
            b.grown(kind, below, span)?
        }
        Operator::Compare(op) => {
            let compare = Compare {
                op,
                op_span,
                any_left,
                left: Box::new(left.expr),
                any_right,
                right: Box::new(right.expr),
            };
            b.grown(ExprKind::Compare(compare), below, span)?
        }
        Operator::Not => return None,
    };
    Some(Operand {
        built,
        any,
        made_by: Some(level),
    })
}

/// `and`, `or` and `else` make one list, however long the row is.
fn flat(
    b: Ctx<'_, '_, '_>,
    level: Level,
    goes_on: bool,
    left: Built,
    right: Built,
    span: Span,
) -> Option<Built> {
    let mut depth = left.depth.max(right.depth);
    let list = match (goes_on, left.expr.kind) {
        (true, ExprKind::Or(mut list) | ExprKind::And(mut list) | ExprKind::Else(mut list)) => {
            depth = (left.depth - 1).max(right.depth);
            list.push(right.expr);
            list
        }
        (_, kind) => vec![
            Expr {
                span: left.expr.span,
                kind,
            },
            right.expr,
        ],
    };
    let kind = match level {
        Level::Or => ExprKind::Or(list),
        Level::And => ExprKind::And(list),
        _ => ExprKind::Else(list),
    };
    b.grown(kind, depth, span)
}
