//! One request from its head to its answer's head: the state machine.
//!
//! The guest decides and the host acts. Between two calls of the guest only the
//! values in [`Follow`] live on, so the one instance of a worker serves any
//! number of requests at the same time.

mod body;
mod decide;
mod forward;
mod incoming;
mod record;
mod respond;

use std::cell::RefCell;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use edge_abi::input::Event;
use edge_abi::input::result::Status;
use edge_abi::output::Op;
use http::uri::Scheme;
use http::{HeaderMap, Method, Response, StatusCode, header};

use body::RequestBody;
use decide::{Follow, Step, response_facts};
use incoming::{Incoming, Refusal};
pub use record::{Exposure, LogLine, Record, RequestId};

use crate::engine::{Guest, GuestError};
use crate::headers::{HeaderEdit, strip_hop_by_hop};
use crate::input::ResultEntry;
use crate::settings::Deployment;
use crate::sources::{Clock, Entropy};
use crate::upstream::{Body, TryError, Upstream, empty};

/// Who is asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// The peer's address.
    pub ip: IpAddr,
    /// The peer's port.
    pub port: u16,
    /// `http` or `https`.
    pub scheme: Scheme,
    /// `1.2` or `1.3`; none without TLS.
    pub tls_version: Option<&'static str>,
}

/// What goes back to the client, and what is remembered about it.
pub struct Answer {
    /// The response; its body may still be streaming from an origin.
    pub response: http::Response<Body>,
    /// For logs and metrics.
    pub record: Record,
}

/// What one thread needs to serve a policy: its own guest instance.
pub struct Worker {
    deployment: Arc<Deployment>,
    guest: RefCell<Guest>,
    /// Where inputs are built; never borrowed across a wait.
    input: RefCell<Vec<u8>>,
    clock: Box<dyn Clock>,
    entropy: Box<dyn Entropy>,
}

impl Worker {
    /// A worker with a fresh instance.
    ///
    /// # Errors
    /// The module can't be instantiated.
    pub fn new(
        deployment: Arc<Deployment>,
        clock: Box<dyn Clock>,
        entropy: Box<dyn Entropy>,
    ) -> Result<Self, GuestError> {
        let guest = RefCell::new(Guest::new(deployment.policy())?);
        Ok(Worker {
            deployment,
            guest,
            input: RefCell::new(Vec::with_capacity(4096)),
            clock,
            entropy,
        })
    }

    /// The policy and its settings.
    #[must_use]
    pub fn deployment(&self) -> &Arc<Deployment> {
        &self.deployment
    }
}

/// Most calls of the guest for one request: more than any policy waits.
const MAX_CALLS: u32 = 64;

/// Answers one request. Never fails: what goes wrong is a 4xx or 5xx with its
/// reason in the record.
pub async fn handle<U: Upstream>(
    worker: &Worker,
    upstream: &U,
    request: http::Request<Body>,
    client: Client,
) -> Answer {
    let (parts, body) = request.into_parts();
    let incoming = Incoming::new(worker, parts, client);
    let record = Record::new(worker, &incoming);
    let body = RequestBody::new(body);
    let mut exchange = Exchange {
        worker,
        incoming,
        body,
        body_known: false,
        queued: Vec::new(),
        record,
    };
    let head_only = exchange.incoming.parts.method == Method::HEAD;
    let mut response = match exchange.run(upstream).await {
        Ok(response) => response,
        Err(refusal) => exchange.refuse(&refusal),
    };
    if head_only {
        *response.body_mut() = empty();
    }
    exchange.record.status = response.status().as_u16();
    Answer {
        response,
        record: exchange.record,
    }
}

/// One request on its way.
struct Exchange<'w> {
    worker: &'w Worker,
    incoming: Incoming,
    body: RequestBody,
    /// Whether the body is a fact: it was asked for and read.
    body_known: bool,
    /// Edits that hold for whatever answer the client gets.
    queued: Vec<HeaderEdit>,
    record: Record,
}

impl Exchange<'_> {
    /// From the request's head to the answer's.
    async fn run<U: Upstream>(&mut self, upstream: &U) -> Result<Response<Body>, Refusal> {
        self.incoming.admit()?;
        let (response, follow) = self.request_phase(upstream).await?;
        if follow.wants(Event::ResponseHead) {
            return self.response_phase(response, &follow);
        }
        Ok(response)
    }

    /// Calls the guest until there is an answer.
    async fn request_phase<U: Upstream>(
        &mut self,
        upstream: &U,
    ) -> Result<(Response<Body>, Follow), Refusal> {
        let (mut event, mut follow, mut results) = (Event::Start, Follow::default(), Vec::new());
        let mut gateway_error = StatusCode::BAD_GATEWAY;
        for _ in 0..MAX_CALLS {
            let nothing = HeaderMap::new();
            let failed = event == Event::Failed;
            let facts = failed.then(|| response_facts(gateway_error, None, &nothing));
            let (step, next) = self.decide(event, &follow, &results, facts)?;
            match step {
                Step::Wait(waits) => {
                    results = self.read_body(&waits).await;
                    (event, follow) = (Event::Results, next);
                }
                Step::Respond(response) => return Ok((response, next)),
                Step::Forward(mut forward) => match self.forward(upstream, &mut forward).await {
                    Ok(mut response) => {
                        strip_hop_by_hop(response.headers_mut());
                        self.queued.append(&mut forward.response_edits);
                        self.apply_queued(&mut response);
                        return Ok((response, next));
                    }
                    Err(error) => {
                        gateway_error = gateway_status(&error);
                        self.queued.append(&mut forward.response_edits);
                        if failed || !next.wants(Event::Failed) {
                            return Ok((self.no_origin(gateway_error, Vec::new()), next));
                        }
                        (event, follow, results) = (Event::Failed, next, Vec::new());
                    }
                },
                Step::Pass(edits) if failed => {
                    return Ok((self.no_origin(gateway_error, edits), next));
                }
                Step::Pass(_) => {
                    return Err(broken(
                        "the policy lets a response go on before there is one",
                    ));
                }
            }
        }
        Err(broken("the policy waits without end"))
    }

    /// Shows the answer's head to the guest, which edits or replaces it.
    fn response_phase(
        &mut self,
        mut response: Response<Body>,
        follow: &Follow,
    ) -> Result<Response<Body>, Refusal> {
        let policy = Arc::clone(self.worker.deployment.policy());
        let origin = self
            .record
            .origin
            .and_then(|origin| policy.target_name(origin));
        let facts = response_facts(response.status(), origin, response.headers());
        match self
            .decide(Event::ResponseHead, follow, &[], Some(facts))?
            .0
        {
            Step::Pass(edits) => {
                edits
                    .into_iter()
                    .for_each(|edit| edit.apply(response.headers_mut()));
                Ok(response)
            }
            Step::Respond(replacement) => Ok(replacement),
            Step::Forward(_) => Err(broken("the policy asks an origin in its response phase")),
            Step::Wait(_) => Err(broken("the policy waits in its response phase")),
        }
    }

    /// Carries out waits, which can only be for the body, in order.
    async fn read_body(&mut self, waits: &[(u32, bool)]) -> Vec<ResultEntry> {
        let mut results = Vec::with_capacity(waits.len());
        let mut last = Status::Ok;
        for (limit, chained) in waits {
            if !chained || last == Status::Ok {
                last = self.body.read(*limit).await;
                self.body_known |= last == Status::Ok;
            } else {
                last = Status::Skipped;
            }
            results.push(ResultEntry {
                status: last,
                op: Op::Body,
                aux: 0,
            });
        }
        results
    }

    /// The body as a fact.
    fn body_fact(&self) -> Option<&[u8]> {
        self.body_known.then(|| self.body.bytes()).flatten()
    }

    fn apply_queued(&self, response: &mut Response<Body>) {
        for edit in &self.queued {
            edit.clone().apply(response.headers_mut());
        }
    }

    /// The host's answer when no origin gave one.
    fn no_origin(&mut self, status: StatusCode, edits: Vec<HeaderEdit>) -> Response<Body> {
        let reason = self
            .record
            .failure
            .as_ref()
            .map(TryError::to_string)
            .unwrap_or_default();
        let mut response = self.refuse(&Refusal::new(
            status,
            format!("no origin gave an answer: {reason}"),
        ));
        self.apply_queued(&mut response);
        edits
            .into_iter()
            .for_each(|edit| edit.apply(response.headers_mut()));
        response
    }

    fn refuse(&mut self, refusal: &Refusal) -> Response<Body> {
        self.record.fault.clone_from(&refusal.reason);
        respond::own(refusal)
    }
}

fn gateway_status(error: &TryError) -> StatusCode {
    match error {
        TryError::Timeout => StatusCode::GATEWAY_TIMEOUT,
        TryError::Connect(_) | TryError::Reset(_) => StatusCode::BAD_GATEWAY,
    }
}

fn broken(reason: &str) -> Refusal {
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, reason)
}

impl Record {
    fn new(worker: &Worker, incoming: &Incoming) -> Self {
        let headers = &incoming.parts.headers;
        Record {
            policy: Arc::clone(worker.deployment.policy()),
            id: incoming.id,
            received_ms: incoming.now,
            client: incoming.client.clone(),
            method: incoming.parts.method.clone(),
            uri: incoming.uri(),
            version: incoming.parts.version,
            authority: headers.get(header::HOST).cloned(),
            user_agent: headers.get(header::USER_AGENT).cloned(),
            referer: headers.get(header::REFERER).cloned(),
            status: 0,
            rule: None,
            origin: None,
            tries: 0,
            decision: Duration::ZERO,
            upstream: Duration::ZERO,
            exposures: Vec::new(),
            fired: Vec::new(),
            logs: Vec::new(),
            failure: None,
            fault: None,
        }
    }
}

#[cfg(test)]
mod tests;
