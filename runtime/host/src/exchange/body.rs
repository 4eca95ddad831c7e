//! The request's body: streamed on, or read first because the policy asks.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use edge_abi::input::result::Status;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt;

use crate::upstream::{Body, BoxError, empty, full};

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
            RequestBody::Streaming(stream) => lock(&stream.0).failure.clone(),
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

    /// The body for one try; none when an earlier try has already taken bytes of it.
    pub(super) fn for_try(&self) -> Option<Body> {
        match self {
            RequestBody::None => Some(empty()),
            RequestBody::Whole(bytes) => Some(full(bytes.clone())),
            RequestBody::Streaming(stream) => (!stream.is_touched()).then(|| stream.lease()),
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
pub(super) struct Stream(Arc<Mutex<Source>>);

struct Source {
    /// Read already, and not yet sent on.
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
        Stream(Arc::new(Mutex::new(Source {
            front: VecDeque::new(),
            rest,
            touched: false,
            failure: None,
        })))
    }

    fn is_touched(&self) -> bool {
        lock(&self.0).touched
    }

    fn lease(&self) -> Body {
        Lease(Arc::clone(&self.0)).boxed_unsync()
    }

    /// All bytes, or none when there are more than `limit`.
    async fn read(&self, limit: usize) -> Result<Option<Bytes>, BoxError> {
        let read: usize = lock(&self.0).front.iter().map(Bytes::len).sum();
        let announced = lock(&self.0).rest.size_hint().lower();
        if read as u64 + announced > limit as u64 {
            return Ok(None);
        }
        let mut length = read;
        while let Some(frame) = Rest(&self.0).frame().await {
            let Ok(data) = frame?.into_data() else {
                continue;
            };
            length += data.len();
            lock(&self.0).front.push_back(data);
            if length > limit {
                return Ok(None);
            }
        }
        Ok(Some(join(&mut lock(&self.0).front, length)))
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
struct Rest<'a>(&'a Mutex<Source>);

impl http_body::Body for Rest<'_> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        lock(self.0).poll_rest(context)
    }
}

/// The body as one try sees it.
struct Lease(Arc<Mutex<Source>>);

impl http_body::Body for Lease {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let mut source = lock(&self.0);
        source.touched = true;
        match source.front.pop_front() {
            Some(data) => Poll::Ready(Some(Ok(Frame::data(data)))),
            None => source.poll_rest(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        let source = lock(&self.0);
        source.failure.is_none() && source.front.is_empty() && source.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let source = lock(&self.0);
        let front: u64 = source.front.iter().map(|data| data.len() as u64).sum();
        let rest = source.rest.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(front.saturating_add(rest.lower()));
        if let Some(upper) = rest.upper() {
            hint.set_upper(front.saturating_add(upper));
        }
        hint
    }
}

/// A panic elsewhere does not make bytes wrong.
fn lock(source: &Mutex<Source>) -> MutexGuard<'_, Source> {
    source.lock().unwrap_or_else(PoisonError::into_inner)
}
