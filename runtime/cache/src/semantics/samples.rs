//! Header maps for the tests, written as the lines that a message would hold.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use http::{HeaderMap, HeaderName, HeaderValue};

/// The header fields of `lines`, each `Name: value`.
pub(crate) fn headers(lines: &[&str]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':').expect("a name and a value");
        let name: HeaderName = name.trim().parse().expect("a header name");
        let value = HeaderValue::from_bytes(value.trim_start().as_bytes()).expect("a header value");
        map.append(name, value);
    }
    map
}
