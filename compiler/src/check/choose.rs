//! `choose`: conditions, or the values of a subject; every case has its value.

use super::condition::Condition;
use super::facts::key;
use super::scope::Proven;
use super::{Checker, Typed};
use crate::ast::{Choose, Compare, CompareOp, Expr as Ast, ExprKind, Name};
use crate::diagnostics::{ArmTwice, CaseMissing};
use crate::hir::{Base, Const, Expr, Type};
use crate::source::Span;
use std::collections::HashSet;

/// The arms of a `choose`, with what each gives, and what holds otherwise.
type Arms<T> = (Vec<(Expr, T)>, T);

impl Checker<'_> {
    /// A `choose` whose arms are values of one type.
    pub(super) fn choose_value(&mut self, choose: &Choose, span: Span) -> Option<Typed> {
        let (arms, last) = self.choose(choose, span, |checker, value| {
            let typed = checker.check(value)?;
            if typed.ty.base == Base::List {
                return checker.value(typed, value.span);
            }
            Some(typed)
        })?;
        let first = arms.first().map_or(last.ty, |(_, value)| value.ty);
        let base = first.base;
        let values = arms.iter().map(|(_, value)| value).chain([&last]);
        let spans = choose.arms.iter().map(|(_, value)| value.span);
        let spans = spans.chain(choose.otherwise.iter().map(|it| it.span));
        let mut optional = false;
        for (value, span) in values.zip(spans).collect::<Vec<_>>() {
            if value.ty.base != base {
                let help = "the arms of `choose` have one type, except in text and JSON".to_owned();
                return self.wrong_type(Type::of(base), value.ty, span, Some(help));
            }
            optional |= value.ty.optional;
        }
        Some(chosen(arms, last, Type { base, optional }))
    }

    /// The arms of a `choose`; `value` says what the expression of each is worth.
    pub(super) fn choose<T>(
        &mut self,
        choose: &Choose,
        span: Span,
        mut value: impl FnMut(&mut Self, &Ast) -> Option<T>,
    ) -> Option<Arms<T>> {
        let subject = choose.subject.as_ref();
        let subject = subject.map(|subject| (self.check(subject), subject.span));
        let mark = self.scope.mark();
        let mut arms = Some(Vec::new());
        let mut seen = Seen::default();
        self.scope.sometimes += 1;
        for (cases, result) in &choose.arms {
            let arm = match &subject {
                None => self.condition_arm(cases),
                Some((Some(subject), at)) => self.subject_arm(subject, *at, cases, &mut seen),
                Some((None, _)) => None,
            };
            let yes = arm.as_ref().map(|arm| arm.yes.clone());
            let found = self.branch(&yes.unwrap_or_default(), |checker| value(checker, result));
            if let Some(arm) = &arm {
                self.scope.prove(&arm.no);
            }
            match (arm, found, &mut arms) {
                (Some(arm), Some(found), Some(arms)) => arms.push((arm.expr, found)),
                _ => arms = None,
            }
        }
        let otherwise = choose.otherwise.as_deref().map(|it| value(self, it));
        self.scope.sometimes -= 1;
        self.scope.reset(mark);
        let ty = subject
            .and_then(|(subject, _)| subject)
            .map(|subject| subject.ty);
        match otherwise {
            Some(otherwise) => Some((arms?, otherwise?)),
            None => {
                self.check_all_arms(choose.subject.is_some(), ty, &seen, span)?;
                let mut arms = arms?;
                let (_, last) = arms.pop()?;
                Some((arms, last))
            }
        }
    }

    fn condition_arm(&mut self, cases: &[Ast]) -> Option<Condition> {
        let [case] = cases else {
            let span = cases.get(1).or(cases.first())?.span;
            return self.misplaced("a list of conditions", span, "join conditions with `or`");
        };
        self.condition(case)
    }

    fn subject_arm(
        &mut self,
        subject: &Typed,
        at: Span,
        cases: &[Ast],
        seen: &mut Seen,
    ) -> Option<Condition> {
        if let Base::Arm(_) = subject.ty.base {
            return self.experiment_arm(subject, at, cases, seen);
        }
        let values = self.constants(cases)?;
        for (value, _, span) in &values {
            if !seen.values.insert(format!("{value:?}")) {
                let what = self.quote(*span);
                return self.fail(ArmTwice { what, span: *span });
            }
        }
        let left = Typed {
            expr: self.copy(&subject.expr, at)?,
            ty: subject.ty,
        };
        let yes: Proven = key(subject).into_iter().collect();
        let expr = self.one_of(left, at, cases, values)?;
        let no = Proven::new();
        Some(Condition { expr, yes, no })
    }

    /// Whether the subject is one of some constants.
    fn one_of(
        &mut self,
        left: Typed,
        at: Span,
        cases: &[Ast],
        values: Vec<(Const, Type, Span)>,
    ) -> Option<Expr> {
        let last = cases.last()?.span;
        let place = |span| Ast {
            span,
            kind: ExprKind::Null,
        };
        let compare = Compare {
            op: CompareOp::In,
            op_span: at,
            any_left: false,
            left: Box::new(place(at)),
            any_right: false,
            right: Box::new(place(last)),
        };
        let ty = left.ty;
        if ty.base == Base::Bool {
            let value = self.present(left, at)?;
            return match values.as_slice() {
                [(Const::Bool(true), ..)] => Some(value),
                [(Const::Bool(false), ..)] => Some(Expr::Not(Box::new(value))),
                [(Const::Bool(_), ..), (Const::Bool(_), ..)] => {
                    Some(Expr::Const(Const::Bool(true)))
                }
                _ => {
                    let found = values.first().map_or(ty, |(_, ty, _)| *ty);
                    self.wrong_type(Type::of(Base::Bool), found, last, None)
                }
            };
        }
        values
            .iter()
            .try_for_each(|(value, _, span)| self.check_case_of(&left.expr, value, *span))?;
        let matcher = self.matcher(&compare, ty, super::compare::Right::Some(values))?;
        Some(Expr::Test(Box::new(left.expr), matcher))
    }

    fn experiment_arm(
        &mut self,
        subject: &Typed,
        at: Span,
        cases: &[Ast],
        seen: &mut Seen,
    ) -> Option<Condition> {
        let mut tests = Vec::new();
        for case in cases {
            let ExprKind::Name(text) = &case.kind else {
                return self.misplaced("this", case.span, "write the name of an arm");
            };
            let name = Name {
                text: text.clone(),
                span: case.span,
            };
            let arm = self.arm(subject, &name, at)?;
            if !seen.arms.insert(arm) {
                return self.fail(ArmTwice {
                    what: format!("`{text}`"),
                    span: case.span,
                });
            }
            let subject = self.copy(&subject.expr, at)?;
            tests.push(Expr::IsArm(Box::new(subject), arm));
        }
        let expr = match <[Expr; 1]>::try_from(tests) {
            Ok([one]) => one,
            Err(tests) => Expr::Or(tests),
        };
        Some(Condition::plain(expr))
    }

    /// Without `otherwise`, the arms must be all those of an experiment.
    fn check_all_arms(
        &mut self,
        has_subject: bool,
        ty: Option<Type>,
        seen: &Seen,
        span: Span,
    ) -> Option<()> {
        let missing = match (has_subject, ty.map(|ty| ty.base)) {
            // The subject was in error.
            (true, None) => return None,
            (true, Some(Base::Arm(experiment))) => {
                let arms = &self.hir.experiments.get(experiment as usize)?.arms;
                let missing = arms.iter().enumerate();
                let missing = missing.filter(|(n, _)| !seen.arms.contains(&super::index(*n)));
                let missing: Vec<String> =
                    missing.map(|(_, (name, _))| format!("`{name}`")).collect();
                if missing.is_empty() {
                    return Some(());
                }
                missing.join(", ")
            }
            _ => "all other cases".to_owned(),
        };
        self.fail(CaseMissing {
            missing,
            span,
            help: Some("end it with `otherwise => …`".to_owned()),
        })
    }
}

/// What earlier arms took.
#[derive(Default)]
struct Seen {
    values: HashSet<String>,
    arms: HashSet<u32>,
}

/// The chosen value, as an expression.
pub(super) fn chosen(arms: Vec<(Expr, Typed)>, last: Typed, ty: Type) -> Typed {
    if arms.is_empty() {
        return Typed {
            expr: last.expr,
            ty,
        };
    }
    let arms = arms
        .into_iter()
        .map(|(when, value)| (when, value.expr))
        .collect();
    Typed {
        expr: Expr::Choose(arms, Box::new(last.expr), ty),
        ty,
    }
}
