//! Purges are heard by this instance, by others, and when some were missed.

use std::time::Duration;

use bytes::Bytes;
use edge_state::{Clock, Purge, open};
use tokio::runtime::Runtime;
use tokio::sync::broadcast::Receiver;
use tokio::time::timeout;

use crate::server::{self, Server};

async fn next(purges: &mut Receiver<Purge>) -> Purge {
    timeout(Duration::from_secs(30), purges.recv())
        .await
        .unwrap()
        .unwrap()
}

#[test]
fn in_one_process() {
    let folder = tempfile::tempdir().unwrap();
    for url in [
        "memory://".to_owned(),
        format!("file://{}", folder.path().display()),
    ] {
        let backend = open(&url, Clock::System).unwrap();
        let mut heard = backend.purges();
        let purge = Purge::Path(Bytes::from_static(b"/a"));
        Runtime::new()
            .unwrap()
            .block_on(async { backend.purge(&purge).await.unwrap() });
        assert_eq!(heard.try_recv().unwrap(), purge);
    }
}

#[test]
fn in_a_fleet_also_after_redis_was_away() {
    if !server::is_there() {
        return;
    }
    let mut server = Server::start(&[]);
    let url = format!("{}?timeout=10s", server.url());
    let (here, there) = (
        open(&url, Clock::System).unwrap(),
        open(&url, Clock::System).unwrap(),
    );
    let (mut own, mut others) = (here.purges(), there.purges());
    Runtime::new().unwrap().block_on(async {
        // Nobody listens at once.
        while !server.ask("PUBSUB NUMSUB edge:purge").contains(":2") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let tag = Purge::Tag(Bytes::from_static(b"t\0\xff"));
        here.purge(&tag).await.unwrap();
        assert_eq!(own.try_recv().unwrap(), tag);
        assert_eq!(next(&mut others).await, tag);

        server.kill();
        server.restart();
        assert_eq!(next(&mut others).await, Purge::Missed);
        assert_eq!(
            next(&mut own).await,
            Purge::Missed,
            "once, and not its own purge again"
        );
    });
}
