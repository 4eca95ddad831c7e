//! What a backend answers: at once, or when a disk or a network has.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::Failure;

/// A future of a backend's answer.
pub type Waiting<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>;

/// Ready at once (memory), or a future (disk, network), so that memory costs a request no allocation.
///
/// Nothing is promised before it was awaited. When the future is dropped, what it was to do may or may not happen.
pub enum Answer<'a, T> {
    /// Known already.
    Ready(Result<T, Failure>),
    /// To be awaited.
    Wait(Waiting<'a, T>),
}

impl<'a, T> Answer<'a, T> {
    /// Waits for it.
    ///
    /// # Errors
    /// The backend's [`Failure`].
    pub async fn get(self) -> Result<T, Failure> {
        match self {
            Answer::Ready(result) => result,
            Answer::Wait(future) => future.await,
        }
    }

    /// The answer of a future.
    pub fn wait(future: impl Future<Output = Result<T, Failure>> + Send + 'a) -> Self {
        Answer::Wait(Box::pin(future))
    }

    /// A failure that is known at once.
    pub fn failed(failure: Failure) -> Self {
        Answer::Ready(Err(failure))
    }
}

impl<'a, T: Unpin> IntoFuture for Answer<'a, T> {
    type Output = Result<T, Failure>;
    type IntoFuture = Awaited<'a, T>;

    fn into_future(self) -> Awaited<'a, T> {
        Awaited(Some(self))
    }
}

/// An [`Answer`] being awaited.
pub struct Awaited<'a, T>(Option<Answer<'a, T>>);

impl<T: Unpin> Future for Awaited<'_, T> {
    type Output = Result<T, Failure>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.0.take() {
            Some(Answer::Ready(result)) => Poll::Ready(result),
            Some(Answer::Wait(mut future)) => {
                let polled = future.as_mut().poll(context);
                if polled.is_pending() {
                    self.0 = Some(Answer::Wait(future));
                }
                polled
            }
            None => Poll::Pending,
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Answer<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Answer::Ready(result) => f.debug_tuple("Ready").field(result).finish(),
            Answer::Wait(_) => f.write_str("Wait"),
        }
    }
}
