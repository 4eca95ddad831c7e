//! What a group does first that inspects a body: it asks to see it, and refuses one that it can't read.

use super::super::{Checker, scope::Place};
use super::group::{Group, Member};
use super::inspect::{TEXT, Target, or_empty};
use super::streamed::looks;
use crate::diagnostics::GivenTwice;
use crate::hir::{
    Builtin, Const, DenyRule, Expr, Fact, Lane, Matcher, OverLimit, Respond, RuleId, Scan, Stmt,
    StmtKind,
};
use crate::source::Span;
use edge_abi::manifest::{Fact as RawFact, RuleKind};

impl Checker<'_> {
    /// What a group does first that inspects the body: it asks to see it, and where it denies it refuses one
    /// that it can't read.
    pub(super) fn body_scan(
        &mut self,
        group: &Group,
        denies: bool,
        used: Span,
    ) -> Option<Vec<StmtKind>> {
        let mut members = group.members.iter();
        let sees = |it: &Member| it.inspected.contains(&Target::Body) && looks(&it.rule.condition);
        let Some(body) = group.body.filter(|_| members.any(sees)) else {
            return Some(Vec::new());
        };
        let lane = self.lane();
        let known = *self.scanned.entry(lane).or_insert(body);
        if (known.limit, known.over_limit) != (body.limit, body.over_limit) {
            return self.fail(GivenTwice {
                what: "how the body is inspected, in another group and otherwise,".to_owned(),
                span: body.span,
            });
        }
        let name = format!("waf.{}.body", group.name);
        let kind = if denies {
            RuleKind::Deny
        } else {
            RuleKind::Shadow
        };
        let rule = self.waf_rule_id(&name, body.span, kind);
        let blocks = denies && body.over_limit == OverLimit::Block;
        let mut made = Vec::new();
        let mut over = None;
        if blocks {
            let refusal = |checker: &mut Self, status| {
                let own = group.respond.as_deref();
                match own {
                    Some(_) => checker.answer(own, rule, body.span, used).map(|(it, _)| it),
                    None => Some(refused(rule, status)),
                }
            };
            let (too_long, encoded) = match lane {
                Lane::Request => (413, 415),
                Lane::Response => (502, 502),
            };
            over = Some(refusal(self, too_long)?);
            let respond = refusal(self, encoded)?;
            made.push(StmtKind::Deny(vec![DenyRule {
                condition: is_encoded(lane),
                body: vec![Stmt {
                    span: body.span,
                    kind: StmtKind::Respond(respond),
                }],
            }]));
        }
        made.push(StmtKind::Scan(Scan {
            lane,
            limit: body.limit,
            over_limit: body.over_limit,
            over,
            rule,
        }));
        Some(made)
    }

    /// The body that is meant where the code stands.
    pub(super) fn lane(&self) -> Lane {
        match self.scope.place {
            Place::Response => Lane::Response,
            _ => Lane::Request,
        }
    }
}

/// A body with a `Content-Encoding` (RFC 9110, 8.4): its texts can't be seen.
fn is_encoded(lane: Lane) -> Expr {
    let name = "content-encoding".to_owned();
    let coding = match lane {
        Lane::Request => RawFact::Header { name },
        Lane::Response => RawFact::ResponseHeader { name },
    };
    let coding = or_empty(Expr::Fact(Fact::Raw(coding), TEXT));
    let coding = Expr::Builtin(Builtin::Lower, vec![coding]);
    let plain = Matcher::Equals(vec![Vec::new(), b"identity".to_vec()]);
    Expr::Not(Box::new(Expr::Test(Box::new(coding), plain)))
}

fn refused(rule: RuleId, status: u16) -> Respond {
    let text = match status {
        413 => "413 Content Too Large\n",
        502 => "502 Bad Gateway\n",
        _ => "415 Unsupported Media Type\n",
    };
    Respond {
        rule,
        status,
        content_type: Some("text/plain; charset=utf-8".to_owned()),
        body: Some(Expr::Const(Const::Bytes(text.into()))),
    }
}
