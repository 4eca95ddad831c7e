//! Asking, fetching, filling and purging, as a host does it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use bytes::Bytes;
use edge_cache::{
    Admit, Answer, Answered, Ask, Asked, Cache, Config, Fetch, Filler, Forward, How, Key, Origin,
    Place, Purge, Rules,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use http_body_util::BodyExt;
use std::sync::Arc;
use std::time::Duration;

const NOW: u64 = 1_800_000_000_000;

fn headers(lines: &[&str]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        map.append(
            name.parse::<HeaderName>().unwrap(),
            HeaderValue::from_str(value).unwrap(),
        );
    }
    map
}

/// A client of one cache, with rules.
#[derive(Clone)]
struct Site {
    cache: Cache,
    rules: Arc<Rules>,
}

impl Site {
    fn new() -> Self {
        Self::with(
            Config::default(),
            Rules {
                coalesce: true,
                forward: true,
                ..Rules::default()
            },
        )
    }

    fn with(config: Config, rules: Rules) -> Self {
        Self {
            cache: Cache::new(config),
            rules: Arc::new(rules),
        }
    }

    async fn ask_as(&self, method: Method, path: &str, lines: &[&str], now: u64) -> Asked {
        let headers = headers(lines);
        let ask = Ask {
            key: Key::of([path.as_bytes()]),
            place: &Arc::new(Place::new("a.example", path.as_bytes(), b"")),
            method: &method,
            headers: &headers,
            sent: &headers,
            rules: &self.rules,
        };
        self.cache.ask(&ask, now).await
    }

    async fn ask(&self, path: &str, lines: &[&str], now: u64) -> Asked {
        self.ask_as(Method::GET, path, lines, now).await
    }

    async fn fetch(&self, path: &str, lines: &[&str], now: u64) -> Fetch {
        match self.ask(path, lines, now).await {
            Asked::Fetch(fetch) => *fetch,
            other => panic!("{other:?}"),
        }
    }

    async fn answer(&self, path: &str, lines: &[&str], now: u64) -> Answer {
        match self.ask(path, lines, now).await {
            Asked::Answer(answer) => *answer,
            other => panic!("{other:?}"),
        }
    }

    /// Stores an answer, whatever is there.
    async fn store(
        &self,
        path: &str,
        request: &[&str],
        response: &[&str],
        body: &'static str,
    ) -> Answer {
        let (answer, filler) = filled(self.fetch(path, request, NOW).await, 200, response, NOW);
        write(filler, body).await;
        answer
    }
}

fn origin(status: u16, lines: &[&str], now: u64) -> Origin {
    Origin {
        status: StatusCode::from_u16(status).unwrap(),
        headers: headers(lines),
        requested: now,
        received: now,
    }
}

fn filled(fetch: Fetch, status: u16, lines: &[&str], now: u64) -> (Answer, Filler) {
    match fetch.answered(origin(status, lines, now), &Admit::default(), now) {
        Answered::Fill(answer, filler) => (*answer, *filler),
        other => panic!("{other:?}"),
    }
}

fn instead(fetch: Fetch, status: u16, lines: &[&str], now: u64) -> Answer {
    match fetch.answered(origin(status, lines, now), &Admit::default(), now) {
        Answered::Instead(answer) => *answer,
        other => panic!("{other:?}"),
    }
}

fn passed(fetch: Fetch, status: u16, lines: &[&str], now: u64) {
    let answered = fetch.answered(origin(status, lines, now), &Admit::default(), now);
    assert!(matches!(answered, Answered::Pass(_)), "{answered:?}");
}

async fn write(mut filler: Filler, body: &'static str) -> bool {
    filler
        .write(Bytes::from_static(body.as_bytes()))
        .await
        .unwrap();
    filler.finish()
}

async fn text(answer: Answer) -> String {
    String::from_utf8(answer.body.collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

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

#[tokio::test]
async fn purges_are_hard_or_soft_and_cover_what_is_under_way() {
    let site = Site::new();
    site.store(
        "/a",
        &[],
        &["Cache-Control: max-age=60", "Surrogate-Key: t"],
        "a",
    )
    .await;
    let under_way = site.fetch("/b", &[], NOW).await;
    site.cache.purge(Purge::Tag(b"t"), true, NOW + 1);
    assert_eq!(
        site.fetch("/a", &[], NOW + 2).await.forward(),
        Forward::Stale
    );
    site.cache.purge(Purge::Tag(b"t"), false, NOW + 1);
    assert_eq!(
        site.fetch("/a", &[], NOW + 2).await.forward(),
        Forward::UriMiss
    );
    let (_, filler) = filled(
        under_way,
        200,
        &["Cache-Control: max-age=60", "Cache-Tag: t"],
        NOW,
    );
    assert!(!write(filler, "b").await);
    site.cache.tidy().await;
    assert!(site.cache.is_empty());
    site.store("/c", &[], &["Cache-Control: max-age=60"], "c")
        .await;
    site.cache.invalidate(&[
        Place::new("a.example", b"/other", b""),
        Place::new("a.example", b"/c", b""),
    ]);
    assert_eq!(site.fetch("/c", &[], NOW).await.forward(), Forward::UriMiss);
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
