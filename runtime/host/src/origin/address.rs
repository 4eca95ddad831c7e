//! Where an origin is: the URL that a policy or an operator writes.

use rustls::pki_types::ServerName;

/// A host and port to connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// A name or an address, IPv6 without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The name that the certificate must carry; `None` for plain HTTP.
    pub tls: Option<ServerName<'static>>,
}

impl Address {
    /// Reads `http://host[:port]` or `https://host[:port]`; a path other than `/`, a query
    /// or a user is refused.
    #[must_use]
    pub fn parse(url: &str) -> Option<Self> {
        let uri: http::Uri = url.parse().ok()?;
        let authority = uri.authority()?;
        if authority.as_str().contains('@')
            || !matches!(uri.path(), "" | "/")
            || uri.query().is_some()
        {
            return None;
        }
        let host = authority.host();
        let host = host
            .strip_prefix('[')
            .and_then(|h| h.strip_suffix(']'))
            .unwrap_or(host);
        if host.is_empty() {
            return None;
        }
        let encrypted = match uri.scheme_str()? {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let port = match authority.as_str().strip_prefix(authority.host())? {
            "" if encrypted => 443,
            "" => 80,
            port => port
                .strip_prefix(':')?
                .parse()
                .ok()
                .filter(|port| *port != 0)?,
        };
        let tls = encrypted
            .then(|| ServerName::try_from(host.to_owned()))
            .transpose()
            .ok()?;
        Some(Self {
            host: host.to_owned(),
            port,
            tls,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn addresses() {
        let shop = Address::parse("https://shop.internal:8443").unwrap();
        assert_eq!((shop.host.as_str(), shop.port), ("shop.internal", 8443));
        assert_eq!(
            shop.tls,
            Some(ServerName::try_from("shop.internal").unwrap())
        );
        assert_eq!(Address::parse("https://a").unwrap().port, 443);
        let local = Address::parse("http://[::1]/").unwrap();
        assert_eq!(
            (local.host.as_str(), local.port, local.tls),
            ("::1", 80, None)
        );
    }

    #[test]
    fn not_addresses() {
        for bad in [
            "",
            "shop",
            "shop:80",
            "ftp://a",
            "http://",
            "http://a/b",
            "http://a?q",
            "http://u@a",
            "http://a:0",
            "http://a:99999",
            "/a",
        ] {
            assert_eq!(Address::parse(bad), None, "{bad}");
        }
    }
}
