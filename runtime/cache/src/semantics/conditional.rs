//! Conditions of clients, evaluated on a stored answer (RFC 9110 13.2.2, RFC 9111 4.3.2).

use super::entity_tag::{EntityTag, lists};
use super::{age, date};
use http::{HeaderMap, HeaderName, Method, StatusCode, header};

/// Whether a 304 answers the request instead of the stored answer.
///
/// `If-None-Match` counts before `If-Modified-Since`; `If-Match` and `If-Unmodified-Since` are for origins. Without
/// `Last-Modified` the answer's `Date`, or the time it was `received`, stands in.
pub fn is_not_modified(
    method: &Method,
    request: &HeaderMap,
    status: StatusCode,
    stored: &HeaderMap,
    received: u64,
) -> bool {
    if !matches!(status, StatusCode::OK | StatusCode::PARTIAL_CONTENT)
        || !matches!(*method, Method::GET | Method::HEAD)
    {
        return false;
    }
    if request.contains_key(header::IF_NONE_MATCH) {
        return lists(request, &header::IF_NONE_MATCH, EntityTag::of(stored));
    }
    let mut lines = request.get_all(header::IF_MODIFIED_SINCE).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else {
        return false;
    };
    let Some(since) = date::parse_ms(line.as_bytes()) else {
        return false;
    };
    let modified = stored
        .get(header::LAST_MODIFIED)
        .and_then(|value| date::parse_ms(value.as_bytes()));
    modified.or_else(|| age::date(stored)).unwrap_or(received) <= since
}

/// The fields of a 304 made from a stored answer's: all but those that describe the body it has not (RFC 9110 15.4.5).
pub fn not_modified_headers(stored: &HeaderMap) -> HeaderMap {
    const OF_THE_BODY: [HeaderName; 6] = [
        header::CONTENT_ENCODING,
        header::CONTENT_LANGUAGE,
        header::CONTENT_LENGTH,
        header::CONTENT_RANGE,
        header::CONTENT_TYPE,
        HeaderName::from_static("content-md5"),
    ];
    let mut headers = stored.clone();
    for name in OF_THE_BODY {
        headers.remove(name);
    }
    headers
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::super::samples::headers;
    use super::*;

    const EARLY: &str = "Wed, 01 Jan 2020 00:00:00 GMT";
    const LATE: &str = "Wed, 01 Jan 2020 00:00:01 GMT";

    fn ask(request: &[&str], stored: &[&str]) -> bool {
        is_not_modified(
            &Method::GET,
            &headers(request),
            StatusCode::OK,
            &headers(stored),
            1_577_836_801_000,
        )
    }

    #[test]
    fn tags_come_before_dates() {
        let tagged = [r#"ETag: "a""#, &format!("Last-Modified: {LATE}")[..]];
        let since = format!("If-Modified-Since: {EARLY}");
        assert!(ask(&[r#"If-None-Match: "a""#, &since], &tagged));
        assert!(ask(&[r#"If-None-Match: "b", W/"a""#], &tagged));
        assert!(!ask(
            &[
                r#"If-None-Match: "b""#,
                &format!("If-Modified-Since: {LATE}")
            ],
            &tagged
        ));
        assert!(ask(&["If-None-Match: *"], &[]));
        assert!(!ask(&[], &tagged));
    }

    #[test]
    fn dates_in_order() {
        let modified = format!("Last-Modified: {LATE}");
        assert!(ask(&[&format!("If-Modified-Since: {LATE}")], &[&modified]));
        assert!(ask(
            &["If-Modified-Since: Wednesday, 01-Jan-20 00:00:01 GMT"],
            &[&modified]
        ));
        assert!(!ask(
            &[&format!("If-Modified-Since: {EARLY}")],
            &[&modified]
        ));
        assert!(!ask(&["If-Modified-Since: never"], &[&modified]));
        assert!(!ask(
            &[
                &format!("If-Modified-Since: {LATE}"),
                &format!("If-Modified-Since: {LATE}")
            ],
            &[&modified]
        ));
        assert!(ask(
            &[&format!("If-Modified-Since: {EARLY}")],
            &[&format!("Date: {EARLY}")]
        ));
        assert!(
            ask(&[&format!("If-Modified-Since: {LATE}")], &[]),
            "the time it was received"
        );
    }

    #[test]
    fn only_what_has_a_body_of_its_own() {
        let request = headers(&["If-None-Match: *"]);
        let ask = |method: Method, status| {
            is_not_modified(&method, &request, status, &HeaderMap::new(), 0)
        };
        assert!(ask(Method::HEAD, StatusCode::OK));
        assert!(!ask(Method::POST, StatusCode::OK));
        assert!(!ask(Method::GET, StatusCode::NOT_FOUND));
    }

    #[test]
    fn a_304_keeps_what_is_not_about_the_body() {
        let map = not_modified_headers(&headers(&[
            "ETag: \"a\"",
            "Content-Type: x",
            "Content-Length: 5",
            "Content-Location: /x",
            "Vary: a",
        ]));
        assert_eq!(map.len(), 3);
        assert!(
            map.contains_key("etag")
                && map.contains_key("content-location")
                && map.contains_key("vary")
        );
    }
}
