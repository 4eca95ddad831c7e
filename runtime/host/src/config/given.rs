//! What the policy itself is given.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Config, SecretError};
use crate::settings::{GeoTable, Network, Settings};

impl Config {
    /// What the policy is given: reads the secrets from where they are.
    ///
    /// # Errors
    /// When a secret isn't where it should be.
    pub fn settings(&self) -> Result<Settings, SecretError> {
        let mut secrets = BTreeMap::new();
        for (name, source) in &self.secrets {
            secrets.insert(name.clone(), source.read(name, &self.folder)?);
        }
        Ok(Settings {
            secrets,
            params: self
                .params
                .iter()
                .map(|(name, value)| (name.clone(), param(value)))
                .collect(),
            geo: self.geo_table(),
            pop: self.edge.pop.clone(),
            region: self.edge.region.clone(),
            trusted: self.trusted_proxies.clone(),
            backends: None,
            cache: None,
            namespace: self.state.namespace.clone(),
        })
    }

    pub(super) fn geo_table(&self) -> GeoTable {
        let mut places = self.geo_networks.clone();
        places.push((Network::ALL, self.geo.clone()));
        GeoTable::new(places)
    }
}

/// A param's value as a manifest would hold it. A date is text.
fn param(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::from(text.as_str()),
        toml::Value::Integer(number) => Value::from(*number),
        toml::Value::Float(number) => Value::from(*number),
        toml::Value::Boolean(truth) => Value::from(*truth),
        toml::Value::Datetime(date) => Value::from(date.to_string()),
        toml::Value::Array(items) => items.iter().map(param).collect(),
        toml::Value::Table(table) => Value::Object(
            table
                .iter()
                .map(|(name, value)| (name.clone(), param(value)))
                .collect(),
        ),
    }
}
