//! Clients and fields for the tests of this folder.

#![allow(clippy::unwrap_used)]

use crate::exchange::Client;
use http::{HeaderMap, HeaderValue, uri::Scheme};

/// A client at this address.
pub fn client(ip: &str) -> Client {
    Client {
        ip: ip.parse().unwrap(),
        port: 9,
        scheme: Scheme::HTTP,
        tls_version: None,
    }
}

/// These fields.
pub fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(*name, HeaderValue::from_static(value));
    }
    headers
}
