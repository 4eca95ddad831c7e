//! Where clients are, as far as the operator says.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::Network;

/// What is known about where an address is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Geo {
    /// ISO 3166-1 alpha-2 code.
    pub country: Option<String>,
    /// Continent code: `AF AN AS EU NA OC SA`.
    pub continent: Option<String>,
    /// Region or state.
    pub region: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Latitude in degrees.
    pub latitude: Option<f64>,
    /// Longitude in degrees.
    pub longitude: Option<f64>,
    /// Number of the autonomous system.
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
