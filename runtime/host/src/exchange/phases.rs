//! The two phases of a request: until there is an answer, and what becomes of it.

use edge_abi::input::Event;
use http::{HeaderMap, Response, StatusCode};

use super::ask::Done;
use super::call::broken;
use super::decide::{Decision, Follow, Step, response_facts};
use super::incoming::Refusal;
use super::scan::Order;
use super::verdicts::Decided;
use super::{Exchange, respond};
use crate::headers::{HeaderEdit, strip_hop_by_hop};
use crate::upstream::{Body, TryError, Upstream};

/// Most calls of the guest for one request, beside one for each answer that it may ask for: more than any policy waits.
const MAX_CALLS: u32 = 64;

impl Exchange<'_> {
    /// From the request's head to the answer's.
    pub(super) async fn run<U: Upstream + Clone + 'static>(
        &mut self,
        upstream: &U,
    ) -> Result<Response<Body>, Refusal> {
        let (response, follow) = self.request_phase(upstream).await?;
        let outcome = self.response_phase(response, follow).await;
        // While the origin's early answer was looked at, the request may have been refused.
        match self.refused_body()? {
            Some((response, follow)) => self.response_phase(response, follow).await,
            None => outcome,
        }
    }

    /// Calls the guest until there is an answer.
    async fn request_phase<U: Upstream + Clone + 'static>(
        &mut self,
        upstream: &U,
    ) -> Result<Decided, Refusal> {
        let (mut event, mut follow, mut results) = (Event::Start, Follow::default(), Done::new());
        let (mut order, mut gateway_error) = (None, StatusCode::BAD_GATEWAY);
        for _ in 0..self.most_calls() {
            let nothing = HeaderMap::new();
            let failed = event == Event::Failed;
            let facts = failed.then(|| response_facts(gateway_error, None, &nothing, None));
            let decision = self.decide(event, &follow, &results.results, facts)?;
            let Decision { asks, step, next } = self.queue(decision, &mut order);
            results = match self.perform(&asks, &mut order).await {
                Ok(done) => done,
                // What the `proxy` wanted of an answer holds for this one.
                Err(stop) if matches!(step, Step::Pass(..)) => return stop.decided(self, follow),
                Err(stop) => return stop.decided(self, next),
            };
            match step {
                Step::Wait(_) => (event, follow) = (Event::Results, next),
                Step::Respond(response) => return Ok((response, next)),
                Step::Forward(mut forward) => {
                    self.scan_request(order.take()).await;
                    if let Some(decided) = self.refused_body()? {
                        return Ok(decided);
                    }
                    let outcome = match forward.cached.take() {
                        // Boxed, so that a request that needs neither moves the room of neither.
                        Some(cached) => {
                            Box::pin(self.ask_cache(upstream, *forward, cached, &next)).await
                        }
                        None => Box::pin(self.forward(upstream, &mut forward)).await,
                    };
                    if let Some(decided) = self.refused_body()? {
                        return Ok(decided);
                    }
                    match outcome {
                        Ok(mut response) => {
                            strip_hop_by_hop(response.headers_mut());
                            self.apply_queued(&mut response);
                            return Ok((response, next));
                        }
                        Err(error) => gateway_error = gateway_status(&error),
                    }
                    self.check_body()?;
                    if failed || !next.wants(Event::Failed) {
                        return Ok((self.no_origin(gateway_error, Vec::new()), next));
                    }
                    (event, follow, results) = (Event::Failed, next, Done::new());
                }
                Step::Pass(edits, _) if failed => {
                    // What the `proxy` wanted of an answer holds for this one.
                    return Ok((self.no_origin(gateway_error, edits), follow));
                }
                Step::Pass(..) => {
                    return Err(broken(
                        "the policy lets a response go on before there is one",
                    ));
                }
            }
        }
        Err(broken("the policy waits without end"))
    }

    /// Takes what holds from here on out of a decision: edits of whatever answer follows, and a scan of the
    /// body that is read or sent on next.
    fn queue(&mut self, mut decision: Decision, order: &mut Option<Order>) -> Decision {
        let ordered = match &mut decision.step {
            Step::Forward(forward) => {
                self.queued.append(&mut forward.response_edits);
                forward.scan.take()
            }
            Step::Wait(ordered) => ordered.take(),
            Step::Respond(_) | Step::Pass(..) => None,
        };
        if ordered.is_some() {
            *order = ordered;
        }
        decision
    }

    /// Most calls of the guest until there is an answer: each wait asks for something.
    fn most_calls(&self) -> u32 {
        let limits = &self.worker.deployment.policy().manifest().limits;
        MAX_CALLS.saturating_add(limits.asks)
    }

    /// Shows the answer's head to the guest if it wants to see it. It edits or replaces it; what
    /// replaces it may be shown to it again.
    async fn response_phase(
        &mut self,
        mut response: Response<Body>,
        mut follow: Follow,
    ) -> Result<Response<Body>, Refusal> {
        let worker = self.worker;
        let policy = worker.deployment.policy();
        let origin = self.record.origin.and_then(|at| policy.target_name(at));
        let how = self.record.cache.map(|(_, how)| how.name());
        for _ in 0..MAX_CALLS {
            if !follow.wants(Event::ResponseHead) {
                return Ok(response);
            }
            let facts = response_facts(response.status(), origin, response.headers(), how);
            let decision = self.decide(Event::ResponseHead, &follow, &[], Some(facts))?;
            let Decision { asks, step, next } = decision;
            if let Step::Wait(_) = step {
                return Err(broken("the policy waits in its response phase"));
            }
            if let Err(stop) = self.perform(&asks, &mut None).await {
                let (response, _) = stop.decided(self, Follow::default())?;
                return Ok(response);
            }
            (response, follow) = match step {
                Step::Pass(edits, order) => {
                    edits
                        .into_iter()
                        .for_each(|edit| edit.apply(response.headers_mut()));
                    match order {
                        Some(order) => self.scan_response(response, order).await?,
                        None => return Ok(response),
                    }
                }
                Step::Respond(replacement) => (replacement, next),
                Step::Forward(_) | Step::Wait(_) => {
                    return Err(broken("the policy asks an origin in its response phase"));
                }
            };
        }
        Err(broken("the policy replaces answers without end"))
    }

    /// A broken body is the client's doing, whatever it has kept an origin from; one that a
    /// scan has stopped has its answer.
    ///
    /// # Errors
    /// 400 when the client's stream has broken: no policy and no origin is to take half a
    /// body for a whole one.
    pub(super) fn check_body(&mut self) -> Result<Option<Decided>, Refusal> {
        if let Some(decided) = self.refused_body()? {
            return Ok(Some(decided));
        }
        let Some(failure) = self.body.failure() else {
            return Ok(None);
        };
        self.record.failure = None;
        let reason = format!("the request's body is broken: {failure}");
        Err(Refusal::new(StatusCode::BAD_REQUEST, reason).closing())
    }

    /// The body as a fact.
    pub(super) fn body_fact(&self) -> Option<&[u8]> {
        self.body_known.then(|| self.body.bytes()).flatten()
    }

    pub(super) fn apply_queued(&self, response: &mut Response<Body>) {
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

    /// The host's own answer, with its reason in the record.
    pub(super) fn refuse(&mut self, refusal: &Refusal) -> Response<Body> {
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
