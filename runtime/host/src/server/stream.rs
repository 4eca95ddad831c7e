//! A client's connection, read and written with notes for the [`Watch`].

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

use super::watch::{Phase, Watch};
use crate::interim::Outbox;

/// Most bytes that are thrown away before a connection is closed.
const MOST_THROWN_AWAY: usize = 1 << 20;

/// Longest time in which they are awaited.
const LINGER: Duration = Duration::from_secs(2);

/// A client's connection.
///
/// Closing a socket with unread bytes in it resets the connection, and the client may
/// lose the answer that explains why. So where it may still be sending (a head that is
/// too long, a body that nobody wants), the sending side is closed first and what
/// arrives is thrown away, within bounds of size and time.
pub struct Stream {
    inner: TcpStream,
    watch: Rc<Watch>,
    /// What goes out before the next answer.
    outbox: Rc<Outbox>,
    closing: Closing,
}

/// How far closing has come.
enum Closing {
    No,
    /// What arrives is thrown away, until enough has come or the time is over.
    Draining {
        thrown_away: usize,
        over: Pin<Box<Sleep>>,
    },
    Done,
}

impl Stream {
    /// Notes what happens on `stream`.
    pub fn new(stream: TcpStream, watch: Rc<Watch>, outbox: Rc<Outbox>) -> Self {
        Self {
            inner: stream,
            watch,
            outbox,
            closing: Closing::No,
        }
    }

    /// Writes what goes out before the next answer.
    fn poll_outbox(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.outbox.is_empty() {
            let mut pending = false;
            let inner = Pin::new(&mut self.inner);
            let written = self
                .outbox
                .write(|bytes| match inner.poll_write(cx, bytes) {
                    Poll::Ready(Ok(0)) => Err(io::ErrorKind::WriteZero.into()),
                    Poll::Ready(written) => written,
                    Poll::Pending => {
                        pending = true;
                        Ok(0)
                    }
                });
            self.watch.write(pending);
            written?;
            if pending {
                return Poll::Pending;
            }
        }
        Poll::Ready(Ok(()))
    }

    /// What comes after the end of the sending side.
    fn rest(&self) -> Closing {
        if !self.watch.may_be_sending() {
            return Closing::Done;
        }
        Closing::Draining {
            thrown_away: 0,
            over: Box::pin(tokio::time::sleep(LINGER)),
        }
    }
}

/// Reads until the client closes too, has sent enough, or the time is over.
fn poll_drain(
    stream: &mut TcpStream,
    cx: &mut Context<'_>,
    thrown_away: &mut usize,
    over: Pin<&mut Sleep>,
) -> Poll<()> {
    if over.poll(cx).is_ready() {
        return Poll::Ready(());
    }
    let mut space = [0; 4096];
    while *thrown_away < MOST_THROWN_AWAY {
        let mut buffer = ReadBuf::new(&mut space);
        let read = ready!(Pin::new(&mut *stream).poll_read(cx, &mut buffer));
        if read.is_err() || buffer.filled().is_empty() {
            break;
        }
        *thrown_away += buffer.filled().len();
    }
    Poll::Ready(())
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let polled = Pin::new(&mut this.inner).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            this.watch.received();
        }
        polled
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_outbox(cx))?;
        this.outbox.note(false);
        let polled = Pin::new(&mut this.inner).poll_write(cx, bytes);
        this.watch.write(polled.is_pending());
        polled
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_outbox(cx))?;
        this.outbox.note(false);
        let polled = Pin::new(&mut this.inner).poll_write_vectored(cx, bytes);
        this.watch.write(polled.is_pending());
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // asked for only when nothing is left to be written
        let this = self.get_mut();
        this.outbox.note(true);
        ready!(this.poll_outbox(cx))?;
        Pin::new(&mut this.inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if matches!(this.closing, Closing::No) {
            ready!(Pin::new(&mut this.inner).poll_shutdown(cx))?;
            this.closing = this.rest();
            this.watch.enter(Phase::Busy);
        }
        if let Closing::Draining { thrown_away, over } = &mut this.closing {
            ready!(poll_drain(&mut this.inner, cx, thrown_away, over.as_mut()));
            this.closing = Closing::Done;
        }
        Poll::Ready(Ok(()))
    }
}
