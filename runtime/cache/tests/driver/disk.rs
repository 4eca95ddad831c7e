//! The disk tier: restarts, long bodies, purges, room.

use crate::checked::*;
use crate::site::*;
use bytes::Bytes;
use edge_cache::*;
use http::{Method, StatusCode};
use http_body_util::BodyExt;

const DAY: &str = "Cache-Control: max-age=86400";
const SHORT: usize = 1000;
const MIDDLE: usize = 700_000;
const LONG: usize = 5_000_001;

#[tokio::test]
async fn what_is_stored_survives_a_restart() {
    let folder = folder();
    let site = Site::on(folder.path()).await;
    for (what, len) in [(1, SHORT), (2, MIDDLE), (3, LONG), (4, 0)] {
        let lines = [DAY, "ETag: \"a\"", "X: 1", "Age: 5"];
        site.put(&format!("/{what}"), &lines, &body(what, 0, len))
            .await;
    }
    drop(site);
    let site = Site::on(folder.path()).await;
    assert_eq!(site.cache.on_disk_now().0, 4);
    for (what, len) in [(1, SHORT), (2, MIDDLE), (3, LONG), (4, 0)] {
        let path = format!("/{what}");
        for again in [false, true] {
            let it = site.answer(&path, &[], NOW + 60_000).await;
            assert_eq!((it.how, it.headers["x"].clone()), (How::Hit, 1.into()));
            assert_eq!(it.headers["age"], "65");
            let below = !again || len > 1 << 20;
            assert_eq!(it.cache_status.detail, below.then_some("disk"), "{what}");
            check(it, what, 0, len, 0).await.unwrap();
        }
        let it = site.answer(&path, &["If-None-Match: \"a\""], NOW).await;
        assert_eq!(it.status, StatusCode::NOT_MODIFIED);
    }
    let counters = site.cache.counters();
    assert_eq!(
        (counters.disk.errors.get(), counters.disk.corrupt.get()),
        (0, 0)
    );
    assert!(
        site.cache.weight() < 1 << 20,
        "the long one is not in memory"
    );
}

#[tokio::test]
async fn parts_of_a_long_body_are_read_from_the_disk() {
    let folder = folder();
    let site = Site::on(folder.path()).await;
    let whole = body(1, 0, LONG);
    site.put("/", &[DAY], &whole).await;
    let reads = site.cache.counters().disk.reads.get();
    for (first, last) in [
        (0, 0),
        (262_143, 262_144),
        (1000, 3_000_000),
        (LONG - 1, LONG - 1),
    ] {
        let range = format!("Range: bytes={first}-{last}");
        let it = site.answer("/", &[&range], NOW).await;
        assert_eq!(it.status, StatusCode::PARTIAL_CONTENT);
        let bytes = it.body.collect().await.unwrap().to_bytes();
        assert_eq!(bytes, whole[first..=last]);
    }
    let reads = site.cache.counters().disk.reads.get() - reads;
    assert!(reads < 22, "{reads}: it reads only what it needs");
    let it = site
        .answer("/", &["Range: bytes=0-9,4000000-4000009"], NOW)
        .await;
    let length = it.headers["content-length"].to_str().unwrap().to_owned();
    let bytes = it.body.collect().await.unwrap().to_bytes();
    assert_eq!(bytes.len().to_string(), length);
    for part in [&whole[..10], &whole[4_000_000..4_000_010]] {
        assert!(bytes.windows(10).any(|window| window == part));
    }
    let Asked::Answer(head) = site.ask_as(Method::HEAD, "/", &[], NOW).await else {
        panic!("stored")
    };
    assert_eq!(head.headers["content-length"], LONG.to_string().as_str());
}

#[tokio::test]
async fn a_long_body_is_streamed_to_its_readers_and_to_the_disk() {
    let folder = folder();
    let site = Site::on(folder.path()).await;
    let fetch = site.fetch("/", &[], NOW).await;
    let follower = site.clone();
    let follower = tokio::spawn(async move { follower.answer("/", &[], NOW).await });
    tokio::task::yield_now().await;
    let length = format!("Content-Length: {LONG}");
    let (leader, filler) = filled(fetch, 200, &[DAY, &length], NOW);
    let follower = follower.await.unwrap();
    let reading = tokio::spawn(check(leader, 1, 0, LONG, 0));
    let following = tokio::spawn(async move { check(follower, 1, 0, LONG, 0).await });
    assert!(write_all(filler, &body(1, 0, LONG)).await);
    reading.await.unwrap().unwrap();
    following.await.unwrap().unwrap();
    site.cache.flush().await;
    // what is evicted or purged while it is read can be read to its end
    let it = site.answer("/", &[], NOW).await;
    site.cache.purge(Purge::All, false, NOW);
    site.fetch("/", &[], NOW).await;
    check(it, 1, 0, LONG, 0).await.unwrap();
    site.cache.flush().await;
    assert_eq!(site.cache.on_disk_now(), (0, 0));
}

#[tokio::test]
async fn a_long_body_that_breaks_off_leaves_nothing() {
    let folder = folder();
    let site = Site::on(folder.path()).await;
    let (answer, mut filler) = filled(site.fetch("/", &[], NOW).await, 200, &[DAY], NOW);
    drop(answer);
    for piece in body(1, 0, LONG).chunks(60_000) {
        filler.write(Bytes::copy_from_slice(piece)).await.unwrap();
    }
    drop(filler);
    site.cache.flush().await;
    assert_eq!(site.cache.on_disk_now(), (0, 0));
    assert_eq!(files(folder.path()), 0);
    site.fetch("/", &[], NOW).await;
}

fn files(directory: &std::path::Path) -> usize {
    let folders = std::fs::read_dir(directory.join("objects")).unwrap();
    folders
        .map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap().count())
        .sum()
}

#[tokio::test]
async fn a_validated_answer_keeps_its_body() {
    let folder = folder();
    let site = Site::on(folder.path()).await;
    for (what, len) in [(1, SHORT), (2, MIDDLE), (3, LONG)] {
        let lines = ["Cache-Control: max-age=10", "ETag: \"a\"", "X: 1"];
        let path = format!("/{what}");
        site.put(&path, &lines, &body(what, 0, len)).await;
        let later = NOW + 20_000;
        let lines = [DAY, "ETag: \"a\"", "X: 2"];
        let it = instead(site.fetch(&path, &[], later).await, 304, &lines, later);
        assert_eq!(
            (it.how, it.headers["x"].clone()),
            (How::Revalidated, 2.into())
        );
        check(it, what, 0, len, 0).await.unwrap();
    }
    site.cache.flush().await;
    assert_eq!(files(folder.path()), 5);
    drop(site);
    let site = Site::on(folder.path()).await;
    for (what, len) in [(1, SHORT), (2, MIDDLE), (3, LONG)] {
        let it = site.answer(&format!("/{what}"), &[], NOW + 30_000).await;
        assert_eq!(
            (it.headers["x"].clone(), it.headers["age"].clone()),
            (2.into(), 10.into())
        );
        check(it, what, 0, len, 0).await.unwrap();
    }
}

#[tokio::test]
async fn what_was_purged_does_not_come_back() {
    let folder = folder();
    let mut site = Site::on(folder.path()).await;
    let paths = ["/tag", "/path", "/prefix/x", "/soft", "/kept", "/changed"];
    for (what, path) in paths.iter().enumerate() {
        let tag = format!("Cache-Tag: {}", &path[1..]);
        site.put(path, &[DAY, &tag], &body(what as u32, 0, SHORT))
            .await;
    }
    site.cache.purge(Purge::Tag(b"tag"), false, NOW);
    site.cache
        .purge(Purge::Path(Some("a.example"), b"/path"), false, NOW);
    site.cache
        .purge(Purge::Prefix(None, b"/prefix/"), false, NOW);
    site.cache.purge(Purge::Tag(b"soft"), true, NOW + 1);
    site.cache
        .invalidate(&[Place::new("a.example", b"/changed", b"")]);
    assert!(site.cache.purged().await);
    for _ in 0..3 {
        drop(site);
        site = Site::on(folder.path()).await;
        for path in ["/tag", "/path", "/prefix/x", "/changed"] {
            let forward = site.fetch(path, &[], NOW + 2).await.forward();
            assert_eq!(forward, Forward::UriMiss, "{path}");
        }
        let forward = site.fetch("/soft", &[], NOW + 2).await.forward();
        assert_eq!(forward, Forward::Stale);
        check(site.answer("/kept", &[], NOW + 2).await, 4, 0, SHORT, 0)
            .await
            .unwrap();
    }
    // and what comes after a purge is not covered by it
    site.put("/tag", &[DAY, "Cache-Tag: tag"], &body(0, 1, SHORT))
        .await;
    drop(site);
    let site = Site::on(folder.path()).await;
    check(site.answer("/tag", &[], NOW).await, 0, 1, SHORT, 0)
        .await
        .unwrap();
}

#[tokio::test]
async fn many_purges_are_forgotten_when_nothing_is_left_of_what_they_cover() {
    let folder = folder();
    let site = Site::on(folder.path()).await;
    for (what, path) in ["/hard", "/soft", "/kept"].iter().enumerate() {
        let tag = format!("Cache-Tag: {}", &path[1..]);
        site.put(path, &[DAY, &tag], &body(what as u32, 0, MIDDLE))
            .await;
    }
    site.cache.purge(Purge::Tag(b"hard"), false, NOW);
    site.cache.purge(Purge::Tag(b"soft"), true, NOW + 1);
    for number in 0..10_000_u32 {
        site.cache
            .purge(Purge::Tag(&number.to_le_bytes()), false, NOW);
    }
    assert!(site.cache.purged().await);
    let log = folder.path().join("purges");
    let before = std::fs::metadata(&log).unwrap().len();
    site.cache.tidy().await;
    site.cache.flush().await;
    let after = std::fs::metadata(&log).unwrap().len();
    assert!(before > 100_000 && after < 100, "{before} {after}");
    assert_eq!((site.cache.on_disk_now().0, files(folder.path())), (2, 4));
    drop(site);
    let site = Site::on(folder.path()).await;
    assert_eq!(
        site.fetch("/hard", &[], NOW + 2).await.forward(),
        Forward::UriMiss
    );
    assert_eq!(
        site.fetch("/soft", &[], NOW + 2).await.forward(),
        Forward::Stale
    );
    check(site.answer("/kept", &[], NOW + 2).await, 2, 0, MIDDLE, 0)
        .await
        .unwrap();
    // numbers go on, so that what is new is newer
    site.cache.purge(Purge::Tag(b"kept"), false, NOW);
    assert_eq!(
        site.fetch("/kept", &[], NOW).await.forward(),
        Forward::UriMiss
    );
}

#[tokio::test]
async fn it_stays_within_its_bytes() {
    let folder = folder();
    let bytes = 16 << 20;
    let site = Site::on_with(folder.path(), |config| {
        config.disk = Some(Disk::new(folder.path(), bytes));
        config.memory = 1 << 20;
        config.max_object = 100_000;
    })
    .await;
    for what in 0..200 {
        site.put(&format!("/{what}"), &[DAY], &body(what, 0, 300_000))
            .await;
        assert!(site.cache.on_disk_now().1 <= bytes);
        check(site.answer("/0", &[], NOW).await, 0, 0, 300_000, 0)
            .await
            .unwrap();
    }
    assert!(site.cache.counters().disk.evictions.get() > 100);
    check(site.answer("/0", &[], NOW).await, 0, 0, 300_000, 0)
        .await
        .unwrap();
    drop(site);
    let half = bytes / 2;
    let site = Site::on_with(folder.path(), |config| {
        config.disk = Some(Disk::new(folder.path(), half));
    })
    .await;
    assert!(site.cache.on_disk_now().1 <= half);
    assert!(site.cache.on_disk_now().0 > 10);
}

#[tokio::test]
async fn a_directory_has_one_process() {
    let folder = folder();
    let site = Site::on(folder.path()).await;
    let config = Config {
        disk: Some(Disk::new(folder.path(), 1 << 20)),
        ..Config::default()
    };
    let error = Cache::open(config.clone()).unwrap_err().to_string();
    assert!(error.ends_with("is used by another process"), "{error}");
    let without = Cache::new(config);
    assert_eq!(without.counters().disk.errors.get(), 1);
    drop(site);
    Site::on(folder.path()).await;
}

#[tokio::test]
async fn the_disk_fills_the_region_of_nobody_and_the_region_fills_the_disk() {
    let (one, two) = (folder(), folder());
    let shelf = Shelf::new(16 << 20);
    let open = async |folder: &tempfile::TempDir| {
        let mut site = Site::on_with(folder.path(), |config| {
            config.regional = Some(Regional::Memory(shelf.clone()));
        })
        .await;
        let rules = Rules {
            ttl: Some(300_000),
            regional_ttl: Some(3_600_000),
            ..(*site.rules).clone()
        };
        site.rules = rules.into();
        site
    };
    let first = open(&one).await;
    first.put("/", &[DAY], &body(1, 0, MIDDLE)).await;
    let second = open(&two).await;
    let it = second.answer("/", &[], NOW + 240_000).await;
    assert_eq!(it.cache_status.detail, Some("regional"));
    second.cache.flush().await;
    drop(second);
    let second = open(&two).await;
    let it = second.answer("/", &[], NOW + 539_000).await;
    assert_eq!(
        (it.cache_status.detail, it.cache_status.ttl),
        (Some("disk"), Some(1))
    );
    check(it, 1, 0, MIDDLE, 0).await.unwrap();
    drop(second);
    let second = open(&two).await;
    let it = second.answer("/", &[], NOW + 541_000).await;
    assert_eq!(
        (it.cache_status.detail, it.cache_status.ttl),
        (Some("regional"), Some(300))
    );
    // a purge that one hears is written down by it
    first.cache.purge(Purge::All, false, NOW);
    assert!(second.cache.purged().await);
    drop((first, second));
    let second = open(&two).await;
    assert_eq!(
        second.fetch("/", &[], NOW).await.forward(),
        Forward::UriMiss
    );
}
