//! The regional tier, as instances of the same region use it.

use crate::site::*;
use edge_cache::*;
use http::StatusCode;
use std::sync::Arc;

const MINUTE: u64 = 60_000;

fn rules() -> Rules {
    Rules {
        coalesce: true,
        ttl: Some(5 * MINUTE),
        regional_ttl: Some(60 * MINUTE),
        ..Rules::default()
    }
}

/// Instances of one region.
fn region<const N: usize>(rules: Rules) -> [Site; N] {
    let shelf = Shelf::new(16 << 20);
    std::array::from_fn(|_| {
        let config = Config {
            regional: Some(Regional::Memory(shelf.clone())),
            ..Config::default()
        };
        Site::with(config, rules.clone())
    })
}

const DAY: &str = "Cache-Control: max-age=86400";

#[tokio::test]
async fn the_regional_tier_fills_the_edge_and_the_age_goes_on() {
    let [one, two] = region(rules());
    one.store("/", &[], &[DAY, "Age: 7"], "hello").await;
    let it = two.answer("/", &[], NOW + MINUTE).await;
    assert_eq!(
        (it.how, it.headers["age"].clone(), it.cache_status.detail),
        (How::Hit, 67.into(), Some("regional"))
    );
    assert_eq!(
        it.cache_status.member("edge"),
        "edge;hit;ttl=300;detail=\"regional\""
    );
    assert_eq!(text(it).await, "hello");
    assert_eq!(two.cache.counters().regional_hits.get(), 1);
    // five minutes at the edge, from when it came there
    let it = two.answer("/", &[], NOW + 5 * MINUTE).await;
    assert_eq!(
        (it.cache_status.detail, it.cache_status.ttl),
        (None, Some(60))
    );
    for minute in [6, 12, 30, 59] {
        let it = one.answer("/", &[], NOW + minute * MINUTE).await;
        assert_eq!(it.how, How::Hit);
        assert_eq!(it.headers["age"], (minute * 60 + 7).to_string().as_str());
        assert_eq!(it.cache_status.detail, Some("regional"), "{minute}");
    }
    let it = one.answer("/", &[], NOW + 60 * MINUTE - 1).await;
    assert_eq!(it.cache_status.ttl, Some(0), "the hour bounds the edge too");
    for site in [one, two] {
        let fetch = site.fetch("/", &[], NOW + 60 * MINUTE).await;
        assert_eq!(fetch.forward(), Forward::Stale);
    }
}

#[tokio::test]
async fn the_origin_bounds_both_unless_it_is_overridden() {
    let short = "Cache-Control: max-age=120";
    let [one, two] = region(rules());
    one.store("/", &[], &[short], "hello").await;
    two.answer("/", &[], NOW + MINUTE).await;
    two.fetch("/", &[], NOW + 2 * MINUTE).await;
    let [one, two] = region(Rules {
        respect: Respect::Override,
        ..rules()
    });
    one.store("/", &[], &[short], "hello").await;
    let it = two.answer("/", &[], NOW + 50 * MINUTE).await;
    assert_eq!(it.cache_status.ttl, Some(300));
    two.fetch("/", &[], NOW + 60 * MINUTE).await;
    let [one, two] = region(rules());
    let admit = Admit {
        ttl: Some(2 * MINUTE),
        ..Admit::default()
    };
    let fetch = one.fetch("/", &[], NOW).await;
    let Answered::Fill(_, filler) = fetch.answered(origin(200, &[DAY], NOW), &admit, NOW) else {
        panic!("it may be stored")
    };
    assert!(write(*filler, "hello").await);
    two.answer("/", &[], NOW + MINUTE).await;
    two.fetch("/", &[], NOW + 2 * MINUTE).await;
}

#[tokio::test]
async fn a_block_without_the_regional_tier_does_not_use_it() {
    let [one, two] = region(Rules {
        regional_ttl: None,
        ..rules()
    });
    one.store("/", &[], &[DAY], "hello").await;
    two.fetch("/", &[], NOW).await;
    let counters = &two.cache.counters().regional;
    assert_eq!((counters.puts.get(), counters.gets.get()), (0, 0));
}

#[tokio::test]
async fn variants_are_found_by_their_fields() {
    let [one, two] = region(Rules {
        forward: true,
        ..rules()
    });
    for (value, body) in [("Foo: 1", "one"), ("Foo: 2", "two")] {
        one.store("/", &[value], &[DAY, "Vary: Foo"], body).await;
    }
    assert_eq!(text(two.answer("/", &["Foo: 2"], NOW).await).await, "two");
    assert_eq!(text(two.answer("/", &["Foo: 1"], NOW).await).await, "one");
    two.fetch("/", &["Foo: 3"], NOW).await;
}

#[tokio::test]
async fn a_validated_answer_is_renewed_in_all_tiers() {
    let [one, two] = region(Rules {
        forward: true,
        ..rules()
    });
    let tagged = [DAY, "ETag: \"a\""];
    one.store("/", &[], &tagged, "hello").await;
    let later = NOW + 60 * MINUTE;
    let it = instead(one.fetch("/", &[], later).await, 304, &tagged, later);
    assert_eq!(it.how, How::Revalidated);
    let it = two.answer("/", &[], later + MINUTE).await;
    assert_eq!(
        (it.status, it.headers["age"].clone()),
        (StatusCode::OK, 60.into())
    );
    let range = two.answer("/", &["Range: bytes=1-2"], later + MINUTE).await;
    assert_eq!(text(range).await, "el");
}

#[tokio::test]
async fn purges_are_heard_by_all_instances() {
    let [one, two, three] = region(rules());
    one.store("/", &[], &[DAY, "Cache-Tag: t"], "hello").await;
    two.answer("/", &[], NOW).await;
    one.cache.purge(Purge::Tag(b"t"), true, NOW + 1);
    for site in [&one, &two, &three] {
        let fetch = site.fetch("/", &[], NOW + 2).await;
        assert_eq!(fetch.forward(), Forward::Stale);
    }
    two.cache.purge(Purge::Tag(b"t"), false, NOW + 3);
    for site in [&one, &two, &three] {
        let fetch = site.fetch("/", &[], NOW + 4).await;
        assert_eq!(fetch.forward(), Forward::UriMiss);
    }
    assert_eq!(three.cache.counters().regional.heard.get(), 2);
}

#[tokio::test]
async fn a_purge_covers_what_was_under_way_then() {
    let [one, two, three] = region(rules());
    let fetch = one.fetch("/", &[], NOW).await;
    two.cache.purge(Purge::Path(None, b"/"), false, NOW);
    let (_, filler) = filled(fetch, 200, &[DAY], NOW);
    assert!(!write(filler, "old").await);
    two.store("/", &[], &[DAY], "new").await;
    assert_eq!(text(three.answer("/", &[], NOW).await).await, "new");
}

#[tokio::test]
async fn unsafe_requests_reach_the_region() {
    let [one, two] = region(rules());
    one.store("/", &[], &[DAY], "hello").await;
    two.cache.invalidate(&[Place::new("a.example", b"/", b"")]);
    two.fetch("/", &[], NOW).await;
    one.fetch("/", &[], NOW).await;
}

#[tokio::test]
async fn what_is_found_below_is_found_once_for_all() {
    let [one, two] = region(rules());
    one.store("/", &[], &[DAY], "hello").await;
    let waiting: Vec<_> = (0..100)
        .map(|_| {
            let site = two.clone();
            tokio::spawn(async move { text(site.answer("/", &[], NOW).await).await })
        })
        .collect();
    for task in waiting {
        assert_eq!(task.await.unwrap(), "hello");
    }
    assert_eq!(two.cache.counters().regional.gets.get(), 1);
    assert_eq!(two.cache.flights(), 0);
}

#[tokio::test]
async fn a_fresher_copy_comes_before_a_stale_one() {
    let [one, two] = region(Rules {
        stale_while_revalidate: Some(60 * MINUTE),
        ..rules()
    });
    one.store("/", &[], &[DAY], "hello").await;
    let it = one.answer("/", &[], NOW + 6 * MINUTE).await;
    assert_eq!(
        (it.how, it.cache_status.detail),
        (How::Hit, Some("regional"))
    );
    // without it, the stale one will do
    two.cache.purge(Purge::All, false, NOW);
    let alone = Site {
        cache: Cache::new(Config {
            regional: Some(Regional::Memory(Shelf::new(64))),
            ..Config::default()
        }),
        rules: Arc::new((*one.rules).clone()),
    };
    alone.store("/", &[], &[DAY], "hello").await;
    let mut it = alone.answer("/", &[], NOW + 6 * MINUTE).await;
    assert_eq!(it.how, How::Stale);
    let leave = it.revalidate.take().expect("leave to validate");
    let it = alone.answer("/", &[], NOW + 6 * MINUTE).await;
    assert_eq!((it.how, it.revalidate.is_none()), (How::Stale, true));
    drop(leave);
    assert_eq!(alone.cache.flights(), 0);
}
