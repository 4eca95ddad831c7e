//! One request from its head to its answer's head: the state machine.
//!
//! The guest decides and the host acts. Between two calls of the guest only the
//! values in [`Follow`](decide::Follow) live on, or in a [`Scan`](scan::Scan) the
//! continuation of its lane, so the one instance of a worker serves any number of
//! requests at the same time.

mod ask;
mod body;
mod cached;
mod call;
mod charge;
mod decide;
mod forward;
mod incoming;
mod phases;
mod reads;
mod record;
mod remembered;
mod respond;
mod scan;
mod shown;
mod state;
mod tries;
mod verdicts;

use std::cell::RefCell;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use http::Method;
use http::uri::Scheme;

use body::RequestBody;
use incoming::Incoming;
pub use record::{Exposure, Findings, LogLine, Purged, Record, RequestId};
use remembered::Remembered;
pub use scan::Scans;
use shown::Guarded;

use crate::engine::{Guest, GuestError};
use crate::headers::HeaderEdit;
use crate::settings::Deployment;
use crate::sources::{Clock, Entropy};
use crate::tasks::Tasks;
use crate::upstream::{Body, Upstream, boxed, empty};

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
    /// Scans of bodies that may find more while the response streams: at its end they are to
    /// be [settled](Scans::settle).
    pub scans: Scans,
}

/// What one thread needs to serve a policy: its own guest instance.
pub struct Worker {
    deployment: Arc<Deployment>,
    guest: RefCell<Guest>,
    /// Where inputs are built; never borrowed across a wait.
    input: RefCell<Vec<u8>>,
    clock: Box<dyn Clock>,
    entropy: Box<dyn Entropy>,
    tasks: Box<dyn Tasks>,
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
        tasks: Box<dyn Tasks>,
    ) -> Result<Self, GuestError> {
        let guest = RefCell::new(Guest::new(deployment.policy())?);
        Ok(Worker {
            deployment,
            guest,
            input: RefCell::new(Vec::with_capacity(4096)),
            clock,
            entropy,
            tasks,
        })
    }

    /// The policy and its settings.
    #[must_use]
    pub fn deployment(&self) -> &Arc<Deployment> {
        &self.deployment
    }
}

/// Answers one request. Never fails: what goes wrong is a 4xx or 5xx with its
/// reason in the record.
pub async fn handle<U: Upstream + Clone + 'static>(
    worker: &Rc<Worker>,
    upstream: &U,
    request: http::Request<Body>,
    client: Client,
) -> Answer {
    let (parts, body) = request.into_parts();
    let mut incoming = Incoming::new(worker, parts, client);
    let record = Record::new(worker, &incoming);
    let admitted = incoming.admit();
    let mut exchange = Exchange {
        worker,
        incoming: Rc::new(incoming),
        body: RequestBody::new(body),
        scans: Scans::default(),
        body_known: false,
        queued: Vec::new(),
        remembered: Remembered::default(),
        record,
    };
    let outcome = match admitted {
        Ok(()) => exchange.run(upstream).await,
        Err(refusal) => Err(refusal),
    };
    let mut response = outcome.unwrap_or_else(|refusal| exchange.refuse(&refusal));
    let state = worker.deployment.state();
    exchange.remembered.tell(state, &mut response);
    respond::without_content(&mut response);
    if exchange.incoming.parts.method == Method::HEAD {
        *response.body_mut() = empty();
    }
    exchange.record.status = response.status().as_u16();
    exchange.answer(response)
}

/// One request on its way.
struct Exchange<'w> {
    worker: &'w Rc<Worker>,
    incoming: Rc<Incoming>,
    body: RequestBody,
    scans: Scans,
    /// Whether the body is a fact: it was asked for and read.
    body_known: bool,
    /// Edits that hold for whatever answer the client gets.
    queued: Vec<HeaderEdit>,
    /// What is kept of its state effects.
    remembered: Remembered,
    record: Record,
}

impl Exchange<'_> {
    /// Hands everything over that outlives the exchange.
    fn answer(mut self, mut response: http::Response<Body>) -> Answer {
        self.scans.settle(&mut self.record);
        if let Some(scan) = self.scans.request.as_ref().filter(|scan| scan.is_running()) {
            let guarded = |body| boxed(Guarded::new(body, scan.clone()));
            response = response.map(guarded);
        }
        Answer {
            response: self.remembered.hold(response),
            record: self.record,
            scans: self.scans,
        }
    }
}

#[cfg(test)]
mod tests;
