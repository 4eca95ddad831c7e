//! A client's connection, read and written with notes for the [`Watch`].

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::watch::{Phase, Watch};

/// Most bytes that are thrown away before a connection is closed.
const MOST_THROWN_AWAY: usize = 1 << 20;

/// A client's connection.
///
/// Closing a socket with unread bytes in it resets the connection, and the client may
/// lose the answer that explains why. So where it may still be sending (a head that is
/// too long, a body that nobody wants), the sending side is closed first and what
/// arrives is thrown away, within bounds of size and, by the watch, of time.
pub struct Stream {
    inner: TcpStream,
    watch: Arc<Watch>,
    closing: Closing,
}

/// How far closing has come.
#[derive(Clone, Copy)]
enum Closing {
    No,
    /// So many bytes have been thrown away.
    Draining(usize),
    Done,
}

impl Stream {
    /// Notes what happens on `stream`.
    pub fn new(stream: TcpStream, watch: Arc<Watch>) -> Self {
        Self {
            inner: stream,
            watch,
            closing: Closing::No,
        }
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>, mut thrown_away: usize) -> Poll<()> {
        let mut space = [0; 4096];
        loop {
            let mut buffer = ReadBuf::new(&mut space);
            let read = Pin::new(&mut self.inner).poll_read(cx, &mut buffer);
            self.closing = Closing::Draining(thrown_away);
            let ended = ready!(read).is_err() || buffer.filled().is_empty();
            thrown_away += buffer.filled().len();
            if ended || thrown_away > MOST_THROWN_AWAY {
                self.closing = Closing::Done;
                return Poll::Ready(());
            }
        }
    }
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
        let polled = Pin::new(&mut this.inner).poll_write_vectored(cx, bytes);
        this.watch.write(polled.is_pending());
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if matches!(this.closing, Closing::No) {
            ready!(Pin::new(&mut this.inner).poll_shutdown(cx))?;
            let lingers = this.watch.may_be_sending();
            this.closing = if lingers {
                Closing::Draining(0)
            } else {
                Closing::Done
            };
            this.watch.enter(Phase::Closing);
        }
        if let Closing::Draining(thrown_away) = this.closing {
            ready!(this.poll_drain(cx, thrown_away));
        }
        Poll::Ready(Ok(()))
    }
}
