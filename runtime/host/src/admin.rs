//! What operators ask the host itself, on an address of its own: `GET /metrics`, `GET /healthz`, `POST /purge`.
//!
//! It runs beside the workers and shares nothing with requests but the counts and the caches. An address that other
//! machines can reach needs a token: without one the host does not start.

mod purge;
mod router;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::config::Config;
use crate::metrics::Exposition;
use crate::private::{Bounds, Private, PrivateError};
use crate::settings::Deployment;
use router::Router;

/// Most connections at a time; beyond, they are closed.
const MAX_CONNECTIONS: usize = 32;

/// Longest head of a request.
const MAX_HEAD: usize = 16 << 10;

/// The operators' listener, not serving yet.
#[derive(Debug)]
pub struct Admin {
    private: Private,
    /// The longest life of a connection.
    timeout: Duration,
}

impl Admin {
    /// Opens the port that the settings name, if they name one.
    ///
    /// # Errors
    /// [`PrivateError`], by what is wrong.
    pub fn bind(config: &Config) -> Result<Option<Self>, PrivateError> {
        let settings = &config.admin;
        let Some(address) = settings.listen else {
            return Ok(None);
        };
        let token = settings.token.as_ref();
        let private = Private::bind("admin", address, token, &config.folder)?;
        let timeout = settings.timeout.0;
        Ok(Some(Admin { private, timeout }))
    }

    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.private.local_addr()
    }

    /// Answers until it is dropped.
    ///
    /// # Errors
    /// When the listener can't be used.
    pub(crate) async fn serve(
        mut self,
        exposition: Exposition,
        deployment: Arc<Deployment>,
    ) -> io::Result<()> {
        let token = self.private.token.take();
        let router = Arc::new(Router::new(token, exposition, deployment));
        let bounds = Bounds {
            connections: MAX_CONNECTIONS,
            life: self.timeout,
        };
        let converse = |stream| converse(stream, router.clone());
        self.private.serve(bounds, converse).await
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
