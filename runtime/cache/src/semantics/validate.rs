//! Validation of a stored answer with the origin (RFC 9111 4.3.1, 4.3.4, 4.3.5).

use super::date;
use super::entity_tag::EntityTag;
use http::{HeaderMap, StatusCode, header};

/// Conditions of a request (RFC 9110 13.1), which a cache replaces by its own.
const CONDITIONS: [header::HeaderName; 5] = [
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_UNMODIFIED_SINCE,
    header::IF_RANGE,
];

/// Whether a response has something to validate it by.
pub fn has_validator(headers: &HeaderMap) -> bool {
    EntityTag::of(headers).is_some() || headers.contains_key(header::LAST_MODIFIED)
}

/// Removes all conditions and the range from a request: what goes to the origin for everybody is asked for whole.
pub fn remove_conditions(request: &mut HeaderMap) {
    for name in CONDITIONS {
        request.remove(name);
    }
    request.remove(header::RANGE);
}

/// Makes a request a validation of a stored answer: `If-None-Match` from its `ETag`, `If-Modified-Since` from its
/// `Last-Modified` (RFC 9111 4.3.1 asks for both where both are there).
pub fn make_conditional(request: &mut HeaderMap, stored: &HeaderMap) {
    remove_conditions(request);
    if let Some(tag) = stored.get(header::ETAG) {
        request.insert(header::IF_NONE_MATCH, tag.clone());
    }
    if let Some(date) = stored.get(header::LAST_MODIFIED) {
        request.insert(header::IF_MODIFIED_SINCE, date.clone());
    }
}

/// Whether a 304 is about a stored answer (RFC 9111 4.3.4): its strong validator is the stored one's; or its weak one is; or
/// it has none at all and the answer was the one that was asked about.
pub fn selects(not_modified: &HeaderMap, stored: &HeaderMap) -> bool {
    match (EntityTag::of(not_modified), EntityTag::of(stored)) {
        (Some(new), Some(old)) => new.equivalent(old),
        (Some(_), None) => {
            modified(not_modified).is_some() && modified(not_modified) == modified(stored)
        }
        (None, _) => match (modified(not_modified), modified(stored)) {
            (Some(new), Some(old)) => new == old,
            _ => true,
        },
    }
}

/// Whether the answer to a HEAD shows that a stored GET's answer is still the same (RFC 9111 4.3.5): same validators and
/// length, as far as it names them.
pub fn head_confirms(head: &HeaderMap, stored: &HeaderMap) -> bool {
    let same = |name| match head.get(&name) {
        Some(value) => stored.get(&name) == Some(value),
        None => true,
    };
    same(header::ETAG) && same(header::LAST_MODIFIED) && same(header::CONTENT_LENGTH)
}

/// Whether a status means that the origin failed, so that a stale answer may stand in (RFC 5861 4).
pub fn is_error(status: StatusCode) -> bool {
    matches!(status.as_u16(), 500 | 502 | 503 | 504)
}

fn modified(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::LAST_MODIFIED)
        .and_then(|value| date::parse(value.as_bytes()))
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

    const OLD: &str = "Last-Modified: Wed, 01 Jan 2020 00:00:00 GMT";
    const NEW: &str = "Last-Modified: Wed, 01 Jan 2021 00:00:00 GMT";

    #[test]
    fn the_caches_conditions_replace_the_clients() {
        let mut request = headers(&[
            "If-None-Match: \"x\"",
            "If-Modified-Since: x",
            "If-Match: x",
            "If-Unmodified-Since: x",
            "If-Range: x",
            "Range: bytes=0-1",
            "Abc: 123",
        ]);
        make_conditional(&mut request, &headers(&[r#"ETag: W/"a""#, OLD]));
        assert_eq!(request.len(), 3);
        assert_eq!(
            (&request["if-none-match"], &request["abc"]),
            (&r#"W/"a""#.parse().unwrap(), &"123".parse().unwrap())
        );
        make_conditional(&mut request, &headers(&[]));
        assert_eq!(request.len(), 1);
    }

    #[test]
    fn a_304_is_about_the_answer_with_its_validator() {
        let about = |new: &[&str], old: &[&str]| selects(&headers(new), &headers(old));
        assert!(about(&[r#"ETag: "a""#], &[r#"ETag: "a""#]));
        assert!(about(&[r#"ETag: W/"a""#], &[r#"ETag: "a""#]));
        assert!(!about(&[r#"ETag: "b""#], &[r#"ETag: "a""#]));
        assert!(about(&[], &[r#"ETag: "a""#]));
        assert!(about(&[OLD], &[OLD]));
        assert!(!about(&[NEW], &[OLD]));
        assert!(about(&[r#"ETag: "b""#, OLD], &[OLD]));
        assert!(!about(&[r#"ETag: "b""#], &[OLD]));
    }

    #[test]
    fn a_head_may_confirm_or_not() {
        let confirms = |new: &[&str]| {
            head_confirms(
                &headers(new),
                &headers(&[r#"ETag: "a""#, OLD, "Content-Length: 5"]),
            )
        };
        assert!(confirms(&[]));
        assert!(confirms(&[r#"ETag: "a""#, "Content-Length: 5"]));
        assert!(!confirms(&[r#"ETag: "b""#]));
        assert!(!confirms(&["Content-Length: 6"]));
        assert!(!confirms(&[NEW]));
    }
}
