//! Ranges that clients ask for (RFC 9110 14).

use super::entity_tag::EntityTag;
use super::{age, date, list};
use http::{HeaderMap, HeaderValue, header};

/// The most ranges that are answered one by one; a request for more gets the whole body (RFC 9110 14.2).
pub const MAX_RANGES: usize = 16;

/// Positions of bytes, the last one included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// The first byte.
    pub first: u64,
    /// The last byte, not before the first.
    pub last: u64,
}

impl Span {
    /// How many bytes it covers.
    pub fn len(self) -> u64 {
        self.last.saturating_sub(self.first).saturating_add(1)
    }

    /// It never is: a span holds a byte at least.
    pub fn is_empty(self) -> bool {
        false
    }

    /// `Content-Range` of a part (RFC 9110 14.4).
    pub fn content_range(self, complete: u64) -> HeaderValue {
        let text = format!("bytes {}-{}/{complete}", self.first, self.last);
        HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("bytes */*"))
    }
}

/// One range as it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// From a byte to another, or to the end.
    From(u64, Option<u64>),
    /// The last so many bytes.
    Last(u64),
}

/// What to answer to a request with `Range` when the whole length is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// The whole body: there is no usable `Range`.
    Whole,
    /// These parts: one makes a 206 of its own, several a `multipart/byteranges`.
    Parts(Vec<Span>),
    /// 416: none of the ranges touches the body.
    Unsatisfiable,
}

/// Reads `Range: bytes=…`. `None` means that it is ignored: absent, another unit, malformed, on more than one line, or
/// more than [`MAX_RANGES`].
pub fn asked(request: &HeaderMap) -> Option<Vec<Asked>> {
    let mut lines = request.get_all(header::RANGE).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else {
        return None;
    };
    let (unit, set) = line.as_bytes().split_at_checked(6)?;
    if !unit.eq_ignore_ascii_case(b"bytes=") {
        return None;
    }
    let mut ranges = Vec::new();
    for member in list::split(set) {
        if ranges.len() == MAX_RANGES {
            return None;
        }
        ranges.push(one(member)?);
    }
    (!ranges.is_empty()).then_some(ranges)
}

fn one(member: &[u8]) -> Option<Asked> {
    let at = member.iter().position(|byte| *byte == b'-')?;
    let (first, last) = (member.get(..at)?, member.get(at + 1..)?);
    match (first.is_empty(), last.is_empty()) {
        (true, false) => Some(Asked::Last(position(last)?)),
        (false, true) => Some(Asked::From(position(first)?, None)),
        (false, false) => {
            let (first, last) = (position(first)?, position(last)?);
            (first <= last).then_some(Asked::From(first, Some(last)))
        }
        (true, true) => None,
    }
}

/// Reads a position or a length; a greater one than fits is the greatest.
pub fn position(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().fold(0_u64, |sum, digit| {
        sum.saturating_mul(10)
            .saturating_add(u64::from(digit - b'0'))
    }))
}

/// Applies ranges to a body of `complete` bytes. Ranges that overlap or touch are joined, and what would be more than the
/// whole body is the whole body.
pub fn select(ranges: &[Asked], complete: u64) -> Selection {
    let mut spans: Vec<_> = ranges
        .iter()
        .filter_map(|range| span(*range, complete))
        .collect();
    if spans.is_empty() {
        return Selection::Unsatisfiable;
    }
    if overlap(&spans) {
        spans = joined(spans);
    }
    Selection::Parts(spans)
}

/// The bytes of one range in a body of `complete` bytes, if it touches it.
pub fn span(range: Asked, complete: u64) -> Option<Span> {
    let end = complete.checked_sub(1)?;
    match range {
        Asked::Last(0) => None,
        Asked::Last(count) => Some(Span {
            first: complete.saturating_sub(count),
            last: end,
        }),
        Asked::From(first, _) if first > end => None,
        Asked::From(first, last) => Some(Span {
            first,
            last: last.unwrap_or(end).min(end),
        }),
    }
}

fn overlap(spans: &[Span]) -> bool {
    let mut sorted = spans.to_vec();
    sorted.sort_unstable_by_key(|span| span.first);
    sorted
        .iter()
        .zip(sorted.iter().skip(1))
        .any(|(a, b)| b.first <= a.last.saturating_add(1))
}

fn joined(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable_by_key(|span| span.first);
    let mut result: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match result.last_mut() {
            Some(before) if span.first <= before.last.saturating_add(1) => {
                before.last = before.last.max(span.last)
            }
            _ => result.push(span),
        }
    }
    result
}

/// Whether `If-Range` allows a part: absent, a strong tag that is the stored one, or exactly its `Last-Modified` where
/// that is strong, a second at least before its `Date` (RFC 9110 13.1.5, 8.8.2.2).
pub fn if_range(request: &HeaderMap, stored: &HeaderMap) -> bool {
    let Some(value) = request.get(header::IF_RANGE) else {
        return true;
    };
    let value = list::trim(value.as_bytes());
    if value.starts_with(b"\"") || value.starts_with(b"W/") {
        return EntityTag::of(stored).is_some_and(|tag| tag.same(EntityTag::read(value)));
    }
    let modified = stored
        .get(header::LAST_MODIFIED)
        .and_then(|value| date::parse_ms(value.as_bytes()));
    let strong =
        |modified: u64| age::date(stored).is_some_and(|date| date >= modified.saturating_add(1000));
    modified.is_some_and(|modified| date::parse_ms(value) == Some(modified) && strong(modified))
}

/// `Content-Range` of a 416 (RFC 9110 15.5.17).
pub fn unsatisfied(complete: u64) -> HeaderValue {
    HeaderValue::from_str(&format!("bytes */{complete}"))
        .unwrap_or(HeaderValue::from_static("bytes */0"))
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

    fn of(range: &str, complete: u64) -> Selection {
        match asked(&headers(&[&format!("Range: {range}")])) {
            Some(ranges) => select(&ranges, complete),
            None => Selection::Whole,
        }
    }

    fn parts(spans: &[(u64, u64)]) -> Selection {
        Selection::Parts(
            spans
                .iter()
                .map(|&(first, last)| Span { first, last })
                .collect(),
        )
    }

    #[test]
    fn single_ranges() {
        assert_eq!(of("bytes=0-1", 10), parts(&[(0, 1)]));
        assert_eq!(of("Bytes=5-", 10), parts(&[(5, 9)]));
        assert_eq!(of("bytes=-3", 10), parts(&[(7, 9)]));
        assert_eq!(of("bytes=-30", 10), parts(&[(0, 9)]));
        assert_eq!(of("bytes=8-99999999999999999999999", 10), parts(&[(8, 9)]));
    }

    #[test]
    fn unsatisfiable_and_ignored() {
        for range in [
            "bytes=10-",
            "bytes=-0",
            "bytes=99999999999999999999999-",
            "bytes=10-12,11-",
        ] {
            assert_eq!(of(range, 10), Selection::Unsatisfiable, "{range}");
        }
        for range in [
            "bytes=",
            "bytes=a-b",
            "bytes=5-2",
            "bytes=-",
            "lines=0-1",
            "bytes=0-1,x",
            "bytes 0-1",
            "by",
            "bytes=--1",
        ] {
            assert_eq!(of(range, 10), Selection::Whole, "{range}");
        }
        assert_eq!(of("bytes=0-", 0), Selection::Unsatisfiable);
        assert_eq!(
            asked(&headers(&["Range: bytes=0-1", "Range: bytes=2-3"])),
            None
        );
    }

    #[test]
    fn several_ranges_keep_their_order_unless_they_overlap() {
        assert_eq!(of("bytes=5-6, 0-1", 10), parts(&[(5, 6), (0, 1)]));
        assert_eq!(of("bytes=5-6, 0-1, 20-", 10), parts(&[(5, 6), (0, 1)]));
        assert_eq!(of("bytes=5-8, 0-3, 2-5", 10), parts(&[(0, 8)]));
        assert_eq!(of("bytes=0-1,2-3", 10), parts(&[(0, 3)]));
        let many = (0..17)
            .map(|at| format!("{}-{}", at * 3, at * 3))
            .collect::<Vec<_>>()
            .join(",");
        assert_eq!(of(&format!("bytes={many}"), 100), Selection::Whole);
    }

    #[test]
    fn if_range_wants_the_same_bytes() {
        let stored = [
            r#"ETag: "a""#,
            "Last-Modified: Wed, 01 Jan 2020 00:00:00 GMT",
            "Date: Wed, 01 Jan 2020 00:00:01 GMT",
        ];
        let ask = |value: &str, stored: &[&str]| {
            if_range(&headers(&[&format!("If-Range: {value}")]), &headers(stored))
        };
        assert!(ask(r#""a""#, &stored));
        assert!(!ask(r#"W/"a""#, &[r#"ETag: W/"a""#]));
        assert!(!ask(r#""b""#, &stored));
        assert!(ask("Wed, 01 Jan 2020 00:00:00 GMT", &stored));
        assert!(!ask("Wed, 01 Jan 2020 00:00:01 GMT", &stored));
        assert!(
            !ask("Wed, 01 Jan 2020 00:00:00 GMT", &stored[..2]),
            "it may have changed in its second"
        );
        assert!(if_range(&HeaderMap::new(), &HeaderMap::new()));
    }
}
