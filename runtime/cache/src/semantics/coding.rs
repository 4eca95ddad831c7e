//! `Accept-Encoding` (RFC 9110 12.5.3) in one of few forms, so that few variants of an answer are kept.

use super::list;
use super::vary::choice;
use http::{HeaderMap, HeaderValue, header};

/// The codings that a request accepts, as it is sent on: `br, gzip`, `br`, `gzip` or `identity`. Without the field, and where
/// it names neither, that is `identity`: any client can read that. Which one it likes best is not told apart.
pub fn accepted(request: &HeaderMap) -> HeaderValue {
    let (mut brotli, mut gzip, mut others) = (None, None, None);
    for (name, weight) in list::members(request, &header::ACCEPT_ENCODING).map(choice) {
        let accepts = Some(weight > 0);
        match &name[..] {
            b"br" => brotli = accepts,
            b"gzip" => gzip = accepts,
            b"*" => others = accepts,
            _ => {}
        }
    }
    let accepts = |coding: Option<bool>| coding.or(others).unwrap_or(false);
    HeaderValue::from_static(match (accepts(brotli), accepts(gzip)) {
        (true, true) => "br, gzip",
        (true, false) => "br",
        (false, true) => "gzip",
        (false, false) => "identity",
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::samples::headers;
    use super::*;

    #[test]
    fn spellings_have_few_forms() {
        for (given, sent) in [
            ("gzip, deflate, br, zstd", "br, gzip"),
            ("GZIP;q=0.5 , BR", "br, gzip"),
            ("x-gzip", "gzip"),
            ("gzip;q=0, br", "br"),
            ("gzip;q=0.000", "identity"),
            ("*", "br, gzip"),
            ("*;q=0, gzip", "gzip"),
            ("br;q=0, *", "gzip"),
            ("identity", "identity"),
            ("", "identity"),
            (",;q=1,,", "identity"),
        ] {
            let request = headers(&[&format!("accept-encoding: {given}")]);
            assert_eq!(accepted(&request), sent, "{given}");
        }
        assert_eq!(accepted(&HeaderMap::new()), "identity");
    }
}
