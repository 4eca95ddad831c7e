//! The regional tier in another host's memory, which may be away or start anew.

use crate::checked::*;
use crate::region::*;
use crate::site::*;
use bytes::Bytes;
use edge_cache::*;
use http::{Method, StatusCode};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The way to a parent that may be away.
struct Way(Mutex<Option<Shelf>>);

impl Way {
    fn to(shelf: Shelf) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Some(shelf))))
    }

    fn set(&self, shelf: Option<Shelf>) {
        *self.0.lock().unwrap() = shelf;
    }
}

impl Parent for Way {
    fn send(&self, method: Method, path: String, body: Bytes) -> ParentAnswer {
        let shelf = self.0.lock().unwrap().clone();
        Box::pin(async move {
            let shelf = shelf?;
            Some(shelf.answer(&method, &path, body, NOW).await)
        })
    }
}

fn child(way: &Arc<Way>) -> Site {
    let parent = ParentRegion {
        timeout: Duration::from_secs(5),
        ..ParentRegion::new(way.clone())
    };
    let config = Config {
        regional: Some(Regional::Parent(parent)),
        ..Config::default()
    };
    Site::with(config, rules())
}

fn host(shelf: &Shelf) -> Site {
    let config = Config {
        regional: Some(Regional::Memory(shelf.clone())),
        ..Config::default()
    };
    Site::with(config, rules())
}

#[tokio::test]
async fn children_share_what_the_parent_has() {
    let shelf = Shelf::new(16 << 20);
    let way = Way::to(shelf.clone());
    let (one, two, parent) = (child(&way), child(&way), host(&shelf));
    ready(&one).await;
    ready(&two).await;
    put(&one, "/", &[DAY, "Cache-Tag: t", "Age: 7"], 1, 100_000).await;
    for site in [&two, &parent] {
        let it = site.answer("/", &[], NOW + 60_000).await;
        assert_eq!(it.headers["age"], "67");
        assert_eq!(it.cache_status.detail, Some("regional"));
        check(it, 1, 0, 100_000, 0).await.unwrap();
    }
    // a purge of a child is heard by all, and by one that starts later
    two.cache.purge(Purge::Tag(b"t"), false, NOW);
    assert_eq!(two.fetch("/", &[], NOW).await.forward(), Forward::UriMiss);
    assert!(two.cache.purged().await);
    assert_eq!(
        parent.fetch("/", &[], NOW).await.forward(),
        Forward::UriMiss
    );
    until(async || one.cache.counters().regional.heard.get() == 1).await;
    let three = child(&way);
    ready(&three).await;
    for site in [&one, &three] {
        assert_eq!(site.fetch("/", &[], NOW).await.forward(), Forward::UriMiss);
    }
    // and one of the parent's too; what is stored afterwards is not covered
    put(&one, "/", &[DAY, "Cache-Tag: t"], 2, 100_000).await;
    check(three.answer("/", &[], NOW).await, 2, 0, 100_000, 0)
        .await
        .unwrap();
    parent.cache.purge(Purge::All, true, NOW + 1);
    until(async || three.cache.counters().regional.heard.get() == 1).await;
    assert_eq!(
        three.fetch("/", &[], NOW + 2).await.forward(),
        Forward::Stale
    );
    for at in 0..3 {
        let path = format!("/no/{at}");
        two.cache
            .invalidate(&[Place::new("a.example", path.as_bytes(), b"")]);
    }
    two.cache.invalidate(&[Place::new("a.example", b"/", b"")]);
    assert!(two.cache.purged().await);
    until(async || three.cache.counters().regional.heard.get() == 2).await;
    assert_eq!(three.fetch("/", &[], NOW).await.forward(), Forward::UriMiss);
}

#[tokio::test]
async fn a_parent_that_is_away_is_missed_and_purges_wait() {
    let shelf = Shelf::new(16 << 20);
    let (way, other) = (Way::to(shelf.clone()), Way::to(shelf.clone()));
    let (one, two) = (child(&way), child(&other));
    ready(&one).await;
    ready(&two).await;
    put(&one, "/", &[DAY, "Cache-Tag: t"], 1, 100_000).await;
    way.set(None);
    one.cache.purge(Purge::Tag(b"t"), false, NOW);
    assert!(!one.cache.purged().await);
    one.fetch("/", &[], NOW).await;
    check(two.answer("/", &[], NOW).await, 1, 0, 100_000, 0)
        .await
        .unwrap();
    way.set(Some(shelf));
    until(async || one.cache.purged().await).await;
    until(async || two.cache.counters().regional.heard.get() == 1).await;
    assert_eq!(two.fetch("/", &[], NOW).await.forward(), Forward::UriMiss);
}

#[tokio::test]
async fn a_parent_that_starts_anew_is_not_trusted_with_what_was_before() {
    let way = Way::to(Shelf::new(16 << 20));
    let one = child(&way);
    ready(&one).await;
    put(&one, "/", &[DAY], 1, 100_000).await;
    let heard = || one.cache.counters().regional.heard.get();
    let other = child(&way);
    ready(&other).await;
    other.cache.purge(Purge::Tag(b"any"), false, NOW);
    until(async || heard() == 1).await;
    way.set(Some(Shelf::new(16 << 20)));
    // the question that the old one has not answered yet ends with the next purge of anybody
    other.cache.purge(Purge::Tag(b"other"), false, NOW);
    until(async || heard() > 1 && matches!(one.ask("/", &[], NOW).await, Asked::Fetch(_))).await;
}

#[tokio::test]
async fn nonsense_is_refused() {
    let shelf = Shelf::new(1 << 20);
    for (method, path) in [
        (Method::GET, "/"),
        (Method::POST, "/values/x"),
        (Method::PUT, "/values/x"),
        (Method::PUT, "/values/x?until=y"),
        (Method::GET, "/purges"),
        (Method::POST, "/purges?from=1"),
        (Method::POST, "/purges"),
    ] {
        let (status, _) = shelf
            .answer(&method, path, Bytes::from_static(b"\xff"), NOW)
            .await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{method} {path}");
    }
    let got = shelf
        .answer(&Method::GET, "/values/x", Bytes::new(), NOW)
        .await;
    assert_eq!(got.0, StatusCode::NOT_FOUND);
}
