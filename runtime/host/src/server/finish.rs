//! Exchanges whose client has left before the answer.
//!
//! An origin that has accepted a request goes on with it, whoever waits. Where the policy then changes what is
//! remembered, so must the host: else a client that hangs up keeps an old value alive, or a failed login free.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

type Exchange<T> = Pin<Box<dyn Future<Output = T>>>;

/// What a connection has left unfinished: at most one exchange, since they follow each other.
pub struct Unfinished<T>(Rc<RefCell<Option<Exchange<T>>>>);

impl<T> Clone for Unfinished<T> {
    fn clone(&self) -> Self {
        Unfinished(Rc::clone(&self.0))
    }
}

impl<T> Default for Unfinished<T> {
    fn default() -> Self {
        Unfinished(Rc::default())
    }
}

impl<T> Unfinished<T> {
    /// An exchange that is kept where whoever waits for it goes away.
    pub fn keep(&self, exchange: impl Future<Output = T> + 'static) -> Kept<T> {
        Kept {
            exchange: Some(Box::pin(exchange)),
            left: self.clone(),
        }
    }

    /// Brings to its end what was left; nobody is there for the answer.
    pub async fn finish(&self) {
        let left = self.0.borrow_mut().take();
        if let Some(exchange) = left {
            exchange.await;
        }
    }
}

/// An exchange that is not given up.
pub struct Kept<T> {
    exchange: Option<Exchange<T>>,
    left: Unfinished<T>,
}

impl<T> Future for Kept<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let Some(exchange) = &mut self.exchange else {
            return Poll::Pending;
        };
        let polled = exchange.as_mut().poll(context);
        if polled.is_ready() {
            self.exchange = None;
        }
        polled
    }
}

impl<T> Drop for Kept<T> {
    fn drop(&mut self) {
        if let Some(exchange) = self.exchange.take() {
            *self.left.0.borrow_mut() = Some(exchange);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Unfinished;
    use std::cell::Cell;
    use std::rc::Rc;

    #[tokio::test]
    async fn what_was_left_is_finished() {
        let unfinished = Unfinished::default();
        let done = Rc::new(Cell::new(false));
        let does = done.clone();
        let kept = unfinished.keep(async move {
            tokio::task::yield_now().await;
            does.set(true);
        });
        drop(kept);
        assert!(!done.get());
        unfinished.finish().await;
        assert!(done.get());
        unfinished.keep(async {}).await;
        unfinished.finish().await;
    }
}
