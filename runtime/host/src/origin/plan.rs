//! Where origins are and whom they are trusted by: the same for all workers.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use edge_abi::manifest::{Manifest, Target};
use http::{HeaderMap, HeaderValue, header};

use super::address::Address;
use super::tls::{self, TlsError};
use crate::config::Config;

/// Where the origins of a policy are, and what they are trusted by.
#[derive(Clone)]
pub struct OriginPlan {
    /// By target; pools have no address of their own.
    pub(super) origins: Arc<[Option<Planned>]>,
    pub(super) tls: Option<tokio_rustls::TlsConnector>,
    pub(super) max_idle: usize,
}

pub(super) struct Planned {
    pub(super) address: Address,
    pub(super) idle: Duration,
    /// The `Host` of the policy's URL, and that of the URL which is used instead.
    host: Option<(HeaderValue, HeaderValue)>,
}

/// Why the origins of a policy can't be used as they are configured.
#[derive(Debug, thiserror::Error)]
pub enum OriginError {
    /// The configuration names an origin that the policy doesn't have.
    #[error("`[origins.{name}]`: the policy has no origin of that name; it has {known}")]
    Unknown {
        /// The name.
        name: String,
        /// The names that there are, as text.
        known: String,
    },
    /// An origin's URL can't be used.
    #[error("origin `{name}`: `{url}` is not `http://host[:port]` or `https://host[:port]`")]
    Url {
        /// The origin.
        name: String,
        /// Its URL.
        url: String,
    },
    /// Trusted certificates can't be loaded.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl OriginPlan {
    /// Checks the URLs of the policy's origins, or those that the configuration sets
    /// instead, and loads the trusted certificates when one of them is `https`.
    ///
    /// # Errors
    /// When a URL or a certificate can't be used, or the configuration names an origin
    /// that the policy doesn't have.
    pub fn new(manifest: &Manifest, config: &Config) -> Result<Self, OriginError> {
        let origins = manifest
            .targets
            .iter()
            .map(|target| planned(target, config))
            .collect::<Result<Vec<_>, _>>()?;
        let known = |name: &str| {
            manifest
                .targets
                .iter()
                .any(|target| matches!(target, Target::Origin(o) if o.name == name))
        };
        if let Some(name) = config.origins.keys().find(|name| !known(name)) {
            return Err(OriginError::Unknown {
                name: name.clone(),
                known: names(manifest),
            });
        }
        let encrypted = origins
            .iter()
            .flatten()
            .any(|origin| origin.address.tls.is_some());
        // A file that is named must be there, whether or not it is needed today.
        let tls = (encrypted || config.tls.ca.is_some())
            .then(|| {
                tls::connector(
                    config
                        .tls
                        .ca
                        .as_deref()
                        .map(|ca| config.resolve(ca))
                        .as_deref(),
                )
            })
            .transpose()?;
        Ok(Self {
            origins: origins.into(),
            tls,
            max_idle: config.limits.origin_idle,
        })
    }

    /// One origin that no policy names, which keeps idle connections for a minute. `ca` is what is trusted beside the
    /// system's own certificates.
    ///
    /// # Errors
    /// When a certificate can't be used.
    pub(crate) fn one(address: Address, ca: Option<&Path>) -> Result<Self, TlsError> {
        let tls = address.tls.is_some().then(|| tls::connector(ca));
        let planned = Planned {
            address,
            idle: Duration::from_secs(60),
            host: None,
        };
        Ok(Self {
            origins: [Some(planned)].into(),
            tls: tls.transpose()?,
            max_idle: 128,
        })
    }
}

/// The origins' names, for a message.
fn names(manifest: &Manifest) -> String {
    let names = manifest.targets.iter().filter_map(|target| match target {
        Target::Origin(origin) => Some(format!("`{}`", origin.name)),
        Target::Pool(_) => None,
    });
    let names: Vec<String> = names.collect();
    match names.is_empty() {
        true => "none".to_owned(),
        false => names.join(", "),
    }
}

fn planned(target: &Target, config: &Config) -> Result<Option<Planned>, OriginError> {
    let Target::Origin(origin) = target else {
        return Ok(None);
    };
    let replacement = config
        .origins
        .get(&origin.name)
        .and_then(|settings| settings.url.as_ref());
    let url = replacement.unwrap_or(&origin.url);
    let address = Address::parse(url).ok_or_else(|| OriginError::Url {
        name: origin.name.clone(),
        url: url.clone(),
    })?;
    let host = replacement
        .filter(|_| origin.host.is_none())
        .and_then(|url| Some((crate::target::host(target)?, authority(url)?)));
    Ok(Some(Planned {
        address,
        idle: Duration::from_millis(origin.idle_ms),
        host,
    }))
}

fn authority(url: &str) -> Option<HeaderValue> {
    let uri: http::Uri = url.parse().ok()?;
    HeaderValue::from_str(uri.authority()?.as_str()).ok()
}

impl Planned {
    /// An origin that is elsewhere than the policy says also has another name.
    pub(super) fn set_host(&self, headers: &mut HeaderMap) {
        if let Some((old, new)) = &self.host
            && let Some(host) = headers.get_mut(header::HOST)
            && host == old
        {
            host.clone_from(new);
        }
    }
}
