//! Where the hosts ask whose parent this one is.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use edge_cache::{Regional, Shelf};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::config::{CacheError, Config};
use crate::private::{Bounds, Private};
use crate::sources::{Clock, SystemClock};
use crate::token::Token;

/// How much is served. A connection that has lived so long is closed; who asks then asks over another one.
const BOUNDS: Bounds = Bounds {
    connections: 4096,
    life: Duration::from_secs(3600),
};

/// Longest time between two requests of a connection, and from a head's first byte to its last.
const IDLE: Duration = Duration::from_secs(75);

/// Longest time in which a request's body comes.
const PATIENCE: Duration = Duration::from_secs(10);

/// Most bytes of a head.
const MAX_HEAD: usize = 64 << 10;

/// The longest body of a request: an answer with its header, of which the tier takes a MiB.
const MAX_BODY: usize = 4 << 20;

/// The children's listener, not serving yet.
#[derive(Debug)]
pub(crate) struct Children {
    private: Private,
    shelf: Shelf,
}

impl Children {
    /// Opens the port that the settings name, if they name one. What it serves is `regional`, which is to be in memory.
    pub(crate) fn bind(
        config: &Config,
        regional: Option<&Regional>,
    ) -> Result<Option<Self>, CacheError> {
        let Some(settings) = &config.cache.children else {
            return Ok(None);
        };
        let Some(Regional::Memory(shelf)) = regional else {
            return Err(CacheError::Children);
        };
        let (address, token) = (settings.listen, &settings.token);
        let private = Private::bind("cache.children", address, Some(token), &config.folder)?;
        let shelf = shelf.clone();
        Ok(Some(Children { private, shelf }))
    }

    /// Where it listens.
    pub(crate) fn local_addr(&self) -> SocketAddr {
        self.private.local_addr()
    }

    /// Answers until it is dropped.
    pub(crate) async fn serve(mut self) -> io::Result<()> {
        let desk = Arc::new((self.private.token.take(), self.shelf));
        let converse = |stream| converse(stream, desk.clone());
        self.private.serve(BOUNDS, converse).await
    }
}

async fn converse(stream: TcpStream, desk: Arc<(Option<Token>, Shelf)>) {
    // Without it, answers are late only.
    let _ = stream.set_nodelay(true);
    let answer = |request| {
        let desk = desk.clone();
        async move {
            let (token, shelf) = &*desk;
            Ok::<_, Infallible>(answer(token.as_ref(), shelf, request).await)
        }
    };
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service_fn(answer));
    // It has failed for that child alone.
    let _ = serving.await;
}

/// Without a token nobody may ask.
async fn answer(
    token: Option<&Token>,
    shelf: &Shelf,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    let (status, body) = match token.is_some_and(|token| token.is_in(request.headers())) {
        true => told(shelf, request).await,
        false => (StatusCode::UNAUTHORIZED, Bytes::new()),
    };
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() = status;
    answer
}

async fn told(shelf: &Shelf, request: Request<Incoming>) -> (StatusCode, Bytes) {
    let (head, body) = request.into_parts();
    let Some(path) = head.uri.path_and_query() else {
        return (StatusCode::BAD_REQUEST, Bytes::new());
    };
    let body = Limited::new(body, MAX_BODY).collect();
    match timeout(PATIENCE, body).await {
        Ok(Ok(body)) => {
            let (now, body) = (SystemClock.now_ms(), body.to_bytes());
            shelf.answer(&head.method, path.as_str(), body, now).await
        }
        Ok(Err(_)) => (StatusCode::PAYLOAD_TOO_LARGE, Bytes::new()),
        Err(_) => (StatusCode::REQUEST_TIMEOUT, Bytes::new()),
    }
}
