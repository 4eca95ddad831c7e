//! How limits are declared.

use super::super::scope::{Place, Reads, Scope};
use super::super::{Checker, Progress};
use crate::ast::{self, Expr as Ast, ItemKind, LimitSettingKind};
use crate::diagnostics::{GivenTwice, Misplaced, MissingSetting, OutOfRange};
use crate::hir::{Base, Builtin, Const, Expr, Respond, RuleId, Type};
use crate::resolve::DeclId;
use crate::source::Span;
use edge_abi::manifest::{Fail, Rate, RateLimit, RuleKind};
use edge_abi::output::state::{MAX_PRODUCT, MAX_RECORDED};
use std::rc::Rc;

/// The most that a limit lets through.
const MOST: i64 = 1_000_000_000;

/// A limit, checked once.
#[derive(Debug)]
pub(in crate::check) struct Limit {
    /// Its index.
    pub(super) index: u32,
    pub(super) rule: RuleId,
    /// By what it counts: a string.
    pub(super) key: Expr,
    /// What that reads that is not known everywhere.
    pub(super) reads: Reads,
    /// What it answers, and where that stands.
    pub(super) respond: Option<(Respond, Span)>,
    pub(super) shadow: bool,
    /// Whether it counts requests in flight.
    pub(super) at_once: bool,
}

/// `algorithm`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    TokenBucket,
    SlidingWindow,
}

impl Checker<'_> {
    pub(super) fn declare_limit(&mut self, id: DeclId, it: &ast::Limit) {
        self.index
            .insert(id, super::index(self.hir.rate_limits.len()));
        let name = self.qualified(id, &it.name.text);
        let shadow = it.settings.iter().any(
            |setting| matches!(&setting.kind, LimitSettingKind::Mode(mode) if mode.text == "shadow"),
        );
        let kind = if shadow {
            RuleKind::Shadow
        } else {
            RuleKind::Deny
        };
        let rule = self.rule(&format!("limit.{name}"), kind, it.name.span);
        self.hir.rate_limits.push(RateLimit {
            name,
            rule: rule.0,
            rate: Rate::AtOnce { amount: 1 },
            shadow,
            fail: Fail::Open,
        });
    }

    /// A declared limit; it is checked when it is first needed.
    pub(in crate::check) fn limit(&mut self, id: DeclId, span: Span) -> Option<Rc<Limit>> {
        match self.limits.get(&id) {
            Some(Progress::Done(limit)) => return limit.clone(),
            Some(Progress::Busy) => return self.contains_itself("the limit", id, span),
            None => {}
        }
        let resolved = self.resolved;
        let ItemKind::Limit(it) = &resolved.item(id)?.kind else {
            return None;
        };
        self.limits.insert(id, Progress::Busy);
        self.open.push((id, it.name.text.clone()));
        let limit = self.check_limit(id, it).map(Rc::new);
        self.open.pop();
        self.limits.insert(id, Progress::Done(limit.clone()));
        limit
    }

    fn check_limit(&mut self, id: DeclId, it: &ast::Limit) -> Option<Limit> {
        let at = *self.index.get(&id)?;
        let declared = self.hir.rate_limits.get(at as usize)?;
        let (rule, shadow) = (RuleId(declared.rule), declared.shadow);
        let scope = Scope::at(id.unit, Place::Limit);
        let (found, scope) = self.within(scope, |checker| checker.limit_settings(it, rule));
        let found = found?;
        let declared = self.hir.rate_limits.get_mut(at as usize)?;
        let at_once = matches!(found.rate, Rate::AtOnce { .. });
        declared.rate = found.rate;
        declared.fail = found.fail;
        Some(Limit {
            index: at,
            rule,
            key: found.key,
            reads: scope.reads,
            respond: found.respond,
            shadow,
            at_once,
        })
    }

    fn limit_settings(&mut self, it: &ast::Limit, rule: RuleId) -> Option<Settings> {
        let mut seen: Vec<&str> = Vec::new();
        let (mut allowed, mut burst, mut algorithm) = (None, None, None);
        let (mut fail, mut respond) = (Fail::Open, None);
        let before = self.problems.len();
        for setting in &it.settings {
            let word = word_of(&setting.kind);
            if seen.contains(&word) {
                self.problems.push(GivenTwice {
                    what: format!("`{word}`"),
                    span: setting.span,
                });
                continue;
            }
            seen.push(word);
            match &setting.kind {
                LimitSettingKind::Rate { amount, per, by } => {
                    let amount = self.count(amount, "how many a limit allows", (1, MOST));
                    let per = self.lasting(per, "`per`");
                    allowed = Some((amount, Some((per, setting.span)), self.limit_key(by)));
                }
                LimitSettingKind::AtOnce { amount, by } => {
                    let most = i64::try_from(MAX_RECORDED).unwrap_or(MOST);
                    let amount = self.count(amount, "how many a limit allows", (1, most));
                    allowed = Some((amount, None, self.limit_key(by)));
                }
                LimitSettingKind::Burst(n) => {
                    let count = self.count(n, "`burst`", (0, MOST));
                    burst = Some((count, setting.span));
                }
                LimitSettingKind::Algorithm(word) => {
                    let words = [
                        ("token_bucket", Algorithm::TokenBucket),
                        ("sliding_window", Algorithm::SlidingWindow),
                    ];
                    algorithm = self
                        .one_word(word, "an algorithm", &words)
                        .map(|it| (it, setting.span));
                }
                LimitSettingKind::Mode(word) => {
                    self.one_word(word, "a mode", &[("enforce", ()), ("shadow", ())]);
                }
                LimitSettingKind::Fail(word) => {
                    let words = [("open", Fail::Open), ("closed", Fail::Closed)];
                    let what = "what holds while the limit can't be asked";
                    fail = self.one_word(word, what, &words).unwrap_or_default();
                }
                LimitSettingKind::Respond(it) => {
                    let made = self.respond(it, rule)?;
                    respond = Some((made, it.span));
                }
            }
        }
        let Some((amount, per, key)) = allowed else {
            return self.fail(MissingSetting {
                what: format!("the limit `{}`", it.name.text),
                setting: "what it allows: for instance `100 per 1m by client.ip`, or `10 at_once by client.ip`",
                span: it.name.span,
            });
        };
        let rate = self.rate(amount, per, burst, algorithm);
        (self.problems.len() == before).then_some(())?;
        Some(Settings {
            rate: rate?,
            key: key?,
            fail,
            respond,
        })
    }

    fn rate(
        &mut self,
        amount: Option<u64>,
        per: Option<(Option<u64>, Span)>,
        burst: Option<(Option<u64>, Span)>,
        algorithm: Option<(Algorithm, Span)>,
    ) -> Option<Rate> {
        let amount = amount?;
        let Some((per, span)) = per else {
            let odd = burst.map(|(_, span)| ("`burst`", span));
            let odd = odd.or_else(|| algorithm.map(|(_, span)| ("`algorithm`", span)));
            return match odd {
                None => Some(Rate::AtOnce { amount }),
                Some((what, span)) => self.fail(Misplaced {
                    what: format!("{what} of an `at_once` limit"),
                    span,
                    help: Some("it belongs to limits of so many `per` some time".to_owned()),
                }),
            };
        };
        let per_ms = per?;
        if let Some((Algorithm::SlidingWindow, _)) = algorithm {
            if let Some((_, span)) = burst {
                return self.misplaced(
                    "`burst` of a sliding window",
                    span,
                    "a window lets through what it says, and no more: leave it out, or use `token_bucket`",
                );
            }
            if amount > MAX_RECORDED {
                return self.fail(OutOfRange {
                    what: "what a sliding window allows".to_owned(),
                    range: "from 1 to 10000, since each admission is remembered (`token_bucket` allows more)"
                        .to_owned(),
                    span,
                });
            }
            return Some(Rate::SlidingWindow { amount, per_ms });
        }
        let burst = match burst {
            Some((burst, _)) => burst?,
            None => 0,
        };
        if (amount + burst).saturating_mul(per_ms) > MAX_PRODUCT {
            return self.fail(OutOfRange {
                what: "a bucket's tokens, times its period in milliseconds,".to_owned(),
                range: "at most 2^52 (`10000 per 1m` is as fast as `14400000 per 1d`)".to_owned(),
                span,
            });
        }
        Some(Rate::TokenBucket {
            amount,
            per_ms,
            burst,
        })
    }

    fn count(&mut self, expr: &Ast, what: &'static str, range: (i64, i64)) -> Option<u64> {
        let count = self.constant_within(expr, what, range)?;
        u64::try_from(count).ok()
    }

    /// Several parts are escaped and joined, so that no two keys look alike.
    fn limit_key(&mut self, by: &[Ast]) -> Option<Expr> {
        let mut parts = Vec::new();
        for expr in by {
            parts.push(self.text(expr));
        }
        let mut parts: Vec<Expr> = parts.into_iter().collect::<Option<_>>()?;
        if parts.len() < 2 {
            let all = Expr::Const(Const::Bytes(Vec::new()));
            return Some(parts.pop().unwrap_or(all));
        }
        let mut joined = Vec::new();
        for (n, part) in parts.into_iter().enumerate() {
            if n > 0 {
                joined.push(Expr::Const(Const::Bytes(b"&".to_vec())));
            }
            joined.push(Expr::Builtin(Builtin::QueryEncode, vec![part]));
        }
        Some(Expr::Concat(joined))
    }
}

/// What a limit says, beside its mode.
struct Settings {
    rate: Rate,
    key: Expr,
    fail: Fail,
    respond: Option<(Respond, Span)>,
}

/// The answer of a limit that says none.
pub(super) fn too_many() -> Respond {
    Respond {
        rule: RuleId(0),
        status: 429,
        content_type: Some("text/plain; charset=utf-8".to_owned()),
        body: Some(Expr::Const(Const::Bytes(
            b"429 Too Many Requests\n".to_vec(),
        ))),
    }
}

/// The type of the answer to a limit.
pub(super) const ALLOWED: Type = Type::of(Base::Bool);

fn word_of(kind: &LimitSettingKind) -> &'static str {
    match kind {
        LimitSettingKind::Rate { .. } | LimitSettingKind::AtOnce { .. } => "per",
        LimitSettingKind::Burst(_) => "burst",
        LimitSettingKind::Algorithm(_) => "algorithm",
        LimitSettingKind::Mode(_) => "mode",
        LimitSettingKind::Fail(_) => "fail",
        LimitSettingKind::Respond(_) => "respond",
    }
}
