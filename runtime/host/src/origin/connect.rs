//! From an address to a connection that takes requests.

use std::io;

use hyper::client::conn::http1;
use hyper::rt::{Read, Write};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

use super::address::Address;
use super::pool::Sender;

/// Longest response head of an origin, and most bytes of a message that a connection
/// keeps in memory, each way.
const BUFFER: usize = 64 << 10;

/// Connects, encrypts if the address says so, and starts the task that drives the connection.
///
/// # Errors
/// When the name can't be resolved, no address of it accepts, or the certificate is not
/// one that is trusted for that name.
pub async fn connect(address: &Address, tls: Option<&TlsConnector>) -> io::Result<Sender> {
    let stream = open(address).await?;
    match (&address.tls, tls) {
        (None, _) => start(stream).await,
        (Some(name), Some(tls)) => start(tls.connect(name.clone(), stream).await?).await,
        (Some(_), None) => Err(io::Error::other("TLS is not set up")),
    }
}

/// The first address of the host that accepts.
async fn open(address: &Address) -> io::Result<TcpStream> {
    let mut problem = None;
    for candidate in lookup_host((address.host.as_str(), address.port)).await? {
        match TcpStream::connect(candidate).await {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => problem = Some(error),
        }
    }
    Err(problem.unwrap_or_else(|| io::Error::other("the name has no address")))
}

async fn start<T>(stream: T) -> io::Result<Sender>
where
    TokioIo<T>: Read + Write + Unpin + 'static,
{
    let (sender, connection) = http1::Builder::new()
        .max_buf_size(BUFFER)
        .max_header_size(BUFFER)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    // Its errors reach whoever waits for the response or reads its body.
    tokio::task::spawn_local(async move {
        let _ = connection.await;
    });
    Ok(sender)
}
