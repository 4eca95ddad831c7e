//! Rules over what they inspect, and what they may ask of a body that streams.

use super::super::{Checker, limits::MOST_COPIED};
use super::inspect::Target;
use crate::diagnostics::{ExpandsTooFar, MissingSetting, NotStreamed};
use crate::emit::step_of;
use crate::hir::{Elements, Expr, Fact, Matcher};
use crate::source::Span;

/// Whether a condition depends on what is inspected.
pub(super) fn looks(condition: &Expr) -> bool {
    condition.any(&|part| matches!(part, Expr::FnParam(..)))
}

/// Whether an expression is, or is made of, a body as it streams.
pub(super) fn is_streamed(expr: &Expr) -> bool {
    expr.any(&|part| matches!(part, Expr::Fact(Fact::Stream(_), _)))
}

impl Checker<'_> {
    /// A rule's condition, over the texts that it looks at. A problem is at the rule.
    pub(super) fn over_texts(
        &mut self,
        condition: Expr,
        targets: &[Target],
        name: &str,
        span: Span,
    ) -> Option<Expr> {
        if !looks(&condition) {
            return Some(condition);
        }
        if targets.is_empty() {
            return self.fail(MissingSetting {
                what: format!("the group of the rule `{name}`, which says `inspected`,"),
                setting: "`inspect`: what its rules look at, for instance `inspect path, args, body`",
                span,
            });
        }
        // Tests of a text are found, and made together, only outside of functions.
        let Some(condition) = self.hir.inlined(&condition, &looks, MOST_COPIED) else {
            let limit = MOST_COPIED;
            return self.fail(ExpandsTooFar { limit, span });
        };
        let lane = self.lane();
        let texts: Vec<Expr> = targets.iter().flat_map(|it| it.texts(lane)).collect();
        let mut any = Vec::new();
        for text in texts {
            self.copy(&condition, span)?;
            let mut one = condition.applied(std::slice::from_ref(&text));
            if is_streamed(&text) {
                one = match self.as_streamed(&one) {
                    Ok(one) => one,
                    Err(what) => {
                        let name = name.to_owned();
                        return self.fail(NotStreamed { name, what, span });
                    }
                };
            }
            any.push(one);
        }
        match any.len() {
            1 => any.pop(),
            _ => Some(Expr::Or(any)),
        }
    }

    /// A condition on a body as it streams, or what in it can't be told piece by piece.
    fn as_streamed(&self, condition: &Expr) -> Result<Expr, String> {
        if !is_streamed(condition) {
            return Ok(condition.clone());
        }
        let each = |list: &[Expr]| {
            let list = list.iter().map(|part| self.as_streamed(part));
            list.collect::<Result<Vec<Expr>, String>>()
        };
        match condition {
            Expr::And(list) => Ok(Expr::And(each(list)?)),
            Expr::Or(list) => Ok(Expr::Or(each(list)?)),
            Expr::Test(subject, matcher) => {
                streamed_text(subject)?;
                let matcher = match matcher {
                    Matcher::In(set) => match self.hir.sets.get(*set as usize).map(|s| &s.elements)
                    {
                        Some(Elements::Bytes(list)) => Matcher::Equals(list.clone()),
                        _ => return Err("a set that holds no texts".to_owned()),
                    },
                    other => other.clone(),
                };
                Ok(Expr::Test(subject.clone(), matcher))
            }
            Expr::Not(_) => Err("`not`, `!=`".to_owned()),
            Expr::Compare(..) => Err("a comparison with a value that is not constant".to_owned()),
            Expr::Choose(..) => Err("`choose`".to_owned()),
            _ => Err(
                "anything but `contains`, `starts_with`, `ends_with`, `==`, `in` and `matches`"
                    .to_owned(),
            ),
        }
    }
}

/// Whether a text can be made piece by piece, of one that comes so.
fn streamed_text(text: &Expr) -> Result<(), String> {
    match text {
        Expr::Fact(Fact::Stream(_), _) => Ok(()),
        Expr::Builtin(builtin, arguments) if step_of(*builtin, Vec::new).is_some() => {
            let mut arguments = arguments.iter();
            let inner = arguments.next();
            if arguments.any(is_streamed) {
                return Err("a text that is put into itself".to_owned());
            }
            inner.map_or(Ok(()), streamed_text)
        }
        Expr::Builtin(builtin, _) => {
            let name = super::super::builtins::name_of(*builtin).unwrap_or("this function");
            Err(format!("`{name}(…)`"))
        }
        _ => Err("a text put together of others".to_owned()),
    }
}
