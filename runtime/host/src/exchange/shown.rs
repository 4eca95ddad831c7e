//! Bodies on their way through a scan.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};

use super::scan::Scan;
use crate::upstream::{Body, BoxError};

type Polled = Poll<Option<Result<Frame<Bytes>, BoxError>>>;

/// A body whose pieces go on only after the guest has seen them.
pub(super) struct Shown {
    body: Body,
    scan: Scan,
    /// Not yet shown.
    held: Bytes,
}

impl Shown {
    pub(super) fn new(body: Body, scan: Scan) -> Self {
        scan.begin(body.size_hint().exact());
        let held = Bytes::new();
        Shown { body, scan, held }
    }
}

impl http_body::Body for Shown {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Polled {
        let this = self.get_mut();
        loop {
            this.scan.check()?;
            if !this.held.is_empty() {
                let ends = this.body.is_end_stream();
                let piece = this.scan.admit(&mut this.held, ends)?;
                return Poll::Ready(Some(Ok(Frame::data(piece))));
            }
            match ready!(this.body.as_mut().poll_frame(context)) {
                None => {
                    this.scan.finish()?;
                    return Poll::Ready(None);
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => this.held = data,
                    // Trailers: all of the body was there.
                    Err(frame) => {
                        this.scan.finish()?;
                        return Poll::Ready(Some(Ok(frame)));
                    }
                },
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.held.is_empty()
            && !self.scan.is_running()
            && self.scan.check().is_ok()
            && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        longer(self.held.len() as u64, &self.body.size_hint())
    }
}

/// A body with pieces in front that have been read already.
pub(super) struct Prefixed {
    front: VecDeque<Frame<Bytes>>,
    rest: Body,
}

impl Prefixed {
    pub(super) fn new(front: impl IntoIterator<Item = Frame<Bytes>>, rest: Body) -> Self {
        let front = front.into_iter().collect();
        Prefixed { front, rest }
    }
}

impl http_body::Body for Prefixed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Polled {
        let this = self.get_mut();
        match this.front.pop_front() {
            Some(frame) => Poll::Ready(Some(Ok(frame))),
            None => this.rest.as_mut().poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.front.is_empty() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let data = self.front.iter().filter_map(Frame::data_ref);
        longer(
            data.map(|data| data.len() as u64).sum(),
            &self.rest.size_hint(),
        )
    }
}

/// An answer whose request is still being scanned: it breaks when the request is refused.
pub(super) struct Guarded {
    body: Body,
    scan: Scan,
}

impl Guarded {
    pub(super) fn new(body: Body, scan: Scan) -> Self {
        Guarded { body, scan }
    }
}

impl http_body::Body for Guarded {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Polled {
        let this = self.get_mut();
        let polled = this.body.as_mut().poll_frame(context);
        // A refusal also ends the origin's connection, which is what wakes this body.
        this.scan.check()?;
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.scan.check().is_ok() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The hint of a body with `more` bytes in front of it.
pub(super) fn longer(more: u64, rest: &SizeHint) -> SizeHint {
    let mut hint = SizeHint::new();
    hint.set_lower(rest.lower().saturating_add(more));
    if let Some(upper) = rest.upper() {
        hint.set_upper(upper.saturating_add(more));
    }
    hint
}
