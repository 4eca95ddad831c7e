//! The regional tier in a real Redis: it fills the edge, is away, comes back, and its purges are heard.

#[path = "../../../state/tests/backends/server.rs"]
#[allow(dead_code, reason = "these tests need less of it")]
mod server;

use crate::checked::*;
use crate::region::*;
use crate::site::*;
use edge_cache::*;
use server::Server;
use std::path::Path;
use std::time::{Duration, Instant};

fn region(server: &Server) -> Regional {
    Regional::Redis(RedisRegion {
        // under load a test's look-up may take its time
        timeout: Duration::from_secs(5),
        ..RedisRegion::new(&server.url()).unwrap()
    })
}

fn instance(server: &Server) -> Site {
    let config = Config {
        regional: Some(region(server)),
        ..Config::default()
    };
    Site::with(config, rules())
}

#[tokio::test]
async fn redis_fills_the_edge() {
    if !server::is_there() {
        return;
    }
    let server = Server::start(&[]);
    let (one, two) = (instance(&server), instance(&server));
    ready(&one).await;
    ready(&two).await;
    put(&one, "/", &[DAY, "Age: 7", "X: 1"], 1, 300_000).await;
    put(&one, "/vary", &[DAY, "Vary: Foo"], 2, 10).await;
    put(&one, "/long", &[DAY], 3, 2_000_000).await;
    let it = two.answer("/", &[], NOW + 60_000).await;
    assert_eq!(
        (it.headers["age"].clone(), it.headers["x"].clone()),
        (67.into(), 1.into())
    );
    assert_eq!(
        (it.cache_status.detail, it.cache_status.ttl),
        (Some("regional"), Some(300))
    );
    check(it, 1, 0, 300_000, 0).await.unwrap();
    check(two.answer("/vary", &[], NOW).await, 2, 0, 10, 0)
        .await
        .unwrap();
    two.fetch("/vary", &["Foo: 1"], NOW).await;
    two.fetch("/long", &[], NOW).await;
    assert_eq!(
        one.cache.counters().regional.skipped.get(),
        1,
        "the long one"
    );
}

#[tokio::test]
async fn purges_are_heard_and_cover_what_is_on_its_way() {
    if !server::is_there() {
        return;
    }
    let server = Server::start(&[]);
    let (one, two) = (instance(&server), instance(&server));
    ready(&one).await;
    ready(&two).await;
    put(&one, "/", &[DAY, "Cache-Tag: t"], 1, 10).await;
    check(two.answer("/", &[], NOW).await, 1, 0, 10, 0)
        .await
        .unwrap();
    let under_way = two.fetch("/b", &[], NOW).await;
    one.cache.purge(Purge::Tag(b"t"), false, NOW);
    one.cache.purge(Purge::Path(None, b"/b"), false, NOW);
    // at once where it was said, soon everywhere
    assert_eq!(one.fetch("/", &[], NOW).await.forward(), Forward::UriMiss);
    assert!(one.cache.purged().await);
    until(async || two.cache.counters().regional.heard.get() == 2).await;
    assert_eq!(two.fetch("/", &[], NOW).await.forward(), Forward::UriMiss);
    let (_, filler) = filled(under_way, 200, &[DAY], NOW);
    assert!(!write_all(filler, &body(2, 0, 10)).await);
    let life = server.ask("PTTL edge:cache:purges");
    assert_eq!(life.trim(), ":-1", "purges do not expire");
    // one that starts later knows of it
    let three = instance(&server);
    ready(&three).await;
    assert_eq!(three.fetch("/", &[], NOW).await.forward(), Forward::UriMiss);
    // what is stored afterwards is not covered
    put(&one, "/", &[DAY, "Cache-Tag: t"], 3, 10).await;
    check(three.answer("/", &[], NOW).await, 3, 0, 10, 0)
        .await
        .unwrap();
    one.cache.purge(Purge::Tag(b"t"), true, NOW + 1);
    assert!(one.cache.purged().await);
    until(async || three.cache.counters().regional.heard.get() == 1).await;
    assert_eq!(
        three.fetch("/", &[], NOW + 2).await.forward(),
        Forward::Stale
    );
}

#[tokio::test]
async fn an_unsafe_request_purges_what_the_region_has() {
    if !server::is_there() {
        return;
    }
    let server = Server::start(&[]);
    let (one, two) = (instance(&server), instance(&server));
    ready(&one).await;
    ready(&two).await;
    put(&one, "/a", &[DAY], 1, 10).await;
    for at in 0..100 {
        let path = format!("/no/{at}");
        two.cache
            .invalidate(&[Place::new("a.example", path.as_bytes(), b"")]);
    }
    two.cache.invalidate(&[Place::new("a.example", b"/a", b"")]);
    assert!(two.cache.purged().await);
    two.fetch("/a", &[], NOW).await;
    until(async || one.cache.counters().regional.heard.get() > 0).await;
    one.fetch("/a", &[], NOW).await;
    assert_eq!(
        server.ask("XLEN edge:cache:purges").trim(),
        ":1",
        "nothing was there of the others"
    );
}

#[tokio::test]
async fn without_redis_the_edge_goes_on_and_purges_wait() {
    if !server::is_there() {
        return;
    }
    let mut server = Server::start(&["--appendonly", "yes", "--appendfsync", "always"]);
    let (one, two) = (instance(&server), instance(&server));
    ready(&one).await;
    ready(&two).await;
    put(&one, "/", &[DAY, "Cache-Tag: t"], 1, 10).await;
    put(&one, "/kept", &[DAY], 2, 10).await;
    server.kill();
    check(one.answer("/", &[], NOW).await, 1, 0, 10, 0)
        .await
        .unwrap();
    two.fetch("/", &[], NOW).await;
    until(async || {
        one.cache.purge(Purge::Tag(b"t"), false, NOW);
        !one.cache.purged().await
    })
    .await;
    assert_eq!(one.fetch("/", &[], NOW).await.forward(), Forward::UriMiss);
    assert!(two.cache.counters().regional.errors.get() > 0);
    server.restart();
    ready(&one).await;
    ready(&two).await;
    until(async || one.cache.purged().await).await;
    let three = instance(&server);
    ready(&three).await;
    for site in [&one, &two, &three] {
        until(async || matches!(site.ask("/kept", &[], NOW).await, Asked::Answer(_))).await;
        site.fetch("/", &[], NOW).await;
    }
}

#[tokio::test]
async fn a_redis_that_forgot_its_purges_is_not_trusted() {
    if !server::is_there() {
        return;
    }
    let mut server = Server::start(&[]);
    let (one, two) = (instance(&server), instance(&server));
    ready(&one).await;
    ready(&two).await;
    put(&one, "/", &[DAY], 1, 10).await;
    one.cache.purge(Purge::Tag(b"any"), false, NOW);
    assert!(one.cache.purged().await);
    until(async || two.cache.counters().regional.heard.get() == 1).await;
    server.kill();
    server.restart();
    ready(&one).await;
    ready(&two).await;
    until(async || two.cache.counters().regional.heard.get() > 1).await;
    for site in [&one, &two] {
        until(async || matches!(site.ask("/", &[], NOW).await, Asked::Fetch(_))).await;
    }
}

#[tokio::test]
async fn a_redis_that_hangs_costs_one_look_up_a_second() {
    if !server::is_there() {
        return;
    }
    let server = Server::start(&[]);
    let config = Config {
        regional: Some(Regional::Redis(RedisRegion::new(&server.url()).unwrap())),
        ..Config::default()
    };
    let site = Site::with(config, rules());
    ready(&site).await;
    server.signal("STOP");
    let errors = || site.cache.counters().regional.errors.get();
    let before = errors();
    let started = Instant::now();
    for at in 0..50 {
        site.fetch(&format!("/{at}"), &[], NOW).await;
    }
    let (late, took) = (errors() - before, started.elapsed());
    server.signal("CONT");
    assert!(late <= 2 + took.as_secs(), "{late} in {took:?}");
    ready(&site).await;
}

#[tokio::test]
async fn damaged_values_are_ignored() {
    if !server::is_there() {
        return;
    }
    let server = Server::start(&[]);
    let (one, two) = (instance(&server), instance(&server));
    ready(&one).await;
    ready(&two).await;
    put(&one, "/", &[DAY], 1, 10).await;
    let keys = server.ask("KEYS edge:cache:*");
    for key in keys.lines().filter(|line| line.starts_with("edge:cache:")) {
        if !key.contains("uri:") {
            server.ask(&format!("SETRANGE {key} 100 x"));
        }
    }
    two.fetch("/", &[], NOW).await;
    assert_eq!(two.cache.counters().regional.corrupt.get(), 1);
}

#[tokio::test]
async fn a_disk_hears_what_was_purged_while_it_was_down() {
    if !server::is_there() {
        return;
    }
    let (server, folder) = (Server::start(&[]), folder());
    let open = async |folder: &Path| {
        let mut site =
            Site::on_with(folder, |config| config.regional = Some(region(&server))).await;
        site.rules = rules().into();
        ready(&site).await;
        site
    };
    let one = open(folder.path()).await;
    put(&one, "/", &[DAY, "Cache-Tag: t"], 1, 10).await;
    put(&one, "/kept", &[DAY], 2, 10).await;
    drop(one);
    let two = instance(&server);
    ready(&two).await;
    two.cache.purge(Purge::Tag(b"t"), false, NOW);
    assert!(two.cache.purged().await);
    let one = open(folder.path()).await;
    assert_eq!(one.fetch("/", &[], NOW).await.forward(), Forward::UriMiss);
    let it = one.answer("/kept", &[], NOW).await;
    assert_eq!(it.cache_status.detail, Some("disk"));
    check(it, 2, 0, 10, 0).await.unwrap();
}
