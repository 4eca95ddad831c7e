//! Networks in CIDR notation (RFC 4632 section 3.1, RFC 4291 section 2.3).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Bits before the IPv4 part of an IPv4-mapped address (RFC 4291 section 2.5.5.2).
const MAPPED_BITS: u8 = 96;

/// An address and how many of its bits count. IPv4 is held as `::ffff:a.b.c.d`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Network {
    address: u128,
    prefix: u8,
}

/// Why a text is no network.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NetworkError {
    /// The part before the slash is no address.
    #[error("`{0}` is not an IP address")]
    Address(String),
    /// The part after the slash is no number of bits of such an address.
    #[error("`{prefix}` is not a prefix length from 0 to {limit}")]
    Prefix {
        /// As written.
        prefix: String,
        /// Bits of an address of this kind.
        limit: u8,
    },
    /// Bits after the prefix are set.
    #[error("bits after the prefix are set; the network is `{0}`")]
    HostBits(Network),
}

impl Network {
    /// The network of the first `prefix` bits, 0 to 128, of an address in network order;
    /// an IPv4 address is `::ffff:a.b.c.d` and its prefix counts from 96. The bits after
    /// the prefix are cleared; a greater prefix is 128.
    pub fn new(address: [u8; 16], prefix: u8) -> Network {
        let prefix = prefix.min(128);
        Network {
            address: u128::from_be_bytes(address) & !host_mask(prefix),
            prefix,
        }
    }

    /// Reads `10.0.0.0/8`, `2001:db8::/32`, or an address, which is a network of its own.
    pub fn parse(text: &str) -> Result<Network, NetworkError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let parsed = address
            .parse()
            .map_err(|_| NetworkError::Address(address.to_owned()))?;
        let (bytes, skipped) = match parsed {
            IpAddr::V4(v4) => (v4.to_ipv6_mapped().octets(), MAPPED_BITS),
            IpAddr::V6(v6) => (v6.octets(), 0),
        };
        let prefix = match prefix {
            Some(prefix) => skipped + parse_prefix(prefix, 128 - skipped)?,
            None => 128,
        };
        let network = Network::new(bytes, prefix);
        if network.address != u128::from_be_bytes(bytes) {
            return Err(NetworkError::HostBits(network));
        }
        Ok(network)
    }

    /// The address in network order, bits after the prefix cleared.
    pub fn address(&self) -> [u8; 16] {
        self.address.to_be_bytes()
    }

    /// The prefix's length, 0 to 128.
    pub fn prefix(&self) -> u8 {
        self.prefix
    }

    /// The first and the last address, as numbers.
    pub fn interval(&self) -> (u128, u128) {
        (self.address, self.address | host_mask(self.prefix))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.prefix >= MAPPED_BITS && self.address >> 32 == 0xffff {
            let address = Ipv4Addr::from(self.address as u32);
            return write!(f, "{address}/{}", self.prefix - MAPPED_BITS);
        }
        write!(f, "{}/{}", Ipv6Addr::from(self.address), self.prefix)
    }
}

fn parse_prefix(text: &str, limit: u8) -> Result<u8, NetworkError> {
    let is_plain =
        text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    let prefix = text
        .parse()
        .ok()
        .filter(|&prefix| is_plain && prefix <= limit);
    prefix.ok_or_else(|| NetworkError::Prefix {
        prefix: text.to_owned(),
        limit,
    })
}

/// The bits after the prefix.
fn host_mask(prefix: u8) -> u128 {
    u128::MAX.checked_shr(u32::from(prefix)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::*;

    #[test]
    fn reads_both_families_and_bare_addresses() {
        for (text, shown, prefix) in [
            ("10.0.0.0/8", "10.0.0.0/8", 104),
            ("0.0.0.0/0", "0.0.0.0/0", 96),
            ("192.0.2.1", "192.0.2.1/32", 128),
            ("::1", "::1/128", 128),
            ("2001:db8::/32", "2001:db8::/32", 32),
            ("::/0", "::/0", 0),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8", 104),
        ] {
            let network = Network::parse(text).unwrap();
            assert_eq!(
                (network.to_string().as_str(), network.prefix()),
                (shown, prefix)
            );
        }
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, message) in [
            (
                "10.0.0.1/8",
                "bits after the prefix are set; the network is `10.0.0.0/8`",
            ),
            (
                "2001:db8::1/32",
                "bits after the prefix are set; the network is `2001:db8::/32`",
            ),
            ("10.0.0/8", "`10.0.0` is not an IP address"),
            ("010.0.0.0/8", "`010.0.0.0` is not an IP address"),
            ("10.0.0.0/33", "`33` is not a prefix length from 0 to 32"),
            ("10.0.0.0/08", "`08` is not a prefix length from 0 to 32"),
            ("10.0.0.0/+8", "`+8` is not a prefix length from 0 to 32"),
            ("10.0.0.0/", "`` is not a prefix length from 0 to 32"),
            ("::/129", "`129` is not a prefix length from 0 to 128"),
            ("", "`` is not an IP address"),
        ] {
            assert_eq!(Network::parse(text).unwrap_err().to_string(), message);
        }
    }
}
