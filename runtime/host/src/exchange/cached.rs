//! A `proxy` whose answer may come from a cache.
//!
//! What is sent and what the answer is kept under is made here; [`edge_cache`] says whether the origin is to be asked, and
//! [`fetch`] asks it.

mod admit;
mod fetch;
mod sent;

use std::rc::Rc;
use std::sync::Arc;

use edge_abi::output::MAX_KEYED_BODY;
use edge_cache::semantics::invalidate;
use edge_cache::{Ask, Asked, CacheStatus, How, KeyBuilder, Place};
use http::{HeaderName, HeaderValue, Method, Response, Uri, header};
use http_body_util::BodyExt;
use tokio::sync::oneshot;

use super::Exchange;
use super::body::RequestBody;
use super::decide::Follow;
use super::forward::Forward;
use super::tries::Outcome;
use crate::cache::place;
use crate::upstream::{Body, TryError, Upstream, boxed};
use admit::Admitting;
use fetch::{Fetched, Job};
pub(super) use sent::Sent;

const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// How this cache calls itself in `Cache-Status` (RFC 9211, section 2).
const NAME: &str = "edge";

/// What a `proxy` says of a cache, as it is for one request.
#[derive(Clone)]
pub(super) struct Cached {
    /// Its index.
    cache: u32,
    /// The URI that the client asked for.
    place: Arc<Place>,
    /// What the answer is kept under, but for the request's body; none where it is not kept, and why.
    key: Result<KeyBuilder, edge_cache::Forward>,
}

impl Exchange<'_> {
    /// Answers from a cache, or asks origins and lets the cache keep what they say.
    pub(super) async fn ask_cache<U: Upstream + Clone + 'static>(
        &mut self,
        upstream: &U,
        mut forward: Forward,
        cached: Cached,
        next: &Follow,
    ) -> Outcome {
        let key = match cached.key.clone() {
            Ok(mut key) => match self.keyed_body(&mut forward).await {
                Some(body) => {
                    key.part(&body);
                    key.finish()
                }
                None => {
                    let why = edge_cache::Forward::Bypass;
                    return self.around(upstream, forward, &cached, why).await;
                }
            },
            Err(why) => return self.around(upstream, forward, &cached, why).await,
        };
        let worker = Rc::clone(self.worker);
        let Some((store, declared)) = worker
            .deployment
            .caches()
            .and_then(|caches| Some((caches, caches.get(cached.cache)?)))
        else {
            return self.forward(upstream, &mut forward).await;
        };
        let now = worker.clock.now_ms();
        store.hear(now);
        let ask = Ask {
            key,
            place: &cached.place,
            method: &forward.method,
            headers: &self.incoming.parts.headers,
            sent: &forward.headers,
            rules: &declared.rules,
        };
        match store.store().ask(&ask, now).await {
            Asked::Answer(mut answer) => {
                if let Some(fetch) = answer.revalidate.take()
                    && let Some(job) = self.job(upstream, forward, next, declared.admits)
                {
                    // nobody waits for what it brings
                    let (back, _) = oneshot::channel();
                    worker.tasks.spawn(Box::pin(job.run(fetch, back)));
                }
                Ok(self.cached_answer(cached.cache, Fetched::answer(*answer)))
            }
            Asked::Fetch(fetch) => {
                let Some(job) = self.job(upstream, forward, next, declared.admits) else {
                    return Err(TryError::Reset(String::from(
                        "the body can't be sent again",
                    )));
                };
                let (back, fetched) = oneshot::channel();
                worker.tasks.spawn(Box::pin(job.run(fetch, back)));
                let ended = || TryError::Reset(String::from("the host ends"));
                let (outcome, tally) = fetched.await.map_err(|_| ended())?;
                self.record.tried(tally);
                outcome.map(|fetched| self.cached_answer(cached.cache, fetched))
            }
            Asked::Failed => Err(TryError::Reset(String::from(
                "the request whose answer it was to share has failed",
            ))),
        }
    }

    /// The part of the key that is the body. None when it is too long, or broken.
    async fn keyed_body(&mut self, forward: &mut Forward) -> Option<bytes::Bytes> {
        use edge_abi::input::result::Status;
        if self.body.read(MAX_KEYED_BODY).await != Status::Ok {
            return None;
        }
        match &self.body {
            RequestBody::Whole(bytes) => {
                let length = HeaderValue::from(bytes.len());
                forward.headers.insert(header::CONTENT_LENGTH, length);
                Some(bytes.clone())
            }
            RequestBody::None => Some(bytes::Bytes::new()),
            RequestBody::Streaming(_) => None,
        }
    }

    /// Past the cache. What an unsafe method has changed is forgotten (RFC 9111, section 4.4).
    async fn around<U: Upstream + Clone>(
        &mut self,
        upstream: &U,
        mut forward: Forward,
        cached: &Cached,
        why: edge_cache::Forward,
    ) -> Outcome {
        let outcome = self.forward(upstream, &mut forward).await;
        if let Ok(response) = &outcome {
            self.invalidate(&forward.method, cached, response);
        }
        let status = CacheStatus {
            forward: Some(why),
            forward_status: outcome.as_ref().ok().map(|it| it.status().as_u16()),
            ..CacheStatus::default()
        };
        let passed = |response: Response<Body>| {
            let (head, body) = response.into_parts();
            Fetched::passed(head.status, head.headers, body, status)
        };
        outcome.map(|response| self.cached_answer(cached.cache, passed(response)))
    }

    fn invalidate(&self, method: &Method, cached: &Cached, response: &Response<Body>) {
        let Some(caches) = self.worker.deployment.caches() else {
            return;
        };
        if !invalidate::invalidates(method, response.status()) {
            return;
        }
        let mut places = vec![Place::clone(&cached.place)];
        if let Some(uri) = self.absolute_uri() {
            let others = invalidate::targets(&uri, response.headers());
            places.extend(others.iter().filter_map(place_of));
        }
        caches.store().invalidate(&places);
    }

    /// The URI that the client asked for, with scheme and host (RFC 9110, section 7.1).
    fn absolute_uri(&self) -> Option<Uri> {
        let incoming = &self.incoming;
        Uri::builder()
            .scheme(incoming.client.scheme.clone())
            .authority(incoming.authority.as_ref()?.as_bytes())
            .path_and_query(incoming.target())
            .build()
            .ok()
    }

    /// What a task needs to ask origins for this request, even when its client has left.
    fn job<U: Upstream + Clone>(
        &self,
        upstream: &U,
        forward: Forward,
        next: &Follow,
        admits: bool,
    ) -> Option<Job<U>> {
        Some(Job {
            worker: Rc::clone(self.worker),
            upstream: upstream.clone(),
            body: self.body.kept()?,
            forward,
            admitting: admits.then(|| self.admitting(next)),
        })
    }

    fn admitting(&self, next: &Follow) -> Admitting {
        Admitting {
            follow: next.clone(),
            incoming: Rc::clone(&self.incoming),
            body: self.body_fact().map(bytes::Bytes::copy_from_slice),
            answers: self.remembered.answers().to_vec(),
        }
    }

    /// The answer as it goes on, with the cache's word on it.
    fn cached_answer(&mut self, cache: u32, fetched: Fetched) -> Response<Body> {
        let Fetched {
            status,
            headers,
            body,
            how,
            cache_status,
        } = fetched;
        self.record.cache = Some((cache, how));
        self.worker.deployment.metrics().ask_cache(cache, how);
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        let member = cache_status.member(NAME);
        response.headers_mut().append(CACHE_STATUS, member);
        response
    }
}

impl Fetched {
    fn answer(answer: edge_cache::Answer) -> Self {
        Fetched {
            status: answer.status,
            headers: answer.headers,
            body: boxed(answer.body.map_err(Into::into)),
            how: answer.how,
            cache_status: answer.cache_status,
        }
    }

    fn passed(
        status: http::StatusCode,
        headers: http::HeaderMap,
        body: Body,
        cache_status: CacheStatus,
    ) -> Self {
        Fetched {
            status,
            headers,
            body,
            how: How::Bypass,
            cache_status,
        }
    }
}

fn place_of(uri: &Uri) -> Option<Place> {
    let (scheme, authority) = (uri.scheme()?, uri.authority()?);
    let query = uri.query().unwrap_or_default();
    Some(place(
        scheme,
        authority.as_str().as_bytes(),
        uri.path().as_bytes(),
        query.as_bytes(),
    ))
}
