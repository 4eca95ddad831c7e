//! Origins that are played from a test's givens.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use bytes::Bytes;
use edge_abi::test_plan::{OriginAnswer, OriginFailure};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::BodyExt;

use crate::sources::ManualClock;
use crate::upstream::{Body, Try, TryError, Upstream, full};

/// All origins of a test.
pub(super) struct Origins {
    clock: Rc<ManualClock>,
    played: RefCell<BTreeMap<u32, Script>>,
    received: RefCell<Vec<Received>>,
    /// The first origin that was asked though the test has not given it.
    stray: Cell<Option<u32>>,
}

/// What one origin does, time after time.
#[derive(Default)]
struct Script {
    answers: Vec<OriginAnswer>,
    next: usize,
}

/// A request that an origin got.
pub(super) struct Received {
    pub(super) origin: u32,
    pub(super) head: Parts,
    pub(super) body: Bytes,
}

impl Origins {
    pub(super) fn new(clock: Rc<ManualClock>) -> Self {
        Origins {
            clock,
            played: RefCell::default(),
            received: RefCell::default(),
            stray: Cell::new(None),
        }
    }

    /// Adds what an origin does the next time.
    pub(super) fn add(&self, origin: u32, answer: OriginAnswer) {
        self.played
            .borrow_mut()
            .entry(origin)
            .or_default()
            .answers
            .push(answer);
    }

    /// Forgets what has been received, before the next request.
    pub(super) fn forget_received(&self) {
        self.received.borrow_mut().clear();
        self.stray.set(None);
    }

    /// The first origin that was asked though the test has not given it.
    pub(super) fn stray(&self) -> Option<u32> {
        self.stray.get()
    }

    /// Looks at what an origin has received: how many requests, and the last of them.
    pub(super) fn inspect<T>(
        &self,
        origin: u32,
        look: impl FnOnce(usize, Option<&Received>) -> T,
    ) -> T {
        let received = self.received.borrow();
        let of_origin = received.iter().filter(|one| one.origin == origin);
        look(of_origin.clone().count(), of_origin.last())
    }

    fn next_answer(&self, origin: u32) -> Option<OriginAnswer> {
        let played = self.played.borrow();
        let script = played.get(&origin)?;
        let next = script.answers.get(script.next);
        next.or(script.answers.last()).cloned()
    }

    fn use_up_answer(&self, origin: u32) {
        if let Some(script) = self.played.borrow_mut().get_mut(&origin) {
            script.next = (script.next + 1).min(script.answers.len());
        }
    }
}

impl Upstream for Origins {
    async fn send(
        &self,
        origin: u32,
        request: Request<Body>,
        limits: Try,
    ) -> Result<Response<Body>, TryError> {
        let Some(answer) = self.next_answer(origin) else {
            self.stray.set(self.stray.get().or(Some(origin)));
            return Err(TryError::Connect(String::from(
                "the test has not given this origin",
            )));
        };
        if let OriginAnswer::Fail {
            failure: OriginFailure::Connect,
        } = answer
        {
            self.use_up_answer(origin);
            return Err(TryError::Connect(String::from("given by the test")));
        }
        let (head, body) = request.into_parts();
        let body = body
            .collect()
            .await
            .map_err(|error| TryError::Reset(error.to_string()))?
            .to_bytes();
        // A request that was denied on its way, by a scan of its body, has used nothing up.
        self.use_up_answer(origin);
        self.received
            .borrow_mut()
            .push(Received { origin, head, body });
        let patience = u64::try_from(limits.timeout.as_millis()).unwrap_or(u64::MAX);
        match answer {
            OriginAnswer::Respond { delay_ms, .. } if delay_ms > patience => {
                self.clock.advance(patience);
                Err(TryError::Timeout)
            }
            OriginAnswer::Respond {
                status,
                headers,
                body,
                delay_ms,
            } => {
                self.clock.advance(delay_ms);
                Ok(response(status, &headers, body))
            }
            OriginAnswer::Fail {
                failure: OriginFailure::Timeout,
            } => {
                self.clock.advance(patience);
                Err(TryError::Timeout)
            }
            OriginAnswer::Fail { .. } => Err(TryError::Reset(String::from("given by the test"))),
        }
    }
}

fn response(status: u16, headers: &[(String, String)], body: String) -> Response<Body> {
    let length = body.len();
    let mut response = Response::new(full(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    for (name, value) in headers {
        let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_bytes(value.as_bytes()),
        ) else {
            continue;
        };
        response.headers_mut().append(name, value);
    }
    if !response
        .headers()
        .contains_key(http::header::CONTENT_LENGTH)
    {
        response
            .headers_mut()
            .insert(http::header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    response
}
