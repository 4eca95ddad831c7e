//! What an operator gives a policy besides its module: secrets, params, where
//! clients are, whom to trust.

mod geo;
mod literal;
mod network;
mod param;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use edge_abi::manifest::Param;
use http::HeaderValue;
use serde_json::Value;

pub use geo::{Geo, GeoTable};
pub use network::{Network, NetworkError};
pub(crate) use param::octets;
pub use param::{ParamError, ParamValue};

use crate::cache::Caches;
use crate::engine::Policy;
use crate::metrics::Metrics;
use crate::state::{Backends, State};

/// Everything that a host supplies when it loads a policy.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Secrets, by the policy's names.
    pub secrets: BTreeMap<String, Secret>,
    /// Params, by the policy's names; those that are missing have their default. What has
    /// a unit is text with it: `30s`, `10MiB`, `5%`.
    pub params: BTreeMap<String, Value>,
    /// Where addresses are.
    pub geo: GeoTable,
    /// `edge.pop`.
    pub pop: Option<String>,
    /// `edge.region`.
    pub region: Option<String>,
    /// Peers whose `X-Forwarded-*` and `Forwarded` are believed and passed on.
    pub trusted: Vec<Network>,
    /// Where what policies remember is kept. Without it, in a memory of the policy's own.
    pub backends: Option<Backends>,
    /// What the names of limits, stores and counters begin with there, instead of the policy's name.
    pub namespace: Option<String>,
    /// Where answers of origins are kept. Without it, in a memory of the policy's own.
    pub cache: Option<edge_cache::Cache>,
}

/// A secret's bytes, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Takes the bytes as they are.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Secret(bytes.into())
    }

    /// The bytes, for the place where they are used.
    pub(crate) fn reveal(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A policy together with its settings, checked against each other; shared by all workers.
#[derive(Debug)]
pub struct Deployment {
    policy: Arc<Policy>,
    secrets: Vec<Secret>,
    params: Vec<ParamValue>,
    state: State,
    caches: Option<Caches>,
    metrics: Metrics,
    settings: Settings,
}

impl Deployment {
    /// Binds settings to a policy.
    ///
    /// # Errors
    /// A secret or param that the policy needs and the settings lack, a value of the
    /// wrong type, a secret that can't stand in a header, or a name that the policy does not know.
    pub fn new(policy: Arc<Policy>, settings: Settings) -> Result<Self, SettingsError> {
        Self::bind(policy, settings, ParamValue::read)
    }

    /// As [`Deployment::new`], for a test plan's settings: its params are in the manifest's
    /// units, as the compiler writes them.
    ///
    /// # Errors
    /// As [`Deployment::new`].
    pub fn for_test(policy: Arc<Policy>, settings: Settings) -> Result<Self, SettingsError> {
        Self::bind(policy, settings, ParamValue::from_manifest)
    }

    fn bind(
        policy: Arc<Policy>,
        mut settings: Settings,
        read: fn(&Param, &Value) -> Result<ParamValue, ParamError>,
    ) -> Result<Self, SettingsError> {
        let manifest = policy.manifest();
        let mut secrets = Vec::with_capacity(manifest.secrets.len());
        for name in &manifest.secrets {
            let secret = settings
                .secrets
                .get(name)
                .ok_or_else(|| SettingsError::MissingSecret(name.clone()))?;
            if HeaderValue::from_bytes(secret.reveal()).is_err() {
                return Err(SettingsError::UnusableSecret(name.clone()));
            }
            secrets.push(secret.clone());
        }
        let mut params = Vec::with_capacity(manifest.params.len());
        for param in &manifest.params {
            let value = match (settings.params.get(&param.name), &param.default) {
                (Some(given), _) => read(param, given),
                (None, Some(default)) => ParamValue::from_manifest(param, default),
                (None, None) => return Err(SettingsError::MissingParam(param.name.clone())),
            };
            let value = value.map_err(|error| SettingsError::Param {
                name: param.name.clone(),
                error,
            })?;
            params.push(value);
        }
        if let Some(name) = settings
            .secrets
            .keys()
            .find(|name| !manifest.secrets.contains(name))
        {
            return Err(SettingsError::UnknownSecret(name.clone()));
        }
        if let Some(name) = settings
            .params
            .keys()
            .find(|name| manifest.params.iter().all(|param| param.name != **name))
        {
            return Err(SettingsError::UnknownParam(name.clone()));
        }
        let backends = settings.backends.clone();
        let state = State::new(manifest, backends, settings.namespace.as_deref())?;
        let store = settings.cache.clone();
        let namespace = settings.namespace.as_deref();
        let caches = Caches::new(manifest, store, namespace, state.backends());
        let metrics = Metrics::new(manifest);
        settings.secrets.clear();
        settings.params.clear();
        Ok(Deployment {
            policy,
            secrets,
            params,
            state,
            caches,
            metrics,
            settings,
        })
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> &Arc<Policy> {
        &self.policy
    }

    /// The secrets, by the manifest's index.
    pub(crate) fn secrets(&self) -> &[Secret] {
        &self.secrets
    }

    /// The params' values, by the manifest's index.
    #[must_use]
    pub fn params(&self) -> &[ParamValue] {
        &self.params
    }

    /// What it remembers between requests.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What it keeps of origins' answers; none where it declares no cache.
    #[must_use]
    pub fn caches(&self) -> Option<&Caches> {
        self.caches.as_ref()
    }

    /// What is counted of its requests.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// What else was set; its secrets and params have moved here.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
}

/// Why settings don't fit a policy.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SettingsError {
    /// A secret is missing.
    #[error("the policy needs the secret `{0}`")]
    MissingSecret(String),
    /// A secret holds a byte that no header can hold (RFC 9110 5.5).
    #[error("the secret `{0}` holds a control character and can't stand in a header")]
    UnusableSecret(String),
    /// A secret that the policy does not declare.
    #[error("the policy has no secret `{0}`")]
    UnknownSecret(String),
    /// A param without a default is missing.
    #[error("the policy needs a value for the param `{0}`")]
    MissingParam(String),
    /// A param that the policy does not declare.
    #[error("the policy has no param `{0}`")]
    UnknownParam(String),
    /// A limit, store or counter that no backend can keep.
    #[error("the {what} `{name}`: {problem}")]
    Declared {
        /// `limit`, `store` or `counter`.
        what: &'static str,
        /// Its name.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// A param's value does not fit.
    #[error("the param `{name}`: {error}")]
    Param {
        /// Its name.
        name: String,
        /// What is wrong.
        error: ParamError,
    },
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::fixture::GuestFixture;
    use serde_json::json;

    fn bind(
        secrets: &[(&str, &str)],
        params: &[(&str, Value)],
    ) -> Result<Deployment, SettingsError> {
        let mut guest = GuestFixture::new();
        guest.manifest.as_object_mut().unwrap().insert(
            "params".into(),
            json!([
                {"name": "share", "type": "percent", "kind": "i64", "default": 0},
                {"name": "region", "type": "string", "kind": "bytes"}
            ]),
        );
        let secrets = secrets
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Secret::new(*value)))
            .collect();
        let params = params
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        Deployment::new(
            guest.policy(),
            Settings {
                secrets,
                params,
                ..Settings::default()
            },
        )
    }

    #[test]
    fn settings_and_policy_fit_each_other() {
        let region = || ("region", json!("eu"));
        let good = bind(&[("KEY", "abc")], &[region(), ("share", json!("5%"))]).unwrap();
        assert_eq!(
            good.params(),
            [ParamValue::I64(50_000), ParamValue::Bytes(b"eu".to_vec())]
        );
        assert!(
            !format!("{good:?}").contains("abc"),
            "a secret is never printed"
        );

        let error = |secrets: &[(&str, &str)], params: &[(&str, Value)]| {
            bind(secrets, params).unwrap_err().to_string()
        };
        assert_eq!(error(&[], &[region()]), "the policy needs the secret `KEY`");
        assert_eq!(
            error(&[("KEY", "a\nb")], &[region()]),
            "the secret `KEY` holds a control character and can't stand in a header"
        );
        assert_eq!(
            error(&[("KEY", "a"), ("KEX", "a")], &[region()]),
            "the policy has no secret `KEX`"
        );
        assert_eq!(
            error(&[("KEY", "a")], &[]),
            "the policy needs a value for the param `region`"
        );
        assert_eq!(
            error(&[("KEY", "a")], &[region(), ("share", json!(10))]),
            "the param `share`: `10` is not a percent; write `\"10%\"`, from `0%` to `100%`"
        );
        assert_eq!(
            error(&[("KEY", "a")], &[region(), ("shar", json!(1))]),
            "the policy has no param `shar`"
        );
        assert_eq!(
            error(&[("KEY", "a")], &[("region", json!(7))]),
            "the param `region`: `7` is not a string; write text in quotes, `\"text\"`"
        );
    }
}
