//! A `proxy`: the request that goes to an origin, and the tries until one answers.

use std::time::{Duration, Instant};

use bytes::{BufMut, BytesMut};
use edge_abi::input::Event;
use edge_abi::manifest::{Failure, ProxyOptions};
use edge_abi::output::fault::Reason;
use http::uri::PathAndQuery;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, Version, header,
};

use super::Exchange;
use super::body::RequestBody;
use super::decide::Follow;
use super::incoming::Refusal;
use crate::headers::{HeaderEdit, apply_all, set_forwarded, strip_hop_by_hop};
use crate::output::Proxy;
use crate::target;
use crate::upstream::{Body, Try, TryError, Upstream};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Everything that a try needs, out of the guest's memory.
pub(super) struct Forward {
    target: u32,
    options: u32,
    method: Method,
    uri: Uri,
    /// None: the authority of the origin that is tried.
    host: Option<HeaderValue>,
    headers: HeaderMap,
    /// Edits of the response that are known already.
    pub(super) response_edits: Vec<HeaderEdit>,
}

/// What one try gave.
type Outcome = Result<Response<Body>, TryError>;

impl Exchange<'_> {
    /// Builds the request that a `proxy` describes. `follow` tells whether the client's
    /// header is still needed afterwards.
    pub(super) fn prepare(
        &mut self,
        proxy: &Proxy<'_>,
        follow: &Follow,
    ) -> Result<Forward, Refusal> {
        let place = self.place_of(proxy.rule());
        let uri = upstream_uri(proxy.path(), proxy.query())
            .ok_or_else(|| self.fault(Reason::UpstreamPath, place))?;
        let broken = |what: &str| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, what.to_owned());
        let method = match proxy.method() {
            Some(bytes) => Method::from_bytes(bytes)
                .map_err(|_| broken("the method of a `proxy` is not usable"))?,
            None => self.incoming.parts.method.clone(),
        };
        let host = match proxy.host() {
            Some(bytes) => Some(
                HeaderValue::from_bytes(bytes)
                    .map_err(|_| broken("the `host` of a `proxy` is not usable"))?,
            ),
            None => None,
        };
        let response_edits = self.edits(proxy.response_edits())?;
        let mut headers = self.client_headers(follow);
        self.write_host_headers(&mut headers);
        apply_all(
            proxy.request_edits(),
            &mut headers,
            self.worker.deployment.secrets(),
        )
        .map_err(|error| self.bad_edit(&error))?;
        Ok(Forward {
            target: proxy.target(),
            options: proxy.options(),
            method,
            uri,
            host,
            headers,
            response_edits,
        })
    }

    /// The client's header, moved where no later call can ask for it.
    fn client_headers(&mut self, follow: &Follow) -> HeaderMap {
        let plan = self.worker.deployment.policy().plan(follow.slots);
        let needed =
            follow.slots != 0 && plan.is_some_and(crate::input::Plan::reads_request_headers);
        // A second `proxy` after a failure must find the header again.
        if needed || follow.wants(Event::Failed) {
            return self.incoming.parts.headers.clone();
        }
        std::mem::take(&mut self.incoming.parts.headers)
    }

    /// What the host itself says to an origin (RFC 9110 7.6).
    fn write_host_headers(&self, headers: &mut HeaderMap) {
        let incoming = &self.incoming;
        strip_hop_by_hop(headers);
        // The server has answered an expectation already (RFC 9110 10.1.1).
        headers.remove(header::EXPECT);
        headers.remove(header::HOST);
        set_forwarded(
            headers,
            incoming.peer.ip,
            &incoming.client.scheme,
            incoming.authority.as_ref(),
            incoming.trusted,
        );
        let via = match incoming.parts.version {
            Version::HTTP_10 => "1.0 edge",
            Version::HTTP_2 => "2.0 edge",
            _ => "1.1 edge",
        };
        headers.append(header::VIA, HeaderValue::from_static(via));
        if !headers.contains_key(REQUEST_ID)
            && let Ok(id) = HeaderValue::from_str(incoming.id.as_str())
        {
            headers.insert(REQUEST_ID, id);
        }
        if let RequestBody::Whole(bytes) = &self.body {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
        }
    }

    /// Asks origins until one answers, as the `proxy` declares: retries, then the fallback.
    pub(super) async fn forward<U: Upstream>(
        &mut self,
        upstream: &U,
        forward: &mut Forward,
    ) -> Outcome {
        let begun = Instant::now();
        let policy = std::sync::Arc::clone(self.worker.deployment.policy());
        let none = ProxyOptions::default();
        let options = policy
            .manifest()
            .proxies
            .get(forward.options as usize)
            .unwrap_or(&none);
        let mut retries = options.retry.as_ref().map_or(0, |retry| retry.times);
        let mut fallback = options.fallback.as_ref();
        let outcome = loop {
            let last = retries == 0 && fallback.is_none();
            let outcome = self.round(upstream, forward, options, last).await;
            if !self.may_send_again(&forward.method, &outcome) {
                break outcome;
            }
            let retry_on = options.retry.as_ref().map_or(&[][..], |retry| &retry.on);
            if retries > 0 && matches(retry_on, &outcome) {
                retries -= 1;
            } else if let Some(other) = fallback
                .take()
                .filter(|fallback| matches(&fallback.on, &outcome))
            {
                forward.target = other.target;
                retries = 0;
            } else {
                break outcome;
            }
        };
        self.record.upstream += begun.elapsed();
        if let Err(error) = &outcome {
            self.record.failure = Some(error.clone());
        }
        outcome
    }

    /// One target: its origin, or a pool's members until one can be reached.
    async fn round<U: Upstream>(
        &mut self,
        upstream: &U,
        forward: &mut Forward,
        options: &ProxyOptions,
        last: bool,
    ) -> Outcome {
        let worker = self.worker;
        let manifest = worker.deployment.policy().manifest();
        let round = target::round(
            manifest,
            worker.deployment.params(),
            worker.entropy.as_ref(),
            forward.target,
        );
        let Some(round) = round else {
            return Err(TryError::Connect(String::from("there is no such target")));
        };
        let mut step = 0;
        loop {
            let Some(origin) = round.origin(step) else {
                return Err(TryError::Connect(String::from("the pool is empty")));
            };
            step += 1;
            let more = step < round.len();
            let outcome = self
                .attempt(upstream, forward, options, origin, last && !more)
                .await;
            let unreachable = matches!(outcome, Err(TryError::Connect(_) | TryError::Timeout));
            if !(more && unreachable && self.may_send_again(&forward.method, &outcome)) {
                return outcome;
            }
        }
    }

    /// One try at one origin. `last`: the header is not needed again.
    async fn attempt<U: Upstream>(
        &mut self,
        upstream: &U,
        forward: &mut Forward,
        options: &ProxyOptions,
        origin: u32,
        last: bool,
    ) -> Outcome {
        let policy = self.worker.deployment.policy();
        let Some(settings) = target::origin(policy.manifest(), origin) else {
            return Err(TryError::Connect(String::from(
                "the target is not an origin",
            )));
        };
        let Some(body) = self.body.for_try() else {
            return Err(TryError::Reset(String::from(
                "the body can't be sent again",
            )));
        };
        let mut request = Request::new(body);
        *request.method_mut() = forward.method.clone();
        *request.uri_mut() = forward.uri.clone();
        *request.headers_mut() = if last {
            std::mem::take(&mut forward.headers)
        } else {
            forward.headers.clone()
        };
        if let Some(host) = forward.host.as_ref().or_else(|| policy.host_header(origin)) {
            request.headers_mut().insert(header::HOST, host.clone());
        }
        let limits = Try {
            connect: Duration::from_millis(settings.connect_ms),
            timeout: Duration::from_millis(options.timeout_ms.unwrap_or(settings.timeout_ms)),
        };
        self.record.tries += 1;
        let outcome = upstream
            .send(origin, request, limits)
            .await
            .and_then(usable);
        self.record.origin = outcome.is_ok().then_some(origin);
        outcome
    }

    /// RFC 9110 9.2.2: what is idempotent may be repeated; anything, when nothing was sent.
    fn may_send_again(&self, method: &Method, outcome: &Outcome) -> bool {
        let nothing_sent = matches!(outcome, Err(TryError::Connect(_)));
        self.body.can_be_sent_again() && (nothing_sent || method.is_idempotent())
    }

    fn place_of(&self, rule: u32) -> u32 {
        self.worker
            .deployment
            .policy()
            .manifest()
            .rules
            .get(rule as usize)
            .map_or(u32::MAX, |rule| rule.place)
    }
}

/// An interim status is no answer, and nobody has asked for another protocol.
fn usable(response: Response<Body>) -> Outcome {
    if response.status().is_informational() {
        return Err(TryError::Reset(format!(
            "a response with status {}",
            response.status().as_u16()
        )));
    }
    Ok(response)
}

fn matches(on: &[Failure], outcome: &Outcome) -> bool {
    on.iter().any(|failure| match (failure, outcome) {
        (Failure::Connect, Err(TryError::Connect(_)))
        | (Failure::Timeout, Err(TryError::Timeout))
        | (Failure::Reset, Err(TryError::Reset(_))) => true,
        (Failure::Status(status), Ok(response)) => response.status().as_u16() == *status,
        (Failure::ServerError, Ok(response)) => response.status().is_server_error(),
        _ => false,
    })
}

/// Path and query as they go on the wire; none when the path would not stay what it is.
fn upstream_uri(path: &[u8], query: Option<&[u8]>) -> Option<Uri> {
    if !path.starts_with(b"/") || path.iter().any(|byte| matches!(byte, b'?' | b'#')) {
        return None;
    }
    let mut text = BytesMut::with_capacity(path.len() + 1 + query.map_or(0, <[u8]>::len));
    text.put_slice(path);
    if let Some(query) = query {
        if query.contains(&b'#') {
            return None;
        }
        text.put_u8(b'?');
        text.put_slice(query);
    }
    let target = PathAndQuery::from_maybe_shared(text.freeze()).ok()?;
    Uri::builder().path_and_query(target).build().ok()
}
