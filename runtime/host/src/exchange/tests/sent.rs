//! Requests with bodies, as clients send them.

use http_body::{Frame, SizeHint};
use std::pin::Pin;

use super::*;

/// A request with this body.
pub(super) fn post(body: Body) -> Request<Body> {
    Request::post("/").header("host", "a").body(body).unwrap()
}

/// A body that comes in frames, of a length that is known or not.
struct Frames {
    frames: VecDeque<Bytes>,
    sized: bool,
}

impl http_body::Body for Frames {
    type Data = Bytes;
    type Error = crate::upstream::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(self.frames.pop_front().map(|data| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.sized && self.frames.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        let length = self.frames.iter().map(Bytes::len).sum::<usize>() as u64;
        match self.sized {
            true => SizeHint::with_exact(length),
            false => SizeHint::new(),
        }
    }
}

/// A body in these frames.
pub(super) fn frames(frames: &[impl AsRef<[u8]>], sized: bool) -> Body {
    let frames = frames
        .iter()
        .map(|frame| Bytes::copy_from_slice(frame.as_ref()));
    let frames = frames.collect();
    boxed(Frames { frames, sized })
}
