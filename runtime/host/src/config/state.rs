//! Where what policies remember is kept.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use edge_state::{Backend, Clock, OpenError};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};

use super::{SecretError, SecretSource};
use crate::state::Backends;

/// Where what policies remember is kept.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct State {
    /// Of all that has no URL of its own here, and of purges: `memory://`, `file:///var/lib/edge`,
    /// `redis://host`, with options as docs/state.md lists them. Default: `memory://`.
    pub url: StateUrl,
    /// Of rate limits. Default: `url`.
    pub limits: Option<StateUrl>,
    /// Of stores. Default: `url`.
    pub stores: Option<StateUrl>,
    /// Of counters. Default: `url`.
    pub counters: Option<StateUrl>,
    /// What names begin with there. Policies with the same one share what has the same name. Default: the policy's name.
    pub namespace: Option<String>,
}

/// A URL that may need a secret.
#[derive(Clone, PartialEq, Eq)]
pub enum StateUrl {
    /// As it stands there, but for `${NAME}`, which is what the environment variable NAME holds,
    /// percent-encoded.
    Text(String),
    /// All of it is a secret.
    Secret(SecretSource),
}

/// Why what policies remember can't be kept there.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// A part of a URL isn't where it should be.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// It can't be opened.
    #[error("`{setting}`: {error}")]
    Open {
        /// The setting, as `state.url`.
        setting: &'static str,
        /// Why.
        error: OpenError,
    },
}

impl State {
    /// Opens what the URLs name: each once. A service need not be there yet.
    ///
    /// # Errors
    /// A URL that is none, a file that can't be opened, or a secret that isn't where it should be.
    pub fn open(&self, folder: &Path) -> Result<Backends, StateError> {
        let mut opened: Vec<(String, Arc<dyn Backend>)> = Vec::new();
        let mut open = |setting, url: &StateUrl| -> Result<_, StateError> {
            let url = url.reveal(setting, folder)?;
            if let Some((_, backend)) = opened.iter().find(|(known, _)| *known == url) {
                return Ok(Arc::clone(backend));
            }
            let backend = edge_state::open(&url, Clock::System)
                .map_err(|error| StateError::Open { setting, error })?;
            opened.push((url, Arc::clone(&backend)));
            Ok(backend)
        };
        let url = &self.url;
        Ok(Backends {
            purges: open("state.url", url)?,
            limits: open("state.limits", self.limits.as_ref().unwrap_or(url))?,
            stores: open("state.stores", self.stores.as_ref().unwrap_or(url))?,
            counters: open("state.counters", self.counters.as_ref().unwrap_or(url))?,
            apart: false,
        })
    }
}

impl StateUrl {
    /// The URL with its secrets.
    pub(super) fn reveal(&self, setting: &str, folder: &Path) -> Result<String, SecretError> {
        match self {
            StateUrl::Secret(source) => {
                let secret = source.read(setting, folder)?;
                Ok(String::from_utf8_lossy(secret.reveal()).trim().to_owned())
            }
            StateUrl::Text(text) => {
                let mut url = String::with_capacity(text.len());
                let mut rest = text.as_str();
                while let Some((before, name, after)) = variable(rest) {
                    let source = SecretSource::Env(name.to_owned());
                    let secret = source.read(setting, folder)?;
                    url.push_str(before);
                    encode(&mut url, secret.reveal());
                    rest = after;
                }
                url.push_str(rest);
                Ok(url)
            }
        }
    }
}

/// What stands before the first `${NAME}`, the name, and what stands behind it.
fn variable(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("${")?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

/// RFC 3986, 2.1: all but what is unreserved.
fn encode(url: &mut String, bytes: &[u8]) {
    for byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                url.push(char::from(*byte));
            }
            byte => url.push_str(&format!("%{byte:02X}")),
        }
    }
}

/// Whether a password stands there that is not named only.
fn has_password(text: &str) -> bool {
    let login = text
        .split_once("://")
        .and_then(|(_, rest)| rest.rsplit_once('@'));
    let password = login.and_then(|(login, _)| login.split_once(':'));
    password.is_some_and(|(_, password)| !(password.starts_with("${") && password.ends_with('}')))
}

impl Default for StateUrl {
    fn default() -> Self {
        StateUrl::Text(String::from("memory://"))
    }
}

impl fmt::Debug for StateUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StateUrl::Text(text) => f.debug_tuple("Text").field(text).finish(),
            StateUrl::Secret(source) => f.debug_tuple("Secret").field(source).finish(),
        }
    }
}

impl<'de> Deserialize<'de> for StateUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UrlVisitor)
    }
}

struct UrlVisitor;

impl<'de> Visitor<'de> for UrlVisitor {
    type Value = StateUrl;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a URL such as `\"memory://\"`, or where it is: `{ env = \"NAME\" }` or `{ file = \"path\" }`",
        )
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<StateUrl, E> {
        if has_password(text) {
            return Err(E::custom(
                "a password must not stand in this file: write `${NAME}` in its place, for what the \
                 environment variable NAME holds, or `{ env = \"NAME\" }` or `{ file = \"path\" }` for the whole URL",
            ));
        }
        let mut rest = text;
        while let Some((_, found)) = rest.split_once("${") {
            let name = found.split_once('}').filter(|(name, _)| !name.is_empty());
            let Some((_, after)) = name else {
                return Err(E::custom("`${` needs a name and a `}` behind it"));
            };
            rest = after;
        }
        Ok(StateUrl::Text(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<StateUrl, A::Error> {
        SecretSource::deserialize(MapAccessDeserializer::new(map)).map(StateUrl::Secret)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::config::Config;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(text, Path::new("host.toml")).map_err(|error| error.to_string())
    }

    #[test]
    fn memory_is_the_default() {
        let backends = Config::default().state.open(Path::new("")).unwrap();
        assert_eq!(backends.limits.place(), "memory://");
        assert!(Arc::ptr_eq(&backends.limits, &backends.stores));
    }

    #[test]
    fn each_kind_may_have_a_place_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "[state]\nurl = \"memory://\"\nstores = \"file://{}\"\nnamespace = \"shop\"\n",
            folder.path().display()
        );
        let config = parse(&text).unwrap();
        assert_eq!(config.state.namespace.as_deref(), Some("shop"));
        let backends = config.state.open(Path::new("")).unwrap();
        assert!(Arc::ptr_eq(&backends.limits, &backends.counters));
        assert!(backends.stores.place().starts_with("file://"));
    }

    #[test]
    fn a_password_is_named_and_never_shown() {
        let error = parse("[state]\nurl = \"redis://edge:s3cret@host\"\n").unwrap_err();
        assert!(error.starts_with("host.toml:2: "), "{error}");
        assert!(
            error.contains("${NAME}") && !error.contains("s3cret"),
            "{error}"
        );
        let error = parse("[state]\nurl = \"redis://edge:${PASS@host\"\n").unwrap_err();
        assert!(error.contains("password"), "{error}");
        let url = StateUrl::Text(String::from("redis://edge:${PATH}@host/${PATH}"));
        let revealed = url.reveal("state.url", Path::new("")).unwrap();
        let path = std::env::var("PATH")
            .unwrap()
            .replace('/', "%2F")
            .replace(':', "%3A");
        assert!(
            revealed.contains(&format!("edge:{path}@host/{path}")),
            "{revealed}"
        );
        let url = StateUrl::Text(String::from("redis://:${EDGE_TEST_SURELY_UNSET}@host"));
        let error = url
            .reveal("state.url", Path::new(""))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("`state.url`") && error.contains("EDGE_TEST_SURELY_UNSET"),
            "{error}"
        );
    }

    #[test]
    fn a_whole_url_may_be_a_secret() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("url"), "memory://?bytes=2MiB\n").unwrap();
        let config = parse("[state]\nurl = { file = \"url\" }\n").unwrap();
        let backends = config.state.open(folder.path()).unwrap();
        assert_eq!(backends.limits.place(), "memory://");
    }

    #[test]
    fn what_is_wrong_is_named_with_its_setting() {
        let config = parse("[state]\ncounters = \"memcached://host\"\n").unwrap();
        let error = config.state.open(Path::new("")).unwrap_err().to_string();
        assert!(
            error.starts_with("`state.counters`: ") && error.contains("memcached"),
            "{error}"
        );
        assert!(
            parse("[state]\nuri = \"memory://\"\n")
                .unwrap_err()
                .contains("uri")
        );
        assert!(
            parse("[state]\nurl = 7\n")
                .unwrap_err()
                .contains("memory://")
        );
    }
}
