//! Where requests to origins go: sockets in production, memory in tests.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Full};

/// Any error of a body.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A body that streams; nothing in this crate buffers it unless the policy asks.
///
/// It stays on its worker's thread, so that it can call the worker's guest.
pub type Body = Pin<Box<dyn http_body::Body<Data = Bytes, Error = BoxError>>>;

/// Any body as a [`Body`].
#[must_use]
pub fn boxed(body: impl http_body::Body<Data = Bytes, Error = BoxError> + 'static) -> Body {
    Box::pin(body)
}

/// A body without bytes.
#[must_use]
pub fn empty() -> Body {
    boxed(Empty::new().map_err(|never| match never {}))
}

/// A body of known bytes.
#[must_use]
pub fn full(bytes: impl Into<Bytes>) -> Body {
    boxed(Full::new(bytes.into()).map_err(|never| match never {}))
}

/// The origins of a policy. Where answers are kept, requests to them go on without their clients: then it is to be cloned.
pub trait Upstream {
    /// Sends one request to one origin and waits for the head of its answer.
    ///
    /// `origin` is an index among the manifest's targets and names an origin, never a
    /// pool. The request is ready to go: its URI is in origin-form, `Host` is set and
    /// hop-by-hop fields are gone; only the framing is left to do.
    ///
    /// # Errors
    /// [`TryError`], by what a policy can tell apart. On [`TryError::Connect`] nothing
    /// of the request's body may have been read.
    fn send(
        &self,
        origin: u32,
        request: http::Request<Body>,
        limits: Try,
    ) -> impl Future<Output = Result<http::Response<Body>, TryError>>;
}

impl<U: Upstream> Upstream for std::rc::Rc<U> {
    fn send(
        &self,
        origin: u32,
        request: http::Request<Body>,
        limits: Try,
    ) -> impl Future<Output = Result<http::Response<Body>, TryError>> {
        self.as_ref().send(origin, request, limits)
    }
}

/// The bounds of one try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Try {
    /// Longest time to connect.
    pub connect: Duration,
    /// Longest time from the start to the response's head, connecting included.
    pub timeout: Duration,
}

/// How a try failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TryError {
    /// No connection: nothing was sent.
    Connect(String),
    /// No response head in time.
    Timeout,
    /// The connection broke, or what came was not HTTP.
    Reset(String),
}

impl fmt::Display for TryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TryError::Connect(reason) => write!(f, "cannot connect: {reason}"),
            TryError::Timeout => f.write_str("no response in time"),
            TryError::Reset(reason) => write!(f, "the connection broke: {reason}"),
        }
    }
}

impl std::error::Error for TryError {}
