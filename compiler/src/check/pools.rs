//! Pools: a choice among origins.

use super::Checker;
use super::experiments::WHOLE;
use crate::ast::{ExprKind, Name, Pool as Written, PoolChoice, Weight};
use crate::diagnostics::{BadShares, GivenTwice, MissingSetting};
use crate::hir::{Base, Pool};
use crate::resolve::{DeclId, DeclKind};
use crate::source::Span;
use edge_abi::manifest::{Choice, Member};

impl Checker<'_> {
    pub(super) fn check_pool(&mut self, id: DeclId, it: &Written) {
        for (what, span) in &it.unbuilt {
            self.unbuilt_or_twice(what, *span);
        }
        for choice in it.choices.iter().skip(1) {
            let (PoolChoice::Failover(_, span)
            | PoolChoice::Weighted(_, span)
            | PoolChoice::Unbuilt(_, span)) = choice;
            self.problems.push(GivenTwice {
                what: "how the pool chooses".to_owned(),
                span: *span,
            });
        }
        let mut made = Pool {
            name: self.qualified(id, &it.name.text),
            choice: Choice::Failover,
            members: Vec::new(),
        };
        match it.choices.first() {
            Some(PoolChoice::Failover(names, _)) => made.members = self.failover(names),
            Some(PoolChoice::Weighted(members, span)) => {
                made.choice = Choice::Weighted;
                made.members = self.weighted(&it.name.text, members, *span);
            }
            Some(PoolChoice::Unbuilt(what, span)) => {
                self.unsupported::<()>(what, *span);
            }
            None => self.problems.push(MissingSetting {
                what: format!("the pool `{}`", it.name.text),
                setting: "how it chooses, for instance `failover a, b`",
                span: it.name.span,
            }),
        }
        self.hir.pools.push(made);
    }

    fn failover(&mut self, names: &[Name]) -> Vec<Member> {
        self.unique("the member", names.iter());
        let targets = names.iter().filter_map(|name| self.origin(name));
        let member = |target| Member {
            target,
            weight: 0,
            weight_param: None,
            rest: false,
        };
        targets.map(member).collect()
    }

    fn weighted(&mut self, pool: &str, members: &[(Name, Weight)], span: Span) -> Vec<Member> {
        self.unique("the member", members.iter().map(|(name, _)| name));
        let what = format!("the pool `{pool}`");
        let (mut sum, mut rests, mut open) = (0, 0, false);
        let (mut made, mut broken) = (Vec::new(), false);
        for (name, weight) in members {
            let target = self.origin(name);
            let mut member = Member {
                target: target.unwrap_or(0),
                weight: 0,
                weight_param: None,
                rest: false,
            };
            match weight {
                Weight::Rest(_) => {
                    rests += 1;
                    member.rest = true;
                }
                Weight::Share(share) => match self.weight_param(&share.kind, share.span) {
                    Some(param) => {
                        open = true;
                        member.weight_param = Some(param);
                    }
                    None => match self.share(share) {
                        Some(share) => {
                            sum += share;
                            member.weight = u32::try_from(share).unwrap_or(0);
                        }
                        None => broken = true,
                    },
                },
            }
            made.push(member);
        }
        if broken {
            return made;
        }
        self.check_weights(&what, (sum, rests, open), span);
        made
    }

    fn check_weights(&mut self, what: &str, (sum, rests, open): (i64, i32, bool), span: Span) {
        let help = match (rests, open) {
            (0, false) => return self.check_whole(what, sum, span),
            (1, _) if sum <= WHOLE => return,
            (0, true) => "a share that is a param needs a member with `rest`",
            (1, _) => "nothing is left for `rest`",
            _ => "only one member can have the `rest`",
        };
        if self.resolved.partial && rests == 0 {
            return;
        }
        let mut buffer = [0; 32];
        let sum = edge_kernels::number::percent_format(sum, &mut buffer);
        self.problems.push(BadShares {
            what: what.to_owned(),
            sum: String::from_utf8_lossy(sum).into_owned(),
            span,
            help: Some(help.to_owned()),
        });
    }

    /// The index of the percent param that a share names.
    fn weight_param(&mut self, kind: &ExprKind, span: Span) -> Option<u32> {
        let ExprKind::Name(name) = kind else {
            return None;
        };
        let decl = self.declared(self.scope.unit, name)?;
        if decl.kind != DeclKind::Param {
            return None;
        }
        let ty = *self.params.get(&decl.id)?;
        if ty.base != Base::Percent {
            return self.wrong_type(crate::hir::Type::of(Base::Percent), ty, span, None);
        }
        let resolved = self.resolved;
        let params = resolved
            .items()
            .filter(|(id, _)| self.params.contains_key(id));
        let place = params.map(|(id, _)| id).position(|id| id == decl.id)?;
        Some(super::index(place))
    }

    fn origin(&mut self, name: &Name) -> Option<u32> {
        let Some(decl) = self.declared(self.scope.unit, &name.text) else {
            return self.unknown("origin", &name.text, name.span);
        };
        match decl.kind {
            DeclKind::Origin => self.index.get(&decl.id).copied(),
            kind => self.wrong_kind(&name.text, kind, "an origin", name.span),
        }
    }
}
