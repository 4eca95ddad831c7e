//! Conditions, and what they prove: where a condition holds (or doesn't), some values are there.

use super::facts::key;
use super::scope::Proven;
use super::{Checker, Typed};
use crate::ast::{Expr as Ast, ExprKind, Name};
use crate::diagnostics::{AlwaysPresent, UnknownName};
use crate::hir::{Base, Expr, Type};
use crate::resolve::suggest;
use crate::source::Span;

/// A condition, what is present where it holds, and where it does not.
#[derive(Debug)]
pub(super) struct Condition {
    pub(super) expr: Expr,
    pub(super) yes: Proven,
    pub(super) no: Proven,
}

impl Condition {
    pub(super) fn plain(expr: Expr) -> Condition {
        Condition {
            expr,
            yes: Proven::new(),
            no: Proven::new(),
        }
    }
}

impl Checker<'_> {
    /// A condition: true or false, never absent.
    pub(super) fn condition(&mut self, expr: &Ast) -> Option<Condition> {
        self.nested(expr.span, |checker| checker.check_condition(expr))
    }

    fn check_condition(&mut self, expr: &Ast) -> Option<Condition> {
        match &expr.kind {
            ExprKind::Not(operand) => self.negation(operand),
            ExprKind::And(operands) => self.conjunction(operands),
            ExprKind::Or(operands) => self.disjunction(operands),
            ExprKind::Compare(compare) => self.compare(compare),
            ExprKind::IsPresent(operand, present) => self.presence(operand, *present),
            ExprKind::IsArm(operand, arm) => self.is_arm(operand, arm),
            _ => {
                let value = self.check(expr)?;
                if value.ty.base != Base::Bool {
                    let help = (value.ty.optional).then(|| {
                        format!(
                            "ask whether it is there: `{} is present`",
                            self.code(expr.span)
                        )
                    });
                    return self.wrong_type(Type::of(Base::Bool), value.ty, expr.span, help);
                }
                Some(Condition::plain(self.present(value, expr.span)?))
            }
        }
    }

    fn negation(&mut self, operand: &Ast) -> Option<Condition> {
        self.scope.negated = !self.scope.negated;
        let condition = self.condition(operand);
        self.scope.negated = !self.scope.negated;
        let condition = condition?;
        Some(Condition {
            expr: Expr::Not(Box::new(condition.expr)),
            yes: condition.no,
            no: condition.yes,
        })
    }

    /// Each operand is looked at only where those before it hold.
    fn conjunction(&mut self, operands: &[Ast]) -> Option<Condition> {
        let mark = self.scope.mark();
        let mut all: Option<Vec<Expr>> = Some(Vec::new());
        let (mut yes, mut no) = (Proven::new(), None);
        for (n, operand) in operands.iter().enumerate() {
            let condition = self.joined(n, operand);
            let Some(condition) = condition else {
                all = None;
                continue;
            };
            // False here: those before hold, and this one does not.
            no = Some(common(no, &yes, &condition.no));
            self.scope.prove(&condition.yes);
            yes.extend(condition.yes);
            if let Some(all) = &mut all {
                all.push(condition.expr);
            }
        }
        self.scope.reset(mark);
        Some(Condition {
            expr: Expr::And(all?),
            yes,
            no: no.unwrap_or_default(),
        })
    }

    /// Each operand is looked at only where those before it don't hold.
    fn disjunction(&mut self, operands: &[Ast]) -> Option<Condition> {
        let mark = self.scope.mark();
        let mut all: Option<Vec<Expr>> = Some(Vec::new());
        let (mut yes, mut no) = (None, Proven::new());
        for (n, operand) in operands.iter().enumerate() {
            let condition = self.joined(n, operand);
            let Some(condition) = condition else {
                all = None;
                continue;
            };
            yes = Some(common(yes, &no, &condition.yes));
            self.scope.prove(&condition.no);
            no.extend(condition.no);
            if let Some(all) = &mut all {
                all.push(condition.expr);
            }
        }
        self.scope.reset(mark);
        Some(Condition {
            expr: Expr::Or(all?),
            yes: yes.unwrap_or_default(),
            no,
        })
    }

    /// An operand of `and` or `or`: the first is always looked at.
    fn joined(&mut self, n: usize, operand: &Ast) -> Option<Condition> {
        match n {
            0 => self.condition(operand),
            _ => self.sometimes(|checker| checker.condition(operand)),
        }
    }

    fn presence(&mut self, operand: &Ast, present: bool) -> Option<Condition> {
        let value = match super::json_read::is_json(operand) {
            true => self.json_part(operand)?,
            false => self.check(operand)?,
        };
        let expr = match value.expr {
            // Asking again is harmless.
            Expr::Narrowed(inner) => Expr::Present(inner),
            _ if !value.ty.optional => {
                let what = self.quote(operand.span);
                let help = (value.ty.base == Base::String)
                    .then(|| format!("perhaps `{} != \"\"`", self.code(operand.span)));
                return self.fail(AlwaysPresent {
                    what,
                    span: operand.span,
                    help,
                });
            }
            _ => {
                let proven: Proven = key(&value).into_iter().collect();
                let expr = Expr::Present(Box::new(value.expr));
                let (expr, yes, no) = match present {
                    true => (expr, proven, Proven::new()),
                    false => (Expr::Not(Box::new(expr)), Proven::new(), proven),
                };
                return Some(Condition { expr, yes, no });
            }
        };
        Some(Condition::plain(match present {
            true => expr,
            false => Expr::Not(Box::new(expr)),
        }))
    }

    fn is_arm(&mut self, operand: &Ast, arm: &Name) -> Option<Condition> {
        let value = self.check(operand)?;
        let index = self.arm(&value, arm, operand.span)?;
        Some(Condition::plain(Expr::IsArm(Box::new(value.expr), index)))
    }

    /// The index of an arm of the experiment that `value` is an arm of.
    pub(super) fn arm(&mut self, value: &Typed, arm: &Name, span: Span) -> Option<u32> {
        let Base::Arm(experiment) = value.ty.base else {
            let found = self.describe(value.ty);
            return self.fail(crate::diagnostics::WrongType {
                expected: "an experiment".to_owned(),
                found,
                span,
                help: Some("`is` asks for an arm; compare other values with `==`".to_owned()),
            });
        };
        let arms = self.hir.experiments.get(experiment as usize);
        let arms: Vec<String> = arms
            .map(|it| it.arms.iter().map(|(name, _)| name.clone()).collect())
            .unwrap_or_default();
        if let Some(index) = arms.iter().position(|name| *name == arm.text) {
            return Some(super::index(index));
        }
        let help = suggest(&arm.text, arms.iter().map(String::as_str))
            .or_else(|| Some(format!("its arms are `{}`", arms.join("`, `"))));
        self.fail(UnknownName {
            what: "arm",
            name: arm.text.clone(),
            span: arm.span,
            help,
        })
    }
}

/// What is proved in all cases: in those so far, and in the one where `before` and `here` hold.
pub(super) fn common(so_far: Option<Proven>, before: &Proven, here: &Proven) -> Proven {
    match so_far {
        None => before | here,
        Some(all) if all.is_empty() => all,
        Some(all) => all
            .into_iter()
            .filter(|key| before.contains(key) || here.contains(key))
            .collect(),
    }
}
