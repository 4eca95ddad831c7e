//! A request to the origin on behalf of a client, and what its answer means for the cache.

use super::answer::{Answer, How, Source, ttl};
use super::ask::Ask;
use super::cache::Cache;
use super::client::{Client, Kind};
use super::filler::Filler;
use super::flight::{Lead, Outcome};
use super::note::Note;
use crate::semantics::reuse::on_error;
use crate::semantics::rules::{Admit, Rules};
use crate::semantics::status::{CacheStatus, Forward};
use crate::semantics::storable::Refusal;
use crate::semantics::terms::{Received, Terms, terms};
use crate::semantics::{headers, partial, range, validate};
use crate::storage::entry::Entry;
use crate::storage::key::Key;
use crate::storage::place::{Place, tags};
use crate::storage::purge::UnderWay;
use crate::storage::regional::Region;
use crate::storage::residents::Presence;
use http::{HeaderMap, Method, StatusCode, header};
use std::sync::Arc;

/// Leave to ask the origin. Dropping it lets another client lead.
#[derive(Debug)]
pub struct Fetch {
    pub(super) cache: Cache,
    pub(super) key: Key,
    pub(super) place: Arc<Place>,
    pub(super) client: Client,
    pub(super) sent: HeaderMap,
    pub(super) rules: Arc<Rules>,
    pub(super) kind: Kind,
    /// What is validated.
    pub(super) entry: Option<(Arc<Entry>, Terms)>,
    pub(super) forward: Forward,
    pub(super) lead: Option<Lead>,
    pub(super) under_way: UnderWay,
    /// The last purge of the regional tier that was known when it began.
    pub(super) known: u64,
    pub(super) presence: Presence,
}

/// The head of the origin's answer.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Its status; no interim one.
    pub status: StatusCode,
    /// Its header fields as received.
    pub headers: HeaderMap,
    /// When the request was sent, milliseconds since 1970.
    pub requested: u64,
    /// When the head arrived.
    pub received: u64,
}

/// What to do with the origin's answer.
#[derive(Debug)]
pub enum Answered {
    /// Pass it to this client; it is not stored.
    Pass(Box<Passed>),
    /// Serve the answer, and in a task of its own write the origin's body into the filler.
    Fill(Box<Answer>, Box<Filler>),
    /// Serve this instead, and drop the origin's body: a stored answer was validated, or stands in for an error.
    Instead(Box<Answer>),
    /// Ask again: the origin said 304 about something that is not stored.
    Again(Box<Fetch>),
}

/// An answer of the origin for one client, without what the policy strips. The body is the origin's.
#[derive(Debug)]
pub struct Passed {
    /// Its status.
    pub status: StatusCode,
    /// Its header fields.
    pub headers: HeaderMap,
    /// The cache's member of `Cache-Status`.
    pub cache_status: CacheStatus,
}

impl Fetch {
    pub(crate) fn new(
        cache: Cache,
        ask: &Ask<'_>,
        client: Client,
        entry: Option<(Arc<Entry>, Terms)>,
        forward: Forward,
        lead: Option<Lead>,
    ) -> Self {
        let kind = client.kind(ask.rules);
        let (under_way, presence) = (cache.0.purges.begin(), cache.0.residents.present(ask.place));
        let known = cache.0.region.as_ref().map_or(0, Region::known);
        let (place, sent, rules) = (ask.place.clone(), ask.sent.clone(), ask.rules.clone());
        Self {
            cache,
            key: ask.key,
            place,
            client,
            sent,
            rules,
            kind,
            entry,
            forward,
            lead,
            under_way,
            known,
            presence,
        }
    }

    /// The method to ask with.
    pub fn method(&self) -> &Method {
        &self.client.method
    }

    /// Why the origin is asked.
    pub fn forward(&self) -> Forward {
        self.forward
    }

    /// Changes the request's conditions and range: the client's are answered by the cache, the cache's own validate what
    /// is stored (RFC 9111 4.3.1). Everything else is left as it is.
    pub fn edit(&self, headers: &mut HeaderMap) {
        match (self.kind, &self.entry) {
            (Kind::Whole, Some((entry, _))) => validate::make_conditional(headers, &entry.headers),
            _ => validate::remove_conditions(headers),
        }
        if let Kind::Range(_) = self.kind {
            for name in [header::RANGE, header::IF_RANGE] {
                if let Some(value) = self.client.conditions.get(&name) {
                    headers.insert(name, value.clone());
                }
            }
        }
    }

    /// The head that the policy is to judge: the origin's without what is stripped, or, where it says that a stored
    /// answer is still good, the stored one as it will be.
    pub fn judged(&self, origin: &Origin) -> (StatusCode, HeaderMap) {
        let mut headers = origin.headers.clone();
        self.rules.strip(&mut headers);
        match &self.entry {
            Some((entry, _)) if origin.status == StatusCode::NOT_MODIFIED => {
                (entry.status, headers::updated(&entry.headers, &headers))
            }
            _ => (origin.status, headers),
        }
    }

    /// Says that the origin gave no answer. A stale one may stand in (RFC 5861 4); those who wait get the same.
    pub fn failed(self, now: u64) -> Option<Box<Answer>> {
        self.cache.0.notes.put(
            self.key,
            Note::Failed,
            now.saturating_add(self.cache.0.config.failed),
        );
        self.tell(Outcome::Failed);
        self.stale(now, None)
    }

    /// Says what the origin answered, and what the policy says of it.
    pub fn answered(self, mut origin: Origin, admit: &Admit, now: u64) -> Answered {
        self.rules.strip(&mut origin.headers);
        if origin.status == StatusCode::NOT_MODIFIED
            && let Some((entry, _)) = self.entry.clone()
        {
            return self.validated(&entry, &origin, admit, now);
        }
        if validate::is_error(origin.status)
            && let Some(answer) = self.stale(now, Some(origin.status))
        {
            self.cache.0.notes.put(
                self.key,
                Note::Failed,
                now.saturating_add(self.cache.0.config.failed),
            );
            self.tell(Outcome::Error);
            return Answered::Instead(answer);
        }
        if self.kind == Kind::Head {
            self.head(&origin, admit);
            return self.pass(origin, Some("head"), now);
        }
        match self.storable(&origin, admit) {
            Ok((terms, tags)) => self.fill(origin, terms, tags, now),
            Err(refusal) => {
                if !matches!(refusal, Refusal::RequestNoStore) && !validate::is_error(origin.status)
                {
                    self.note_pass(now);
                }
                self.pass(origin, Some(refusal.name()), now)
            }
        }
    }

    /// The terms and tags under which the answer is stored.
    fn storable(&self, origin: &Origin, admit: &Admit) -> Result<(Terms, Tags), Refusal> {
        let terms = self.terms(origin.status, &origin.headers, origin, admit)?;
        let whole = origin.status != StatusCode::PARTIAL_CONTENT;
        if !whole && (partial::part(&origin.headers).is_none() || self.client.method != Method::GET)
        {
            return Err(Refusal::Status);
        }
        if length(&origin.headers).is_some_and(|length| length > self.longest(whole)) {
            return Err(Refusal::Policy);
        }
        Ok((
            terms,
            tags(&origin.headers, &admit.tags).ok_or(Refusal::Policy)?,
        ))
    }

    /// The longest body that is stored.
    pub(super) fn longest(&self, whole: bool) -> u64 {
        let config = &self.cache.0.config;
        let disk = self.cache.0.disk.as_ref().filter(|_| whole);
        let on_disk = disk.map_or(0, |disk| disk.inner.config.max_object);
        config.max_object.max(on_disk)
    }

    pub(super) fn terms(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        origin: &Origin,
        admit: &Admit,
    ) -> Result<Terms, Refusal> {
        let received = Received {
            status,
            headers,
            requested: origin.requested,
            received: origin.received,
        };
        terms(
            &received,
            &self.sent,
            &self.client.directives,
            &self.rules,
            admit,
        )
    }

    /// A stale answer in place of an error.
    fn stale(&self, now: u64, status: Option<StatusCode>) -> Option<Box<Answer>> {
        let (entry, terms) = self
            .entry
            .as_ref()
            .filter(|(_, terms)| on_error(terms, &self.client.directives, now))?;
        let mut answer = Answer::of(
            &self.client,
            entry,
            terms,
            Source::Stored(&entry.content),
            How::Stale,
            now,
        )?;
        answer.cache_status = CacheStatus {
            hit: false,
            forward: Some(self.forward),
            forward_status: status.map(|status| status.as_u16()),
            ttl: Some(ttl(terms, now)),
            detail: Some("stale-if-error"),
            ..CacheStatus::default()
        };
        Some(Box::new(answer))
    }

    pub(super) fn mark(&self, cache_status: &mut CacheStatus, status: StatusCode, stored: bool) {
        cache_status.hit = false;
        cache_status.forward = Some(self.forward);
        cache_status.forward_status = Some(status.as_u16());
        cache_status.stored = stored;
    }

    pub(super) fn note_pass(&self, now: u64) {
        self.cache.0.notes.put(
            self.key,
            Note::Pass,
            now.saturating_add(self.cache.0.config.pass),
        );
    }

    pub(super) fn tell(&self, outcome: Outcome) {
        if let Some(lead) = &self.lead {
            lead.tell(outcome);
        }
    }
}

pub(super) type Tags = Vec<Box<[u8]>>;

/// Whether those who wait may share an answer: it is fresh, or may be served stale for a while.
pub(super) fn usable(terms: &Terms, now: u64) -> bool {
    terms.fresh_for(now) > 0
        || !terms.never_stale && terms.stale_for(now).unwrap_or(0) < terms.while_revalidate
}

/// The announced length of a body.
pub(super) fn length(headers: &HeaderMap) -> Option<u64> {
    range::position(headers.get(header::CONTENT_LENGTH)?.as_bytes())
}
