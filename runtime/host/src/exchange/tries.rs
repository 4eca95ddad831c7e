//! The tries of a `proxy`, until an origin answers.

use std::time::{Duration, Instant};

use edge_abi::manifest::{Failure, ProxyOptions};
use http::{Method, Request, Response, header};

use super::body::RequestBody;
use super::forward::Forward;
use super::{Exchange, Worker};
use crate::metrics::Again;
use crate::target;
use crate::upstream::{Body, Try, TryError, Upstream};

/// What a try, or all of them, gave.
pub(super) type Outcome = Result<Response<Body>, TryError>;

/// What is remembered of tries.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// How many there were.
    pub(super) tries: u32,
    /// The origin that answered.
    pub(super) origin: Option<u32>,
    /// How the last one failed, if it did.
    pub(super) failure: Option<TryError>,
    /// How long they took.
    pub(super) upstream: Duration,
}

/// Asks the origins of one `proxy`.
pub(super) struct Tries<'a, U> {
    pub(super) worker: &'a Worker,
    pub(super) upstream: &'a U,
    pub(super) body: &'a RequestBody,
    pub(super) tally: Tally,
}

impl Exchange<'_> {
    /// Asks origins, and notes what came of it.
    pub(super) async fn forward<U: Upstream>(
        &mut self,
        upstream: &U,
        forward: &mut Forward,
    ) -> Outcome {
        let mut tries = Tries {
            worker: self.worker,
            upstream,
            body: &self.body,
            tally: Tally::default(),
        };
        let outcome = tries.ask(forward).await;
        let tally = tries.tally;
        self.record.tried(tally);
        outcome
    }
}

impl<U: Upstream> Tries<'_, U> {
    /// Asks origins until one answers, as the `proxy` declares: retries, then the fallback.
    pub(super) async fn ask(&mut self, forward: &mut Forward) -> Outcome {
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
        let mut tried = Vec::new();
        let metrics = self.worker.deployment.metrics();
        let outcome = loop {
            let last = retries == 0 && fallback.is_none();
            let outcome = self.round(forward, options, &mut tried, last).await;
            if !self.may_send_again(&forward.method, &outcome) {
                break outcome;
            }
            let retry_on = options.retry.as_ref().map_or(&[][..], |retry| &retry.on);
            if retries > 0 && matches(retry_on, &outcome) {
                retries -= 1;
                metrics.ask_again(forward.target, Again::Retry);
            } else if let Some(other) = fallback
                .take()
                .filter(|fallback| matches(&fallback.on, &outcome))
            {
                metrics.ask_again(forward.target, Again::Fallback);
                forward.fall_back(other.target);
                retries = 0;
            } else {
                break outcome;
            }
        };
        self.tally.upstream += begun.elapsed();
        if let Err(error) = &outcome {
            self.tally.failure = Some(error.clone());
        }
        outcome
    }

    /// One target: its origin, or a pool's members until one can be reached. Of a weighted
    /// pool those that were tried already come last.
    async fn round(
        &mut self,
        forward: &mut Forward,
        options: &ProxyOptions,
        tried: &mut Vec<u32>,
        last: bool,
    ) -> Outcome {
        let worker = self.worker;
        let manifest = worker.deployment.policy().manifest();
        let round = target::round(
            manifest,
            worker.deployment.params(),
            worker.entropy.as_ref(),
            forward.target,
            tried,
        );
        let Some(round) = round else {
            return Err(TryError::Connect(String::from("there is no such target")));
        };
        let mut step = 0;
        loop {
            let Some(origin) = round.origin(step) else {
                return Err(TryError::Connect(String::from("the pool is empty")));
            };
            if !last {
                tried.push(origin);
            }
            step += 1;
            let more = step < round.len();
            let outcome = self.attempt(forward, options, origin, last && !more).await;
            let unreachable = matches!(outcome, Err(TryError::Connect(_) | TryError::Timeout));
            if !(more && unreachable && self.may_send_again(&forward.method, &outcome)) {
                return outcome;
            }
            let metrics = worker.deployment.metrics();
            metrics.ask_again(forward.target, Again::Failover);
        }
    }

    /// One try at one origin. `last`: the header is not needed again.
    async fn attempt(
        &mut self,
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
        self.tally.tries += 1;
        let outcome = self
            .upstream
            .send(origin, request, limits)
            .await
            .and_then(usable);
        let answered = outcome.as_ref().map(Response::status);
        let metrics = self.worker.deployment.metrics();
        metrics.try_origin(origin, answered);
        self.tally.origin = outcome.is_ok().then_some(origin);
        outcome
    }

    /// RFC 9110 9.2.2: what is idempotent may be repeated; anything, when nothing was sent.
    fn may_send_again(&self, method: &Method, outcome: &Outcome) -> bool {
        let nothing_sent = matches!(outcome, Err(TryError::Connect(_)));
        self.body.can_be_sent_again() && (nothing_sent || method.is_idempotent())
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
