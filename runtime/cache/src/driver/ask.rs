//! The cache itself, and the question that the host asks of it for each request.

use super::answer::{Answer, How, Source};
use super::client::{Client, Kind};
use super::config::Config;
use super::fetch::Fetch;
use super::fill::Fill;
use super::flight::{Flights, Lead, Outcome, Part, Route};
use super::note::{Note, Notes, Seen};
use crate::semantics::reuse::{Reuse, on_error, reuse};
use crate::semantics::rules::Rules;
use crate::semantics::status::Forward;
use crate::semantics::terms::Terms;
use crate::storage::content::Content;
use crate::storage::entry::Entry;
use crate::storage::key::Key;
use crate::storage::memory::Memory;
use crate::storage::place::Place;
use crate::storage::purge::{Left, Purge, Purges};
use crate::storage::residents::Residents;
use http::{HeaderMap, HeaderName, Method};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

/// How often a request joins another flight after one that gave up; then it fetches for itself.
const MAX_ROUNDS: usize = 16;

/// A shared cache. Clones are handles of the same one.
#[derive(Clone, Debug)]
pub struct Cache(pub(crate) Arc<Shared>);

#[derive(Debug)]
pub(crate) struct Shared {
    pub config: Config,
    pub memory: Memory,
    pub purges: Arc<Purges>,
    pub residents: Arc<Residents>,
    pub flights: Arc<Flights>,
    pub notes: Notes,
    pub seen: Option<Seen>,
    pub filling: AtomicU64,
}

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
    /// An empty cache.
    pub fn new(config: Config) -> Self {
        let residents = Arc::new(Residents::default());
        Self(Arc::new(Shared {
            memory: Memory::new(
                config.memory,
                config.max_object,
                config.host_quota,
                residents.clone(),
            ),
            purges: Arc::default(),
            residents,
            flights: Arc::new(Flights::new()),
            notes: Notes::new(config.notes),
            seen: config.second_time.then(Seen::new),
            filling: AtomicU64::new(0),
            config,
        }))
    }

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
            if let Some(answer) = self.serve(ask, &client, &mut found, now) {
                return Asked::Answer(Box::new(answer));
            }
            if client.directives.only_if_cached {
                return Asked::Answer(Box::new(Answer::gateway_timeout()));
            }
            let alone = !ask.rules.coalesce || self.0.notes.get(&ask.key, now) == Some(Note::Pass);
            if alone {
                return self.fetch(ask, client, found, None);
            }
            let usable = |fill: &Fill| {
                self.0.purges.left(&fill.head) == Left::Valid
                    && reuse(&fill.head.terms, &client.directives, now) == Reuse::Fresh
            };
            let receiver =
                match self
                    .0
                    .flights
                    .take_part(route, ask.sent, found.varying.clone(), usable)
                {
                    Part::Lead(lead) => return self.fetch(ask, client, found, Some(lead)),
                    Part::Alone => return self.fetch(ask, client, found, None),
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
        let terms = match self.0.purges.left(entry) {
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
    fn serve(&self, ask: &Ask<'_>, client: &Client, found: &mut Found, now: u64) -> Option<Answer> {
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

    fn fetch(&self, ask: &Ask<'_>, client: Client, found: Found, lead: Option<Lead>) -> Asked {
        // parts are not validated: a range is asked for again, and joined if it is of the same bytes
        let entry = found
            .entry
            .filter(|(entry, _)| matches!(entry.content, Content::Whole(_)));
        Asked::Fetch(Box::new(Fetch::new(
            self.clone(),
            ask,
            client,
            entry,
            found.forward,
            lead,
        )))
    }

    /// An answer that shares what another client fetches.
    fn read(&self, client: &Client, fill: &Arc<Fill>, now: u64) -> Option<Answer> {
        let mut answer = Answer::of(
            client,
            &fill.head,
            &fill.head.terms,
            Source::Growing(fill),
            How::Hit,
            now,
        )?;
        answer.cache_status.collapsed = true;
        Some(answer)
    }

    /// Waits for the outcome of a flight.
    async fn follow(
        &self,
        ask: &Ask<'_>,
        client: &Client,
        found: &Found,
        mut receiver: watch::Receiver<Option<Outcome>>,
        deadline: Instant,
        now: u64,
    ) -> Followed {
        let outcome = match timeout_at(deadline, receiver.wait_for(Option::is_some)).await {
            Err(_) => return Followed::Alone,
            Ok(Err(_)) => return Followed::Again,
            Ok(Ok(outcome)) => outcome.clone().unwrap_or(Outcome::Gone),
        };
        let stale = || {
            let (entry, terms) = found.entry.as_ref()?;
            let allowed = on_error(terms, &client.directives, now);
            allowed
                .then(|| {
                    Answer::of(
                        client,
                        entry,
                        terms,
                        Source::Stored(&entry.content),
                        How::Stale,
                        now,
                    )
                })
                .flatten()
        };
        // a purge since then covers it, and whoever asked before may as well have what is newer
        let fits = |entry: &Entry| {
            entry.selecting.fits(ask.sent, &entry.headers)
                && self.0.purges.left(entry) == Left::Valid
        };
        let answer = match &outcome {
            Outcome::Gone => return Followed::Again,
            Outcome::Pass => return Followed::Alone,
            Outcome::Entry(entry) if fits(entry) => {
                let source = Source::Stored(&entry.content);
                Answer::of(client, entry, &entry.terms, source, How::Hit, now).map(|mut answer| {
                    answer.cache_status.collapsed = true;
                    answer
                })
            }
            Outcome::Fill(fill) if fits(&fill.head) => self.read(client, fill, now),
            Outcome::Entry(_) | Outcome::Fill(_) => return Followed::Again,
            Outcome::Error => stale(),
            Outcome::Failed => match stale() {
                Some(answer) => Some(answer),
                None => return Followed::Asked(Asked::Failed),
            },
        };
        answer.map_or(Followed::Alone, |answer| {
            Followed::Asked(Asked::Answer(Box::new(answer)))
        })
    }

    /// Purges, at once and whatever is under way: hard, or soft, which makes stale at `now`.
    pub fn purge(&self, what: Purge<'_>, soft: bool, now: u64) {
        self.0.purges.purge(what, soft.then_some(now));
    }

    /// Makes the URIs invalid that an unsafe request changed (RFC 9111 4.4); see [`crate::semantics::invalidate`].
    pub fn invalidate(&self, places: &[Place]) {
        for place in places
            .iter()
            .filter(|place| self.0.residents.is_present(place))
        {
            self.0.purges.purge(Purge::Uri(place), None);
        }
    }

    /// Sweeps out what was purged, one shard at a time, yielding between them. The host calls it now and then in the
    /// background; without purges it does nothing.
    pub async fn tidy(&self) {
        if !self.0.purges.any() {
            return;
        }
        let until = self.0.purges.latest();
        for index in 0..self.0.memory.shards() {
            self.0.memory.sweep(index, &self.0.purges, until);
            tokio::task::yield_now().await;
        }
        self.0.purges.forget(until);
    }

    /// How many bytes are stored in memory.
    pub fn weight(&self) -> u64 {
        self.0.memory.weight()
    }

    /// How many keys have something stored.
    pub fn len(&self) -> usize {
        self.0.memory.len()
    }

    /// Whether nothing is stored.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many fetches are under way that others may join.
    pub fn flights(&self) -> usize {
        self.0.flights.len()
    }
}

enum Followed {
    Asked(Asked),
    Alone,
    Again,
}
