//! Expressions, plainly.

use super::facts::{Facts, RawValue};
use crate::{
    ast::ArithOp,
    hir::{
        Base, Builtin, CompareOp, Const, Elements, Expr, Fact, Hir, Lane, Matcher, Pattern,
        Segment, Type,
    },
};
use edge_kernels as kernels;
use std::cmp::Ordering;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Val {
    Absent,
    Bool(bool),
    Int(i64, Base),
    Float(f64),
    Bytes(Vec<u8>),
    Ip([u8; 16]),
    List(Vec<Vec<u8>>),
    Arm(u32),
    Target(u32),
}

#[derive(Clone, Copy)]
pub(super) struct Evaluator<'a> {
    pub hir: &'a Hir,
    pub facts: &'a Facts,
    /// The texts of a body, where a scan is asked.
    pub texts: Option<(Lane, &'a [Vec<u8>])>,
    /// The one of them that is looked at.
    pub text: Option<&'a [u8]>,
}

impl Evaluator<'_> {
    /// The value of an expression; `arguments` are those of the function that it stands in.
    pub fn value(&self, expr: &Expr, arguments: &[Val]) -> Val {
        let of = |e: &Expr| self.value(e, arguments);
        let holds = |e: &Expr| self.value(e, arguments) == Val::Bool(true);
        match expr {
            Expr::Const(constant) => constant_value(constant),
            Expr::Fact(fact, ty) => self.fact(fact, *ty),
            Expr::Let(id, ty) => {
                let value = self
                    .hir
                    .lets
                    .get(id.0 as usize)
                    .map_or(Val::Absent, |l| self.value(&l.value, &[]));
                present_or_zero(value, *ty)
            }
            Expr::FnParam(index, _) => arguments
                .get(*index as usize)
                .cloned()
                .unwrap_or(Val::Absent),
            Expr::CallFn(index, list, _) => {
                let list: Vec<Val> = list.iter().map(of).collect();
                self.hir
                    .fns
                    .get(*index as usize)
                    .map_or(Val::Absent, |f| self.value(&f.body, &list))
            }
            Expr::Builtin(builtin, list) => {
                self.builtin(*builtin, &list.iter().map(of).collect::<Vec<_>>())
            }
            Expr::Concat(parts) => Val::Bytes(parts.iter().flat_map(|p| bytes(of(p))).collect()),
            Expr::ToText(inner) => Val::Bytes(self.text(inner, of(inner))),
            Expr::ToJson(inner) => Val::Bytes(self.json(inner, of(inner))),
            Expr::Not(inner) => Val::Bool(!holds(inner)),
            Expr::And(list) => Val::Bool(list.iter().all(holds)),
            Expr::Or(list) => Val::Bool(list.iter().any(holds)),
            Expr::Test(subject, matcher) if self.text.is_none() && subject.lane().is_some() => {
                Val::Bool(self.some_text(subject, matcher))
            }
            Expr::Test(subject, matcher) => Val::Bool(self.matches(&of(subject), matcher)),
            Expr::AnyOf(list, matcher) => match of(list) {
                Val::List(list) => Val::Bool(
                    list.into_iter()
                        .any(|item| self.matches(&Val::Bytes(item), matcher)),
                ),
                _ => Val::Bool(false),
            },
            Expr::Compare(op, a, b) => Val::Bool(compare(*op, &of(a), &of(b))),
            Expr::Present(inner) => Val::Bool(of(inner) != Val::Absent),
            Expr::OrElse(list, _) => list
                .iter()
                .map(of)
                .find(|v| *v != Val::Absent)
                .unwrap_or(Val::Absent),
            Expr::Narrowed(inner) => of(inner),
            Expr::Arith(op, a, b, _) => arithmetic(*op, of(a), of(b)),
            Expr::Choose(arms, otherwise, _) => arms
                .iter()
                .find(|(c, _)| holds(c))
                .map_or_else(|| of(otherwise), |(_, v)| of(v)),
            Expr::Experiment(index) => self.experiment(*index),
            Expr::IsArm(inner, arm) => Val::Bool(of(inner) == Val::Arm(*arm)),
        }
    }

    /// Whether one of a body's texts matches: none does where no scan is asked.
    fn some_text(&self, subject: &Expr, matcher: &Matcher) -> bool {
        let texts = match self.texts {
            Some((lane, texts)) if subject.lane() == Some(lane) => texts,
            _ => &[],
        };
        texts.iter().any(|text| {
            let of_text = Evaluator {
                text: Some(text),
                ..*self
            };
            of_text.matches(&of_text.value(subject, &[]), matcher)
        })
    }

    fn fact(&self, fact: &Fact, ty: Type) -> Val {
        let optional = |value: Option<Vec<u8>>| value.map_or(Val::Absent, Val::Bytes);
        let value = match fact {
            Fact::Body(_) => return self.fact(&Fact::Raw(edge_abi::manifest::Fact::Body), ty),
            Fact::Raw(raw) => match self.facts.raw.get(raw) {
                None if ty.base == Base::List => Val::List(Vec::new()),
                // A body that was not read: what is never absent is empty then.
                None if ty == Type::of(Base::String) => Val::Bytes(Vec::new()),
                None => Val::Absent,
                Some(RawValue::Bytes(b)) => Val::Bytes(b.clone()),
                Some(RawValue::Int(i)) => Val::Int(*i, ty.base),
                Some(RawValue::Float(f)) => Val::Float(*f),
                Some(RawValue::Bool(b)) => Val::Bool(*b),
                Some(RawValue::Ip(ip)) => Val::Ip(*ip),
                Some(RawValue::List(list)) => Val::List(list.clone()),
            },
            Fact::Stream(_) => optional(self.text.map(<[u8]>::to_vec)),
            Fact::Now => Val::Int(self.facts.now, Base::Time),
            Fact::Host => Val::Bytes(self.facts.host()),
            Fact::Path => optional(self.facts.path()),
            Fact::RawPath => Val::Bytes(self.facts.raw_path()),
            Fact::QueryString => optional(self.facts.query()),
            Fact::Query(name) => optional(self.facts.query_get(name)),
            Fact::QueryList(name) => Val::List(self.facts.query_all(name)),
            Fact::Cookie(name) => optional(self.facts.cookie(name)),
            Fact::PathSegment(index) => Val::Bytes(self.facts.segment(*index)),
            Fact::PathRest(index) => Val::Bytes(self.facts.rest(*index)),
        };
        present_or_zero(value, ty)
    }

    /// Forced by the request, else the first arm for those that are not eligible, else by hash.
    fn experiment(&self, index: u32) -> Val {
        let Some(e) = self.hir.experiments.get(index as usize) else {
            return Val::Arm(0);
        };
        let forced = e.force.as_ref().map(|force| self.value(force, &[]));
        if let Some(Val::Bytes(name)) = forced
            && let Some(arm) = (0u32..)
                .zip(&e.arms)
                .find(|(_, (n, _))| n.as_bytes() == name)
        {
            return Val::Arm(arm.0);
        }
        if e.when
            .as_ref()
            .is_some_and(|when| self.value(when, &[]) != Val::Bool(true))
        {
            return Val::Arm(0);
        }
        let mut text = format!("{}:", e.salt).into_bytes();
        text.extend(bytes(self.value(&e.unit, &[])));
        let fraction = u128::from(kernels::hash::fraction(&text));
        let mut sum: u128 = 0;
        for (arm, (_, share)) in (0u32..).zip(&e.arms).skip(1) {
            sum += u128::from(*share);
            if fraction < ((sum << 64) / 1_000_000).min(u128::from(u64::MAX)) {
                return Val::Arm(arm);
            }
        }
        Val::Arm(0)
    }

    fn text(&self, expr: &Expr, value: Val) -> Vec<u8> {
        let mut out = [0; 64];
        match value {
            Val::Bytes(b) => b,
            Val::Bool(b) => b.to_string().into_bytes(),
            Val::Int(i, Base::Duration) => kernels::time::duration_format(i, &mut out).to_vec(),
            Val::Int(i, Base::Time) => kernels::time::time_format(i, &mut out).to_vec(),
            Val::Int(i, Base::Percent) => kernels::number::percent_format(i, &mut out).to_vec(),
            Val::Int(i, _) => i.to_string().into_bytes(),
            Val::Float(f) => kernels::number::float_format(f, &mut out).to_vec(),
            Val::Ip(ip) => kernels::ip::ip_format(&ip, &mut out).to_vec(),
            Val::Arm(arm) => self.arm_name(expr, arm),
            Val::Absent | Val::List(_) | Val::Target(_) => Vec::new(),
        }
    }

    fn arm_name(&self, expr: &Expr, arm: u32) -> Vec<u8> {
        let experiment = match type_of(expr).base {
            Base::Arm(index) => self.hir.experiments.get(index as usize),
            _ => None,
        };
        experiment
            .and_then(|e| e.arms.get(arm as usize))
            .map(|(name, _)| name.clone().into_bytes())
            .unwrap_or_default()
    }

    fn json(&self, expr: &Expr, value: Val) -> Vec<u8> {
        match value {
            Val::Absent => b"null".to_vec(),
            Val::Int(..) | Val::Float(_) | Val::Bool(_) if !quoted(&value) => {
                self.text(expr, value)
            }
            other => {
                let text = self.text(expr, other);
                let mut out = vec![0; kernels::bounds::ENTITY.capacity(text.len())];
                [b"\"", kernels::json::json_escape(&text, &mut out), b"\""].concat()
            }
        }
    }

    fn matches(&self, value: &Val, matcher: &Matcher) -> bool {
        match (value, matcher) {
            (Val::Bytes(b), Matcher::Equals(list)) => list.contains(b),
            (Val::Bytes(b), Matcher::Contains(list)) => list
                .iter()
                .any(|n| n.is_empty() || b.windows(n.len()).any(|w| w == n)),
            (Val::Bytes(b), Matcher::StartsWith(list)) => list.iter().any(|n| b.starts_with(n)),
            (Val::Bytes(b), Matcher::EndsWith(list)) => list.iter().any(|n| b.ends_with(n)),
            (Val::Bytes(b), Matcher::Matches(pattern)) => {
                let regex = regex::bytes::RegexBuilder::new(pattern)
                    .unicode(false)
                    .size_limit(1 << 30)
                    .build();
                regex.is_ok_and(|r| r.is_match(b))
            }
            (Val::Int(i, _), Matcher::Range(low, high)) => low <= i && i <= high,
            (value, Matcher::In(set)) => self
                .hir
                .sets
                .get(*set as usize)
                .is_some_and(|set| in_set(value, &set.elements)),
            _ => false,
        }
    }

    fn builtin(&self, builtin: Builtin, arguments: &[Val]) -> Val {
        let text = |i: usize| arguments.get(i).cloned().map(bytes).unwrap_or_default();
        let input = text(0);
        let mut room = vec![0; input.len() * 6 + 64];
        let out = room.as_mut_slice();
        let slice = match builtin {
            Builtin::Lower => kernels::text::lower(&input, out),
            Builtin::Upper => kernels::text::upper(&input, out),
            Builtin::Trim => kernels::text::trim(&input),
            Builtin::RemovePrefix => {
                return Val::Bytes(kernels::text::remove_prefix(&input, &text(1)).to_vec());
            }
            Builtin::RemoveSuffix => {
                return Val::Bytes(kernels::text::remove_suffix(&input, &text(1)).to_vec());
            }
            Builtin::SplitFirst => {
                return Val::Bytes(kernels::text::split_first(&input, &text(1)).to_vec());
            }
            Builtin::Replace => {
                let mut out = vec![0; input.len() * (text(2).len() + 1)];
                return Val::Bytes(
                    kernels::text::replace(&input, &text(1), &text(2), &mut out).to_vec(),
                );
            }
            Builtin::UrlDecode => kernels::percent::url_decode(&input, out),
            Builtin::HtmlDecode => kernels::html::html_decode(&input, out),
            Builtin::Base64Decode => {
                return kernels::base64::base64_decode(&input, out)
                    .map_or(Val::Absent, |b| Val::Bytes(b.to_vec()));
            }
            Builtin::UrlDecodeUni => kernels::unicode::url_decode_uni(&input, out),
            Builtin::JsDecode => kernels::js::js_decode(&input, out),
            Builtin::CssDecode => kernels::css::css_decode(&input, out),
            Builtin::Base64DecodeLenient => kernels::base64::base64_decode_lenient(&input, out),
            Builtin::RemoveNulls => kernels::text::remove_nulls(&input, out),
            Builtin::CompressWhitespace => kernels::text::compress_whitespace(&input, out),
            Builtin::RemoveComments => kernels::comments::remove_comments(&input, out),
            Builtin::NormalisePath => kernels::file_path::normalise_path(&input, out),
            Builtin::CmdLine => kernels::shell::cmd_line(&input, out),
            Builtin::Utf8ToUnicode => kernels::unicode::utf8_to_unicode(&input, out),
            Builtin::Base64UrlEncode => kernels::base64::base64url_encode(&input, out),
            Builtin::Hex => kernels::hex::hex(&input, out),
            Builtin::Sha256 => return Val::Bytes(kernels::hash::sha256(&input).to_vec()),
            Builtin::HtmlEscape => kernels::html::html_escape(&input, out),
            Builtin::CountsJson => {
                let mut out = vec![0; kernels::bounds::COUNTS.capacity(input.len())];
                return Val::Bytes(kernels::counts::counts_json(&input, &mut out).to_vec());
            }
            Builtin::QueryEncode => kernels::percent::query_encode(&input, out),
            Builtin::HttpDate => match arguments.first() {
                Some(Val::Int(ms, _)) => kernels::time::http_date(*ms, out),
                _ => &[],
            },
            Builtin::Len => {
                return Val::Int(i64::try_from(input.len()).unwrap_or(i64::MAX), Base::Int);
            }
            Builtin::IntParse => {
                return kernels::number::int_parse(&input)
                    .map_or(Val::Absent, |i| Val::Int(i, Base::Int));
            }
            Builtin::FloatParse => {
                return kernels::number::float_parse(&input).map_or(Val::Absent, Val::Float);
            }
            Builtin::IntFromFloat | Builtin::FloatFromInt | Builtin::Unix => {
                return number(builtin, arguments.first());
            }
            Builtin::QueryFilter => return filtered(arguments, query_filter),
            Builtin::CookieFilter => return filtered(arguments, cookie_filter),
            Builtin::QuerySort => return text_of(arguments.first(), query_sort),
            Builtin::JsonText
            | Builtin::JsonMember
            | Builtin::JsonItem
            | Builtin::JsonString
            | Builtin::JsonInt
            | Builtin::JsonFloat
            | Builtin::JsonBool => return super::json::read(builtin, arguments),
        };
        Val::Bytes(slice.to_vec())
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "`as` truncates and saturates as meant"
)]
fn number(builtin: Builtin, argument: Option<&Val>) -> Val {
    match (builtin, argument) {
        (Builtin::IntFromFloat, Some(Val::Float(f))) => Val::Int(*f as i64, Base::Int),
        (Builtin::FloatFromInt, Some(Val::Int(i, _))) => Val::Float(*i as f64),
        (Builtin::Unix, Some(Val::Int(ms, _))) => Val::Int(ms.div_euclid(1000), Base::Int),
        _ => Val::Absent,
    }
}

/// Whether JSON writes it as a string: durations, times and percentages are text.
fn quoted(value: &Val) -> bool {
    matches!(
        value,
        Val::Int(_, Base::Duration | Base::Time | Base::Percent)
    )
}

/// The type of an expression, as far as it matters for printing: that of the arms of experiments.
fn type_of(expr: &Expr) -> Type {
    match expr {
        Expr::Experiment(index) => Type::of(Base::Arm(*index)),
        Expr::Let(_, ty)
        | Expr::FnParam(_, ty)
        | Expr::CallFn(_, _, ty)
        | Expr::Choose(_, _, ty) => *ty,
        Expr::OrElse(_, ty) | Expr::Fact(_, ty) | Expr::Arith(_, _, _, ty) => *ty,
        Expr::Narrowed(inner) => type_of(inner),
        _ => Type::of(Base::String),
    }
}

fn constant_value(constant: &Const) -> Val {
    match constant {
        Const::Bool(b) => Val::Bool(*b),
        Const::Int(i, base) => Val::Int(*i, *base),
        Const::Float(f) => Val::Float(*f),
        Const::Bytes(b) => Val::Bytes(b.clone()),
        Const::Ip(ip) => Val::Ip(*ip),
        Const::Target(t) => Val::Target(*t),
        Const::Absent(_) => Val::Absent,
    }
}

/// A fact that the type says is there, but the host did not give, is the type's zero.
fn present_or_zero(value: Val, ty: Type) -> Val {
    match (value, ty) {
        (
            Val::Absent,
            Type {
                optional: false,
                base,
            },
        ) => match base {
            Base::String => Val::Bytes(Vec::new()),
            Base::Bool => Val::Bool(false),
            Base::Float => Val::Float(0.0),
            Base::Ip => Val::Ip([0; 16]),
            base if base.is_integer() => Val::Int(0, base),
            _ => Val::Absent,
        },
        (value, _) => value,
    }
}

fn bytes(value: Val) -> Vec<u8> {
    match value {
        Val::Bytes(b) => b,
        _ => Vec::new(),
    }
}

fn in_set(value: &Val, elements: &Elements) -> bool {
    match (value, elements) {
        (Val::Bytes(b), Elements::Bytes(list)) => list.contains(b),
        (Val::Int(i, _), Elements::Ints(list)) => list.contains(i),
        (Val::Ip(ip), Elements::Networks(list)) => list.iter().any(|(network, prefix)| {
            let shift = 128 - u32::from(*prefix);
            let bits = |a: &[u8; 16]| u128::from_be_bytes(*a).checked_shr(shift).unwrap_or(0);
            bits(network) == bits(ip)
        }),
        _ => false,
    }
}

fn compare(op: CompareOp, a: &Val, b: &Val) -> bool {
    let (Val::Bytes(_) | Val::Int(..) | Val::Float(_) | Val::Ip(_) | Val::Bool(_) | Val::Arm(_), _) =
        (a, b)
    else {
        return false;
    };
    if let (Val::Bytes(a), Val::Bytes(b)) = (a, b) {
        match op {
            CompareOp::Contains => return b.is_empty() || a.windows(b.len()).any(|w| w == b),
            CompareOp::StartsWith => return a.starts_with(b),
            CompareOp::EndsWith => return a.ends_with(b),
            _ => {}
        }
    }
    let ordering = match (a, b) {
        (Val::Bytes(a), Val::Bytes(b)) => Some(a.cmp(b)),
        (Val::Int(a, _), Val::Int(b, _)) => Some(a.cmp(b)),
        (Val::Float(a), Val::Float(b)) => a.partial_cmp(b),
        (Val::Ip(a), Val::Ip(b)) => Some(a.cmp(b)),
        (Val::Bool(a), Val::Bool(b)) => Some(a.cmp(b)),
        (Val::Arm(a), Val::Arm(b)) => Some(a.cmp(b)),
        _ => None,
    };
    let Some(ordering) = ordering else {
        return false;
    };
    match op {
        CompareOp::Eq => ordering == Ordering::Equal,
        CompareOp::Ne => ordering != Ordering::Equal,
        CompareOp::Lt => ordering == Ordering::Less,
        CompareOp::Le => ordering != Ordering::Greater,
        CompareOp::Gt => ordering == Ordering::Greater,
        CompareOp::Ge => ordering != Ordering::Less,
        CompareOp::Contains | CompareOp::StartsWith | CompareOp::EndsWith => false,
    }
}

/// `+ - *` saturate; `/` and `%` by zero give nothing. Floats stay finite.
fn arithmetic(op: ArithOp, a: Val, b: Val) -> Val {
    match (a, b) {
        (Val::Int(a, base), Val::Int(b, _)) => {
            let value = match op {
                ArithOp::Add => Some(a.saturating_add(b)),
                ArithOp::Sub => Some(a.saturating_sub(b)),
                ArithOp::Mul => Some(a.saturating_mul(b)),
                ArithOp::Div => (b != 0).then(|| a.saturating_div(b)),
                ArithOp::Rem => (b != 0).then(|| a.wrapping_rem(b)),
            };
            value.map_or(Val::Absent, |v| Val::Int(v, base))
        }
        (Val::Float(a), Val::Float(b)) => {
            let value = match op {
                ArithOp::Add => a + b,
                ArithOp::Sub => a - b,
                ArithOp::Mul => a * b,
                ArithOp::Div | ArithOp::Rem if b == 0.0 => return Val::Absent,
                ArithOp::Div => a / b,
                ArithOp::Rem => a - (a / b).trunc() * b,
            };
            Val::Float(value.clamp(f64::MIN, f64::MAX))
        }
        _ => Val::Absent,
    }
}

/// Whether a path has that pattern.
pub(super) fn path_matches(pattern: &Pattern, path: &[u8]) -> bool {
    let Some(path) = path.strip_prefix(b"/") else {
        return false;
    };
    let mut parts = path.split(|&b| b == b'/');
    for segment in &pattern.segments {
        let part = parts.next();
        match segment {
            Segment::Rest => return part.is_some(),
            Segment::Literal(literal) if part == Some(literal) => {}
            Segment::Param if part.is_some_and(|p| !p.is_empty()) => {}
            _ => return false,
        }
    }
    parts.next().is_none()
}

/// A query string with all pairs of a name replaced by one.
pub(super) fn query_set(query: &[u8], name: &[u8], value: &[u8]) -> Vec<u8> {
    let length = query.len() + name.len() + value.len();
    let mut out = vec![0; kernels::bounds::QUERY_SET.capacity(length)];
    kernels::query::query_set(query, name, value, &mut out).to_vec()
}

/// The pairs of a query string that a list lets through.
pub(super) fn query_filter(query: &[u8], list: &[u8]) -> Option<Vec<u8>> {
    let mut out = vec![0; query.len()];
    kernels::query::query_filter(query, list, &mut out).map(<[u8]>::to_vec)
}

/// A query string, its pairs sorted.
pub(super) fn query_sort(query: &[u8]) -> Option<Vec<u8>> {
    let mut out = vec![0; kernels::bounds::QUERY_SORT.capacity(query.len())];
    kernels::query::query_sort(query, &mut out).map(<[u8]>::to_vec)
}

fn cookie_filter(header: &[u8], list: &[u8]) -> Option<Vec<u8>> {
    let mut out = vec![0; kernels::bounds::DOUBLE.capacity(header.len())];
    kernels::cookie::cookie_filter(header, list, &mut out).map(<[u8]>::to_vec)
}

/// A text that may be absent, as something makes of it.
fn text_of(text: Option<&Val>, make: impl Fn(&[u8]) -> Option<Vec<u8>>) -> Val {
    match text {
        Some(Val::Bytes(text)) => make(text).map_or(Val::Absent, Val::Bytes),
        _ => Val::Absent,
    }
}

fn filtered(arguments: &[Val], by: fn(&[u8], &[u8]) -> Option<Vec<u8>>) -> Val {
    let list = arguments.get(1).cloned().map(bytes).unwrap_or_default();
    text_of(arguments.first(), |text| by(text, &list))
}

/// A query string without the pairs of a name.
pub(super) fn query_remove(query: &[u8], pattern: &[u8]) -> Vec<u8> {
    let mut out = vec![0; query.len()];
    kernels::query::query_remove(query, pattern, &mut out).to_vec()
}
