//! A client of one cache, and the answers of its origin.

use bytes::Bytes;
use edge_cache::{
    Admit, Answer, Answered, Ask, Asked, Cache, Config, Fetch, Filler, Key, Origin, Place, Rules,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use http_body_util::BodyExt;
use std::sync::Arc;

pub const NOW: u64 = 1_800_000_000_000;

pub fn headers(lines: &[&str]) -> HeaderMap {
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
pub struct Site {
    pub cache: Cache,
    pub rules: Arc<Rules>,
}

impl Site {
    pub fn new() -> Self {
        Self::with(
            Config::default(),
            Rules {
                coalesce: true,
                forward: true,
                ..Rules::default()
            },
        )
    }

    pub fn with(config: Config, rules: Rules) -> Self {
        Self {
            cache: Cache::new(config),
            rules: Arc::new(rules),
        }
    }

    pub async fn ask_as(&self, method: Method, path: &str, lines: &[&str], now: u64) -> Asked {
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

    pub async fn ask(&self, path: &str, lines: &[&str], now: u64) -> Asked {
        self.ask_as(Method::GET, path, lines, now).await
    }

    pub async fn fetch(&self, path: &str, lines: &[&str], now: u64) -> Fetch {
        match self.ask(path, lines, now).await {
            Asked::Fetch(fetch) => *fetch,
            other => panic!("{other:?}"),
        }
    }

    pub async fn answer(&self, path: &str, lines: &[&str], now: u64) -> Answer {
        match self.ask(path, lines, now).await {
            Asked::Answer(answer) => *answer,
            other => panic!("{other:?}"),
        }
    }

    /// Stores an answer, whatever is there.
    pub async fn store(
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

pub fn origin(status: u16, lines: &[&str], now: u64) -> Origin {
    Origin {
        status: StatusCode::from_u16(status).unwrap(),
        headers: headers(lines),
        requested: now,
        received: now,
    }
}

pub fn filled(fetch: Fetch, status: u16, lines: &[&str], now: u64) -> (Answer, Filler) {
    match fetch.answered(origin(status, lines, now), &Admit::default(), now) {
        Answered::Fill(answer, filler) => (*answer, *filler),
        other => panic!("{other:?}"),
    }
}

pub fn instead(fetch: Fetch, status: u16, lines: &[&str], now: u64) -> Answer {
    match fetch.answered(origin(status, lines, now), &Admit::default(), now) {
        Answered::Instead(answer) => *answer,
        other => panic!("{other:?}"),
    }
}

pub fn passed(fetch: Fetch, status: u16, lines: &[&str], now: u64) {
    let answered = fetch.answered(origin(status, lines, now), &Admit::default(), now);
    assert!(matches!(answered, Answered::Pass(_)), "{answered:?}");
}

pub async fn write(mut filler: Filler, body: &'static str) -> bool {
    filler
        .write(Bytes::from_static(body.as_bytes()))
        .await
        .unwrap();
    filler.finish()
}

pub async fn text(answer: Answer) -> String {
    String::from_utf8(answer.body.collect().await.unwrap().to_bytes().to_vec()).unwrap()
}
