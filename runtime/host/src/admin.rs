//! What operators ask the host itself, on an address of its own: `GET /metrics`, `GET /healthz`, `POST /purge`.
//!
//! It runs beside the workers and shares nothing with requests but the counts and the caches. An address that other
//! machines can reach needs a token: without one the host does not start.

mod purge;
mod router;
mod token;

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener as Listener};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::config::{Config, SecretError};
use crate::metrics::Exposition;
use crate::settings::Deployment;
use router::Router;
use token::Token;

/// Most connections at a time; beyond, they are closed.
const MAX_CONNECTIONS: usize = 32;

/// Longest head of a request.
const MAX_HEAD: usize = 16 << 10;

/// How long nothing is accepted when the system has no more file descriptors.
const EXHAUSTED: Duration = Duration::from_millis(50);

/// The operators' listener, not serving yet.
#[derive(Debug)]
pub struct Admin {
    listener: Listener,
    address: SocketAddr,
    token: Option<Token>,
    /// The longest life of a connection.
    timeout: Duration,
}

/// Why operators can't be served as the settings say.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// Anybody could ask.
    #[error("`[admin] listen`: other machines can reach {0}, so a `token` is needed")]
    Open(SocketAddr),
    /// The token isn't where it should be.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The token can't stand in a request (RFC 6750, 2.1).
    #[error(
        "the secret `admin.token` holds a character that is not visible ASCII: no request can have it"
    )]
    Token,
    /// The port can't be had.
    #[error("`[admin] listen`: cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

impl Admin {
    /// Opens the port that the settings name, if they name one.
    ///
    /// # Errors
    /// [`AdminError`], by what is wrong.
    pub fn bind(config: &Config) -> Result<Option<Self>, AdminError> {
        let settings = &config.admin;
        let Some(address) = settings.listen else {
            return Ok(None);
        };
        let token = match &settings.token {
            Some(source) => {
                let secret = source.read("admin.token", &config.folder)?;
                Some(Token::new(secret.reveal()).ok_or(AdminError::Token)?)
            }
            None if address.ip().to_canonical().is_loopback() => None,
            None => return Err(AdminError::Open(address)),
        };
        let unavailable = |source| AdminError::Listen { address, source };
        let listener = Listener::bind(address).map_err(unavailable)?;
        listener.set_nonblocking(true).map_err(unavailable)?;
        Ok(Some(Admin {
            address: listener.local_addr().map_err(unavailable)?,
            listener,
            token,
            timeout: settings.timeout.0,
        }))
    }

    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Answers until it is dropped.
    ///
    /// # Errors
    /// When the listener can't be used.
    pub(crate) async fn serve(
        self,
        exposition: Exposition,
        deployment: Arc<Deployment>,
    ) -> io::Result<()> {
        let listener = TcpListener::from_std(self.listener)?;
        let router = Arc::new(Router::new(self.token, exposition, deployment));
        let mut connections = JoinSet::new();
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                sleep(EXHAUSTED).await;
                continue;
            };
            while connections.try_join_next().is_some() {}
            if connections.len() < MAX_CONNECTIONS {
                connections.spawn(timeout(self.timeout, converse(stream, router.clone())));
            }
        }
    }
}

/// Answers one request: nobody asks often.
async fn converse(stream: TcpStream, router: Arc<Router>) {
    let answer = |request| {
        let router = router.clone();
        async move { Ok::<_, Infallible>(router.answer(request).await) }
    };
    let serving = http1::Builder::new()
        .keep_alive(false)
        .header_read_timeout(None)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service_fn(answer));
    // It has failed for its client alone.
    let _ = serving.await;
}
