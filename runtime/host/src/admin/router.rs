//! Which path is answered with what.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;

use super::token::Token;
use crate::metrics::Exposition;

type Answer = Response<Full<Bytes>>;

/// OpenMetrics 1.0, which every scraper of Prometheus' own text format reads too.
const METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

const TEXT: &str = "text/plain; charset=utf-8";

/// What all connections share.
pub(super) struct Router {
    token: Option<Token>,
    exposition: Exposition,
}

impl Router {
    pub(super) fn new(token: Option<Token>, exposition: Exposition) -> Self {
        Router { token, exposition }
    }

    /// Whoever is alive says so to anybody; all else is for those who have the token.
    pub(super) fn answer<B>(&self, request: &Request<B>) -> Answer {
        let path = request.uri().path();
        if path != "/healthz" && !self.admits(request) {
            return unauthorized();
        }
        match path {
            "/healthz" => read(request, || page(TEXT, "ok\n")),
            "/metrics" => read(request, || page(METRICS, self.exposition.text())),
            _ => plain(StatusCode::NOT_FOUND),
        }
    }

    fn admits<B>(&self, request: &Request<B>) -> bool {
        let token = self.token.as_ref();
        token.is_none_or(|token| token.is_in(request.headers()))
    }
}

/// What is there to be read, with GET or HEAD.
fn read<B>(request: &Request<B>, page: impl FnOnce() -> Answer) -> Answer {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return page();
    }
    let mut answer = plain(StatusCode::METHOD_NOT_ALLOWED);
    let allow = HeaderValue::from_static("GET, HEAD");
    answer.headers_mut().insert(header::ALLOW, allow);
    answer
}

fn page(content_type: &'static str, text: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(text.into()));
    let content_type = HeaderValue::from_static(content_type);
    answer
        .headers_mut()
        .insert(header::CONTENT_TYPE, content_type);
    let no_store = HeaderValue::from_static("no-store");
    answer.headers_mut().insert(header::CACHE_CONTROL, no_store);
    answer
}

fn unauthorized() -> Answer {
    let mut answer = plain(StatusCode::UNAUTHORIZED);
    let challenge = HeaderValue::from_static("Bearer");
    answer
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, challenge);
    answer
}

/// A status in words.
fn plain(status: StatusCode) -> Answer {
    let text = format!("{status}\n");
    let mut answer = page(TEXT, text);
    *answer.status_mut() = status;
    answer
}
