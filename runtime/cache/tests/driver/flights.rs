//! One fetch for many clients, and bodies as they grow.

use crate::site::*;
use bytes::Bytes;
use edge_cache::*;
use http_body_util::BodyExt;
use std::time::Duration;

#[tokio::test]
async fn many_wait_for_one_and_read_as_it_grows() {
    let site = Site::new();
    let fetch = site.fetch("/", &[], NOW).await;
    let waiting: Vec<_> = (0..500)
        .map(|_| {
            let site = site.clone();
            tokio::spawn(async move { site.answer("/", &[], NOW).await })
        })
        .collect();
    tokio::task::yield_now().await;
    let (leader, mut filler) = filled(fetch, 200, &["Cache-Control: max-age=60"], NOW);
    drop(leader);
    filler.write(Bytes::from_static(b"first ")).await.unwrap();
    let mut answers = Vec::new();
    for task in waiting {
        let mut answer = task.await.unwrap();
        assert!(answer.cache_status.collapsed);
        let frame = answer.body.frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), "first ");
        answers.push(answer);
    }
    let late = site.answer("/", &[], NOW + 10).await;
    filler.write(Bytes::from_static(b"second")).await.unwrap();
    assert!(filler.finish());
    assert_eq!(text(late).await, "first second");
    for answer in answers {
        assert_eq!(text(answer).await, "second");
    }
    assert_eq!(site.cache.flights(), 0);
}

#[tokio::test]
async fn an_uncacheable_answer_releases_and_is_remembered() {
    let site = Site::new();
    let fetch = site.fetch("/", &[], NOW).await;
    let waiting: Vec<_> = (0..20)
        .map(|_| {
            let site = site.clone();
            tokio::spawn(async move { site.fetch("/", &[], NOW).await })
        })
        .collect();
    tokio::task::yield_now().await;
    passed(fetch, 200, &["Cache-Control: private"], NOW);
    let mut all = Vec::new();
    for task in waiting {
        all.push(task.await.unwrap());
    }
    assert_eq!(site.cache.flights(), 0, "nobody leads, nobody waits");
    let (_, filler) = filled(all.pop().unwrap(), 200, &["Cache-Control: max-age=60"], NOW);
    assert!(write(filler, "now it is cacheable").await);
    assert_eq!(site.answer("/", &[], NOW).await.how, How::Hit);
}

#[tokio::test]
async fn one_who_gives_up_is_followed_by_another() {
    let site = Site::new();
    let first = site.fetch("/", &[], NOW).await;
    let other = site.clone();
    let waiting = tokio::spawn(async move { other.fetch("/", &[], NOW).await });
    tokio::task::yield_now().await;
    drop(first);
    waiting.await.unwrap();
    let first = site.fetch("/", &[], NOW).await;
    let other = site.clone();
    let waiting = tokio::spawn(async move { other.ask("/", &[], NOW).await });
    tokio::task::yield_now().await;
    assert!(first.failed(NOW).is_none());
    assert!(matches!(waiting.await.unwrap(), Asked::Failed));
}

#[tokio::test(start_paused = true)]
async fn waiting_has_an_end() {
    let site = Site::new();
    let _leader = site.fetch("/", &[], NOW).await;
    site.fetch("/", &[], NOW).await;
}

#[tokio::test]
async fn a_fill_that_breaks_off_stores_nothing() {
    let site = Site::new();
    let (answer, mut filler) = filled(
        site.fetch("/", &[], NOW).await,
        200,
        &["Cache-Control: max-age=60"],
        NOW,
    );
    filler.write(Bytes::from_static(b"half")).await.unwrap();
    drop(filler);
    assert!(answer.body.collect().await.is_err());
    assert!(site.cache.is_empty());
    let lines = ["Cache-Control: max-age=60", "Content-Length: 10"];
    let (answer, filler) = filled(site.fetch("/", &[], NOW).await, 200, &lines, NOW);
    assert!(!write(filler, "half").await);
    assert!(answer.body.collect().await.is_err());
}

#[tokio::test]
async fn a_body_that_turns_out_too_long_is_passed_on() {
    let config = Config {
        max_object: 1000,
        window: 100,
        ..Config::default()
    };
    let site = Site::with(
        config,
        Rules {
            coalesce: true,
            ..Rules::default()
        },
    );
    let (answer, mut filler) = filled(
        site.fetch("/", &[], NOW).await,
        200,
        &["Cache-Control: max-age=60"],
        NOW,
    );
    let reading =
        tokio::spawn(async move { answer.body.collect().await.unwrap().to_bytes().len() });
    for _ in 0..100 {
        filler.write(Bytes::from_static(&[7; 99])).await.unwrap();
    }
    site.fetch("/", &[], NOW).await;
    assert!(!filler.finish());
    assert_eq!(reading.await.unwrap(), 9900);
    assert!(site.cache.is_empty());
    passed(
        site.fetch("/", &[], NOW).await,
        200,
        &["Cache-Control: max-age=60", "Content-Length: 1001"],
        NOW,
    );
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_stalls_is_cut_off() {
    let config = Config {
        max_object: 10,
        window: 10,
        stall: Duration::from_secs(1),
        ..Config::default()
    };
    let site = Site::with(config, Rules::default());
    let (answer, mut filler) = filled(
        site.fetch("/", &[], NOW).await,
        200,
        &["Cache-Control: max-age=60"],
        NOW,
    );
    filler.write(Bytes::from_static(&[7; 8])).await.unwrap();
    assert!(filler.write(Bytes::from_static(&[7; 8])).await.is_err());
    assert!(answer.body.collect().await.is_err());
}
