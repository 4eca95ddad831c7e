//! Purges: told on a channel of Redis, heard by all instances.

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use redis::aio::PubSub;
use redis::{Client, RedisError};
use tokio::sync::broadcast;
use tokio::time::{sleep, timeout};

use super::names::hex;
use crate::backend::Purge;

/// How long connecting and pinging may take.
const PATIENCE: Duration = Duration::from_secs(1);
/// The pause between attempts to connect.
const PAUSE: Duration = Duration::from_millis(500);
/// How long the channel may be silent before it is asked for a sign of life.
const SILENCE: Duration = Duration::from_secs(10);

/// A message: the instance that sends it, a letter for the kind, and the tag or path.
pub(super) fn message(instance: u64, purge: &Purge) -> Option<Vec<u8>> {
    let (kind, bytes) = match purge {
        Purge::Tag(tag) => (b't', tag),
        Purge::Path(path) => (b'p', path),
        Purge::Missed => return None,
    };
    let mut message = hex(&instance.to_be_bytes()).into_bytes();
    message.push(kind);
    message.extend_from_slice(bytes);
    Some(message)
}

/// Understands a message of another instance.
fn understand(instance: u64, message: &[u8]) -> Option<Purge> {
    let (sender, purge) = message.split_at_checked(16)?;
    let (kind, bytes) = purge.split_first()?;
    if sender == hex(&instance.to_be_bytes()).as_bytes() {
        return None;
    }
    match kind {
        b't' => Some(Purge::Tag(Bytes::copy_from_slice(bytes))),
        b'p' => Some(Purge::Path(Bytes::copy_from_slice(bytes))),
        _ => None,
    }
}

/// Hears purges for as long as it runs, from one node after another if they fail.
pub(super) async fn hear(
    nodes: Vec<String>,
    channel: String,
    instance: u64,
    purges: broadcast::Sender<Purge>,
) {
    let mut gap = false;
    for node in nodes.iter().cycle() {
        if let Ok(Ok(subscription)) = timeout(PATIENCE, subscribe(node, &channel)).await {
            if gap {
                // Without receivers nobody needs to hear it.
                let _ = purges.send(Purge::Missed);
            }
            listen(subscription, instance, &purges).await;
        }
        gap = true;
        sleep(PAUSE).await;
    }
}

async fn subscribe(node: &str, channel: &str) -> Result<PubSub, RedisError> {
    let mut subscription = Client::open(node)?.get_async_pubsub().await?;
    subscription.subscribe(channel).await?;
    Ok(subscription)
}

/// Until the connection breaks.
async fn listen(subscription: PubSub, instance: u64, purges: &broadcast::Sender<Purge>) {
    let (mut sink, messages) = subscription.split();
    let mut messages = pin!(messages);
    loop {
        match timeout(SILENCE, messages.next()).await {
            Ok(Some(message)) => {
                if let Some(purge) = understand(instance, message.get_payload_bytes()) {
                    let _ = purges.send(purge);
                }
            }
            Ok(None) => return,
            Err(_) => match timeout(PATIENCE, sink.ping::<redis::Value>()).await {
                Ok(Ok(_)) => {}
                _ => return,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn messages_are_understood_by_others_only() {
        for purge in [
            Purge::Tag(Bytes::from_static(b"a\0\xff")),
            Purge::Path(Bytes::from_static(b"/")),
        ] {
            let message = message(7, &purge).unwrap();
            assert_eq!(understand(8, &message), Some(purge));
            assert_eq!(understand(7, &message), None);
        }
        for broken in [&b""[..], b"0123456789abcdef", b"0123456789abcdefx"] {
            assert_eq!(understand(7, broken), None);
        }
    }
}
