//! Rules that match without deciding: one question before all of them, then who it was.

use super::{Builder, Mentions, Next, Scope};
use crate::{
    decision::{Effect, Handle, Value},
    hir::{self, Base, Type},
};

/// So many texts are put together at once; more of them in several steps.
const TOGETHER: usize = 16;

impl Builder<'_> {
    /// Where none matches, as is usual, this is a run of tests as of rules that deny.
    pub(super) fn hits(&mut self, hits: &hir::Hits, scope: Scope, next: Next) -> Next {
        let mut mentions = Mentions::default();
        for (_, condition) in &hits.rules {
            mentions.add(&self.mentions.of(condition));
        }
        let effect = Effect::Hits {
            kind: hits.kind,
            rules: self.matching(&hits.rules),
        };
        let inside = self.block(&hits.then, scope, next);
        let told = self.act(effect, &mentions, scope, inside);
        let mut rest = next;
        for (_, condition) in hits.rules.iter().rev() {
            rest = self.arm(condition, told, rest, scope);
        }
        rest
    }

    /// The indices of the rules that match, as a text.
    fn matching(&mut self, rules: &[(hir::RuleId, hir::Expr)]) -> Handle<Value> {
        let string = Type::of(Base::String);
        let nothing = self.bytes(b"");
        let mut texts = Vec::new();
        for (rule, condition) in rules {
            let (condition, index) = (self.value(condition), self.bytes(&rule.0.to_le_bytes()));
            let text = Value::Choose(vec![(condition, index)], nothing);
            texts.push(self.graph.value(text, string));
        }
        while texts.len() > 1 {
            let together = texts.chunks(TOGETHER);
            let together = together.map(|some| match some {
                [one] => *one,
                some => self.graph.value(Value::Concat(some.to_vec()), string),
            });
            texts = together.collect();
        }
        texts.pop().unwrap_or(nothing)
    }
}
