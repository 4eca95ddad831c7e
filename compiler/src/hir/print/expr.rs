//! Expressions, and what they are made of.

use super::super::{Base, Const, Expr, Fact, Matcher, Type};
use std::fmt::{self, Display, Write};

/// Bytes in quotes.
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl Display for Bytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

/// Expressions between commas.
pub(super) struct List<'a>(pub(super) &'a [Expr]);

impl Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        joined(f, self.0, ", ")
    }
}

fn joined<T: Display>(f: &mut fmt::Formatter<'_>, items: &[T], between: &str) -> fmt::Result {
    for (n, item) in items.iter().enumerate() {
        if n > 0 {
            f.write_str(between)?;
        }
        item.fmt(f)?;
    }
    Ok(())
}

impl Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base = format!("{:?}", self.base).to_lowercase();
        write!(f, "{base}{}", if self.optional { "?" } else { "" })
    }
}

impl Display for Const {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Const::Bool(value) => value.fmt(f),
            Const::Int(n, Base::Int) => n.fmt(f),
            Const::Int(n, base) => write!(f, "{n}{}", Type::of(*base)),
            Const::Float(x) => write!(f, "{x:?}"),
            Const::Bytes(bytes) => Bytes(bytes).fmt(f),
            Const::Ip(octets) => std::net::Ipv6Addr::from(*octets).to_canonical().fmt(f),
            Const::Target(index) => write!(f, "target {index}"),
            Const::Absent(_) => f.write_str("absent"),
        }
    }
}

impl Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, list) = match self {
            Matcher::Equals(list) => ("==", list),
            Matcher::Contains(list) => ("contains", list),
            Matcher::StartsWith(list) => ("starts_with", list),
            Matcher::EndsWith(list) => ("ends_with", list),
            Matcher::Matches(regex) => return write!(f, "matches {regex:?}"),
            Matcher::In(set) => return write!(f, "in set {set}"),
            Matcher::Range(low, high) if low == high => return write!(f, "== {low}"),
            Matcher::Range(i64::MIN, high) => return write!(f, "<= {high}"),
            Matcher::Range(low, i64::MAX) => return write!(f, ">= {low}"),
            Matcher::Range(low, high) => return write!(f, "in {low}..={high}"),
        };
        write!(f, "{word} ")?;
        let list: Vec<Bytes<'_>> = list.iter().map(|bytes| Bytes(bytes)).collect();
        joined(f, &list, "|")
    }
}

impl Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fact::Raw(raw) => {
                let json = serde_json::to_value(raw).unwrap_or_default();
                let word = |key: &str| json.get(key).and_then(|it| it.as_str()).unwrap_or_default();
                f.write_str(word("fact"))?;
                match word("name") {
                    "" => Ok(()),
                    name => write!(f, "[{name:?}]"),
                }
            }
            Fact::Body(most) => write!(f, "request.body({most}B)"),
            Fact::Now => f.write_str("now"),
            Fact::Host => f.write_str("request.host"),
            Fact::Path => f.write_str("request.path"),
            Fact::RawPath => f.write_str("request.raw_path"),
            Fact::QueryString => f.write_str("request.query_string"),
            Fact::Query(name) => write!(f, "request.query[{}]", Bytes(name)),
            Fact::QueryList(name) => write!(f, "request.queries[{}]", Bytes(name)),
            Fact::Cookie(name) => write!(f, "request.cookie[{}]", Bytes(name)),
            Fact::PathSegment(index) => write!(f, "segment {index}"),
            Fact::PathRest(index) => write!(f, "segments {index}.."),
            Fact::Stream(lane) => write!(f, "{lane:?} body, streamed"),
        }
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, word: &str, list: &[Expr], between: &str| {
            write!(f, "{word}(")?;
            joined(f, list, between)?;
            f.write_char(')')
        };
        match self {
            Expr::Const(value) => value.fmt(f),
            Expr::Fact(fact, _) => fact.fmt(f),
            Expr::Let(id, _) => write!(f, "let {}", id.0),
            Expr::FnParam(index, _) => write!(f, "${index}"),
            Expr::CallFn(index, arguments, _) => list(f, &format!("fn {index}"), arguments, ", "),
            Expr::Builtin(builtin, arguments) => list(f, &format!("{builtin:?}"), arguments, ", "),
            Expr::Concat(parts) => list(f, "concat", parts, ", "),
            Expr::ToText(inner) => write!(f, "text({inner})"),
            Expr::ToJson(inner) => write!(f, "json({inner})"),
            Expr::Not(inner) => write!(f, "not({inner})"),
            Expr::And(all) => list(f, "", all, " and "),
            Expr::Or(all) => list(f, "", all, " or "),
            Expr::Test(inner, matcher) => write!(f, "{inner} {matcher}"),
            Expr::AnyOf(inner, matcher) => write!(f, "any {inner} {matcher}"),
            Expr::Compare(op, left, right) => write!(f, "({left} {op:?} {right})"),
            Expr::Present(inner) => write!(f, "{inner} is present"),
            Expr::OrElse(all, _) => list(f, "", all, " else "),
            Expr::Narrowed(inner) => write!(f, "{inner}!"),
            Expr::Arith(op, left, right, _) => write!(f, "({left} {op:?} {right})"),
            Expr::Choose(arms, last, _) => {
                f.write_str("choose(")?;
                for (condition, value) in arms {
                    write!(f, "{condition} => {value}, ")?;
                }
                write!(f, "{last})")
            }
            Expr::Experiment(index) => write!(f, "experiment {index}"),
            Expr::IsArm(inner, arm) => write!(f, "{inner} is {arm}"),
        }
    }
}
