//! The tables of the file.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

use super::units::{self, Bytes, Span};
use super::{SecretSource, ranges};

/// Bounds on what one client can take. Times are from a millisecond to a day.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Longest request head, request line included; beyond: 431. From 8 to 64 KiB. Default: `64KiB`.
    #[serde(deserialize_with = "ranges::head")]
    pub head: Bytes,
    /// Most header fields of a request; beyond: 431. At most 1000. Default: 100.
    #[serde(deserialize_with = "ranges::number::<_, 1, 1000>")]
    pub headers: usize,
    /// Most connections at a time; beyond: 503 and a close. At most a million. Default: 10000.
    #[serde(deserialize_with = "ranges::number::<_, 1, 1_000_000>")]
    pub connections: usize,
    /// Longest time from a head's first byte to its last; beyond: a close. Default: `30s`.
    #[serde(deserialize_with = "ranges::time")]
    pub head_timeout: Span,
    /// Longest time between two requests of a connection; beyond: a close. Default: `75s`.
    #[serde(deserialize_with = "ranges::time")]
    pub idle_timeout: Span,
    /// Longest silence of a client while its body is awaited; beyond: a close. Default: `30s`.
    #[serde(deserialize_with = "ranges::time")]
    pub body_timeout: Span,
    /// Longest time in which a client takes no byte of what is sent to it; beyond: a close.
    /// Default: `30s`.
    #[serde(deserialize_with = "ranges::time")]
    pub write_timeout: Span,
    /// Whether a client that has closed its sending side still gets its answer. When false,
    /// it is taken for gone, and what it asked for is given up. Default: false.
    pub half_close: bool,
    /// Most idle connections that a worker keeps to one origin, at most 100000. Default: 128.
    #[serde(deserialize_with = "ranges::number::<_, 0, 100_000>")]
    pub origin_idle: usize,
}

/// The access log: one JSON object a line, for each request.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// `"stdout"`, `"off"` or `{ file = "access.log" }`. Default: `"stdout"`.
    pub target: LogTarget,
    /// Most lines that wait to be written; beyond, lines are dropped and counted. At most a million.
    /// Default: 8192.
    #[serde(deserialize_with = "ranges::number::<_, 1, 1_000_000>")]
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

/// What operators ask the host itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Admin {
    /// Address and port to listen on for `/metrics` and `/healthz`; port 0 lets the system choose. Where
    /// other machines can reach it, it needs a token. Default: nowhere.
    #[serde(deserialize_with = "units::some_address")]
    pub listen: Option<SocketAddr>,
    /// Where the token comes from that requests must have, but those to `/healthz`. Default: none.
    pub token: Option<SecretSource>,
    /// The longest life of a connection, from a millisecond to a day; beyond: a close. Default: `10s`.
    #[serde(deserialize_with = "ranges::time")]
    pub timeout: Span,
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
            origin_idle: 128,
        }
    }
}

impl Default for Admin {
    fn default() -> Self {
        Self {
            listen: None,
            token: None,
            timeout: Span::from_secs(10),
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
