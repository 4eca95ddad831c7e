//! What a client hears when there is no room for its connection.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const ANSWER: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\nretry-after: 1\r\n\r\n";

/// Most clients that a worker tells at a time; more are just closed.
const MOST: usize = 256;

/// How long a client may take to hear it.
const PATIENCE: Duration = Duration::from_secs(1);

/// Answers 503 and closes, without holding up anybody. What the client sends is thrown
/// away: a close with unread bytes would take the answer with it.
pub fn refuse(stream: TcpStream, refused: &Rc<Cell<usize>>) {
    if refused.get() >= MOST {
        return;
    }
    refused.set(refused.get() + 1);
    let refused = refused.clone();
    tokio::task::spawn_local(async move {
        let _ = tokio::time::timeout(PATIENCE, tell(stream)).await;
        refused.set(refused.get().saturating_sub(1));
    });
}

async fn tell(mut stream: TcpStream) -> std::io::Result<()> {
    stream.write_all(ANSWER).await?;
    stream.shutdown().await?;
    let mut space = [0; 1024];
    while stream.read(&mut space).await? > 0 {}
    Ok(())
}
