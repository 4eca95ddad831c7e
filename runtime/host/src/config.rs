//! What an operator sets: the file `host.toml`.
//!
//! Every setting has a default, so an empty file is a valid one. Durations are written
//! as in the language (`250ms`, `5s`, `1m30s`), sizes too (`64KiB`, `10MiB`). Unknown
//! settings are errors: a typing error must not turn a limit off. Relative paths start
//! at the folder of the file that names them.

mod cache;
mod given;
mod ranges;
mod secret;
mod sections;
mod state;
mod units;

use crate::file::ReadError;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de;

use crate::settings::{Geo, Network};

pub use cache::{Cache, CacheError};
pub use secret::{SecretError, SecretSource};
pub use sections::{Admin, Edge, Limits, Log, LogTarget, Origin, Tls};
pub use state::{State, StateError, StateUrl};
pub use units::{Bytes, Span};

/// The host's settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Address and port to listen on; port 0 lets the system choose. Default: `127.0.0.1:8080`.
    #[serde(deserialize_with = "units::address")]
    pub listen: SocketAddr,
    /// Threads that serve, each with an instance of the policy. Default: one for each
    /// processor that the process may use. At most 1024.
    #[serde(deserialize_with = "ranges::some_number::<_, 1, 1024>")]
    pub workers: Option<usize>,
    /// How long requests in flight may go on after SIGTERM or SIGINT, up to a day. Default: `30s`.
    #[serde(deserialize_with = "ranges::time_or_none")]
    pub shutdown_deadline: Span,
    /// Peers whose `X-Forwarded-*` and `Forwarded` are believed, as networks. Default: none.
    #[serde(deserialize_with = "networks")]
    pub trusted_proxies: Vec<Network>,
    /// Bounds on what one client can take.
    pub limits: Limits,
    /// The access log.
    pub log: Log,
    /// What operators ask the host itself.
    pub admin: Admin,
    /// Settings of origins, by their name in the policy.
    pub origins: BTreeMap<String, Origin>,
    /// Where secrets come from, by their name in the policy.
    pub secrets: BTreeMap<String, SecretSource>,
    /// Values of params, by their name in the policy.
    pub params: BTreeMap<String, toml::Value>,
    /// Where clients are that no network of `geo_networks` holds.
    pub geo: Geo,
    /// Where the clients of a network are; the longest prefix wins.
    #[serde(deserialize_with = "places")]
    pub geo_networks: Vec<(Network, Geo)>,
    /// Where this host is.
    pub edge: Edge,
    /// Encrypted connections to origins.
    pub tls: Tls,
    /// Where what policies remember is kept.
    pub state: State,
    /// What is kept of origins' answers, and how much.
    pub cache: Cache,
    /// The folder that relative paths start from.
    #[serde(skip)]
    pub folder: PathBuf,
    /// All this as it was written.
    #[serde(skip)]
    source: toml::Table,
}

/// Why settings can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("cannot read `{}`: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ReadError,
    },
    /// The file isn't valid.
    #[error("{}:{line}: {message}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong. The line itself is not repeated: a secret might stand there.
        message: String,
    },
    /// A single setting isn't valid.
    #[error("`--set {name}`: {message}")]
    Set {
        /// Its name.
        name: String,
        /// What is wrong.
        message: String,
    },
}

impl Config {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// When the file can't be read or isn't valid; the message names file and line.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let bytes = crate::file::read(path, crate::file::CONFIG);
        let text = bytes.and_then(|bytes| {
            String::from_utf8(bytes).map_err(|error| ReadError::System(io::Error::other(error)))
        });
        let text = text.map_err(|source| ConfigError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, path)
    }

    /// Takes `text` as the content of the file `path`, which need not exist.
    ///
    /// # Errors
    /// When the text isn't valid; the message names file and line.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let invalid = |line, message| ConfigError::Invalid {
            path: path.to_owned(),
            line,
            message,
        };
        let mut config: Self = toml::from_str(text).map_err(|error| {
            let before = error
                .span()
                .and_then(|span| text.get(..span.start))
                .unwrap_or_default();
            invalid(before.matches('\n').count() + 1, error.message().to_owned())
        })?;
        // It was read once already.
        config.source = text.parse().unwrap_or_default();
        config.folder = path.parent().unwrap_or(Path::new("")).to_owned();
        Ok(config)
    }

    /// `path`, seen from the folder of the configuration.
    #[must_use]
    pub fn resolve(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }

    /// Threads that serve.
    #[must_use]
    pub fn worker_count(&self) -> usize {
        self.workers
            .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, Into::into))
    }

    /// Changes one setting: `geo.country=DE`. The value is read as in the file; where that
    /// makes no sense, as a string. What was changed by other means than the file and this
    /// function is forgotten.
    ///
    /// # Errors
    /// When there is no such setting, or the value doesn't fit it; then nothing changes.
    pub fn set(&mut self, assignment: &str) -> Result<(), ConfigError> {
        let (name, value) = match assignment.split_once('=') {
            Some((name, value)) => (name.trim(), Some(value.trim())),
            None => (assignment.trim(), None),
        };
        let wrong = |message: String| ConfigError::Set {
            name: name.to_owned(),
            message,
        };
        let Some(value) = value.filter(|_| !name.is_empty()) else {
            return Err(wrong(
                "expected NAME=VALUE, such as `geo.country=DE`".to_owned(),
            ));
        };
        let text = toml::Value::String(value.to_owned());
        let as_text = self.with(name, text);
        // The more telling problem is that of the value as it would stand in the file.
        let changed = match value.parse::<toml::Value>() {
            Ok(value) => self
                .with(name, value)
                .or_else(|problem| as_text.map_err(|_| problem)),
            Err(_) => as_text,
        };
        *self = changed.map_err(wrong)?;
        Ok(())
    }

    /// A copy in which one setting has this value.
    fn with(&self, name: &str, value: toml::Value) -> Result<Self, String> {
        let mut source = self.source.clone();
        let mut table = &mut source;
        let mut keys: Vec<&str> = name.split('.').collect();
        let last = keys.pop().unwrap_or_default();
        for key in keys {
            let entry = table
                .entry(key)
                .or_insert_with(|| toml::Table::new().into());
            table = entry
                .as_table_mut()
                .ok_or_else(|| format!("`{key}` is not a table"))?;
        }
        table.insert(last.to_owned(), value);
        let mut config: Self = source
            .clone()
            .try_into()
            .map_err(|error: toml::de::Error| error.message().to_owned())?;
        config.folder.clone_from(&self.folder);
        config.source = source;
        Ok(config)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            workers: None,
            shutdown_deadline: Span::from_secs(30),
            trusted_proxies: Vec::new(),
            limits: Limits::default(),
            log: Log::default(),
            admin: Admin::default(),
            origins: BTreeMap::new(),
            secrets: BTreeMap::new(),
            params: BTreeMap::new(),
            geo: Geo::default(),
            geo_networks: Vec::new(),
            edge: Edge::default(),
            tls: Tls::default(),
            state: State::default(),
            cache: Cache::default(),
            folder: PathBuf::new(),
            source: toml::Table::new(),
        }
    }
}

fn networks<'de, D: de::Deserializer<'de>>(deserializer: D) -> Result<Vec<Network>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts
        .iter()
        .map(|text| text.parse().map_err(de::Error::custom))
        .collect()
}

fn places<'de, D: de::Deserializer<'de>>(deserializer: D) -> Result<Vec<(Network, Geo)>, D::Error> {
    let places = BTreeMap::<String, Geo>::deserialize(deserializer)?;
    let place = |(text, geo): (String, Geo)| Ok((text.parse().map_err(de::Error::custom)?, geo));
    places.into_iter().map(place).collect()
}

#[cfg(test)]
mod tests;
