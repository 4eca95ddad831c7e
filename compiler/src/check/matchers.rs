//! From constants on the right of a comparison to matchers.

use super::compare::{Right, bytes_of, exactly};
use super::sets::Kind;
use super::{Checker, index};
use crate::ast::{Compare, CompareOp as Op};
use crate::diagnostics::OutOfRange;
use crate::hir::{Base, Const, Elements, Expr, Matcher, Set, Type};
use crate::source::Span;

/// How many strings are compared one by one; more become a set.
const FEW: usize = 8;
/// Most elements of a set that are looked for inside of texts.
const MOST_SOUGHT: usize = 10_000;

impl Checker<'_> {
    /// The matcher for a value of type `left`.
    pub(super) fn matcher(
        &mut self,
        compare: &Compare,
        left: Type,
        right: Right,
    ) -> Option<Matcher> {
        let values = match right {
            Right::One(value, span) => match value.expr {
                Expr::Const(constant) => vec![(constant, value.ty, span)],
                _ => {
                    let what = "what a list's elements are compared with";
                    return self.not_constant(what, span);
                }
            },
            Right::Some(values) => values,
            Right::Set(id, name, span) => return self.set_matcher(compare, left, id, &name, span),
        };
        if let Some((_, ty, _)) = values
            .iter()
            .find(|(_, ty, _)| !goes_with(left.base, ty.base))
        {
            return self.cannot_compare(compare, left, *ty);
        }
        match left.base {
            Base::String => self.string_matcher(compare, values),
            Base::Ip => self.address_matcher(compare, left, values),
            base if base.is_integer() => self.integer_matcher(compare, left, values),
            _ => {
                let right = values.first().map_or(left, |(_, ty, _)| *ty);
                self.cannot_compare(compare, left, right)
            }
        }
    }

    fn string_matcher(
        &mut self,
        compare: &Compare,
        values: Vec<(Const, Type, Span)>,
    ) -> Option<Matcher> {
        if compare.op == Op::Matches {
            return self.regex_matcher(values);
        }
        let string = Type::of(Base::String);
        match compare.op {
            Op::Lt | Op::Le | Op::Gt | Op::Ge => {
                return self.cannot_compare(compare, string, string);
            }
            _ => {}
        }
        let Some(values) = bytes_of(values) else {
            return self.cannot_compare(compare, string, string);
        };
        Some(match compare.op {
            Op::Contains => Matcher::Contains(values),
            Op::StartsWith => Matcher::StartsWith(values),
            Op::EndsWith => Matcher::EndsWith(values),
            _ if values.len() <= FEW => Matcher::Equals(values),
            _ => self.unnamed_set(Elements::Bytes(values)),
        })
    }

    /// `matches`, also with several regexes, of which one has to match.
    fn regex_matcher(&mut self, values: Vec<(Const, Type, Span)>) -> Option<Matcher> {
        let mut patterns = Some(Vec::new());
        for (value, _, span) in values {
            let Const::Bytes(bytes) = value else {
                continue;
            };
            let pattern = String::from_utf8_lossy(&bytes).into_owned();
            match (self.regex(&pattern, span), &mut patterns) {
                (Some(()), Some(patterns)) => patterns.push(pattern),
                _ => patterns = None,
            }
        }
        let patterns = patterns?;
        Some(Matcher::Matches(match <[String; 1]>::try_from(patterns) {
            Ok([one]) => one,
            Err(patterns) if patterns.is_empty() => r"[^\s\S]".to_owned(),
            Err(patterns) => {
                let groups: Vec<String> = patterns.iter().map(|p| format!("(?:{p})")).collect();
                groups.join("|")
            }
        }))
    }

    fn address_matcher(
        &mut self,
        compare: &Compare,
        left: Type,
        values: Vec<(Const, Type, Span)>,
    ) -> Option<Matcher> {
        if !matches!(compare.op, Op::In | Op::Eq) {
            return self.cannot_compare(compare, left, left);
        }
        let mut networks = Some(Vec::new());
        for (value, _, span) in values {
            let network = match value {
                Const::Bytes(text) => self.network(&text, None, span),
                Const::Ip(address) => Some((address, 128)),
                _ => None,
            };
            match (network, &mut networks) {
                (Some(network), Some(networks)) => networks.push(network),
                _ => networks = None,
            }
        }
        Some(self.unnamed_set(Elements::Networks(networks?)))
    }

    fn integer_matcher(
        &mut self,
        compare: &Compare,
        left: Type,
        values: Vec<(Const, Type, Span)>,
    ) -> Option<Matcher> {
        let numbers = values.into_iter().filter_map(|(value, ..)| match value {
            Const::Int(n, _) => Some(n),
            _ => None,
        });
        let numbers: Vec<i64> = numbers.collect();
        let one = numbers.first().copied();
        match (compare.op, one) {
            (Op::Eq | Op::In, Some(n)) if numbers.len() == 1 => Some(exactly(n)),
            (Op::Eq | Op::In, _) => Some(self.unnamed_set(Elements::Ints(numbers))),
            (Op::Ne, Some(n)) => Some(exactly(n)),
            (Op::Lt, Some(n)) => Some(Matcher::Range(i64::MIN, n.saturating_sub(1))),
            (Op::Le, Some(n)) => Some(Matcher::Range(i64::MIN, n)),
            (Op::Gt, Some(n)) => Some(Matcher::Range(n.saturating_add(1), i64::MAX)),
            (Op::Ge, Some(n)) => Some(Matcher::Range(n, i64::MAX)),
            _ => self.cannot_compare(compare, left, left),
        }
    }

    fn set_matcher(
        &mut self,
        compare: &Compare,
        left: Type,
        id: crate::resolve::DeclId,
        name: &str,
        span: Span,
    ) -> Option<Matcher> {
        let source = self.set_source(id, span)?;
        let element = Type::of(source.base);
        match compare.op {
            Op::In | Op::Eq => {
                let Some(kind) = Kind::for_subject(left.base, &source) else {
                    return self.cannot_compare(compare, left, element);
                };
                self.made_set(id, kind, name).map(Matcher::In)
            }
            Op::Contains | Op::StartsWith | Op::EndsWith | Op::Matches
                if (left.base, source.base) == (Base::String, Base::String) =>
            {
                if source.values.len() > MOST_SOUGHT {
                    return self.fail(OutOfRange {
                        what: "the number of texts that are looked for in another".to_owned(),
                        range: format!("at most {MOST_SOUGHT}"),
                        span,
                    });
                }
                self.spend(source.values.len(), span)?;
                let values = source.values.iter();
                let values = values.map(|(value, span)| (value.clone(), element, *span));
                self.string_matcher(compare, values.collect())
            }
            _ => self.cannot_compare(compare, left, element),
        }
    }

    fn unnamed_set(&mut self, elements: Elements) -> Matcher {
        if let Some(known) = self
            .hir
            .sets
            .iter()
            .rev()
            .take(64)
            .position(|set| set.name.is_empty() && set.elements == elements)
        {
            return Matcher::In(index(self.hir.sets.len() - 1 - known));
        }
        self.hir.sets.push(Set {
            name: String::new(),
            elements,
        });
        Matcher::In(index(self.hir.sets.len() - 1))
    }
}

/// Whether a value of one type can be among constants of another.
fn goes_with(subject: Base, element: Base) -> bool {
    subject == element || (subject, element) == (Base::Ip, Base::String)
}
