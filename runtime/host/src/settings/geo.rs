//! Where clients are, as far as the operator says.

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
    /// Longest prefixes first.
    entries: Vec<(Network, Geo)>,
}

impl GeoTable {
    /// A table from networks in any order; of two equal networks the first wins.
    #[must_use]
    pub fn new(mut entries: Vec<(Network, Geo)>) -> Self {
        entries.sort_by_key(|(network, _)| std::cmp::Reverse(network.prefix()));
        GeoTable { entries }
    }

    /// What is known about an address.
    #[must_use]
    pub fn locate(&self, ip: IpAddr) -> Option<&Geo> {
        self.entries
            .iter()
            .find(|(network, _)| network.contains(ip))
            .map(|(_, geo)| geo)
    }
}

impl From<Geo> for GeoTable {
    /// The same for every address.
    fn from(geo: Geo) -> Self {
        GeoTable {
            entries: vec![(Network::ALL, geo)],
        }
    }
}
