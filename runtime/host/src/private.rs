//! An address beside the policy's own, for those who have a token: operators, and hosts whose parent this one is.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener as Listener};
use std::path::Path;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::config::{SecretError, SecretSource};
use crate::token::Token;

/// How long nothing is accepted when the system has no more file descriptors.
const EXHAUSTED: Duration = Duration::from_millis(50);

/// A listener, not serving yet.
#[derive(Debug)]
pub(crate) struct Private {
    listener: Listener,
    address: SocketAddr,
    pub(crate) token: Option<Token>,
}

/// How much a private address serves.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    /// Most connections at a time; beyond, they are closed.
    pub(crate) connections: usize,
    /// The longest life of a connection.
    pub(crate) life: Duration,
}

/// Why a private address can't be served as the settings say.
#[derive(Debug, thiserror::Error)]
pub enum PrivateError {
    /// Anybody could ask.
    #[error("`[{table}] listen`: other machines can reach {address}, so a `token` is needed")]
    Open {
        /// The table of the settings.
        table: &'static str,
        /// The address.
        address: SocketAddr,
    },
    /// The token isn't where it should be.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The token can't stand in a request (RFC 6750, 2.1).
    #[error("the secret `{0}` holds a character that is not visible ASCII: no request can have it")]
    Token(String),
    /// The port can't be had.
    #[error("`[{table}] listen`: cannot listen on {address}: {source}")]
    Listen {
        /// The table of the settings.
        table: &'static str,
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

impl Private {
    /// Opens the port that a table of the settings names. Without a token, only this machine may reach it.
    pub(crate) fn bind(
        table: &'static str,
        address: SocketAddr,
        token: Option<&SecretSource>,
        folder: &Path,
    ) -> Result<Self, PrivateError> {
        let token = match token {
            Some(source) => Some(Token::read(&format!("{table}.token"), source, folder)?),
            None if address.ip().to_canonical().is_loopback() => None,
            None => return Err(PrivateError::Open { table, address }),
        };
        let unavailable = |source| PrivateError::Listen {
            table,
            address,
            source,
        };
        let listener = Listener::bind(address).map_err(unavailable)?;
        listener.set_nonblocking(true).map_err(unavailable)?;
        Ok(Private {
            address: listener.local_addr().map_err(unavailable)?,
            listener,
            token,
        })
    }

    /// Where it listens.
    pub(crate) fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Has connections conversed with until it is dropped.
    pub(crate) async fn serve<F>(
        self,
        bounds: Bounds,
        converse: impl Fn(TcpStream) -> F,
    ) -> io::Result<()>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::from_std(self.listener)?;
        let mut connections = JoinSet::new();
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                sleep(EXHAUSTED).await;
                continue;
            };
            while connections.try_join_next().is_some() {}
            if connections.len() < bounds.connections {
                connections.spawn(timeout(bounds.life, converse(stream)));
            }
        }
    }
}
