//! What an operator sets: the file `host.toml`.
//!
//! Every setting has a default, so an empty file is a valid one. Durations are written
//! as in the language (`250ms`, `5s`, `1m30s`), sizes too (`64KiB`, `10MiB`). Unknown
//! settings are errors: a typing error must not turn a limit off. Relative paths start
//! at the folder of the file that names them.

mod secret;
mod units;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de;
use serde_json::Value;

use crate::settings::{Geo, GeoTable, Network, Settings};

pub use secret::{SecretError, SecretSource};
pub use units::{Bytes, Span};

/// The host's settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Address and port to listen on; port 0 lets the system choose. Default: `127.0.0.1:8080`.
    pub listen: SocketAddr,
    /// Threads that serve, each with an instance of the policy. Default: one for each
    /// processor that the process may use.
    pub workers: Option<usize>,
    /// How long requests in flight may go on after SIGTERM or SIGINT. Default: `30s`.
    pub shutdown_deadline: Span,
    /// Peers whose `X-Forwarded-*` and `Forwarded` are believed, as networks. Default: none.
    #[serde(deserialize_with = "networks")]
    pub trusted_proxies: Vec<Network>,
    /// Bounds on what one client can take.
    pub limits: Limits,
    /// The access log.
    pub log: Log,
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
    /// The folder that relative paths start from.
    #[serde(skip)]
    pub folder: PathBuf,
}

/// Bounds on what one client can take.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Longest request head, request line included; beyond: 431. From 8 to 64 KiB. Default: `64KiB`.
    pub head: Bytes,
    /// Most header fields of a request; beyond: 431. Default: 100.
    pub headers: usize,
    /// Most connections at a time; beyond: 503 and a close. Default: 10000.
    pub connections: usize,
    /// Longest time from a head's first byte to its last; beyond: a close. Default: `30s`.
    pub head_timeout: Span,
    /// Longest time between two requests of a connection; beyond: a close. Default: `75s`.
    pub idle_timeout: Span,
    /// Longest silence of a client while its body is awaited; beyond: a close. Default: `30s`.
    pub body_timeout: Span,
    /// Longest time in which a client takes no byte of what is sent to it; beyond: a close.
    /// Default: `30s`.
    pub write_timeout: Span,
    /// Whether a client that has closed its sending side still gets its answer. When false,
    /// it is taken for gone, and what it asked for is given up. Default: false.
    pub half_close: bool,
    /// Most idle connections that a worker keeps to one origin. Default: 64.
    pub origin_idle: usize,
}

/// The access log: one JSON object a line, for each request.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// `"stdout"`, `"off"` or `{ file = "access.log" }`. Default: `"stdout"`.
    pub target: LogTarget,
    /// Most lines that wait to be written; beyond, lines are dropped and counted. Default: 8192.
    pub queue: usize,
}

/// Where the access log goes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogTarget {
    /// The standard output.
    Stdout,
    /// Nowhere.
    Off,
    /// A file; lines are appended.
    File(PathBuf),
}

/// Settings of one origin.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Origin {
    /// Used instead of the policy's `url`: `http://host[:port]` or `https://…`.
    pub url: Option<String>,
}

/// Facts about this host's place.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Edge {
    /// The point of presence.
    pub pop: Option<String>,
    /// The region.
    pub region: Option<String>,
}

/// Encrypted connections to origins.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// PEM file with certificates that are trusted beside the system's own.
    pub ca: Option<PathBuf>,
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
        source: std::io::Error,
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
}

impl Config {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// When the file can't be read or isn't valid; the message names file and line.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
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
        config.check().map_err(|message| invalid(1, message))?;
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
        })
    }

    fn geo_table(&self) -> GeoTable {
        let mut places = self.geo_networks.clone();
        places.push((Network::ALL, self.geo.clone()));
        GeoTable::new(places)
    }

    fn check(&self) -> Result<(), String> {
        let positive = [
            ("workers", self.worker_count()),
            ("limits.headers", self.limits.headers),
            ("limits.connections", self.limits.connections),
            ("log.queue", self.log.queue),
        ];
        for (name, value) in positive {
            if value == 0 {
                return Err(format!("`{name}` must be at least 1"));
            }
        }
        let head = self.limits.head.0;
        if !(8 << 10..=64 << 10).contains(&head) {
            return Err("`limits.head` must be between `8KiB` and `64KiB`".to_owned());
        }
        Ok(())
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
            origins: BTreeMap::new(),
            secrets: BTreeMap::new(),
            params: BTreeMap::new(),
            geo: Geo::default(),
            geo_networks: Vec::new(),
            edge: Edge::default(),
            tls: Tls::default(),
            folder: PathBuf::new(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: Bytes(64 << 10),
            headers: 100,
            connections: 10_000,
            head_timeout: Span::from_secs(30),
            idle_timeout: Span::from_secs(75),
            body_timeout: Span::from_secs(30),
            write_timeout: Span::from_secs(30),
            half_close: false,
            origin_idle: 64,
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self {
            target: LogTarget::Stdout,
            queue: 8192,
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn parse(text: &str) -> Result<Config, ConfigError> {
        Config::parse(text, Path::new("conf/host.toml"))
    }

    fn problem(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn an_empty_file_is_the_default() {
        let config = parse("").unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.limits.head, Bytes(65_536));
        assert_eq!(config.log.target, LogTarget::Stdout);
        assert_eq!(config.shutdown_deadline, Span::from_secs(30));
        assert!(config.worker_count() > 0);
    }

    #[test]
    fn a_whole_file() {
        let config = parse(
            r#"
            listen = "[::1]:0"
            workers = 3
            shutdown_deadline = "1m30s"
            trusted_proxies = ["10.0.0.0/8", "::1"]
            [limits]
            head = "16KiB"
            head_timeout = "250ms"
            [log]
            target = { file = "access.log" }
            queue = 4
            [origins.shop]
            url = "http://127.0.0.1:9000"
            [secrets]
            KEY = { env = "APP_KEY" }
            OTHER = { file = "other.txt" }
            [params]
            ramp = "12.5%"
            [geo]
            country = "DE"
            asn = 3320
            [geo_networks]
            "203.0.113.0/24" = { country = "FR" }
            [edge]
            pop = "fra"
            [tls]
            ca = "ca.pem"
            "#,
        )
        .unwrap();
        assert_eq!(config.worker_count(), 3);
        assert_eq!(config.shutdown_deadline, Span::from_secs(90));
        assert_eq!(
            config.trusted_proxies,
            ["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()]
        );
        assert_eq!(config.log.target, LogTarget::File("access.log".into()));
        assert_eq!(
            config.resolve(Path::new("ca.pem")),
            Path::new("conf/ca.pem")
        );
        assert_eq!(
            config.secrets.get("KEY"),
            Some(&SecretSource::Env("APP_KEY".into()))
        );
        assert_eq!(config.geo.asn, Some(3320));
        let country = |ip: &str| {
            config
                .geo_table()
                .locate(ip.parse().unwrap())
                .unwrap()
                .country
                .clone()
        };
        assert_eq!(country("203.0.113.9").as_deref(), Some("FR"));
        assert_eq!(country("192.0.2.1").as_deref(), Some("DE"));
    }

    #[test]
    fn problems_name_file_line_and_setting() {
        let text = problem("workers = 1\n[limits]\nheed = \"1KiB\"\n");
        assert!(text.starts_with("conf/host.toml:3: "), "{text}");
        assert!(text.contains("unknown field `heed`"), "{text}");
        assert!(
            problem("[limits]\nhead_timeout = 5").contains("5s"),
            "a number lacks its unit"
        );
        assert!(problem("[limits]\nhead = \"1KiB\"").contains("limits.head"));
        assert!(problem("workers = 0").contains("`workers`"));
        assert!(problem("trusted_proxies = [\"10.0.0.0/40\"]").contains("10.0.0.0/40"));
    }

    #[test]
    fn a_secret_never_stands_in_the_file() {
        let text = problem("[secrets]\nKEY = \"hunter2\"\n");
        assert!(
            text.contains(":2: a secret must not stand in this file"),
            "{text}"
        );
        assert!(!text.contains("hunter2"), "{text}");
        assert!(problem("[secrets]\nKEY = { value = \"x\" }").contains("unknown field `value`"));
        assert!(problem("[secrets]\nKEY = {}").contains("needs `env` or `file`"));
        assert!(problem("[secrets]\nKEY = { env = \"A\", file = \"b\" }").contains("not both"));
    }
}
