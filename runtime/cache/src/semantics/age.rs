//! The age of a response when it arrives (RFC 9111 4.2.3).

use super::directive::seconds;
use super::{date, list};
use http::{HeaderMap, header};

/// The `Age` field in seconds: the first member of its lines that is a whole number (RFC 9111 5.1); negative, fractional
/// and other values are ignored.
pub fn value(headers: &HeaderMap) -> Option<u64> {
    list::members(headers, &header::AGE).find_map(seconds)
}

/// The time in `Date`, or `None` when it is absent or no date. Milliseconds since 1970.
pub fn date(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::DATE)
        .and_then(|value| date::parse_ms(value.as_bytes()))
}

/// `corrected_initial_age`: how old a response was when it was received, in milliseconds.
///
/// `requested` and `received` are when the request was sent and the response's head arrived. The greater counts of what the
/// clocks say and what the caches on the way and the delay say.
pub fn initial(headers: &HeaderMap, requested: u64, received: u64) -> u64 {
    let apparent = date(headers).map_or(0, |date| received.saturating_sub(date));
    // a Date has whole seconds; what it leaves out is no age
    let apparent = if apparent < 1000 { 0 } else { apparent };
    let delay = received.saturating_sub(requested);
    let corrected = value(headers)
        .unwrap_or(0)
        .saturating_mul(1000)
        .saturating_add(delay);
    apparent.max(corrected)
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::super::directive::MAX_SECONDS;
    use super::super::samples::headers;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_whole_number_counts() {
        for (lines, expected) in [
            (&["Age: 7200"][..], Some(7200)),
            (&["Age: abc"], None),
            (&["Age: -7200"], None),
            (&["Age: 7200.0"], None),
            (&["Age: 7200, 0"], Some(7200)),
            (&["Age: 0, 7200"], Some(0)),
            (&["Age: 7200", "Age: 0"], Some(7200)),
            (&["Age: 0", "Age: 7200"], Some(0)),
            (&["Age: 7200;foo=bar"], None),
            (&["Age: 2147483647"], Some(2_147_483_647)),
            (&["Age: 99999999999999999999"], Some(MAX_SECONDS)),
            (&["Age:"], None),
            (&[], None),
        ] {
            assert_eq!(value(&headers(lines)), expected, "{lines:?}");
        }
    }

    #[test]
    fn the_greater_of_clocks_and_caches() {
        let now = 784_111_777_000;
        let dated = headers(&["Date: Sun, 06 Nov 1994 08:49:07 GMT", "Age: 10"]);
        assert_eq!(initial(&dated, now, now), 30_000);
        assert_eq!(initial(&dated, now - 50_000, now), 60_000);
        assert_eq!(
            initial(&headers(&["Date: tomorrow", "Age: 10"]), now, now),
            10_000
        );
        assert_eq!(
            initial(&headers(&["Date: Sun, 06 Nov 1994 09:49:07 GMT"]), now, now),
            0,
            "a fast clock of the origin"
        );
        assert_eq!(
            initial(
                &headers(&["Date: Sun, 06 Nov 1994 08:49:37 GMT"]),
                now,
                now + 999
            ),
            999,
            "the delay"
        );
    }

    proptest! {
      #[test]
      fn nothing_overflows(age in ".{0,30}", requested: u64, received: u64) {
        let mut map = HeaderMap::new();
        if let Ok(value) = http::HeaderValue::from_str(&age) {
          map.insert(header::AGE, value);
        }
        prop_assert!(initial(&map, requested, received) >= received.saturating_sub(requested));
      }
    }
}
