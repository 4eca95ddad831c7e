//! Experiments: their arms, their units, and what they are worth.

use super::scope::{Place, Scope};
use super::{Checker, Progress, Typed, index};
use crate::ast::{Experiment as Written, Expr as Ast, ItemKind, Name};
use crate::diagnostics::{BadShares, DeclaredTwice, MissingSetting, OutOfRange, WrongType};
use crate::hir::{Base, Const, Experiment, Expr, Type};
use crate::resolve::DeclId;
use crate::source::Span;
use std::collections::HashMap;

/// The whole, in millionths.
pub(super) const WHOLE: i64 = 1_000_000;
/// Most arms of an experiment.
const MOST_ARMS: usize = 64;

impl Checker<'_> {
    /// Gives an experiment its index and the names of its arms.
    pub(super) fn declare_experiment(&mut self, id: DeclId, it: &Written) {
        self.index.insert(id, index(self.hir.experiments.len()));
        let name = self.qualified(id, &it.name.text);
        let salt = it
            .salt
            .as_ref()
            .map_or_else(|| name.clone(), |salt| salt.value.clone());
        self.hir.experiments.push(Experiment {
            name,
            salt,
            unit: Expr::Const(Const::Bytes(Vec::new())),
            arms: it
                .split
                .iter()
                .map(|(arm, _)| (arm.text.clone(), 0))
                .collect(),
            when: None,
            force: None,
            span: it.name.span,
        });
    }

    /// The arm of a request, as an expression.
    pub(super) fn experiment_value(&mut self, id: DeclId, span: Span) -> Option<Typed> {
        self.check_reads(false, false, span)?;
        if let Some(Progress::Busy) = self.experiments.get(&id) {
            return self.contains_itself("the experiment", id, span);
        }
        self.check_experiment(id);
        let experiment = *self.index.get(&id)?;
        Some(Typed {
            expr: Expr::Experiment(experiment),
            ty: Type::of(Base::Arm(experiment)),
        })
    }

    pub(super) fn check_experiment(&mut self, id: DeclId) {
        if self.experiments.contains_key(&id) {
            return;
        }
        let resolved = self.resolved;
        let Some(ItemKind::Experiment(it)) = resolved.item(id).map(|item| &item.kind) else {
            return;
        };
        self.experiments.insert(id, Progress::Busy);
        self.open.push((id, it.name.text.clone()));
        for (what, span) in &it.unbuilt {
            self.unbuilt_or_twice(what, *span);
        }
        let shares = self.shares_of_arms(it);
        let scope = Scope::at(id.unit, Place::Experiment);
        let (parts, _) = self.within(scope, |checker| {
            let force = it.force.as_ref().map(|force| checker.forced(force));
            let when = it.when.as_ref().map(|when| checker.condition(when));
            // The unit is asked for only where the request is eligible.
            if let Some(Some(when)) = &when {
                checker.scope.prove(&when.yes);
            }
            let unit = checker.unit_of(it);
            (unit, when, force)
        });
        let place = self.index.get(&id).map_or(usize::MAX, |n| *n as usize);
        if let Some(made) = self.hir.experiments.get_mut(place) {
            for ((_, share), found) in made.arms.iter_mut().zip(shares) {
                *share = found;
            }
            if let Some(unit) = parts.0 {
                made.unit = unit;
            }
            made.when = parts.1.flatten().map(|when| when.expr);
            made.force = parts.2.flatten();
        }
        self.open.pop();
        self.experiments.insert(id, Progress::Done(Some(())));
    }

    fn unit_of(&mut self, it: &Written) -> Option<Expr> {
        match &it.unit {
            Some(unit) => self.text(unit),
            None => self.fail(MissingSetting {
                what: format!("the experiment `{}`", it.name.text),
                setting: "`unit`: what stays in one arm, for instance `unit client.ip`",
                span: it.name.span,
            }),
        }
    }

    /// `force E`: text that may be absent.
    fn forced(&mut self, expr: &Ast) -> Option<Expr> {
        let value = self.check(expr)?;
        if value.ty.base == Base::String {
            return Some(value.expr);
        }
        let found = self.describe(value.ty);
        self.fail(WrongType {
            expected: "the name of an arm, as `string?`".to_owned(),
            found,
            span: expr.span,
            help: None,
        })
    }

    fn shares_of_arms(&mut self, it: &Written) -> Vec<u32> {
        let what = format!("the experiment `{}`", it.name.text);
        if it.split.is_empty() {
            self.problems.push(MissingSetting {
                what,
                setting: "`split`: its arms, for instance `split control 90%, redesign 10%`",
                span: it.name.span,
            });
            return Vec::new();
        }
        if it.split.len() > MOST_ARMS {
            self.problems.push(OutOfRange {
                what: "the number of arms".to_owned(),
                range: format!("at most {MOST_ARMS}"),
                span: it.name.span,
            });
        }
        self.unique("the arm", it.split.iter().map(|(name, _)| name));
        let scope = Scope::at(0, Place::Constant);
        let (shares, _) = self.within(scope, |checker| {
            it.split
                .iter()
                .map(|(_, share)| checker.share(share))
                .collect::<Option<Vec<i64>>>()
        });
        let Some(shares) = shares else {
            return Vec::new();
        };
        let first = it.split.first().map_or(it.name.span, |(name, _)| name.span);
        let last = it.split.last().map_or(first, |(_, share)| share.span);
        self.check_whole(&what, shares.iter().sum(), first.to(last));
        shares
            .into_iter()
            .filter_map(|n| u32::try_from(n).ok())
            .collect()
    }

    /// A constant share, in millionths.
    pub(super) fn share(&mut self, expr: &Ast) -> Option<i64> {
        let share = self.constant_integer(expr, Base::Percent, "a share")?;
        if (0..=WHOLE).contains(&share) {
            return Some(share);
        }
        self.fail(OutOfRange {
            what: "a share".to_owned(),
            range: "from 0% to 100%".to_owned(),
            span: expr.span,
        })
    }

    pub(super) fn check_whole(&mut self, what: &str, sum: i64, span: Span) {
        if sum == WHOLE {
            return;
        }
        let mut buffer = [0; 32];
        let mut percent = |n: i64| {
            let text = edge_kernels::number::percent_format(n, &mut buffer);
            String::from_utf8_lossy(text).into_owned()
        };
        let (sum_text, rest) = (percent(sum), percent((WHOLE - sum).abs()));
        let help = match sum < WHOLE {
            true => format!("{rest} is missing"),
            false => format!("{rest} is too much"),
        };
        self.problems.push(BadShares {
            what: what.to_owned(),
            sum: sum_text,
            span,
            help: Some(help),
        });
    }

    /// Reports names that stand twice in one declaration.
    pub(super) fn unique<'n>(&mut self, what: &'static str, names: impl Iterator<Item = &'n Name>) {
        let mut seen: HashMap<&str, Span> = HashMap::new();
        for name in names {
            if let Some(first) = seen.insert(&name.text, name.span) {
                self.problems.push(DeclaredTwice {
                    what,
                    name: name.text.clone(),
                    span: name.span,
                    first: Some(first),
                });
            }
        }
    }

    /// What the parser keeps aside: settings that are not built, and `("unit twice", …)`.
    pub(super) fn unbuilt_or_twice(&mut self, what: &str, span: Span) {
        match what.strip_suffix(" twice") {
            Some(setting) => self.problems.push(crate::diagnostics::GivenTwice {
                what: format!("`{setting}`"),
                span,
            }),
            None => {
                self.unsupported::<()>(what, span);
            }
        }
    }
}
