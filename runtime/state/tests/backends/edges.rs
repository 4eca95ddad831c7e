//! What no one should ask for, asked of every backend.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use edge_state::{
    Backend, Charge, Clock, Counter, Failure, Limit, MAX_KEY, MAX_VALUE, Store, Taken, open,
};
use tokio::runtime::Runtime;

use crate::server::{self, Server};

const STORE: Store<'static> = Store {
    name: "items",
    ttl: None,
    max_value: 1 << 20,
};
const COUNTER: Counter<'static> = Counter {
    name: "views",
    expire: None,
    listed: true,
};
const DAY: u64 = 86_400_000;

/// Runs a check on each kind of backend.
fn each(check: impl AsyncFn(&dyn Backend, &std::sync::atomic::AtomicU64)) {
    let folder = tempfile::tempdir().unwrap();
    let server = server::is_there().then(|| Server::start(&[]));
    let urls = [
        Some("memory://".to_owned()),
        Some(format!("file://{}/state", folder.path().display())),
        server
            .as_ref()
            .map(|server| format!("{}?timeout=10s", server.url())),
    ];
    let runtime = Runtime::new().unwrap();
    for url in urls.into_iter().flatten() {
        println!("{url}");
        let (clock, time) = Clock::at(1_700_000_000_000);
        let backend: Arc<dyn Backend> = open(&url, clock).unwrap();
        runtime.block_on(check(&*backend, &time));
    }
}

fn charge<'a>(limit: &'a Limit, key: &'a [u8], cost: u64) -> [Charge<'a>; 1] {
    [Charge { limit, key, cost }]
}

async fn allowed(backend: &dyn Backend, limit: &Limit, key: &[u8], cost: u64) -> bool {
    backend.take(&charge(limit, key, cost)).get().await.unwrap()[0].is_allowed()
}

#[test]
fn keys_of_a_megabyte() {
    each(async |backend, _| {
        let mut long = vec![b'k'; 1 << 20];
        let too_large = Failure::TooLarge {
            what: "key",
            bytes: 1 << 20,
            limit: MAX_KEY,
        };
        assert_eq!(backend.get(&STORE, &long).await, Err(too_large.clone()));
        assert_eq!(
            backend.put(&STORE, &long, b"v", None).await,
            Err(too_large.clone())
        );
        assert_eq!(backend.delete(&STORE, &long).await, Err(too_large.clone()));
        assert_eq!(
            backend.increment(&COUNTER, &long, 1).await,
            Err(too_large.clone())
        );
        assert_eq!(backend.read(&COUNTER, &long).await, Err(too_large));
        assert_eq!(backend.list(&COUNTER, &long, 10).await, Ok(vec![]));

        let limit = Limit::token_bucket("once", 1, Duration::from_secs(60), 0).unwrap();
        assert!(allowed(backend, &limit, &long, 1).await);
        assert!(!allowed(backend, &limit, &long, 1).await);
        *long.last_mut().unwrap() = b'!';
        assert!(allowed(backend, &limit, &long, 1).await, "another key");
    });
}

#[test]
fn the_longest_keys_empty_ones_and_any_bytes() {
    each(async |backend, _| {
        let every_byte: Vec<u8> = (0..=255).collect();
        for key in [
            &[b'k'; MAX_KEY][..],
            b"",
            b"\0",
            b"{a}",
            b"a\r\n*",
            &every_byte,
        ] {
            backend.put(&STORE, key, key, None).await.unwrap();
            assert_eq!(backend.get(&STORE, key).await.unwrap().unwrap(), key);
            assert_eq!(backend.increment(&COUNTER, key, 2).await, Ok(2));
            assert_eq!(backend.read(&COUNTER, key).await, Ok(Some(2)));
            assert_eq!(backend.list(&COUNTER, key, 1).await.unwrap()[0].0, key);
            let limit = Limit::sliding_window("once", 1, Duration::from_secs(60)).unwrap();
            assert!(allowed(backend, &limit, key, 1).await);
            assert!(!allowed(backend, &limit, key, 1).await);
        }
        assert_eq!(backend.list(&COUNTER, b"", 100).await.unwrap().len(), 6);
    });
}

#[test]
fn values_over_the_limit_change_nothing() {
    each(async |backend, _| {
        backend.put(&STORE, b"key", b"old", None).await.unwrap();
        let value = vec![7; STORE.max_value + 1];
        let too_large = Failure::TooLarge {
            what: "value",
            bytes: value.len(),
            limit: STORE.max_value,
        };
        assert_eq!(
            backend.put(&STORE, b"key", &value, None).await,
            Err(too_large)
        );
        assert_eq!(
            backend.get(&STORE, b"key").await.unwrap().unwrap(),
            &b"old"[..]
        );
        backend
            .put(&STORE, b"key", &value[1..], None)
            .await
            .unwrap();
        assert_eq!(
            backend.get(&STORE, b"key").await.unwrap().unwrap(),
            &value[1..]
        );

        let greedy = Store {
            max_value: usize::MAX,
            ..STORE
        };
        let failure = backend
            .put(&greedy, b"key", &vec![7; MAX_VALUE + 1], None)
            .await
            .unwrap_err();
        assert!(
            matches!(failure, Failure::TooLarge { what: "value", limit, .. } if limit <= MAX_VALUE)
        );
        // Memory takes less, so that one value doesn't push out all others.
        if backend.place() != "memory://" {
            let largest = vec![7; MAX_VALUE];
            backend.put(&greedy, b"key", &largest, None).await.unwrap();
            assert!(backend.get(&greedy, b"key").await.unwrap().unwrap() == largest);
        }
    });
}

#[test]
fn names_that_are_too_long() {
    each(async |backend, _| {
        let name = "n".repeat(256);
        let store = Store {
            name: &name,
            ..STORE
        };
        let counter = Counter {
            name: &name,
            ..COUNTER
        };
        let too_large = Failure::TooLarge {
            what: "name",
            bytes: 256,
            limit: 255,
        };
        assert_eq!(backend.get(&store, b"key").await, Err(too_large.clone()));
        assert_eq!(
            backend.increment(&counter, b"key", 1).await,
            Err(too_large.clone())
        );
        assert_eq!(backend.list(&counter, b"", 1).await, Err(too_large));
        assert!(Limit::at_once(&name, 1).is_err());
    });
}

#[test]
fn huge_costs_are_refused_for_ever_and_take_nothing() {
    each(async |backend, _| {
        let hour = Duration::from_secs(3600);
        let limits = [
            Limit::token_bucket("bucket", 1000, hour, 500).unwrap(),
            Limit::sliding_window("window", 1000, hour).unwrap(),
            Limit::at_once("at once", 1000).unwrap(),
        ];
        for limit in &limits {
            for cost in [limit.capacity() + 1, 1 << 53, u64::MAX] {
                let takings = backend.take(&charge(limit, b"key", cost)).await.unwrap();
                let Taken::Refused {
                    quota,
                    retry_after: None,
                } = takings[0]
                else {
                    panic!("{takings:?}");
                };
                assert_eq!(quota.remaining, limit.capacity());
            }
            assert!(allowed(backend, limit, b"key", limit.capacity()).await);
        }
    });
}

#[test]
fn the_largest_buckets_are_exact() {
    each(async |backend, time| {
        let product = edge_state::MAX_PRODUCT;
        let limit =
            Limit::token_bucket("large", product / 1000 - 7, Duration::from_secs(1), 7).unwrap();
        assert!(Limit::token_bucket("larger", product / 1000, Duration::from_secs(1), 1).is_err());
        let all = limit.capacity();
        assert!(allowed(backend, &limit, b"key", all - 1).await);
        assert!(allowed(backend, &limit, b"key", 1).await);
        assert!(!allowed(backend, &limit, b"key", 1).await);
        time.fetch_add(1, Ordering::Relaxed);
        let a_thousandth = (all - 7) / 1000;
        assert!(!allowed(backend, &limit, b"key", a_thousandth + 1).await);
        assert!(allowed(backend, &limit, b"key", a_thousandth).await);
    });
}

#[test]
fn a_clock_that_jumps_a_day() {
    each(async |backend, time| {
        let minute = Duration::from_secs(60);
        let limits = [
            Limit::token_bucket("bucket", 6, minute, 0).unwrap(),
            Limit::sliding_window("window", 6, minute).unwrap(),
        ];
        for limit in &limits {
            assert!(allowed(backend, limit, b"key", 6).await);
            time.fetch_sub(DAY, Ordering::Relaxed);
            assert!(
                !allowed(backend, limit, b"key", 1).await,
                "no time has passed"
            );
            time.fetch_add(60_000, Ordering::Relaxed);
            assert!(
                allowed(backend, limit, b"key", 6).await,
                "nobody is locked out for a day"
            );
            time.fetch_add(DAY, Ordering::Relaxed);
            assert!(allowed(backend, limit, b"key", 6).await);
            assert!(
                !allowed(backend, limit, b"key", 1).await,
                "a day's jump fills it once"
            );
        }
        backend
            .put(&STORE, b"key", b"value", Some(minute))
            .await
            .unwrap();
        time.fetch_sub(DAY, Ordering::Relaxed);
        assert!(backend.get(&STORE, b"key").await.unwrap().is_some());
        time.fetch_add(2 * DAY, Ordering::Relaxed);
        assert!(backend.get(&STORE, b"key").await.unwrap().is_none());
        time.fetch_sub(2 * DAY, Ordering::Relaxed);
        assert!(
            backend.get(&STORE, b"key").await.unwrap().is_none(),
            "what has expired stays so"
        );
    });
}

#[test]
fn an_empty_list_of_charges() {
    each(async |backend, _| assert!(backend.take(&[]).await.unwrap().is_empty()));
}

#[test]
fn an_index_of_another_type_fails_before_it_counts() {
    if !server::is_there() {
        return;
    }
    let server = Server::start(&[]);
    let backend = open(&format!("{}?timeout=10s", server.url()), Clock::System).unwrap();
    Runtime::new().unwrap().block_on(async {
        assert_eq!(backend.increment(&COUNTER, b"key", 1).await, Ok(1));
        for index in keys(&server, "zset") {
            server.ask(&format!("DEL {index}"));
            server.ask(&format!("SET {index} foreign"));
            let failure = backend.increment(&COUNTER, b"key", 1).await.unwrap_err();
            assert!(matches!(failure, Failure::Corrupt(_)), "{failure}");
            assert_eq!(backend.read(&COUNTER, b"key").await, Ok(Some(1)));
            server.ask(&format!("DEL {index}"));
        }
        assert_eq!(backend.increment(&COUNTER, b"key", 1).await, Ok(2));
    });
}

#[test]
fn foreign_states_of_limits_are_corrupt_or_bounded() {
    if !server::is_there() {
        return;
    }
    let server = Server::start(&[]);
    let backend = open(&format!("{}?timeout=10s", server.url()), Clock::System).unwrap();
    let second = Duration::from_secs(1);
    let bucket = Limit::token_bucket("bucket", 5, second, 5).unwrap();
    let window = Limit::sliding_window("window", 5, second).unwrap();
    Runtime::new().unwrap().block_on(async {
        assert!(allowed(&*backend, &bucket, b"key", 5).await);
        let key = keys(&server, "string").remove(0);
        for (value, corrupt) in [
            ("99999999999999999999999:5", true),
            ("5:99999999999999999999999", true),
            ("-5:5", true),
            ("4503599627370496:4503599627370496", false),
        ] {
            server.ask(&format!("SET {key} {value}"));
            match backend.take(&charge(&bucket, b"key", 0)).await {
                Err(Failure::Corrupt(_)) => assert!(corrupt, "{value}"),
                Err(failure) => panic!("{failure}"),
                Ok(takings) => {
                    let quota = takings[0].quota().unwrap();
                    assert!(!corrupt && quota.remaining <= 10, "{value}: {quota:?}");
                    assert!(quota.reset <= 2 * second, "{value}: {quota:?}");
                }
            }
        }
        assert!(allowed(&*backend, &window, b"key", 5).await);
        let key = keys(&server, "list").remove(0);
        for (head, entry) in [
            ("5:0:99999999999999999999999", "1:5"),
            ("5:0:1", "foreign"),
            ("5:0:1", "1:99"),
            ("5:0:1", "99999999999999999999999:5"),
        ] {
            server.ask(&format!("DEL {key}"));
            server.ask(&format!("RPUSH {key} {head} {entry}"));
            let failure = backend.take(&charge(&window, b"key", 1)).await.unwrap_err();
            assert!(matches!(failure, Failure::Corrupt(_)), "{head}: {failure}");
        }
    });
}

/// The keys of a type; their names must be printable.
fn keys(server: &Server, kind: &str) -> Vec<String> {
    let answer = server.ask(&format!("SCAN 0 COUNT 1000 TYPE {kind}"));
    let keys = answer.split("\r\n").filter(|line| line.starts_with("edge"));
    keys.map(str::to_owned).collect()
}
