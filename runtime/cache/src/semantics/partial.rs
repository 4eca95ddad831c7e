//! Partial responses: which part a 206 holds, and when two may be combined (RFC 9110 14.4, RFC 9111 3.3, 3.4).

use super::entity_tag::EntityTag;
use super::range::{Span, position};
use http::{HeaderMap, header};

/// A part of a body of known length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which bytes.
    pub span: Span,
    /// The length of the whole.
    pub complete: u64,
}

/// Reads `Content-Range: bytes a-b/n`. `None` when it is absent, malformed, of unknown length, or out of bounds: such a
/// response is passed on and never stored.
pub fn part(headers: &HeaderMap) -> Option<Part> {
    let mut lines = headers.get_all(header::CONTENT_RANGE).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else {
        return None;
    };
    let (unit, rest) = line.as_bytes().split_at_checked(6)?;
    if !unit.eq_ignore_ascii_case(b"bytes ") {
        return None;
    }
    let slash = rest.iter().position(|byte| *byte == b'/')?;
    let (range, complete) = (rest.get(..slash)?, position(rest.get(slash + 1..)?)?);
    let dash = range.iter().position(|byte| *byte == b'-')?;
    let span = Span {
        first: position(range.get(..dash)?)?,
        last: position(range.get(dash + 1..)?)?,
    };
    (span.first <= span.last && span.last < complete).then_some(Part { span, complete })
}

/// Whether two responses are parts of the same bytes: both have the same strong validator (RFC 9111 3.4).
pub fn combine(a: &HeaderMap, b: &HeaderMap) -> bool {
    match (EntityTag::strong(a), EntityTag::strong(b)) {
        (Some(a), Some(b)) => a.same(b),
        _ => false,
    }
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

    #[test]
    fn content_range_is_read_strictly() {
        let of = |value: &str| part(&headers(&[&format!("Content-Range: {value}")]));
        assert_eq!(
            of("bytes 4-9/10"),
            Some(Part {
                span: Span { first: 4, last: 9 },
                complete: 10
            })
        );
        for value in [
            "bytes 4-10/10",
            "bytes 9-4/10",
            "bytes 4-9/*",
            "bytes */10",
            "bytes=4-9/10",
            "bytes 4-9",
            "x",
            "bytes -/0",
        ] {
            assert_eq!(of(value), None, "{value}");
        }
    }

    #[test]
    fn only_strong_tags_combine() {
        let same = |a: &[&str], b: &[&str]| combine(&headers(a), &headers(b));
        assert!(same(&[r#"ETag: "a""#], &[r#"ETag: "a""#]));
        assert!(!same(&[r#"ETag: "a""#], &[r#"ETag: "b""#]));
        assert!(!same(&[r#"ETag: W/"a""#], &[r#"ETag: W/"a""#]));
        assert!(!same(&[], &[]));
    }
}
