//! Whether an answer is kept, and how.

use super::{Facts, Run, outcome::End, outcome::Outcome};
use crate::hir::Hir;

/// Evaluates what a cache says of an answer.
#[must_use]
pub fn admit(hir: &Hir, facts: &Facts, cache: u32) -> Outcome {
    let mut run = Run::after(hir, facts);
    run.silent = true;
    run.outcome.end = run.admission(cache);
    run.outcome
}

impl Run<'_> {
    fn admission(&mut self, cache: u32) -> End {
        let refused = End::Admit {
            stores: false,
            ttl: None,
            tags: Vec::new(),
        };
        let Some(cache) = self.hir.caches.get(cache as usize) else {
            return refused;
        };
        if let Some(only) = &cache.only_when
            && !self.condition(only)
        {
            return refused;
        }
        let mut ttls = cache.ttl.iter();
        let ttl = ttls.find(|(_, when)| when.as_ref().is_none_or(|when| self.condition(when)));
        let tags = cache.tags.iter().map(|tag| self.text(tag));
        End::Admit {
            stores: true,
            ttl: ttl.map(|(ms, _)| *ms),
            tags: tags.filter(|tag| !tag.is_empty()).collect(),
        }
    }
}
