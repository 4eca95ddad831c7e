//! Answers made from a stored entry or a body on its way.

use super::body::{CacheBody, Piece};
use super::client::Client;
use super::fetch::Fetch;
use super::fill::Fill;
use crate::semantics::conditional::{is_not_modified, not_modified_headers};
use crate::semantics::multipart::Frame;
use crate::semantics::range::{self, Selection, Span};
use crate::semantics::status::CacheStatus;
use crate::semantics::terms::Terms;
use crate::storage::content::Content;
use crate::storage::entry::Entry;
use crate::storage::place::secret;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use siphasher::sip128::{Hasher128, SipHasher13};
use std::hash::Hasher;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// An answer to serve.
#[derive(Debug)]
pub struct Answer {
    /// Its status: the stored one, or 206, 304, 416, 504.
    pub status: StatusCode,
    /// Its header fields, `Age` and `Content-Length` among them.
    pub headers: HeaderMap,
    /// Its body.
    pub body: CacheBody,
    /// Where it comes from.
    pub how: How,
    /// The cache's member of `Cache-Status`.
    pub cache_status: CacheStatus,
    /// Leave to validate the stored answer in the background, while this one is served stale: at most one client gets it
    /// at a time. The host fetches as for a miss, in a task of its own, and drops the answer that comes of it.
    pub revalidate: Option<Box<Fetch>>,
}

/// Where an answer comes from: the values of the fact `response.cache`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Stored and fresh, or shared with another client's fetch.
    Hit,
    /// Stored and stale.
    Stale,
    /// Fetched for this client, and being stored.
    Miss,
    /// Stored, and validated for this client.
    Revalidated,
    /// Fetched for this client only.
    Bypass,
}

impl How {
    /// The value of the fact.
    pub fn name(self) -> &'static str {
        match self {
            How::Hit => "hit",
            How::Stale => "stale",
            How::Miss => "miss",
            How::Revalidated => "revalidated",
            How::Bypass => "bypass",
        }
    }
}

/// Where the bytes are.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source<'a> {
    Stored(&'a Content),
    Growing(&'a Arc<Fill>),
}

impl Answer {
    /// An answer for a client, or `None` when the bytes that it needs are not there.
    pub(crate) fn of(
        client: &Client,
        entry: &Entry,
        terms: &Terms,
        source: Source<'_>,
        how: How,
        now: u64,
    ) -> Option<Self> {
        let mut answer = Self::without_body(entry.status, entry.headers.clone(), how);
        let age = terms.age(now) / 1000;
        if how != How::Miss || age > 0 {
            answer.headers.insert(header::AGE, HeaderValue::from(age));
        }
        answer.cache_status.hit = matches!(how, How::Hit | How::Stale);
        answer.cache_status.ttl = Some(ttl(terms, now));
        if is_not_modified(
            &client.method,
            &client.conditions,
            entry.status,
            &entry.headers,
            terms.received,
        ) {
            answer.status = StatusCode::NOT_MODIFIED;
            answer.headers = not_modified_headers(&answer.headers);
            return Some(answer);
        }
        match source {
            Source::Stored(content) => answer.fill_from(client, entry, content)?,
            Source::Growing(fill) => answer.grow_from(client, entry, fill)?,
        }
        Some(answer)
    }

    /// 504: the client wants nothing but what is stored (RFC 9111 5.2.1.7).
    pub(crate) fn gateway_timeout() -> Self {
        let mut answer =
            Self::without_body(StatusCode::GATEWAY_TIMEOUT, HeaderMap::new(), How::Bypass);
        answer.cache_status.detail = Some("only-if-cached");
        answer
            .headers
            .insert(header::CONTENT_LENGTH, HeaderValue::from(0));
        answer
    }

    pub(crate) fn without_body(status: StatusCode, headers: HeaderMap, how: How) -> Self {
        let cache_status = CacheStatus::default();
        Self {
            status,
            headers,
            body: CacheBody::empty(),
            how,
            cache_status,
            revalidate: None,
        }
    }

    fn fill_from(&mut self, client: &Client, entry: &Entry, content: &Content) -> Option<()> {
        let complete = content.complete();
        if client.method == Method::HEAD {
            content.is_whole().then_some(())?;
            self.length(complete);
            return Some(());
        }
        match selection(client, entry, complete) {
            Selection::Whole => {
                self.body = match content {
                    Content::Whole(chunks) => CacheBody::whole(chunks.clone()),
                    Content::Disk(_) if complete == 0 => CacheBody::empty(),
                    Content::Disk(body) => {
                        let (first, last) = (0, complete - 1);
                        CacheBody::disk(body.clone(), vec![Piece::Span(Span { first, last })])
                    }
                    Content::Parts(_) => return None,
                };
                self.length(complete);
            }
            Selection::Unsatisfiable => self.unsatisfiable(complete),
            Selection::Parts(spans) => self.parts(&spans, content, complete)?,
        }
        Some(())
    }

    fn parts(&mut self, spans: &[Span], content: &Content, complete: u64) -> Option<()> {
        if let [span] = spans {
            self.body = body_of(content, vec![Piece::Span(*span)])?;
            self.part(*span, complete);
            return Some(());
        }
        let frame = Frame::new(
            &boundary(),
            self.headers.get(header::CONTENT_TYPE),
            spans,
            complete,
        );
        let mut pieces = Vec::new();
        for (before, span) in frame.before.iter().zip(spans) {
            pieces.push(Piece::Bytes(before.clone()));
            pieces.push(Piece::Span(*span));
        }
        pieces.push(Piece::Bytes(frame.after.clone()));
        self.body = body_of(content, pieces)?;
        self.status = StatusCode::PARTIAL_CONTENT;
        self.length(frame.content_length(spans));
        self.headers
            .insert(header::CONTENT_TYPE, frame.content_type);
        Some(())
    }

    /// From a body on its way: a single range is answered when the length is known; several get the whole.
    fn grow_from(&mut self, client: &Client, entry: &Entry, fill: &Arc<Fill>) -> Option<()> {
        if client.method == Method::HEAD {
            return Some(());
        }
        let chosen = match fill.length {
            Some(complete) if entry.status == StatusCode::OK => {
                Some((selection(client, entry, complete), complete))
            }
            _ => None,
        };
        match chosen {
            Some((Selection::Unsatisfiable, complete)) => self.unsatisfiable(complete),
            Some((Selection::Parts(spans), complete)) if spans.len() == 1 => {
                let span = *spans.first()?;
                self.body = CacheBody::growing_span(fill.join()?, span);
                self.part(span, complete);
            }
            _ => self.body = CacheBody::growing(fill.join()?, fill.length),
        }
        Some(())
    }

    fn part(&mut self, span: Span, complete: u64) {
        self.status = StatusCode::PARTIAL_CONTENT;
        self.headers
            .insert(header::CONTENT_RANGE, span.content_range(complete));
        self.length(span.len());
    }

    fn unsatisfiable(&mut self, complete: u64) {
        self.status = StatusCode::RANGE_NOT_SATISFIABLE;
        self.headers = not_modified_headers(&self.headers);
        self.headers
            .insert(header::CONTENT_RANGE, range::unsatisfied(complete));
        self.length(0);
    }

    fn length(&mut self, length: u64) {
        if self.status != StatusCode::NO_CONTENT {
            self.headers
                .insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
    }
}

/// A body of these pieces; `None` when one is not stored.
fn body_of(content: &Content, pieces: Vec<Piece>) -> Option<CacheBody> {
    if let Content::Disk(body) = content {
        return Some(CacheBody::disk(body.clone(), pieces));
    }
    let mut all = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match piece {
            Piece::Bytes(bytes) => all.push(bytes),
            Piece::Span(span) => all.extend(content.slice(span)?),
        }
    }
    Some(CacheBody::pieces(all))
}

/// What a GET's range selects of a 200, or of stored parts of one; everything else is answered whole.
fn selection(client: &Client, entry: &Entry, complete: u64) -> Selection {
    let ranged = matches!(entry.status, StatusCode::OK | StatusCode::PARTIAL_CONTENT)
        && client.method == Method::GET;
    match range::asked(&client.conditions) {
        Some(ranges) if ranged && range::if_range(&client.conditions, &entry.headers) => {
            range::select(&ranges, complete)
        }
        _ => Selection::Whole,
    }
}

/// The remaining freshness in seconds, negative when it is stale (RFC 9211 2.4).
pub(crate) fn ttl(terms: &Terms, now: u64) -> i64 {
    let seconds = |ms: u64| i64::try_from(ms / 1000).unwrap_or(i64::MAX);
    terms
        .stale_for(now)
        .map_or_else(|| seconds(terms.fresh_for(now)), |stale| -seconds(stale))
}

/// 128 bits that nobody can foresee, in hexadecimal.
fn boundary() -> String {
    static SECRET: OnceLock<[u8; 16]> = OnceLock::new();
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut hasher = SipHasher13::new_with_key(SECRET.get_or_init(secret));
    hasher.write_u64(COUNT.fetch_add(1, Ordering::Relaxed));
    format!("{:032x}", hasher.finish128().as_u128())
}
