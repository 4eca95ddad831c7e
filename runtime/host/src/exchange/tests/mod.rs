//! The exchange over hand-written guests and origins in memory.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod bodies;
mod faults;
mod forwarding;
mod heads;
mod phases;
mod request_scans;
mod response_scans;
mod scan_limits;
mod sent;
mod state;
mod state_failures;
mod state_phases;
mod state_waits;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use edge_abi::input::Event;
use edge_abi::output::Op;
use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt;

use super::*;
use crate::engine::Policy;
use crate::fixture::GuestFixture;
use crate::settings::{Secret, Settings};
use crate::sources::{ManualClock, SeededEntropy};
use crate::tasks::LocalTasks;
use crate::upstream::{Try, TryError, full};

/// Runs a future that waits for nothing outside this process.
pub(super) fn finish<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("nothing in these tests waits"),
    }
}

type Answers = VecDeque<Result<Response<Body>, TryError>>;
type Got = Vec<(u32, Request<Bytes>, Try)>;

/// Origins that answer what the test has queued, and remember what they got.
#[derive(Clone, Default)]
pub(super) struct Played {
    pub(super) answers: Rc<RefCell<Answers>>,
    pub(super) got: Rc<RefCell<Got>>,
}

impl Played {
    pub(super) fn with(
        answers: impl IntoIterator<Item = Result<Response<Body>, TryError>>,
    ) -> Self {
        Played {
            answers: Rc::new(RefCell::new(answers.into_iter().collect())),
            got: Rc::default(),
        }
    }

    pub(super) fn asked(&self) -> Vec<u32> {
        self.got
            .borrow()
            .iter()
            .map(|(origin, ..)| *origin)
            .collect()
    }
}

impl Upstream for Played {
    async fn send(
        &self,
        origin: u32,
        request: Request<Body>,
        limits: Try,
    ) -> Result<Response<Body>, TryError> {
        let answer = self.answers.borrow_mut().pop_front().unwrap();
        let (head, body) = request.into_parts();
        let body = match &answer {
            Err(TryError::Connect(_)) => Bytes::new(),
            _ => match body.collect().await {
                Ok(body) => body.to_bytes(),
                Err(error) => return Err(TryError::Reset(error.to_string())),
            },
        };
        self.got
            .borrow_mut()
            .push((origin, Request::from_parts(head, body), limits));
        answer
    }
}

pub(super) fn ok(status: u16, body: &'static str) -> Result<Response<Body>, TryError> {
    Ok(Response::builder().status(status).body(full(body)).unwrap())
}

pub(super) fn connect_failure() -> Result<Response<Body>, TryError> {
    Err(TryError::Connect("refused".into()))
}

pub(super) fn worker(policy: Arc<Policy>) -> Rc<Worker> {
    let mut settings = Settings::default();
    settings.secrets.insert("KEY".into(), Secret::new("s3cr3t"));
    let deployment = Arc::new(Deployment::new(policy, settings).unwrap());
    let worker = Worker::new(
        deployment,
        Box::new(ManualClock::at(1)),
        Box::new(SeededEntropy::from_text("t")),
        Box::new(LocalTasks),
    );
    Rc::new(worker.unwrap())
}

pub(super) fn client() -> Client {
    Client {
        ip: "203.0.113.9".parse().unwrap(),
        port: 4000,
        scheme: Scheme::HTTPS,
        tls_version: Some("1.3"),
    }
}

pub(super) fn get(target: &str) -> Request<Body> {
    Request::get(target)
        .header("host", "www.example")
        .body(empty())
        .unwrap()
}

/// What a client sees, and what is remembered.
pub(super) struct Seen {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
    pub(super) record: Record,
}

impl Seen {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(super) fn fault(&self) -> &str {
        self.record.fault.as_deref().unwrap_or_default()
    }
}

pub(super) fn ask(
    worker: &Rc<Worker>,
    upstream: &(impl Upstream + Clone + 'static),
    request: Request<Body>,
) -> Seen {
    let mut answer = finish(handle(worker, upstream, request, client()));
    let (head, body) = answer.response.into_parts();
    let body = String::from_utf8_lossy(&finish(body.collect()).unwrap().to_bytes()).into_owned();
    answer.scans.settle(&mut answer.record);
    assert_eq!(answer.record.status, head.status.as_u16());
    Seen {
        status: head.status.as_u16(),
        headers: head.headers,
        body,
        record: answer.record,
    }
}

/// Asks a fixture's guest, with no origin there.
pub(super) fn ask_guest(guest: &GuestFixture, request: Request<Body>) -> Seen {
    ask(&worker(guest.policy()), &Played::default(), request)
}
