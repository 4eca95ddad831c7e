//! Entity tags and their two comparisons (RFC 9110 8.8.3).

use super::list;
use http::{HeaderMap, HeaderName, header};

/// An entity tag, borrowed from a header field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntityTag<'a> {
    /// `W/`: it says "equivalent", not "the same bytes".
    pub weak: bool,
    /// The rest, quotes included.
    pub opaque: &'a [u8],
}

impl<'a> EntityTag<'a> {
    /// Reads one tag. One without quotes, which some origins send, is taken as weak.
    pub fn read(bytes: &'a [u8]) -> Self {
        match bytes {
            [b'W', b'/', opaque @ ..] => Self { weak: true, opaque },
            [b'"', .., b'"'] => Self {
                weak: false,
                opaque: bytes,
            },
            opaque => Self { weak: true, opaque },
        }
    }

    /// The `ETag` of a response.
    pub fn of(headers: &'a HeaderMap) -> Option<Self> {
        let value = list::trim(headers.get(header::ETAG)?.as_bytes());
        (!value.is_empty()).then(|| Self::read(value))
    }

    /// The strong `ETag` of a response.
    pub fn strong(headers: &'a HeaderMap) -> Option<Self> {
        Self::of(headers).filter(|tag| !tag.weak)
    }

    /// The same bytes: both strong and equal.
    pub fn same(self, other: EntityTag<'_>) -> bool {
        !self.weak && !other.weak && self.opaque == other.opaque
    }

    /// Equivalent: equal but for weakness.
    pub fn equivalent(self, other: EntityTag<'_>) -> bool {
        self.opaque == other.opaque
    }
}

/// Whether a list of tags such as `If-None-Match` holds one that is equivalent, or `*`, which any answer matches.
pub fn lists(request: &HeaderMap, name: &HeaderName, tag: Option<EntityTag<'_>>) -> bool {
    list::members(request, name).any(|member| {
        member == b"*" || tag.is_some_and(|tag| tag.equivalent(EntityTag::read(member)))
    })
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

    /// The four rows of RFC 9110 8.8.3.2.
    #[test]
    fn two_comparisons() {
        for (a, b, same, equivalent) in [
            (r#"W/"1""#, r#"W/"1""#, false, true),
            (r#"W/"1""#, r#"W/"2""#, false, false),
            (r#"W/"1""#, r#""1""#, false, true),
            (r#""1""#, r#""1""#, true, true),
        ] {
            let (a, b) = (EntityTag::read(a.as_bytes()), EntityTag::read(b.as_bytes()));
            assert_eq!((a.same(b), a.equivalent(b)), (same, equivalent));
        }
    }

    #[test]
    fn lists_of_tags() {
        let listed = |value: &str, tag: &str| {
            lists(
                &headers(&[&format!("If-None-Match: {value}")]),
                &header::IF_NONE_MATCH,
                Some(EntityTag::read(tag.as_bytes())),
            )
        };
        assert!(listed(r#""1", "a,b" , W/"3""#, r#""a,b""#));
        assert!(listed(r#""1", W/"3""#, r#""3""#));
        assert!(listed("*", r#""3""#));
        assert!(!listed(r#""1", "2""#, r#""3""#));
        assert!(listed("abc", "abc"));
        assert!(!listed("abc", r#""abc""#));
        assert!(!lists(&headers(&[]), &header::IF_NONE_MATCH, None));
    }
}
