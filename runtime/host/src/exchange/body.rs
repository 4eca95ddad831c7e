//! The request's body: streamed on, or read first because the policy asks.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use edge_abi::input::result::Status;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt;

use super::scan::Scan;
use super::shown::{Prefixed, Shown, longer};
use crate::upstream::{Body, BoxError, boxed, empty, full};

/// A request's body, wherever it is at the moment.
pub(super) enum RequestBody {
    /// There is none.
    None,
    /// Read to its end.
    Whole(Bytes),
    /// Still coming from the client.
    Streaming(Stream),
}

impl RequestBody {
    pub(super) fn new(body: Body) -> Self {
        if body.is_end_stream() {
            RequestBody::None
        } else {
            RequestBody::Streaming(Stream::new(body))
        }
    }

    /// What broke the client's stream, if anything did.
    pub(super) fn failure(&self) -> Option<String> {
        match self {
            RequestBody::None | RequestBody::Whole(_) => None,
            RequestBody::Streaming(stream) => stream.0.borrow().failure.clone(),
        }
    }

    /// The bytes, if all of them are here.
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        match self {
            RequestBody::None => Some(b""),
            RequestBody::Whole(bytes) => Some(bytes),
            RequestBody::Streaming(_) => None,
        }
    }

    /// Reads the whole body, if it is no longer than `limit` bytes. If it is longer, what
    /// has been read is put back.
    pub(super) async fn read(&mut self, limit: u32) -> Status {
        let limit = limit as usize;
        let stream = match self {
            RequestBody::None => return Status::Ok,
            RequestBody::Whole(bytes) if bytes.len() <= limit => return Status::Ok,
            RequestBody::Whole(_) => return Status::TooLarge,
            RequestBody::Streaming(stream) => stream,
        };
        match stream.read(limit).await {
            Ok(Some(bytes)) => {
                *self = RequestBody::Whole(bytes);
                Status::Ok
            }
            Ok(None) => Status::TooLarge,
            Err(_) => Status::Unavailable,
        }
    }

    /// From here on, what is sent or read of the body is shown to the guest before. What is
    /// here already is shown at once.
    pub(super) async fn scan(&mut self, scan: &Scan) {
        match self {
            RequestBody::None => {}
            RequestBody::Whole(bytes) => {
                let mut shown = Shown::new(full(bytes.clone()), scan.clone());
                while let Some(Ok(_)) = shown.frame().await {}
            }
            RequestBody::Streaming(stream) => stream.scan(scan),
        }
    }

    /// The body for one try; none when an earlier try has already taken bytes of it.
    pub(super) fn for_try(&self) -> Option<Body> {
        match self {
            RequestBody::None => Some(empty()),
            RequestBody::Whole(bytes) => Some(full(bytes.clone())),
            RequestBody::Streaming(stream) => (!stream.is_touched()).then(|| stream.lease()),
        }
    }

    /// The body apart from the request; none while it is still coming.
    pub(super) fn kept(&self) -> Option<RequestBody> {
        match self {
            RequestBody::None => Some(RequestBody::None),
            RequestBody::Whole(bytes) => Some(RequestBody::Whole(bytes.clone())),
            RequestBody::Streaming(_) => None,
        }
    }

    /// Whether a further try could have the same body.
    pub(super) fn can_be_sent_again(&self) -> bool {
        match self {
            RequestBody::None | RequestBody::Whole(_) => true,
            RequestBody::Streaming(stream) => !stream.is_touched(),
        }
    }
}

/// The client's stream. Tries borrow it, so that one that never connected leaves it whole.
pub(super) struct Stream(Rc<RefCell<Source>>);

struct Source {
    /// Read already, shown if it is to be, and not yet sent on.
    front: VecDeque<Bytes>,
    rest: Body,
    /// Whether a try has taken anything.
    touched: bool,
    /// Why no more of it will come. What is there is half a body, and stays one.
    failure: Option<String>,
}

impl Source {
    /// What is still to come from the client, without trailers: they come when all has been
    /// decided, and an origin may take them for fields of the head (RFC 9110 6.5.1).
    fn poll_rest(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Some(failure) = &self.failure {
            return Poll::Ready(Some(Err(failure.clone().into())));
        }
        loop {
            let polled = Pin::new(&mut self.rest).poll_frame(context);
            match &polled {
                Poll::Ready(Some(Ok(frame))) if frame.is_trailers() => continue,
                Poll::Ready(Some(Err(error))) => self.failure = Some(with_cause(error.as_ref())),
                _ => {}
            }
            return polled;
        }
    }
}

fn with_cause(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

impl Stream {
    fn new(rest: Body) -> Self {
        Stream(Rc::new(RefCell::new(Source {
            front: VecDeque::new(),
            rest,
            touched: false,
            failure: None,
        })))
    }

    fn is_touched(&self) -> bool {
        self.0.borrow().touched
    }

    fn lease(&self) -> Body {
        boxed(Lease(Rc::clone(&self.0)))
    }

    fn scan(&self, scan: &Scan) {
        let mut source = self.0.borrow_mut();
        let front = std::mem::take(&mut source.front).into_iter();
        let rest = std::mem::replace(&mut source.rest, empty());
        let whole = boxed(Prefixed::new(front.map(Frame::data), rest));
        source.rest = boxed(Shown::new(whole, scan.clone()));
    }

    /// All bytes, or none when there are more than `limit`.
    async fn read(&self, limit: usize) -> Result<Option<Bytes>, BoxError> {
        let read: usize = self.0.borrow().front.iter().map(Bytes::len).sum();
        let announced = self.0.borrow().rest.size_hint().lower();
        if read as u64 + announced > limit as u64 {
            return Ok(None);
        }
        let mut length = read;
        while let Some(frame) = Rest(&self.0).frame().await {
            let Ok(data) = frame?.into_data() else {
                continue;
            };
            length += data.len();
            self.0.borrow_mut().front.push_back(data);
            if length > limit {
                return Ok(None);
            }
        }
        Ok(Some(join(&mut self.0.borrow_mut().front, length)))
    }
}

/// One piece needs no copy.
fn join(pieces: &mut VecDeque<Bytes>, length: usize) -> Bytes {
    if pieces.len() <= 1 {
        return pieces.pop_front().unwrap_or_default();
    }
    let mut whole = BytesMut::with_capacity(length);
    for piece in pieces.drain(..) {
        whole.extend_from_slice(&piece);
    }
    whole.freeze()
}

/// What is still to come from the client.
struct Rest<'a>(&'a RefCell<Source>);

impl http_body::Body for Rest<'_> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.0.borrow_mut().poll_rest(context)
    }
}

/// The body as one try sees it.
struct Lease(Rc<RefCell<Source>>);

impl http_body::Body for Lease {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let mut source = self.0.borrow_mut();
        source.touched = true;
        match source.front.pop_front() {
            Some(data) => Poll::Ready(Some(Ok(Frame::data(data)))),
            None => source.poll_rest(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        let source = self.0.borrow();
        source.failure.is_none() && source.front.is_empty() && source.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let source = self.0.borrow();
        let front: u64 = source.front.iter().map(|data| data.len() as u64).sum();
        longer(front, &source.rest.size_hint())
    }
}
