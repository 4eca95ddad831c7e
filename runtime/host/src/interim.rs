//! Interim answers (RFC 9110, section 15.2) on their way from an origin to the client: 103 and its like.
//!
//! They are seen by no policy and never kept. The origin's connection leaves them in an [`Inbox`]; while the client's
//! request is answered, [`Interims::deliver`] moves them to an [`Outbox`], which the client's connection writes out before the
//! answer. They are a help, so whatever there is no room for is left out.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Waker};

use http::{HeaderMap, StatusCode};

use crate::headers::strip_hop_by_hop;

/// Most interim answers to one request.
const MOST: usize = 8;

/// Most bytes of interim answers to one request.
const MOST_BYTES: usize = 16 << 10;

/// What origins have said early, for one client's connection.
#[derive(Debug, Default)]
pub struct Inbox {
    /// The number of the request that is being answered.
    request: u64,
    count: usize,
    waiting: Vec<u8>,
    waker: Option<Waker>,
}

/// Where interim answers to one request go. Clones are the same place.
#[derive(Debug, Clone)]
pub struct Interims {
    inbox: Arc<Mutex<Inbox>>,
    request: u64,
}

impl Interims {
    /// Begins a request: what comes for earlier ones goes nowhere.
    pub fn begin(inbox: &Arc<Mutex<Inbox>>) -> Self {
        let mut locked = inbox.lock().unwrap_or_else(PoisonError::into_inner);
        locked.request = locked.request.wrapping_add(1);
        locked.count = 0;
        locked.waiting.clear();
        Interims {
            inbox: Arc::clone(inbox),
            request: locked.request,
        }
    }

    /// Takes an interim answer of an origin. 100 and 101 are each connection's own.
    pub fn take(&self, status: StatusCode, headers: &HeaderMap) {
        if status == StatusCode::CONTINUE || status == StatusCode::SWITCHING_PROTOCOLS {
            return;
        }
        let written = written(status, headers);
        let mut inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        let room = inbox.count < MOST && inbox.waiting.len() + written.len() <= MOST_BYTES;
        if inbox.request != self.request || !room {
            return;
        }
        inbox.count += 1;
        inbox.waiting.extend_from_slice(&written);
        if let Some(waker) = inbox.waker.take() {
            waker.wake();
        }
    }

    /// Moves on what has come, and asks to be woken when more does.
    pub fn deliver(&self, context: &mut Context<'_>, outbox: &Outbox) {
        let mut inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        if !inbox.waiting.is_empty() {
            outbox.put(&inbox.waiting);
            inbox.waiting.clear();
        }
        match &inbox.waker {
            Some(waker) if waker.will_wake(context.waker()) => {}
            _ => inbox.waker = Some(context.waker().clone()),
        }
    }
}

/// An interim answer as it stands on the wire (RFC 9112, section 4).
fn written(status: StatusCode, headers: &HeaderMap) -> Vec<u8> {
    let mut headers = headers.clone();
    strip_hop_by_hop(&mut headers);
    headers.remove(http::header::CONTENT_LENGTH);
    let reason = status.canonical_reason().unwrap_or_default();
    let mut bytes = format!("HTTP/1.1 {} {reason}\r\n", status.as_u16()).into_bytes();
    for (name, value) in &headers {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            bytes.extend_from_slice(part);
        }
    }
    bytes.extend_from_slice(b"\r\n");
    bytes
}

/// What a client's connection writes before the answer that it is waiting for.
#[derive(Debug, Default)]
pub struct Outbox {
    bytes: RefCell<Vec<u8>>,
    /// Whether all that was to be written is: only then does something new stand before the next answer.
    flushed: Cell<bool>,
}

impl Outbox {
    /// Of a connection on which nothing was written.
    pub fn new() -> Rc<Self> {
        let outbox = Outbox::default();
        outbox.flushed.set(true);
        Rc::new(outbox)
    }

    /// Notes whether all that the connection had to write is written.
    pub fn note(&self, flushed: bool) {
        self.flushed.set(flushed);
    }

    fn put(&self, bytes: &[u8]) {
        if self.flushed.get() {
            self.bytes.borrow_mut().extend_from_slice(bytes);
        }
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.bytes.borrow().is_empty()
    }

    /// Writes what it can with `write`, which says how much it took.
    pub fn write<E>(&self, write: impl FnOnce(&[u8]) -> Result<usize, E>) -> Result<(), E> {
        let mut bytes = self.bytes.borrow_mut();
        let taken = write(&bytes)?.min(bytes.len());
        bytes.drain(..taken);
        Ok(())
    }
}
