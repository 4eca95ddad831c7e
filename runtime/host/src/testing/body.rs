//! Bodies as a test's client sends and takes them.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;

use crate::upstream::{Body, BoxError, boxed};

/// A request's body in two pieces, so that a policy that reads it while it streams is tested
/// with a cut in the middle of things.
pub(super) fn in_two(bytes: impl Into<Bytes>) -> Body {
    let mut second = bytes.into();
    let first = second.split_to(second.len() / 2);
    boxed(Pieces([first, second]))
}

struct Pieces([Bytes; 2]);

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let mut left = self.0.iter_mut().filter(|piece| !piece.is_empty());
        let next = left.next().map(std::mem::take);
        Poll::Ready(next.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.iter().all(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        let [first, second] = &self.0;
        SizeHint::with_exact((first.len() + second.len()) as u64)
    }
}

/// What comes of a body until its end, or until it breaks.
pub(super) async fn receive(mut body: Body) -> (Bytes, Result<(), BoxError>) {
    let mut received = BytesMut::new();
    loop {
        match body.frame().await {
            None => return (received.freeze(), Ok(())),
            Some(Err(error)) => return (received.freeze(), Err(error)),
            Some(Ok(frame)) => {
                received.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
            }
        }
    }
}
