//! `host[:port]`, as `Host` and an absolute target name it (RFC 9110 7.2, RFC 3986 3.2).

use std::net::Ipv6Addr;

/// Whether these bytes are a host with or without a port: a name, an IPv4 address or an IPv6
/// address in brackets; a port, which may be empty, of at most 65535. User information and an
/// empty host are refused (RFC 9110 4.2.1, 4.2.4).
pub(crate) fn is_authority(bytes: &[u8]) -> bool {
    let (is_host, rest) = match bytes.strip_prefix(b"[") {
        Some(literal) => {
            let end = literal.iter().position(|byte| *byte == b']');
            let Some((address, rest)) = end.and_then(|end| literal.split_at_checked(end)) else {
                return false;
            };
            (is_ipv6(address), rest.get(1..).unwrap_or_default())
        }
        None => {
            let end = bytes.iter().position(|byte| *byte == b':');
            let (name, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
            (is_name(name), rest)
        }
    };
    is_host && (rest.is_empty() || rest.strip_prefix(b":").is_some_and(is_port))
}

fn is_ipv6(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok())
}

/// RFC 3986 3.2.2: `reg-name`, which may here not be empty.
fn is_name(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        rest = match first {
            b'%' => match after.split_at_checked(2) {
                Some((digits, after)) if digits.iter().all(u8::is_ascii_hexdigit) => after,
                _ => return false,
            },
            b'-' | b'.' | b'_' | b'~' => after,
            b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' => after,
            byte if byte.is_ascii_alphanumeric() => after,
            _ => return false,
        };
    }
    !bytes.is_empty()
}

/// RFC 3986 3.2.3: digits, also none.
fn is_port(digits: &[u8]) -> bool {
    let value = digits.iter().try_fold(0_u32, |value, digit| {
        let digit = char::from(*digit).to_digit(10)?;
        Some(value * 10 + digit).filter(|value| *value <= 65_535)
    });
    value.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_with_and_without_ports() {
        for good in [
            "a",
            "a.example",
            "a_b.example:8080",
            "a:",
            "a:0",
            "a:65535",
            "a:00080",
            "192.0.2.1:80",
            "[::1]",
            "[2001:db8::1]:8443",
            "a%20b",
            "xn--bcher-kva.example",
        ] {
            assert!(is_authority(good.as_bytes()), "{good}");
        }
        for bad in [
            "",
            ":80",
            "a:b",
            "a:65536",
            "a:99999",
            "a:99999999999999999999",
            "a:+1",
            "a:80:80",
            "a b",
            "a/b",
            "a?b",
            "a#b",
            "a\\b",
            "u@a",
            "a%2",
            "a%zz",
            "[::1",
            "[::1]80",
            "[a]",
            "[]",
            "::1",
            "b\u{fc}cher",
            "a\t",
            "a\0",
        ] {
            assert!(!is_authority(bad.as_bytes()), "{bad}");
        }
    }
}
