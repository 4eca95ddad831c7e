//! Typed expressions to interned values.

use super::Builder;
use crate::{
    decision::{Atom, Const, Handle, Matcher, Value},
    hir::{self, Base, Expr, Fact, Type},
};

const BOOL: Type = Type::of(Base::Bool);
const STRING: Type = Type::of(Base::String);

impl Builder<'_> {
    /// The value of an expression.
    pub(super) fn value(&mut self, expr: &Expr) -> Handle<Value> {
        let (value, ty) = match expr {
            Expr::Const(constant) => return self.constant(constant),
            // The path alone may be absent at first: nothing runs before it was found to be there.
            Expr::Fact(Fact::Path, _) => {
                let path = self
                    .graph
                    .value(Value::Fact(Fact::Path), Type::optional(Base::String));
                (Value::Narrowed(path), STRING)
            }
            Expr::Fact(Fact::Body(_), ty) => {
                (Value::Fact(Fact::Raw(edge_abi::manifest::Fact::Body)), *ty)
            }
            Expr::Fact(fact, ty) => (Value::Fact(fact.clone()), *ty),
            Expr::Let(id, _) => return self.let_value(*id),
            Expr::FnParam(index, ty) => (Value::FnParam(self.function, *index), *ty),
            Expr::CallFn(index, arguments, ty) => (Value::Call(*index, self.list(arguments)), *ty),
            Expr::Builtin(builtin, arguments) => (
                Value::Builtin(*builtin, self.list(arguments)),
                builtin.result(),
            ),
            Expr::Concat(parts) => (Value::Concat(self.list(parts)), STRING),
            Expr::ToText(inner) => {
                let inner = self.value(inner);
                if self.graph.type_of(inner) == STRING {
                    return inner;
                }
                (Value::Text(inner), STRING)
            }
            Expr::ToJson(inner) => (Value::Json(self.value(inner)), STRING),
            Expr::Not(inner) => (Value::Not(self.value(inner)), BOOL),
            Expr::And(list) => (Value::And(self.list(list)), BOOL),
            Expr::Or(list) => (Value::Or(self.list(list)), BOOL),
            Expr::Test(..) if !self.sees(expr) => (Value::Const(Const::Bool(false)), BOOL),
            Expr::Test(..) | Expr::AnyOf(..) | Expr::Present(_) | Expr::IsArm(..) => {
                (Value::Atom(self.atom(expr)), BOOL)
            }
            Expr::Compare(op, a, b) => (Value::Compare(*op, self.value(a), self.value(b)), BOOL),
            Expr::OrElse(list, ty) => (Value::OrElse(self.list(list)), *ty),
            Expr::Narrowed(inner) => {
                let inner = self.value(inner);
                let ty = self.graph.type_of(inner);
                if !ty.optional {
                    return inner;
                }
                (Value::Narrowed(inner), Type::of(ty.base))
            }
            Expr::Arith(op, a, b, ty) => (Value::Arith(*op, self.value(a), self.value(b)), *ty),
            Expr::Choose(arms, otherwise, ty) => {
                let arms = arms
                    .iter()
                    .map(|(c, v)| (self.value(c), self.value(v)))
                    .collect();
                (Value::Choose(arms, self.value(otherwise)), *ty)
            }
            Expr::Experiment(index) => return self.experiment(*index),
        };
        self.graph.value(value, ty)
    }

    fn list(&mut self, list: &[Expr]) -> Vec<Handle<Value>> {
        list.iter().map(|e| self.value(e)).collect()
    }

    fn constant(&mut self, constant: &hir::Const) -> Handle<Value> {
        let (constant, ty) = match constant {
            hir::Const::Bool(b) => (Const::Bool(*b), BOOL),
            hir::Const::Int(i, base) => (Const::Int(*i, *base), Type::of(*base)),
            hir::Const::Float(f) => (Const::Float(f.to_bits()), Type::of(Base::Float)),
            hir::Const::Bytes(bytes) => (Const::Bytes(bytes.clone()), STRING),
            hir::Const::Ip(ip) => (Const::Ip(*ip), Type::of(Base::Ip)),
            hir::Const::Target(index) => (Const::Target(*index), Type::of(Base::Target)),
            hir::Const::Absent(base) => (Const::Absent(*base), Type::optional(*base)),
        };
        self.graph.value(Value::Const(constant), ty)
    }

    /// A constant string.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Handle<Value> {
        self.graph
            .value(Value::Const(Const::Bytes(bytes.to_vec())), STRING)
    }

    fn let_value(&mut self, id: hir::LetId) -> Handle<Value> {
        if let Some(&known) = self.lets.get(&id) {
            return known;
        }
        let hir = self.hir;
        let Some(binding) = hir.lets.get(id.0 as usize) else {
            return self.bytes(b"");
        };
        let mut value = self.value(&binding.value);
        let ty = self.graph.type_of(value);
        if ty.optional && !binding.ty.optional {
            value = self.graph.value(Value::Narrowed(value), binding.ty);
        }
        self.lets.insert(id, value);
        value
    }

    /// The atom of a condition that is no `and`, `or` or `not`.
    pub(super) fn atom(&mut self, expr: &Expr) -> Handle<Atom> {
        let atom = match expr {
            Expr::Test(subject, matcher) => Atom {
                subject: self.value(subject),
                matcher: convert(matcher),
            },
            Expr::AnyOf(list, matcher) => Atom {
                subject: self.value(list),
                matcher: Matcher::Any(Box::new(convert(matcher))),
            },
            Expr::Present(subject) => Atom {
                subject: self.value(subject),
                matcher: Matcher::Present,
            },
            Expr::IsArm(subject, arm) => Atom {
                subject: self.value(subject),
                matcher: Matcher::Arm(*arm),
            },
            other => Atom {
                subject: self.value(other),
                matcher: Matcher::True,
            },
        };
        // Where an atom is false for what is absent, it need not be told that nothing is.
        let subject = match self.graph.values.get(atom.subject) {
            Value::Narrowed(inner) => *inner,
            _ => atom.subject,
        };
        self.graph.atoms.intern(Atom { subject, ..atom })
    }

    /// The arm of an experiment: what the request asks for, else the first for those that
    /// are not eligible, else by the hash of `salt:unit`.
    fn experiment(&mut self, index: u32) -> Handle<Value> {
        let hir = self.hir;
        let ty = Type::of(Base::Arm(index));
        let Some(experiment) = hir.experiments.get(index as usize) else {
            return self.graph.value(Value::Const(Const::Arm(index, 0)), ty);
        };
        let prefix = self.bytes(format!("{}:", experiment.salt).as_bytes());
        let unit = self.value(&experiment.unit);
        let text = self.graph.value(Value::Concat(vec![prefix, unit]), STRING);
        let mut arm = self
            .graph
            .value(Value::Split(index, text, bounds(&experiment.arms)), ty);
        if let Some(when) = &experiment.when {
            let eligible = self.value(when);
            let first = self.graph.value(Value::Const(Const::Arm(index, 0)), ty);
            arm = self
                .graph
                .value(Value::Choose(vec![(eligible, arm)], first), ty);
        }
        if let Some(force) = &experiment.force {
            let asked = self.value(force);
            let mut arms = Vec::new();
            for (i, (name, _)) in (0u32..).zip(&experiment.arms) {
                let matcher = Matcher::Equals(vec![name.clone().into_bytes()]);
                let atom = self.graph.atoms.intern(Atom {
                    subject: asked,
                    matcher,
                });
                let is = self.graph.value(Value::Atom(atom), BOOL);
                arms.push((is, self.graph.value(Value::Const(Const::Arm(index, i)), ty)));
            }
            arm = self.graph.value(Value::Choose(arms, arm), ty);
        }
        arm
    }
}

/// The bounds of all arms but the first, as fractions of 2^64; shares are millionths.
/// A bound of the whole is one less than 2^64: the last value of the hash falls to arm 0.
fn bounds(arms: &[(String, u32)]) -> Vec<u64> {
    let mut sum: u128 = 0;
    arms.iter()
        .skip(1)
        .map(|(_, share)| {
            sum += u128::from(*share);
            u64::try_from((sum << 64) / 1_000_000).unwrap_or(u64::MAX)
        })
        .collect()
}

fn convert(matcher: &hir::Matcher) -> Matcher {
    match matcher.clone() {
        hir::Matcher::Equals(list) => Matcher::Equals(list),
        hir::Matcher::Contains(list) => Matcher::Contains(list),
        hir::Matcher::StartsWith(list) => Matcher::StartsWith(list),
        hir::Matcher::EndsWith(list) => Matcher::EndsWith(list),
        hir::Matcher::Matches(pattern) => Matcher::Regex(pattern),
        hir::Matcher::In(set) => Matcher::Set(set),
        hir::Matcher::Range(low, high) => Matcher::Range(low, high),
    }
}
