//! The guest's word on an answer: may it be kept, how long, under which tags.

use std::rc::Rc;

use bytes::Bytes;
use edge_abi::input::Event;
use edge_cache::Admit;
use http::{HeaderMap, StatusCode};

use crate::exchange::Worker;
use crate::exchange::decide::{Follow, response_facts};
use crate::exchange::incoming::Incoming;
use crate::input::{Answer, Call};
use crate::output::{Effect, Output};

/// What the calls of `admit` need, whether or not the request is still there.
pub(super) struct Admitting {
    pub(super) follow: Follow,
    pub(super) incoming: Rc<Incoming>,
    /// The request's body, if it is a fact.
    pub(super) body: Option<Bytes>,
    /// What its state effects were answered.
    pub(super) answers: Vec<(u32, Answer)>,
}

impl Admitting {
    /// Asks about an answer with this head. A guest that fails keeps nothing.
    pub(super) fn ask(
        &self,
        worker: &Worker,
        status: StatusCode,
        headers: &HeaderMap,
        origin: Option<u32>,
    ) -> Admit {
        let nothing = Admit {
            store: false,
            ..Admit::default()
        };
        if !self.follow.wants(Event::Admit) {
            return Admit::default();
        }
        let call = Call {
            event: Event::Admit,
            flags: 0,
            now: self.incoming.now,
            random: self.incoming.random,
            results: &[],
            continuation: self.follow.continuation(),
        };
        let Ok(plan) = worker.plan(self.follow.slots) else {
            return nothing;
        };
        let policy = worker.deployment.policy();
        let origin = origin.and_then(|at| policy.target_name(at));
        let response = response_facts(status, origin, headers, None);
        let facts = self.incoming.facts(
            worker,
            plan,
            self.body.as_deref(),
            &self.answers,
            Some(response),
        );
        let input = worker.write(plan, &call, &facts);
        worker
            .ask(input, admission)
            .ok()
            .flatten()
            .unwrap_or(nothing)
    }
}

fn admission(output: &Output<'_>) -> Option<Admit> {
    output.effects().find_map(|effect| match effect {
        Effect::Admit(admit) => Some(Admit {
            store: admit.may_store(),
            ttl: admit.ttl_ms(),
            tags: admit.tags().map(<[u8]>::to_vec).collect(),
        }),
        _ => None,
    })
}
