//! The cache itself, and the question that the host asks of it for each request.

use super::answer::{Answer, How, Source};
use super::cache::Cache;
use super::client::{Client, Kind};
use super::fetch::Fetch;
use super::fill::Fill;
use super::flight::{Lead, Part, Route};
use super::follow::Followed;
use super::note::Note;
use crate::semantics::reuse::{Reuse, on_error, reuse};
use crate::semantics::rules::Rules;
use crate::semantics::status::Forward;
use crate::semantics::terms::Terms;
use crate::storage::entry::Entry;
use crate::storage::key::Key;
use crate::storage::place::Place;
use crate::storage::purge::Left;
use http::{HeaderMap, HeaderName, Method};
use std::sync::Arc;
use tokio::time::Instant;

/// How often a request joins another flight after one that gave up; then it fetches for itself.
const MAX_ROUNDS: usize = 16;

/// A request that the policy says may be cached.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The primary key: everything that is sent, with HEAD as GET.
    pub key: Key,
    /// The URI that the client asked for, for purges and quotas.
    pub place: &'a Arc<Place>,
    /// The client's method: GET, HEAD, or another that the policy caches.
    pub method: &'a Method,
    /// The client's header fields: conditions, range and (with `forward`) directives.
    pub headers: &'a HeaderMap,
    /// The header fields that the origin would be sent: `Vary` selects by these.
    pub sent: &'a HeaderMap,
    /// The rules of the policy's `cache` block.
    pub rules: &'a Arc<Rules>,
}

/// What to do with a request.
#[derive(Debug)]
pub enum Asked {
    /// Serve this.
    Answer(Box<Answer>),
    /// Ask the origin.
    Fetch(Box<Fetch>),
    /// Another client's fetch, which this one waited for, failed: treat it as a failure of the origin.
    Failed,
}

/// What is stored for a request.
pub(crate) struct Found {
    /// The variant that fits, with its terms after purges.
    pub entry: Option<(Arc<Entry>, Terms)>,
    pub varying: Vec<HeaderName>,
    pub forward: Forward,
}

impl Cache {
    /// Says what to do with a request at a time (milliseconds since 1970). It waits only for the head of an answer that
    /// another client fetches, [`Config::wait`] at the longest.
    pub async fn ask(&self, ask: &Ask<'_>, now: u64) -> Asked {
        let client = Client::new(ask.method, ask.headers, ask.rules);
        let started = Instant::now();
        let deadline = started + self.0.config.wait;
        let route = Route {
            key: ask.key,
            kind: client.kind(ask.rules),
        };
        for _ in 0..MAX_ROUNDS {
            let waited = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            let now = now.saturating_add(waited);
            let mut found = self.find(ask, &client);
            let fresher_below = self.is_fresher_below(ask, &found, now);
            if !fresher_below && let Some(answer) = self.serve(ask, &client, &mut found, now) {
                return self.hit(answer, None);
            }
            if client.directives.only_if_cached {
                return self.if_cached(ask, &client, found, now).await;
            }
            let alone = !ask.rules.coalesce || self.0.notes.get(&ask.key, now) == Some(Note::Pass);
            if alone {
                return self.below(ask, client, found, None, now).await;
            }
            let usable = |fill: &Fill| {
                self.left(&fill.head) == Left::Valid
                    && reuse(&fill.head.terms, &client.directives, now) == Reuse::Fresh
            };
            let varying = found.varying.clone();
            let part = self.0.flights.take_part(route, ask.sent, varying, usable);
            // whoever has something stale to serve does not wait for its validation
            if fresher_below
                && !matches!(part, Part::Lead(_))
                && let Some(answer) = self.serve(ask, &client, &mut found, now)
            {
                return self.hit(answer, None);
            }
            let receiver = match part {
                Part::Lead(lead) => return self.below(ask, client, found, Some(lead), now).await,
                Part::Alone => return self.below(ask, client, found, None, now).await,
                Part::Read(fill) => match self.read(&client, &fill, now) {
                    Some(answer) => return Asked::Answer(Box::new(answer)),
                    None => return self.fetch(ask, client, found, None),
                },
                Part::Follow(receiver) => receiver,
            };
            match self
                .follow(ask, &client, &found, receiver, deadline, now)
                .await
            {
                Followed::Asked(asked) => return asked,
                Followed::Alone => return self.fetch(ask, client, found, None),
                Followed::Again => {}
            }
        }
        let found = self.find(ask, &client);
        self.fetch(ask, client, found, None)
    }

    /// The stored variant that fits, as purges left it.
    pub(crate) fn find(&self, ask: &Ask<'_>, client: &Client) -> Found {
        let nothing = |forward, varying| Found {
            entry: None,
            varying,
            forward,
        };
        let Some(resource) = self.0.memory.get(&ask.key) else {
            return nothing(Forward::UriMiss, Vec::new());
        };
        let varying = resource.varying();
        let Some(entry) = resource.select(ask.sent) else {
            return nothing(Forward::VaryMiss, varying);
        };
        let terms = match self.left(entry) {
            Left::Gone => return nothing(Forward::UriMiss, varying),
            Left::Stale(at) => entry.terms.stale_from(at),
            Left::Valid => entry.terms,
        };
        let forward = if client.directives.no_cache {
            Forward::Request
        } else {
            Forward::Stale
        };
        Found {
            entry: Some((entry.clone(), terms)),
            varying,
            forward,
        }
    }

    /// The answer from what is stored, if it may be served. Says in `found` why not.
    pub(crate) fn serve(
        &self,
        ask: &Ask<'_>,
        client: &Client,
        found: &mut Found,
        now: u64,
    ) -> Option<Answer> {
        let (entry, terms) = found.entry.as_ref()?;
        let how = match reuse(terms, &client.directives, now) {
            Reuse::Fresh => How::Hit,
            Reuse::Accepted | Reuse::WhileRevalidate => How::Stale,
            Reuse::Stale | Reuse::Request => {
                let failed = self.0.notes.get(&ask.key, now) == Some(Note::Failed);
                if failed && on_error(terms, &client.directives, now) {
                    return Answer::of(
                        client,
                        entry,
                        terms,
                        Source::Stored(&entry.content),
                        How::Stale,
                        now,
                    );
                }
                if terms.fresh_for(now) > 0 && !terms.always_validate {
                    found.forward = Forward::Request;
                }
                return None;
            }
        };
        let answer = Answer::of(
            client,
            entry,
            terms,
            Source::Stored(&entry.content),
            how,
            now,
        );
        let Some(mut answer) = answer else {
            (found.entry, found.forward) = (None, Forward::Partial);
            return None;
        };
        if reuse(terms, &client.directives, now) == Reuse::WhileRevalidate {
            answer.revalidate = self.revalidation(ask, found, now);
        }
        Some(answer)
    }

    /// The leave to validate in the background, unless somebody has it already or the origin failed just now.
    fn revalidation(&self, ask: &Ask<'_>, found: &Found, now: u64) -> Option<Box<Fetch>> {
        if self.0.notes.get(&ask.key, now) == Some(Note::Failed) {
            return None;
        }
        let route = Route {
            key: ask.key,
            kind: Kind::Whole,
        };
        let Part::Lead(lead) =
            self.0
                .flights
                .take_part(route, ask.sent, found.varying.clone(), |_| true)
        else {
            return None;
        };
        let method = if *ask.method == Method::HEAD {
            Method::GET
        } else {
            ask.method.clone()
        };
        let client = Client {
            method,
            directives: Default::default(),
            conditions: HeaderMap::new(),
        };
        let entry = found.entry.clone();
        Some(Box::new(Fetch::new(
            self.clone(),
            ask,
            client,
            entry,
            Forward::Stale,
            Some(lead),
        )))
    }

    pub(crate) fn fetch(
        &self,
        ask: &Ask<'_>,
        client: Client,
        found: Found,
        lead: Option<Lead>,
    ) -> Asked {
        // parts are not validated: a range is asked for again, and joined if it is of the same bytes
        let entry = found.entry.filter(|(entry, _)| entry.content.is_whole());
        Asked::Fetch(Box::new(Fetch::new(
            self.clone(),
            ask,
            client,
            entry,
            found.forward,
            lead,
        )))
    }
}
