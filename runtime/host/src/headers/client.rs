//! Who is asking, behind proxies that are trusted.
//!
//! The client is the last address of `X-Forwarded-For` that is not itself trusted. Where
//! something else stands in the place of that address nobody knows who is asking, and the
//! host says so instead of taking a proxy, which may be allowed everything, for the client.

use std::net::IpAddr;

use http::uri::Scheme;
use http::{HeaderMap, HeaderValue};

use super::forwarded::{FOR, PROTO};
use crate::exchange::Client;
use crate::settings::Network;

/// Whom a request is made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Effective {
    /// The client, as far as it is known.
    pub(crate) client: Client,
    /// Whether the peer is trusted.
    pub(crate) trusted: bool,
    /// Whether a trusted peer's list tells who the client is, or there is none.
    pub(crate) known: bool,
}

/// The client that a request is made for.
pub(crate) fn effective_client(
    peer: Client,
    headers: &HeaderMap,
    trusted: &[Network],
) -> Effective {
    let is_trusted = |ip: IpAddr| trusted.iter().any(|network| network.contains(ip));
    if trusted.is_empty() || !is_trusted(peer.ip) {
        return Effective {
            client: peer,
            trusted: false,
            known: true,
        };
    }
    let (mut client, mut known) = (peer, true);
    // Bytes, not text: an element that is no text must not take its whole field with it.
    let fields: Vec<&[u8]> = headers
        .get_all(FOR)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    let hops = fields.iter().rev();
    for hop in hops.flat_map(|field| field.rsplit(|byte| *byte == b',')) {
        let hop = std::str::from_utf8(hop).map_or("", str::trim);
        let Some(ip) = address(hop) else {
            known = false;
            break;
        };
        if client.ip != ip {
            client.ip = ip;
            client.port = 0;
        }
        if !is_trusted(ip) {
            break;
        }
    }
    match headers.get(PROTO).map(HeaderValue::as_bytes) {
        Some(b"https") => client.scheme = Scheme::HTTPS,
        Some(b"http") => client.scheme = Scheme::HTTP,
        _ => {}
    }
    Effective {
        client,
        trusted: true,
        known,
    }
}

/// An address of `X-Forwarded-For`: some write a port or brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
        .map(|(inside, _)| inside);
    let ip: IpAddr = match bare {
        Some(inside) => inside.parse().ok()?,
        None => text.parse().ok().or_else(|| {
            text.rsplit_once(':')?
                .0
                .parse::<std::net::Ipv4Addr>()
                .ok()
                .map(IpAddr::V4)
        })?,
    };
    Some(ip.to_canonical())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::sample::{client, headers};
    use super::*;

    #[test]
    fn bytes_that_are_no_text_hide_nobody() {
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let mut sent = HeaderMap::new();
        let claim = HeaderValue::from_bytes(b"\xff, 198.51.100.7").unwrap();
        sent.insert("x-forwarded-for", claim);
        let who = effective_client(client("10.0.0.1"), &sent, &trusted);
        assert_eq!(who.client.ip.to_string(), "198.51.100.7");
        assert!(who.known);
    }

    #[test]
    fn where_no_address_stands_nobody_is_known() {
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let known = |list: &'static str| {
            let sent = headers(&[("x-forwarded-for", list)]);
            effective_client(client("10.0.0.1"), &sent, &trusted).known
        };
        for list in [
            "unknown",
            "",
            " ",
            "198.51.100.7,",
            "198.51.100.7, unknown",
            "198.51.100.7, _hidden, 10.0.0.2",
            "999.1.1.1",
            "198.51.100.7.",
            "[::1",
        ] {
            assert!(!known(list), "{list:?}");
        }
        // What a stranger says stands before its own address, and is not asked.
        assert!(known("unknown, 198.51.100.7"));
        assert!(known("198.51.100.7:4711, [2001:db8::1]:99"));
        assert!(known("10.0.0.3, 10.0.0.2"));
        assert!(effective_client(client("10.0.0.1"), &HeaderMap::new(), &trusted).known);
    }
}
