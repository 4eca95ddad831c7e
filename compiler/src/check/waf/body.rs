//! What a group does first that inspects a body: it asks to see it, and refuses one that it can't read.

use super::super::{Checker, scope::Place};
use super::group::{Group, Member};
use super::inspect::{TEXT, Target, or_empty};
use super::streamed::looks;
use crate::diagnostics::GivenTwice;
use crate::hir::{
    Base, Builtin, Const, DenyRule, Expr, Fact, Hits, Lane, Matcher, Over, OverLimit, Respond,
    RuleId, Scan, Stmt, StmtKind, Type,
};
use edge_abi::manifest::{Fact as RawFact, RuleKind};
use edge_abi::output::hits::Kind;

impl Checker<'_> {
    /// What a group does first that inspects the body: it asks to see it, and where it denies it refuses one
    /// that it can't read.
    pub(super) fn body_scan(&mut self, group: &Group, denies: bool) -> Option<Vec<StmtKind>> {
        let mut members = group.members.iter();
        let sees = |it: &Member| it.inspected.contains(&Target::Body) && looks(&it.rule.condition);
        let Some(body) = group.body.filter(|_| members.any(sees)) else {
            return Some(Vec::new());
        };
        // What waits for the whole body would hold up the verdict on its pieces.
        if let Some(span) = group.reads.body {
            let name = &group.name;
            let help = format!(
                "`{name}` inspects the body as it streams: say `inspected`, or put what reads the whole body into a group of its own, run behind `{name}`"
            );
            return self.misplaced("`request.body`", span, &help);
        }
        let lane = self.lane();
        let known = *self.scanned.entry(lane).or_insert(body);
        if !known.agrees(body) {
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
        let blocks = body.over_limit == OverLimit::Block;
        let (too_long, encoded) = match lane {
            Lane::Request => (413, 415),
            Lane::Response => (502, 502),
        };
        let mut made = Vec::new();
        if blocks && denies {
            made.push(StmtKind::Deny(vec![DenyRule {
                condition: is_unreadable(lane),
                body: vec![Stmt {
                    span: body.span,
                    kind: StmtKind::Respond(refused(rule, encoded)),
                }],
            }]));
        } else if blocks {
            made.push(StmtKind::Hits(Hits {
                kind: Kind::Shadow,
                rules: vec![(rule, is_unreadable(lane))],
                then: Vec::new(),
            }));
        }
        let over = match (blocks, denies) {
            (false, _) => Over::GoesOn,
            (true, true) => Over::Answered(refused(rule, too_long)),
            (true, false) => Over::Told,
        };
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

/// A body whose texts can't be seen: it has a `Content-Encoding` (RFC 9110, 8.4), or two types of which servers take
/// one or the other.
fn is_unreadable(lane: Lane) -> Expr {
    let name = "content-encoding".to_owned();
    let coding = match lane {
        Lane::Request => RawFact::Header { name },
        Lane::Response => RawFact::ResponseHeader { name },
    };
    let coding = or_empty(Expr::Fact(Fact::Raw(coding), TEXT));
    let coding = Expr::Builtin(Builtin::Lower, vec![coding]);
    let plain = Matcher::Equals(vec![Vec::new(), b"identity".to_vec()]);
    let encoded = Expr::Not(Box::new(Expr::Test(Box::new(coding), plain)));
    if lane == Lane::Response {
        // There is nothing to be seen of an answer without a body (RFC 9110, 6.4.1).
        let status = Expr::Fact(Fact::Raw(RawFact::ResponseStatus), Type::of(Base::Int));
        let method = Expr::Fact(Fact::Raw(RawFact::Method), Type::of(Base::String));
        let head = Matcher::Equals(vec![b"HEAD".to_vec()]);
        let bodiless = vec![
            Expr::Test(Box::new(status.clone()), Matcher::Range(204, 204)),
            Expr::Test(Box::new(status), Matcher::Range(304, 304)),
            Expr::Test(Box::new(method), head),
        ];
        return Expr::And(vec![encoded, Expr::Not(Box::new(Expr::Or(bodiless)))]);
    }
    let name = "content-type".to_owned();
    let content_type = Expr::Fact(Fact::Raw(RawFact::Header { name }), TEXT);
    let several = Matcher::Matches(r#"^[^";]*,"#.to_owned());
    Expr::Or(vec![encoded, Expr::Test(Box::new(content_type), several)])
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
