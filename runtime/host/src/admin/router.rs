//! Which path is answered with what.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;

use super::purge;
use crate::metrics::Exposition;
use crate::settings::Deployment;
use crate::token::Token;

type Answer = Response<Full<Bytes>>;

/// OpenMetrics 1.0, which every scraper of Prometheus' own text format reads too.
const METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

const TEXT: &str = "text/plain; charset=utf-8";

const JSON: &str = "application/json";

/// What all connections share.
pub(super) struct Router {
    token: Option<Token>,
    exposition: Exposition,
    deployment: Arc<Deployment>,
}

impl Router {
    pub(super) fn new(
        token: Option<Token>,
        exposition: Exposition,
        deployment: Arc<Deployment>,
    ) -> Self {
        Router {
            token,
            exposition,
            deployment,
        }
    }

    /// Whoever is alive says so to anybody; all else is for those who have the token.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Answer {
        let path = request.uri().path();
        if path != "/healthz" && !self.admits(&request) {
            return unauthorized();
        }
        match path {
            "/healthz" => read(&request, || page(TEXT, "ok\n")),
            "/metrics" => read(&request, || page(METRICS, self.exposition.text())),
            "/purge" => self.purge(request).await,
            _ => plain(StatusCode::NOT_FOUND),
        }
    }

    async fn purge(&self, request: Request<Incoming>) -> Answer {
        if *request.method() != Method::POST {
            return not_allowed("POST");
        }
        let outcome = async {
            purge::check(request.headers(), self.token.is_some())?;
            let body = Limited::new(request.into_body(), purge::MAX_BODY);
            let body = body.collect().await.map_err(|error| {
                let status = match error.is::<LengthLimitError>() {
                    true => StatusCode::PAYLOAD_TOO_LARGE,
                    false => StatusCode::BAD_REQUEST,
                };
                (status, format!("the body: {error}"))
            })?;
            purge::purge(&self.deployment, &body.to_bytes()).await
        };
        let (status, text) = match outcome.await {
            Ok(purged) => (StatusCode::OK, serde_json::to_string(&purged)),
            Err((status, reason)) => {
                let reason = serde_json::json!({ "error": reason });
                (status, serde_json::to_string(&reason))
            }
        };
        let mut answer = page(JSON, text.unwrap_or_default() + "\n");
        *answer.status_mut() = status;
        answer
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
    not_allowed("GET, HEAD")
}

fn not_allowed(allowed: &'static str) -> Answer {
    let mut answer = plain(StatusCode::METHOD_NOT_ALLOWED);
    let allow = HeaderValue::from_static(allowed);
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
