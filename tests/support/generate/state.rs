//! What the host remembers, in policies made from bytes.

use super::{Maker, STRING};
use edge_abi::{
    input::result::Status,
    manifest::{Counter, Fact as RawFact, Fail, OnFailure, Rate, RateLimit, RuleKind, Store},
    output::Op,
};
use edge_compiler::{
    eval::{self, RawValue},
    hir::{Ask, Base, Builtin, Const, DenyRule, Expr, Fact, RuleId, State, StmtKind, Type},
};
use std::hash::{DefaultHasher, Hash, Hasher};

/// The longest value and list that are answered.
const MOST: u32 = 200;

/// What is answered to a question, always the same: its status, and the fact.
pub fn answer(state: &eval::State) -> (Status, Option<RawValue>) {
    let mut hasher = DefaultHasher::new();
    state.hash(&mut hasher);
    let chance = hasher.finish();
    let is = |n: u64| chance % 4 == n;
    match state.op {
        Op::Limit if is(0) => (Status::Refused, Some(RawValue::Bool(false))),
        Op::Put | Op::Delete if is(0) => (Status::Unavailable, Some(RawValue::Bool(false))),
        Op::Limit | Op::Put | Op::Delete => (Status::Ok, Some(RawValue::Bool(true))),
        _ if is(0) => (Status::Absent, None),
        _ if is(1) => (Status::Timeout, None),
        Op::StoreGet => {
            let text = ["", "a", "DE", "abc\"\u{e4}"][chance as usize / 4 % 4];
            (Status::Ok, Some(RawValue::Bytes(text.into())))
        }
        Op::CounterList => {
            let key = &state.key[..state.key.len().min(20)];
            let length = u32::try_from(key.len()).unwrap().to_le_bytes();
            let entry = [&length, key, &7i64.to_le_bytes()].concat();
            (Status::Ok, Some(RawValue::Bytes(entry.repeat(2))))
        }
        _ => (Status::Ok, Some(RawValue::Int(chance.cast_signed()))),
    }
}

impl Maker<'_, '_> {
    /// A limit, a store and a counter.
    pub fn remembers(&mut self) {
        let rule = self.rule(RuleKind::Deny).0;
        self.hir.rate_limits.push(RateLimit {
            name: "limit".into(),
            rule,
            rate: Rate::AtOnce { amount: 1 },
            shadow: false,
            fail: Fail::Open,
        });
        self.hir.stores.push(Store {
            name: "store".into(),
            ttl_ms: None,
            max_value: MOST,
            on_failure: OnFailure::Error,
        });
        self.hir.counters.push(Counter {
            name: "counter".into(),
            expire_ms: None,
            listed: true,
            on_failure: OnFailure::Error,
        });
        self.hir.purges = true;
    }

    /// Something that is done, or asked and looked at.
    pub fn remembered(&mut self, rule: RuleId, depth: usize) -> Vec<StmtKind> {
        let op = *self.source.pick(&[
            Op::Limit,
            Op::StoreGet,
            Op::CounterAdd,
            Op::Put,
            Op::CounterGet,
            Op::CounterList,
            Op::Delete,
            Op::Purge,
        ]);
        let reads = matches!(op, Op::StoreGet | Op::CounterGet | Op::CounterList);
        let state = State {
            op,
            id: 0,
            key: self.string(1),
            value: (op == Op::Put).then(|| self.string(1)),
            number: self.number(op),
        };
        if !self.waits_ok || op == Op::Purge || !reads && self.source.rarely(3) {
            return match reads {
                true => Vec::new(),
                false => vec![StmtKind::Do(state)],
            };
        }
        let ask = u32::try_from(self.hir.asks.len()).unwrap();
        self.hir.asks.push(MOST);
        let mut made = vec![StmtKind::Ask(Ask { ask, state })];
        made.extend(self.looked_at(ask, op, rule, depth));
        made
    }

    fn number(&mut self, op: Op) -> Option<Expr> {
        let int = |n: i64| Expr::Const(Const::Int(n, Base::Int));
        match op {
            Op::Limit | Op::CounterAdd if self.source.rarely(3) => {
                let text = self.string(1);
                Some(Expr::Builtin(Builtin::Len, vec![text]))
            }
            Op::Limit | Op::CounterAdd | Op::CounterList | Op::Put => Some(int(self.source.int())),
            _ => None,
        }
    }

    /// What a policy does with an answer.
    fn looked_at(&mut self, ask: u32, op: Op, rule: RuleId, depth: usize) -> Option<StmtKind> {
        let fact = |ty| Expr::Fact(Fact::Raw(RawFact::Answer { ask }), ty);
        let base = match op {
            Op::StoreGet => Base::String,
            Op::CounterList => Base::Counts,
            Op::CounterGet | Op::CounterAdd => Base::Int,
            _ => {
                let failed = Expr::Not(Box::new(fact(Type::of(Base::Bool))));
                return Some(match self.source.flip() {
                    true => StmtKind::Deny(vec![DenyRule {
                        condition: failed,
                        body: {
                            let denied = self.rule(RuleKind::Deny);
                            self.block(denied, 0, true)
                        },
                    }]),
                    false => StmtKind::If {
                        arms: vec![(failed, self.block(rule, depth.saturating_sub(1), false))],
                        otherwise: Vec::new(),
                    },
                });
            }
        };
        let optional = fact(Type::optional(base));
        if base == Base::String && self.source.flip() {
            let otherwise = self.block(rule, 0, true);
            return Some(StmtKind::LetElse(self.bind(STRING, optional), otherwise));
        }
        let there = Box::new(Expr::Narrowed(Box::new(optional.clone())));
        let text = match base {
            Base::String => *there,
            Base::Counts => Expr::Builtin(Builtin::CountsJson, vec![*there]),
            _ => Expr::ToText(there),
        };
        let present = Expr::Present(Box::new(optional));
        let otherwise = Box::new(self.string(0));
        let value = Expr::Choose(vec![(present, text)], otherwise, STRING);
        self.bind(STRING, value);
        None
    }
}
