//! `X-Forwarded-*` and `Forwarded` (RFC 7239): for whom a request is made.
//!
//! A peer that is not trusted has no say: what it sent is dropped and its own address
//! is written. A trusted peer's list is kept, and its address appended.

use std::net::IpAddr;

use http::uri::Scheme;
use http::{HeaderMap, HeaderName, HeaderValue, header};

pub(super) const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
pub(super) const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Writes the fields of a request that goes to an origin.
///
/// `peer` is the address that the connection came from, `authority` what the client named.
pub(crate) fn set_forwarded(
    headers: &mut HeaderMap,
    peer: IpAddr,
    scheme: &Scheme,
    authority: Option<&HeaderValue>,
    trusted: bool,
) {
    let peer = peer.to_canonical();
    if !trusted {
        drop_claims(headers);
    }
    append(headers, FOR, &peer.to_string());
    append(
        headers,
        header::FORWARDED,
        &element(peer, scheme, authority),
    );
    if !headers.contains_key(PROTO)
        && let Ok(proto) = HeaderValue::from_str(scheme.as_str())
    {
        headers.insert(PROTO, proto);
    }
    if let (false, Some(authority)) = (headers.contains_key(HOST), authority) {
        headers.insert(HOST, authority.clone());
    }
}

/// Removes everything that says for whom the request is made.
fn drop_claims(headers: &mut HeaderMap) {
    let claims: Vec<HeaderName> = headers
        .keys()
        .filter(|name| name.as_str().starts_with("x-forwarded-"))
        .cloned()
        .collect();
    for name in claims {
        headers.remove(name);
    }
    headers.remove(header::FORWARDED);
}

/// One element of `Forwarded`: IPv6 in brackets and, like a host with a port, quoted.
fn element(peer: IpAddr, scheme: &Scheme, authority: Option<&HeaderValue>) -> String {
    let node = match peer {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("\"[{v6}]\""),
    };
    match authority.and_then(|authority| authority.to_str().ok()) {
        Some(host)
            if host
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')) =>
        {
            format!("for={node};host={host};proto={scheme}")
        }
        Some(host) => format!(
            "for={node};host=\"{}\";proto={scheme}",
            host.replace(['"', '\\'], "")
        ),
        None => format!("for={node};proto={scheme}"),
    }
}

/// Makes one field of what was there and what is new.
fn append(headers: &mut HeaderMap, name: HeaderName, new: &str) {
    let mut all = Vec::new();
    for value in headers.get_all(&name) {
        all.extend_from_slice(value.as_bytes());
        all.extend_from_slice(b", ");
    }
    all.extend_from_slice(new.as_bytes());
    if let Ok(value) = HeaderValue::from_bytes(&all) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::effective_client;
    use super::super::sample::{client, headers};
    use super::*;

    #[test]
    fn an_untrusted_peer_has_no_say() {
        let mut sent = headers(&[
            ("x-forwarded-for", "1.1.1.1"),
            ("forwarded", "for=1.1.1.1"),
            ("x-forwarded-prefix", "/x"),
        ]);
        let effective = effective_client(
            client("203.0.113.9"),
            &sent,
            &["10.0.0.0/8".parse().unwrap()],
        );
        let (who, trusted) = (effective.client, effective.trusted);
        assert_eq!(
            (who.ip.to_string().as_str(), trusted, effective.known),
            ("203.0.113.9", false, true)
        );
        set_forwarded(
            &mut sent,
            who.ip,
            &Scheme::HTTPS,
            Some(&HeaderValue::from_static("a.example:8443")),
            trusted,
        );
        let expected = [
            ("x-forwarded-for", "203.0.113.9"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "a.example:8443"),
            (
                "forwarded",
                "for=203.0.113.9;host=\"a.example:8443\";proto=https",
            ),
        ];
        assert_eq!(sent, headers(&expected));
    }

    #[test]
    fn behind_a_trusted_peer_the_client_is_the_last_stranger() {
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let mut sent = headers(&[
            ("x-forwarded-for", "1.1.1.1, 198.51.100.7"),
            ("x-forwarded-for", "10.0.0.2"),
            ("x-forwarded-proto", "https"),
        ]);
        let effective = effective_client(client("10.0.0.1"), &sent, &trusted);
        let (who, is_trusted) = (effective.client, effective.trusted);
        assert_eq!(
            (who.ip.to_string().as_str(), who.scheme.as_str(), is_trusted),
            ("198.51.100.7", "https", true)
        );
        set_forwarded(
            &mut sent,
            "10.0.0.1".parse().unwrap(),
            &who.scheme,
            None,
            true,
        );
        assert_eq!(
            sent.get("x-forwarded-for").unwrap(),
            "1.1.1.1, 198.51.100.7, 10.0.0.2, 10.0.0.1"
        );
        assert_eq!(sent.get("forwarded").unwrap(), "for=10.0.0.1;proto=https");
    }

    #[test]
    fn ipv6_is_quoted_in_brackets() {
        let mut sent = HeaderMap::new();
        set_forwarded(
            &mut sent,
            "2001:db8::1".parse().unwrap(),
            &Scheme::HTTP,
            None,
            false,
        );
        assert_eq!(
            sent.get("forwarded").unwrap(),
            "for=\"[2001:db8::1]\";proto=http"
        );
    }
}
