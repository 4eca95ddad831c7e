//! How long a response is fresh by its origin's word (RFC 9111 4.2.1, 4.2.2).

use super::control::Control;
use super::{age, date};
use http::{HeaderMap, StatusCode, header};

/// The longest heuristic lifetime, milliseconds: a day. Beyond it RFC 9111 4.2.2 once asked for a warning; here more is
/// never assumed.
pub const MAX_HEURISTIC: u64 = 86_400_000;

/// A freshness lifetime in milliseconds, and where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// `s-maxage`, `max-age` or `Expires`.
    Explicit(u64),
    /// A tenth of the time since `Last-Modified`.
    Heuristic(u64),
    /// Nothing is said and nothing may be assumed.
    Unknown,
}

impl Lifetime {
    /// The lifetime in milliseconds, zero when unknown.
    pub fn ms(self) -> u64 {
        match self {
            Lifetime::Explicit(ms) | Lifetime::Heuristic(ms) => ms,
            Lifetime::Unknown => 0,
        }
    }
}

/// The lifetime of a response that was received at `received` (milliseconds since 1970), for a shared cache.
pub fn lifetime(
    status: StatusCode,
    headers: &HeaderMap,
    control: &Control,
    received: u64,
) -> Lifetime {
    let said = control.directives.s_maxage.or(control.directives.max_age);
    if let Some(seconds) = said {
        return Lifetime::Explicit(seconds.saturating_mul(1000));
    }
    let date = age::date(headers).unwrap_or(received);
    if !control.targeted && headers.contains_key(header::EXPIRES) {
        return Lifetime::Explicit(expires(headers).saturating_sub(date));
    }
    if !is_heuristic(status) && !control.directives.public {
        return Lifetime::Unknown;
    }
    match headers
        .get(header::LAST_MODIFIED)
        .and_then(|value| date::parse_ms(value.as_bytes()))
    {
        Some(modified) => {
            Lifetime::Heuristic((date.saturating_sub(modified) / 10).min(MAX_HEURISTIC))
        }
        None => Lifetime::Unknown,
    }
}

/// The time in `Expires`: the earliest of its lines, where one that is no date lies in the past (RFC 9111 5.3).
fn expires(headers: &HeaderMap) -> u64 {
    let lines = headers.get_all(header::EXPIRES).iter();
    lines
        .map(|value| date::parse_ms(value.as_bytes()).unwrap_or(0))
        .min()
        .unwrap_or(0)
}

/// Whether a status may be cached without explicit freshness (RFC 9110 15.1).
pub fn is_heuristic(status: StatusCode) -> bool {
    matches!(
        status.as_u16(),
        200 | 203 | 204 | 206 | 300 | 301 | 308 | 404 | 405 | 410 | 414 | 501
    )
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

    const NOW: u64 = 784_111_777_000;
    const DATE: &str = "Date: Sun, 06 Nov 1994 08:49:37 GMT";

    fn of(status: u16, lines: &[&str]) -> Lifetime {
        let headers = headers(lines);
        lifetime(
            StatusCode::from_u16(status).unwrap(),
            &headers,
            &Control::read(&headers),
            NOW,
        )
    }

    #[test]
    fn s_maxage_before_max_age_before_expires() {
        let expires = "Expires: Sun, 06 Nov 1994 08:50:37 GMT";
        assert_eq!(
            of(200, &["Cache-Control: max-age=5, s-maxage=7", expires]),
            Lifetime::Explicit(7000)
        );
        assert_eq!(
            of(200, &["Cache-Control: max-age=5", expires, DATE]),
            Lifetime::Explicit(5000)
        );
        assert_eq!(
            of(200, &["Cache-Control: max-age=x", expires, DATE]),
            Lifetime::Explicit(0)
        );
        assert_eq!(of(599, &[expires, DATE]), Lifetime::Explicit(60_000));
        assert_eq!(
            of(200, &["CDN-Cache-Control: public", expires, DATE]),
            Lifetime::Unknown
        );
    }

    #[test]
    fn expires_in_odd_forms() {
        let late = "Expires: Sun, 06 Nov 1994 09:49:37 GMT";
        assert_eq!(
            of(200, &[late]),
            Lifetime::Explicit(3_600_000),
            "no Date: when it was received"
        );
        assert_eq!(of(200, &[late, "Date: foo"]), Lifetime::Explicit(3_600_000));
        assert_eq!(
            of(200, &[late, "Date: Sun, 06 Nov 1994 10:49:37 GMT"]),
            Lifetime::Explicit(0)
        );
        assert_eq!(of(200, &["Expires: 0", DATE]), Lifetime::Explicit(0));
        assert_eq!(of(200, &[late, "Expires: 0", DATE]), Lifetime::Explicit(0));
        assert_eq!(
            of(
                200,
                &["Expires: 0", "Last-Modified: Sun, 06 Nov 1993 08:49:37 GMT"]
            ),
            Lifetime::Explicit(0)
        );
    }

    #[test]
    fn the_heuristic_is_a_tenth_up_to_a_day() {
        let modified = "Last-Modified: Sun, 06 Nov 1994 08:48:37 GMT";
        assert_eq!(of(200, &[modified, DATE]), Lifetime::Heuristic(6000));
        assert_eq!(of(410, &[modified, DATE]), Lifetime::Heuristic(6000));
        assert_eq!(
            of(200, &["Last-Modified: Thu, 01 Jan 1970 00:00:00 GMT"]),
            Lifetime::Heuristic(MAX_HEURISTIC)
        );
        assert_eq!(
            of(200, &["Last-Modified: Sun, 06 Nov 2094 08:48:37 GMT"]),
            Lifetime::Heuristic(0)
        );
        assert_eq!(of(200, &[DATE]), Lifetime::Unknown);
        for status in [201, 202, 302, 403, 502, 503, 504, 599] {
            assert_eq!(of(status, &[modified, DATE]), Lifetime::Unknown, "{status}");
        }
        assert_eq!(
            of(599, &[modified, DATE, "Cache-Control: public"]),
            Lifetime::Heuristic(6000)
        );
    }
}
