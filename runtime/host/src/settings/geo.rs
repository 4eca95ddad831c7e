//! Where clients are, as far as the operator says.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use serde::de::{Deserializer, Error, Unexpected};
use serde::{Deserialize, Serialize};

use super::Network;

/// What is known about where an address is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Geo {
    /// ISO 3166-1 alpha-2 code, in upper case.
    #[serde(deserialize_with = "country")]
    pub country: Option<String>,
    /// Continent code: `AF AN AS EU NA OC SA`.
    #[serde(deserialize_with = "continent")]
    pub continent: Option<String>,
    /// Region or state.
    pub region: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Latitude in degrees, from -90 to 90.
    #[serde(deserialize_with = "latitude")]
    pub latitude: Option<f64>,
    /// Longitude in degrees, from -180 to 180.
    #[serde(deserialize_with = "longitude")]
    pub longitude: Option<f64>,
    /// Number of the autonomous system (RFC 6793: 32 bits).
    #[serde(deserialize_with = "asn")]
    pub asn: Option<i64>,
}

/// Which network is where. The longest prefix that holds an address wins.
#[derive(Debug, Clone, Default)]
pub struct GeoTable {
    /// By the length of the prefix: a lookup tries each length once, the longest first.
    by_prefix: BTreeMap<u8, HashMap<Network, Geo>>,
}

impl GeoTable {
    /// A table from networks in any order; of two equal networks the last wins.
    #[must_use]
    pub fn new(entries: impl IntoIterator<Item = (Network, Geo)>) -> Self {
        let mut by_prefix: BTreeMap<u8, HashMap<Network, Geo>> = BTreeMap::new();
        for (network, geo) in entries {
            by_prefix
                .entry(network.prefix())
                .or_default()
                .insert(network, geo);
        }
        GeoTable { by_prefix }
    }

    /// What is known about an address.
    #[must_use]
    pub fn locate(&self, ip: IpAddr) -> Option<&Geo> {
        self.by_prefix
            .iter()
            .rev()
            .find_map(|(prefix, networks)| networks.get(&Network::around(ip, *prefix)))
    }
}

impl From<Geo> for GeoTable {
    /// The same for every address.
    fn from(geo: Geo) -> Self {
        GeoTable::new([(Network::ALL, geo)])
    }
}

fn country<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let is_code = |code: &str| code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase());
    code(deserializer, is_code, "two upper-case letters such as `DE`")
}

fn continent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let is_code = |code: &str| ["AF", "AN", "AS", "EU", "NA", "OC", "SA"].contains(&code);
    code(deserializer, is_code, "one of `AF AN AS EU NA OC SA`")
}

fn code<'de, D: Deserializer<'de>>(
    deserializer: D,
    is_code: impl Fn(&str) -> bool,
    expected: &str,
) -> Result<Option<String>, D::Error> {
    match Option::<String>::deserialize(deserializer)? {
        Some(text) if !is_code(&text) => {
            Err(D::Error::invalid_value(Unexpected::Str(&text), &expected))
        }
        code => Ok(code),
    }
}

fn latitude<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    degrees(deserializer, 90.0, "degrees from -90 to 90")
}

fn longitude<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    degrees(deserializer, 180.0, "degrees from -180 to 180")
}

fn degrees<'de, D: Deserializer<'de>>(
    deserializer: D,
    most: f64,
    expected: &str,
) -> Result<Option<f64>, D::Error> {
    match Option::<f64>::deserialize(deserializer)? {
        Some(value) if !(-most..=most).contains(&value) => {
            Err(D::Error::invalid_value(Unexpected::Float(value), &expected))
        }
        degrees => Ok(degrees),
    }
}

fn asn<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    match Option::<i64>::deserialize(deserializer)? {
        Some(number) if u32::try_from(number).is_err() => Err(D::Error::invalid_value(
            Unexpected::Signed(number),
            &"a number from 0 to 4294967295",
        )),
        number => Ok(number),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_longest_prefix_wins() {
        let entry = |network: &str, country: &str| {
            (
                network.parse().unwrap(),
                Geo {
                    country: Some(country.to_owned()),
                    ..Geo::default()
                },
            )
        };
        let table = GeoTable::new([
            entry("10.0.0.0/8", "AA"),
            entry("10.1.0.0/16", "BB"),
            entry("2001:db8::/32", "CC"),
        ]);
        let country = |ip: &str| {
            table
                .locate(ip.parse().unwrap())
                .and_then(|geo| geo.country.as_deref())
        };
        assert_eq!(country("10.2.0.1"), Some("AA"));
        assert_eq!(country("10.1.0.1"), Some("BB"));
        assert_eq!(country("2001:db8::1"), Some("CC"));
        assert_eq!(country("192.0.2.1"), None);
    }
}
