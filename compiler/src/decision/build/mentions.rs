//! What an expression reads that is not free of consequences: the body, which waits, and
//! experiments, which count exposures. Through `let`s and functions too.

use crate::hir::{self, Expr, Hir};
use std::collections::BTreeSet;

/// What is mentioned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mentions {
    /// `request.body`, and the longest that may be read.
    pub body: Option<u32>,
    /// Experiments, by index.
    pub experiments: BTreeSet<u32>,
}

impl Mentions {
    /// Adds what another mentions.
    pub fn add(&mut self, other: &Mentions) {
        self.body = self.body.max(other.body);
        self.experiments.extend(&other.experiments);
    }
}

/// The mentions of every `let` and function, found once.
#[derive(Debug, Default)]
pub struct Table {
    lets: Vec<Mentions>,
    fns: Vec<Mentions>,
    experiments: Vec<Mentions>,
}

impl Table {
    /// Finds them: functions and `let`s each come after those that they name.
    #[must_use]
    pub fn new(hir: &Hir) -> Table {
        let mut table = Table::default();
        for function in &hir.fns {
            let found = table.of(&function.body);
            table.fns.push(found);
        }
        for experiment in &hir.experiments {
            let mut found = table.of(&experiment.unit);
            for part in experiment.when.iter().chain(&experiment.force) {
                found.add(&table.of(part));
            }
            table.experiments.push(found);
        }
        for binding in &hir.lets {
            let found = table.of(&binding.value);
            table.lets.push(found);
        }
        table
    }

    /// What an expression mentions.
    #[must_use]
    pub fn of(&self, expr: &Expr) -> Mentions {
        let mut found = Mentions::default();
        self.walk(expr, &mut found);
        found
    }

    fn walk(&self, expr: &Expr, found: &mut Mentions) {
        match expr {
            Expr::Fact(hir::Fact::Body(most), _) => found.body = found.body.max(Some(*most)),
            Expr::Experiment(index) => {
                found.experiments.insert(*index);
                if let Some(more) = self.experiments.get(*index as usize) {
                    found.add(more);
                }
            }
            Expr::Let(id, _) => {
                if let Some(more) = self.lets.get(id.0 as usize) {
                    found.add(more);
                }
            }
            Expr::CallFn(index, ..) => {
                if let Some(more) = self.fns.get(*index as usize) {
                    found.add(more);
                }
            }
            _ => {}
        }
        expr.children(&mut |child| self.walk(child, found));
    }
}
