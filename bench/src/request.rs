//! Requests as browsers and programs send them: about a dozen headers, long query strings.

use crate::Outcome;
use edge_abi::input::Event;
use edge_host::{
    input::{Call, Facts, ResponseFacts},
    settings::{Geo, ParamValue},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Version};
use std::net::{IpAddr, Ipv4Addr};

/// A query string of about 200 bytes, trackers and all.
pub const LONG_QUERY: &str = "q=red+running+shoes&size=42&colour=dark%20red&page=3&sort=price_asc\
    &utm_source=newsletter&utm_medium=email&utm_campaign=winter_sale_2026&gclid=EAIaIQobChMI4o6x\
    &session=b1946ac92492d2347c6235b4d2611184";

const HEADERS: [(&str, &str); 12] = [
    ("host", "www.shop.example"),
    (
        "user-agent",
        "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    ),
    (
        "accept",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    ),
    ("accept-language", "en-GB,en;q=0.7,de;q=0.3"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("referer", "https://www.shop.example/catalogue?page=2"),
    (
        "cookie",
        "session=b1946ac92492d2347c6235b4d2611184; theme=dark; consent=necessary%2Cstatistics; cart=7",
    ),
    ("x-user-id", "user-184467"),
    ("upgrade-insecure-requests", "1"),
    ("sec-fetch-dest", "document"),
    ("sec-fetch-mode", "navigate"),
    ("priority", "u=0, i"),
];

/// One request, with what a host knows about its client.
#[derive(Debug, Clone)]
pub struct Request {
    /// What it shows, in the report.
    pub name: &'static str,
    /// Its method.
    pub method: Method,
    /// Path and query.
    pub target: String,
    /// Its header.
    pub headers: HeaderMap,
    /// Where the client is.
    pub geo: Geo,
}

impl Request {
    /// A GET of this target.
    pub fn get(name: &'static str, target: impl Into<String>) -> Request {
        let headers = HEADERS
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect();
        Request {
            name,
            method: Method::GET,
            target: target.into(),
            headers,
            geo: Geo {
                country: Some("DE".into()),
                city: Some("Berlin".into()),
                ..Geo::default()
            },
        }
    }

    /// With another value of a header.
    pub fn header(mut self, name: &'static str, value: &'static str) -> Request {
        self.headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
        self
    }

    /// From another country.
    pub fn country(mut self, country: &str) -> Request {
        self.geo.country = Some(country.to_owned());
        self
    }

    /// Its facts.
    pub fn facts<'a>(
        &'a self,
        params: &'a [ParamValue],
        response: Option<ResponseFacts<'a>>,
    ) -> Facts<'a> {
        Facts {
            method: &self.method,
            target: &self.target,
            scheme: "https",
            authority: self
                .headers
                .get(http::header::HOST)
                .map(HeaderValue::as_bytes),
            version: Version::HTTP_2,
            id: "b1946ac92492d2347c6235b4d2611184",
            headers: &self.headers,
            body: None,
            request_chunk: None,
            response_chunk: None,
            ip: IpAddr::V4(Ipv4Addr::new(203, 0, 113, 77)),
            port: 53_412,
            tls_version: Some("1.3"),
            geo: Some(&self.geo),
            pop: Some("fra1"),
            region: Some("eu-central"),
            params,
            answers: &[],
            response,
        }
    }
}

/// A call for an event.
pub fn call(event: Event, continuation: &[u8]) -> Call<'_> {
    Call {
        event,
        flags: 0,
        now: 1_790_000_000_000,
        random: 0x1234_5678_9abc_def0,
        results: &[],
        continuation,
    }
}

/// An origin's answer, as the policy sees it.
pub fn response_headers() -> Outcome<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("content-length", "18304"),
        ("cache-control", "max-age=60"),
        ("etag", "\"5d41402abc4b2a76b9719d911017c592\""),
        ("server", "internal/1.0"),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value)?);
    }
    Ok(headers)
}
