//! Bodies on their way to and from an origin, watched for silence.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep};

use super::pool::Lease;
use crate::upstream::{Body, BoxError};

/// How long an origin may still take to send a response's head.
///
/// Its time counts from the start of the try, and again from each piece of the request's
/// body that it takes: a long upload is not a slow origin. While the client itself is
/// silent, no time passes; the server has its own bound for that.
#[derive(Clone)]
pub struct Progress {
    start: Instant,
    limit: Duration,
    upload: Option<Rc<Upload>>,
}

/// What is known of a request's body.
#[derive(Default)]
struct Upload {
    /// From the start to the last piece.
    last: Cell<Duration>,
    /// Whether the next piece is awaited from the client.
    waiting: Cell<bool>,
}

impl Progress {
    /// The time of an origin for this request starts now.
    pub fn new(request: &http::Request<Body>, limit: Duration) -> Self {
        let upload = (!request.body().is_end_stream()).then(Rc::default);
        Self {
            start: Instant::now(),
            limit,
            upload,
        }
    }

    /// When the origin's time is over, as things are now.
    pub fn deadline(&self) -> Instant {
        let Some(upload) = &self.upload else {
            return self.start + self.limit;
        };
        if upload.waiting.get() {
            return Instant::now() + self.limit;
        }
        self.start + upload.last.get() + self.limit
    }

    fn note(&self, waiting: bool) {
        let Some(upload) = &self.upload else { return };
        upload.waiting.set(waiting);
        if !waiting {
            upload.last.set(self.start.elapsed());
        }
    }
}

/// A request's body on its way to an origin.
pub struct Sent {
    body: Option<(Body, Progress)>,
}

impl Sent {
    /// Reports the moves of `body` to `progress`.
    pub fn new(body: Body, progress: Progress) -> Self {
        let body = (!body.is_end_stream()).then_some((body, progress));
        Self { body }
    }

    /// No bytes.
    pub fn empty() -> Self {
        Self { body: None }
    }
}

impl HttpBody for Sent {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Some((body, progress)) = &mut self.get_mut().body else {
            return Poll::Ready(None);
        };
        let polled = Pin::new(body).poll_frame(cx);
        progress.note(polled.is_pending());
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body
            .as_ref()
            .is_none_or(|(body, _)| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), |(body, _)| body.size_hint())
    }
}

/// An origin went silent in the middle of a body.
#[derive(Debug, thiserror::Error)]
#[error("the origin was silent for {0:?} in the middle of its body")]
struct Silence(Duration);

/// A response's body on its way from an origin. At its end the connection goes back to
/// its pool; dropped earlier, the connection closes.
pub struct Received {
    body: Incoming,
    lease: Option<Lease>,
    /// Longest silence.
    idle: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    /// Whether the timer runs for the silence of this moment.
    armed: bool,
}

impl Received {
    /// A body that comes over the leased connection, with pauses of at most `idle`.
    pub fn new(body: Incoming, lease: Lease, idle: Duration) -> Self {
        let mut received = Self {
            body,
            lease: Some(lease),
            idle,
            timer: None,
            armed: false,
        };
        received.complete_at_end();
        received
    }

    fn complete_at_end(&mut self) {
        if self.body.is_end_stream()
            && let Some(lease) = self.lease.take()
        {
            lease.complete();
        }
    }

    /// Ready when the silence has lasted too long.
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<Silence> {
        let deadline = || Instant::now() + self.idle;
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline())));
        if !self.armed {
            timer.as_mut().reset(deadline());
            self.armed = true;
        }
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Silence(self.idle))
    }
}

impl HttpBody for Received {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        let Poll::Ready(polled) = Pin::new(&mut this.body).poll_frame(cx) else {
            return this
                .poll_silence(cx)
                .map(|silence| Some(Err(silence.into())));
        };
        this.armed = false;
        match polled {
            Some(Ok(frame)) => {
                this.complete_at_end();
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(error)) => {
                this.lease = None;
                Poll::Ready(Some(Err(error.into())))
            }
            None => {
                if let Some(lease) = this.lease.take() {
                    lease.complete();
                }
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
