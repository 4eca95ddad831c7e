//! Bodies between a client and an exchange.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Instant;

use super::connection::Context as Shared;
use super::watch::{Phase, Watch};
use crate::access_log::{Delivery, Entry};
use crate::exchange::{Record, Scans};
use crate::upstream::{Body, BoxError};

/// A request's body, with notes for the watch about the client's silences.
pub struct Upload {
    body: Incoming,
    watch: Rc<Watch>,
    ended: bool,
}

impl Upload {
    /// Notes the silences of `body`.
    pub fn new(body: Incoming, watch: Rc<Watch>) -> Self {
        Self {
            body,
            watch,
            ended: false,
        }
    }
}

impl HttpBody for Upload {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.body).poll_frame(cx);
        this.watch.body(polled.is_pending());
        this.ended |= matches!(polled, Poll::Ready(None));
        polled.map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if !self.ended && !self.body.is_end_stream() {
            self.watch.leave_unread();
        }
    }
}

/// An answer's body. When it is over, in whatever way, the request is counted and logged.
pub struct Download {
    body: Body,
    watch: Rc<Watch>,
    shared: Rc<Shared>,
    /// Taken when the line is written.
    record: Option<Box<Record>>,
    scans: Scans,
    start: Instant,
    bytes: u64,
    /// Whether nothing more is to come: the end was seen, or the answer has no body on
    /// the wire.
    ended: bool,
    failure: Option<String>,
}

impl Download {
    /// The body of the answer that `record` is about, to a request that came at `start`.
    pub fn new(
        body: Body,
        record: Record,
        scans: Scans,
        start: Instant,
        watch: Rc<Watch>,
        shared: Rc<Shared>,
    ) -> Self {
        let ended = record.method == http::Method::HEAD || matches!(record.status, 204 | 304);
        Self {
            body,
            watch,
            shared,
            record: Some(Box::new(record)),
            scans,
            start,
            bytes: 0,
            ended,
            failure: None,
        }
    }
}

impl HttpBody for Download {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        let frame = ready!(Pin::new(&mut this.body).poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => this.bytes += frame.data_ref().map_or(0, Bytes::len) as u64,
            Some(Err(error)) => this.failure = Some(error.to_string()),
            None => this.ended = true,
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Download {
    fn drop(&mut self) {
        self.watch.enter(Phase::Idle);
        let Some(mut record) = self.record.take() else {
            return;
        };
        let cut = self.scans.settle(&mut record);
        let aborted = match self.failure.take() {
            Some(failure) => Some(failure),
            None if self.ended || self.body.is_end_stream() => None,
            None => Some(self.watch.why_cut().reason().to_owned()),
        };
        let delivery = Delivery {
            bytes: self.bytes,
            total: self.start.elapsed(),
            aborted,
        };
        let metrics = self.shared.worker.deployment().metrics();
        metrics.end(&record, cut, delivery.total);
        self.shared.log.write(|| Entry::Answered(record, delivery));
    }
}
