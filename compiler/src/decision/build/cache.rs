//! Whether an answer is kept, and how: asked once it is there.

use super::{Builder, Scope};
use crate::{
    decision::{Handle, Node, Terminal, Then},
    hir::{self, RuleId},
};
use edge_abi::input::Event;

impl Builder<'_> {
    /// What follows a cached `proxy`: the phases that follow any, and the question of its cache.
    pub(super) fn admission(
        &mut self,
        then: Option<Then>,
        cached: Option<&hir::Cached>,
        rule: RuleId,
    ) -> Option<Then> {
        let hir = self.hir;
        let cache = cached.and_then(|cached| hir.caches.get(cached.cache as usize));
        let Some(cache) = cache.filter(|cache| cache.admits()) else {
            return then;
        };
        let scanning = self.scanning.take();
        let node = self.silently(|builder| builder.admit(cache, rule));
        self.scanning = scanning;
        let before = then.and_then(|then| self.graph.steps.get(then.step as usize));
        let mut step = before.cloned().unwrap_or_default();
        step.on.push((Event::Admit, node));
        let events = then.map_or(0, |then| then.events) | Event::Admit.bit();
        Some(self.step(step, events))
    }

    fn admit(&mut self, cache: &hir::Cache, rule: RuleId) -> Handle<Node> {
        let scope = Scope {
            then: None,
            rule,
            body: None,
        };
        let tags: Vec<_> = cache.tags.iter().map(|tag| self.value(tag)).collect();
        let keep = |builder: &mut Self, ttl: Option<u64>| {
            let ttl = ttl.map(|ms| i64::try_from(ms).unwrap_or(i64::MAX));
            let terminal = Terminal::Admit {
                stores: true,
                ttl,
                tags: tags.clone(),
            };
            builder.graph.nodes.intern(Node::Decide(terminal))
        };
        let mut node = keep(self, None);
        for (ttl, when) in cache.ttl.iter().rev() {
            let yes = keep(self, Some(*ttl));
            node = match when {
                Some(when) => self.condition(when, yes, node, scope),
                None => yes,
            };
        }
        let Some(only) = &cache.only_when else {
            return node;
        };
        let refuse = Terminal::Admit {
            stores: false,
            ttl: None,
            tags: Vec::new(),
        };
        let refuse = self.graph.nodes.intern(Node::Decide(refuse));
        self.condition(only, node, refuse, scope)
    }

    /// Builds something whose reading of an experiment exposes nobody to it.
    fn silently<T>(&mut self, build: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.silent, true);
        let built = build(self);
        self.silent = outer;
        built
    }
}
