//! Scans of bodies: the same question with more known.

use super::{
    Facts, Run,
    outcome::{End, Outcome},
};
use crate::hir::{Block, Expr, Hir, Lane, Over, Stmt, StmtKind};
use edge_abi::output::hits::Kind;

/// What a scan says when it has seen these texts of a body, and whether that is longer than the limit: where
/// it lets the body go on, nothing else is said.
#[must_use]
pub fn scan(hir: &Hir, facts: &Facts, lane: Lane, texts: &[Vec<u8>], over: bool) -> Outcome {
    let seen = Seen { lane, texts, over };
    let mut run = Run::new(hir, facts);
    run.seen = Some(seen);
    run.request();
    if run.outcome.end == End::Open {
        run.outcome.end = End::GoOn;
    }
    if run.outcome.end == End::GoOn {
        run.outcome.edits.clear();
    }
    run.outcome
}

/// The same for the body of a response, where [`response`] of these handlers has asked to see it. Also gives the
/// handler that goes on where the answer is replaced.
#[must_use]
pub fn response_scan(
    hir: &Hir,
    facts: &Facts,
    (route, from): (Option<usize>, usize),
    texts: &[Vec<u8>],
    over: bool,
) -> (Outcome, Option<usize>) {
    let lane = Lane::Response;
    let mut run = Run::after(hir, facts);
    run.seen = Some(Seen { lane, texts, over });
    let left = run.response(route, from);
    if matches!(run.outcome.end, End::Pass { .. } | End::GoOn) {
        run.outcome.end = End::GoOn;
        run.outcome.edits.clear();
        return (run.outcome, None);
    }
    (run.outcome, left)
}

/// What is known of a body that streams.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'a> {
    pub lane: Lane,
    pub texts: &'a [Vec<u8>],
    pub over: bool,
}

impl Run<'_> {
    /// A statement where a scan is asked, if it means something else there.
    pub(super) fn scanned(&mut self, stmt: &Stmt, seen: Seen<'_>) -> Option<bool> {
        let looks = |condition: &Expr| condition.any(&|part| part.lane() == Some(seen.lane));
        match &stmt.kind {
            StmtKind::Respond(_) | StmtKind::Redirect { .. } | StmtKind::Proxy(_) => {
                self.outcome.end = End::GoOn;
                Some(true)
            }
            StmtKind::Log { .. } | StmtKind::Ask(_) | StmtKind::Do(_) => Some(false),
            StmtKind::Hits(hits) if !hits.rules.iter().any(|(_, it)| looks(it)) => Some(false),
            StmtKind::Deny(rules) => {
                let mut rules = rules.iter().filter(|rule| looks(&rule.condition));
                Some(rules.any(|rule| self.deny(rule)))
            }
            StmtKind::Scan(scan) => Some(match &scan.over {
                Over::Answered(respond) if seen.over => self.respond(respond),
                Over::Told if seen.over => {
                    self.outcome.hits.push((Kind::Shadow, scan.rule.0));
                    false
                }
                _ => false,
            }),
            _ => None,
        }
    }

    /// The answer of a rule that denies, also where a scan is asked.
    pub(super) fn denied(&mut self, block: &Block) -> bool {
        let seen = self.seen.take();
        let ended = self.block(block);
        self.seen = seen;
        ended
    }
}
