//! Answers from what is stored.

use crate::site::*;
use edge_cache::*;
use http::{HeaderMap, Method, StatusCode};

#[tokio::test]
async fn a_miss_is_stored_and_hit() {
    let site = Site::new();
    let miss = site
        .store("/", &[], &["Cache-Control: max-age=60", "X: 1"], "hello")
        .await;
    assert_eq!(
        (miss.how, miss.cache_status.member("edge")),
        (
            How::Miss,
            "edge;fwd=uri-miss;fwd-status=200;ttl=60;stored"
                .parse()
                .unwrap()
        )
    );
    assert_eq!(text(miss).await, "hello");
    let hit = site.answer("/", &[], NOW + 5000).await;
    assert_eq!(
        (
            hit.how,
            hit.headers["age"].clone(),
            hit.headers["x"].clone()
        ),
        (How::Hit, 5.into(), "1".parse().unwrap())
    );
    assert_eq!(hit.headers["content-length"], "5");
    assert_eq!(hit.cache_status.member("edge"), "edge;hit;ttl=55");
    assert_eq!(text(hit).await, "hello");
    assert_eq!(
        site.fetch("/", &[], NOW + 60_000).await.forward(),
        Forward::Stale
    );
    assert_eq!(site.cache.flights(), 0);
}

#[tokio::test]
async fn head_and_conditions_and_ranges_are_answered() {
    let site = Site::new();
    site.store(
        "/",
        &[],
        &[
            "Cache-Control: max-age=60",
            "ETag: \"a\"",
            "Content-Type: text/plain",
        ],
        "0123456789",
    )
    .await;
    let Asked::Answer(head) = site.ask_as(Method::HEAD, "/", &[], NOW).await else {
        panic!("stored")
    };
    assert_eq!(
        (head.status, head.headers["content-length"].clone()),
        (StatusCode::OK, 10.into())
    );
    assert_eq!(text(*head).await, "");
    let it = site
        .answer("/", &["If-None-Match: \"b\", W/\"a\""], NOW)
        .await;
    assert_eq!(
        (it.status, it.headers["etag"].clone()),
        (StatusCode::NOT_MODIFIED, "\"a\"".parse().unwrap())
    );
    let it = site.answer("/", &["Range: bytes=-3"], NOW).await;
    assert_eq!(
        (it.status, it.headers["content-range"].clone()),
        (StatusCode::PARTIAL_CONTENT, "bytes 7-9/10".parse().unwrap())
    );
    assert_eq!(text(it).await, "789");
    let it = site
        .answer("/", &["Range: bytes=0-1", "If-Range: \"b\""], NOW)
        .await;
    assert_eq!(
        (it.status, text(it).await),
        (StatusCode::OK, "0123456789".to_owned())
    );
    let it = site.answer("/", &["Range: bytes=10-"], NOW).await;
    assert_eq!(
        (it.status, it.headers["content-range"].clone()),
        (
            StatusCode::RANGE_NOT_SATISFIABLE,
            "bytes */10".parse().unwrap()
        )
    );
    let it = site.answer("/", &["Range: bytes=0-1,8-9"], NOW).await;
    let length: usize = it.headers["content-length"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    let body = text(it).await;
    assert_eq!(body.len(), length);
    assert!(
        body.contains("Content-Range: bytes 8-9/10\r\n\r\n89\r\n--"),
        "{body}"
    );
}

#[tokio::test]
async fn stale_answers_are_validated() {
    let site = Site::new();
    site.store(
        "/",
        &[],
        &["Cache-Control: max-age=2", "ETag: \"a\"", "X: 1"],
        "hello",
    )
    .await;
    let fetch = site.fetch("/", &["If-None-Match: \"z\""], NOW + 3000).await;
    let mut request = headers(&["If-None-Match: \"z\"", "Foo: 1"]);
    fetch.edit(&mut request);
    assert_eq!(
        (request["if-none-match"].clone(), request["foo"].clone()),
        ("\"a\"".parse().unwrap(), "1".parse().unwrap())
    );
    let it = instead(
        fetch,
        304,
        &["ETag: \"a\"", "X: 2", "Cache-Control: max-age=9"],
        NOW + 3000,
    );
    assert_eq!(
        (it.how, it.status, it.headers["x"].clone()),
        (How::Revalidated, StatusCode::OK, "2".parse().unwrap())
    );
    assert_eq!(text(it).await, "hello");
    let it = site.answer("/", &[], NOW + 11_000).await;
    assert_eq!(
        (it.headers["x"].clone(), it.headers["age"].clone()),
        ("2".parse().unwrap(), 8.into())
    );
    let again = site.fetch("/", &[], NOW + 12_000).await.answered(
        origin(304, &["ETag: \"b\""], NOW),
        &Admit::default(),
        NOW,
    );
    let Answered::Again(fetch) = again else {
        panic!("about something else")
    };
    let mut request = HeaderMap::new();
    fetch.edit(&mut request);
    assert!(request.is_empty());
}

#[tokio::test]
async fn variants_are_kept_apart() {
    let site = Site::new();
    for value in ["1", "2"] {
        let line = format!("Foo: {value}");
        let body = if value == "1" { "one" } else { "two" };
        site.store(
            "/",
            &[&line],
            &["Cache-Control: max-age=60", "Vary: Foo"],
            body,
        )
        .await;
    }
    assert_eq!(text(site.answer("/", &["Foo: 1"], NOW).await).await, "one");
    assert_eq!(
        text(site.answer("/", &["Foo: 2", "Bar: x"], NOW).await).await,
        "two"
    );
    assert_eq!(
        site.fetch("/", &["Foo: 3"], NOW).await.forward(),
        Forward::VaryMiss
    );
}

#[tokio::test]
async fn one_is_served_stale_while_another_validates() {
    let site = Site::new();
    site.store(
        "/",
        &[],
        &["Cache-Control: max-age=1, stale-while-revalidate=10"],
        "old",
    )
    .await;
    let mut first = site.answer("/", &[], NOW + 2000).await;
    assert_eq!(first.how, How::Stale);
    let leave = first.revalidate.take().expect("leave to validate");
    let second = site.answer("/", &[], NOW + 2000).await;
    assert!(second.revalidate.is_none(), "one has it already");
    let (_, filler) = filled(*leave, 200, &["Cache-Control: max-age=60"], NOW + 2000);
    assert!(write(filler, "new").await);
    assert_eq!(text(site.answer("/", &[], NOW + 3000).await).await, "new");
    assert_eq!(text(first).await, "old");
}

#[tokio::test]
async fn stale_stands_in_for_errors() {
    let site = Site::new();
    site.store(
        "/",
        &[],
        &["Cache-Control: max-age=1, stale-if-error=100"],
        "old",
    )
    .await;
    let it = instead(site.fetch("/", &[], NOW + 2000).await, 503, &[], NOW + 2000);
    assert_eq!((it.status, it.how), (StatusCode::OK, How::Stale));
    assert_eq!(
        site.answer("/", &[], NOW + 2500).await.how,
        How::Stale,
        "the origin failed just now"
    );
    let it = site
        .fetch("/", &[], NOW + 4000)
        .await
        .failed(NOW + 4000)
        .expect("a stale answer");
    assert_eq!(text(*it).await, "old");
    assert!(
        site.fetch("/", &[], NOW + 200_000)
            .await
            .failed(NOW + 200_000)
            .is_none()
    );
}

#[tokio::test]
async fn parts_are_stored_and_joined() {
    let site = Site::new();
    let part = |first: usize, last: usize| format!("Content-Range: bytes {first}-{last}/10");
    for (first, last, body) in [(0, 4, "01234"), (5, 9, "56789")] {
        let fetch = site
            .fetch("/", &[&format!("Range: bytes={first}-{last}")], NOW)
            .await;
        let mut request = HeaderMap::new();
        fetch.edit(&mut request);
        assert_eq!(request["range"], format!("bytes={first}-{last}"));
        let (answer, filler) = filled(
            fetch,
            206,
            &[
                "Cache-Control: max-age=60",
                "ETag: \"a\"",
                &part(first, last),
            ],
            NOW,
        );
        assert!(write(filler, body).await);
        assert_eq!(
            (answer.status, text(answer).await),
            (StatusCode::PARTIAL_CONTENT, body.to_owned())
        );
        let it = site
            .answer("/", &[&format!("Range: bytes={}-{last}", first + 1)], NOW)
            .await;
        assert_eq!(
            (it.status, text(it).await),
            (StatusCode::PARTIAL_CONTENT, body[1..].to_owned())
        );
        if first == 0 {
            assert_eq!(
                site.fetch("/", &["Range: bytes=3-6"], NOW).await.forward(),
                Forward::Partial
            );
            assert_eq!(site.fetch("/", &[], NOW).await.forward(), Forward::Partial);
        }
    }
    let it = site.answer("/", &[], NOW).await;
    assert_eq!(
        (it.status, text(it).await),
        (StatusCode::OK, "0123456789".to_owned())
    );
}

#[tokio::test]
async fn a_head_updates_or_invalidates() {
    let site = Site::new();
    site.store(
        "/",
        &[],
        &["Cache-Control: max-age=1", "ETag: \"a\""],
        "hello",
    )
    .await;
    let head = |now| {
        let site = site.clone();
        async move {
            match site.ask_as(Method::HEAD, "/", &[], now).await {
                Asked::Fetch(fetch) => *fetch,
                other => panic!("{other:?}"),
            }
        }
    };
    passed(
        head(NOW + 2000).await,
        200,
        &["Cache-Control: max-age=9", "ETag: \"a\""],
        NOW + 2000,
    );
    assert_eq!(text(site.answer("/", &[], NOW + 3000).await).await, "hello");
    passed(
        head(NOW + 20_000).await,
        200,
        &["Cache-Control: max-age=9", "ETag: \"b\""],
        NOW + 20_000,
    );
    assert_eq!(
        site.fetch("/", &[], NOW + 20_000).await.forward(),
        Forward::UriMiss
    );
}

#[tokio::test]
async fn tags_are_made_and_only_if_cached_is_obeyed() {
    let site = Site::with(
        Config::default(),
        Rules {
            etag: true,
            forward: true,
            ..Rules::default()
        },
    );
    let it = site
        .answer("/", &["Cache-Control: only-if-cached"], NOW)
        .await;
    assert_eq!(it.status, StatusCode::GATEWAY_TIMEOUT);
    site.store("/", &[], &["Cache-Control: max-age=60"], "hello")
        .await;
    let tag = site.answer("/", &[], NOW).await.headers["etag"]
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(tag.len(), 34);
    assert_eq!(
        site.answer("/", &[&format!("If-None-Match: {tag}")], NOW)
            .await
            .status,
        StatusCode::NOT_MODIFIED
    );
}

#[tokio::test]
async fn only_the_second_time_is_stored_when_wanted() {
    let config = Config {
        second_time: true,
        ..Config::default()
    };
    let site = Site::with(
        config,
        Rules {
            coalesce: true,
            ..Rules::default()
        },
    );
    for stored in [false, true] {
        let (_, filler) = filled(
            site.fetch("/", &[], NOW).await,
            200,
            &["Cache-Control: max-age=60"],
            NOW,
        );
        assert_eq!(write(filler, "hello").await, stored);
    }
    assert_eq!(site.answer("/", &[], NOW).await.how, How::Hit);
}
