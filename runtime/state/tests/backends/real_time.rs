//! With the real clock: what ends does end, also what nobody asks for.

use std::time::{Duration, Instant};

use edge_state::{Backend, Charge, Clock, Counter, Limit, Store, open};
use tokio::runtime::Runtime;

use crate::server::{self, Server};

const SOON: Duration = Duration::from_millis(200);
const STORE: Store<'static> = Store {
    name: "s",
    ttl: Some(SOON),
    max_value: 100,
};
const COUNTER: Counter<'static> = Counter {
    name: "c",
    expire: Some(SOON),
    listed: true,
};

/// Waits until a check holds.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds().await {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn ends(backend: &dyn Backend) {
    let limits = [
        Limit::token_bucket("bucket", 5, SOON, 0).unwrap(),
        Limit::sliding_window("window", 5, SOON).unwrap(),
    ];
    for limit in &limits {
        let charge = |cost| {
            [Charge {
                limit,
                key: b"k",
                cost,
            }]
        };
        let all = charge(5);
        assert!(backend.take(&all).await.unwrap()[0].is_allowed());
        let look = charge(0);
        until("a limit is not free again", async || {
            backend.take(&look).await.unwrap()[0]
                .quota()
                .unwrap()
                .remaining
                == 5
        })
        .await;
    }
    backend.put(&STORE, b"k", b"value", None).await.unwrap();
    until("a value does not end", async || {
        backend.get(&STORE, b"k").await.unwrap().is_none()
    })
    .await;
    for key in [&b"a"[..], b"b"] {
        assert_eq!(backend.increment(&COUNTER, key, 7).await, Ok(7));
    }
    until("a counter does not end", async || {
        backend.list(&COUNTER, b"", 9).await.unwrap().is_empty()
    })
    .await;
    assert_eq!(backend.read(&COUNTER, b"a").await, Ok(None));
    assert_eq!(backend.increment(&COUNTER, b"a", 1).await, Ok(1));
}

#[test]
fn in_one_process() {
    let folder = tempfile::tempdir().unwrap();
    for url in [
        "memory://".to_owned(),
        format!("file://{}", folder.path().display()),
    ] {
        let backend = open(&url, Clock::System).unwrap();
        Runtime::new().unwrap().block_on(ends(&*backend));
    }
}

#[test]
fn in_redis() {
    if !server::is_there() {
        return;
    }
    let server = Server::start(&[]);
    let backend = open(&format!("{}?timeout=10s", server.url()), Clock::System).unwrap();
    Runtime::new().unwrap().block_on(async {
        ends(&*backend).await;
        // Keys that nobody lists leave the index as others are incremented.
        for key in 0..20_u8 {
            backend.increment(&COUNTER, &[key], 1).await.unwrap();
        }
        until("the index keeps what has ended", async || {
            backend.increment(&COUNTER, b"last", 1).await.unwrap();
            server.ask("ZCARD edge:keys:c").starts_with(":1\r")
                && server.ask("ZCARD edge:ends:c").starts_with(":1\r")
        })
        .await;
        until("something stays in Redis", async || {
            server.ask("KEYS edge:counter:*").starts_with("*0")
        })
        .await;
    });
}
