//! WAF groups: what `waf N` does.
//!
//! Rules without a score come first, in order: the first that matches denies. Then those with
//! one are added up. In shadow mode nothing is denied, and the host is told what would have been.
//! `group` checks how groups are written, `exclude` what they leave out.

mod body;
mod exclude;
mod group;
mod inspect;
mod streamed;

pub(super) use group::Group;
use group::Member;
pub(super) use inspect::Body;

use super::Checker;
use super::scope::Reads;
use crate::ast::{ArithOp, Path};
use crate::diagnostics::MissingSetting;
use crate::hir::{
    Base, Const, DenyRule, Expr, Hits, Matcher, Respond, RuleId, Stmt, StmtKind, Type,
};
use crate::source::Span;
use edge_abi::manifest::RuleKind;
use edge_abi::output::hits::Kind;

const INT: Type = Type::of(Base::Int);

/// A rule of a group, as it stands in one statement.
struct Acting {
    rule: RuleId,
    condition: Expr,
    score: i64,
    respond: Respond,
    /// Where the answer stands.
    at: Span,
}

impl Checker<'_> {
    /// `waf N`
    pub(super) fn waf_statement(&mut self, path: &Path) -> Vec<StmtKind> {
        self.run_group(path).unwrap_or_default()
    }

    fn run_group(&mut self, path: &Path) -> Option<Vec<StmtKind>> {
        let group = self.group_named(path)?;
        let Reads { body, response } = group.reads;
        self.check_reads(body.is_some(), response.is_some(), path.span)?;
        let kind = group.is_shadow().then_some(RuleKind::Shadow);
        let (mut alone, mut scored) = (Vec::new(), Vec::new());
        for member in &group.members {
            let kind = kind.unwrap_or(match member.score {
                Some(_) => RuleKind::Scored,
                None => RuleKind::Deny,
            });
            let list = match member.score {
                Some(_) => &mut scored,
                None => &mut alone,
            };
            list.push(self.acting(&group, member, kind, path.span)?);
        }
        let mut made = self.body_scan(&group, kind.is_none())?;
        match kind {
            None => made.push(StmtKind::Deny(alone.into_iter().map(deny).collect())),
            Some(_) if alone.is_empty() => {}
            Some(_) => made.push(told(Kind::Shadow, alone, Vec::new())),
        }
        if scored.is_empty() {
            return Some(made);
        }
        let Some(threshold) = group.threshold else {
            if !group.is_reported.replace(true) {
                self.problems.push(MissingSetting {
                    what: format!("the group `{}`", group.name),
                    setting: "a `threshold`: rules with a `score` deny only together; write for instance `threshold 10`, or leave the scores out",
                    span: group.span,
                });
            }
            return None;
        };
        let (least, at) = threshold;
        let name = format!("waf.{}.score", group.name);
        let rule = self.waf_rule_id(&name, at, kind.unwrap_or(RuleKind::Deny));
        let (respond, at) = self.answer(group.respond.as_deref(), rule, at, path.span)?;
        let total = self.total(&scored, path.span)?;
        let total = Acting {
            rule,
            condition: Expr::Test(Box::new(total), Matcher::Range(least, i64::MAX)),
            score: 0,
            respond,
            at,
        };
        let then = match kind {
            None => StmtKind::Deny(vec![deny(total)]),
            Some(_) => told(Kind::Shadow, vec![total], Vec::new()),
        };
        let then = vec![Stmt {
            span: path.span,
            kind: then,
        }];
        made.push(told(Kind::Scored, scored, then));
        Some(made)
    }

    fn acting(
        &mut self,
        group: &Group,
        member: &Member,
        kind: RuleKind,
        used: Span,
    ) -> Option<Acting> {
        let it = &member.rule;
        let rule = self.waf_rule_id(
            &format!("waf.{}.{}", group.name, member.name),
            it.span,
            kind,
        );
        if let Some(rule) = self.hir.rules.get_mut(rule.0 as usize) {
            rule.severity = it.severity;
            rule.tags.clone_from(&it.tags);
        }
        let answer = group.respond.as_deref().or(member.respond.as_deref());
        let (respond, at) = self.answer(answer, rule, it.span, used)?;
        let condition = self.copy(&it.condition, used)?;
        let mut condition = self.over_texts(condition, &member.inspected, &member.name, it.span)?;
        if !member.unless.is_empty() {
            let mut all = vec![condition];
            for unless in &member.unless {
                all.push(Expr::Not(Box::new(self.copy(unless, used)?)));
            }
            condition = Expr::And(all);
        }
        Some(Acting {
            rule,
            condition,
            score: member.score.unwrap_or(0),
            respond,
            at,
        })
    }

    /// What a group answers, and where that stands.
    fn answer(
        &mut self,
        given: Option<&(Respond, Span)>,
        rule: RuleId,
        span: Span,
        used: Span,
    ) -> Option<(Respond, Span)> {
        let (mut respond, at) = match given {
            Some((respond, at)) => (respond.clone(), *at),
            None => (forbidden(), span),
        };
        respond.rule = rule;
        if let Some(body) = &respond.body {
            respond.body = Some(self.copy(body, used)?);
        }
        Some((respond, at))
    }

    /// The sum of the scores of those that match, added up in pairs so that it doesn't nest deep.
    fn total(&mut self, scored: &[Acting], used: Span) -> Option<Expr> {
        let int = |n: i64| Expr::Const(Const::Int(n, Base::Int));
        let mut sums = Vec::new();
        for it in scored {
            let arms = vec![(self.copy(&it.condition, used)?, int(it.score))];
            sums.push(Expr::Choose(arms, Box::new(int(0)), INT));
        }
        while sums.len() > 1 {
            let mut left = sums.into_iter();
            let mut halved = Vec::new();
            while let Some(a) = left.next() {
                halved.push(match left.next() {
                    Some(b) => Expr::Arith(ArithOp::Add, Box::new(a), Box::new(b), INT),
                    None => a,
                });
            }
            sums = halved;
        }
        sums.pop().or(Some(int(0)))
    }

    /// The rule of that name: the same wherever the group is used.
    fn waf_rule_id(&mut self, name: &str, span: Span, kind: RuleKind) -> RuleId {
        let key = (name.to_owned(), span);
        if let Some(rule) = self.waf_rules.get(&key) {
            return *rule;
        }
        let rule = self.rule(name, kind, span);
        self.waf_rules.insert(key, rule);
        rule
    }
}

fn deny(it: Acting) -> DenyRule {
    DenyRule {
        condition: it.condition,
        body: vec![Stmt {
            span: it.at,
            kind: StmtKind::Respond(it.respond),
        }],
    }
}

fn told(kind: Kind, rules: Vec<Acting>, then: Vec<Stmt>) -> StmtKind {
    let rules = rules.into_iter().map(|it| (it.rule, it.condition));
    StmtKind::Hits(Hits {
        kind,
        rules: rules.collect(),
        then,
    })
}

/// What a group answers that says nothing.
fn forbidden() -> Respond {
    Respond {
        rule: RuleId(0),
        status: 403,
        content_type: Some("text/plain; charset=utf-8".to_owned()),
        body: Some(Expr::Const(Const::Bytes(b"403 Forbidden\n".to_vec()))),
    }
}
