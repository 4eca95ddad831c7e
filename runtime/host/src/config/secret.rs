//! Secrets: where they come from, never what they are.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};

use crate::{file, settings::Secret};

/// Where a secret comes from. A secret itself is never written in `host.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// `{ env = "NAME" }`: an environment variable.
    Env(String),
    /// `{ file = "path" }`: a file's content, without one newline at its end.
    File(PathBuf),
    /// Its own name, for trying out a policy; no file can say so.
    OwnName,
}

/// A secret that isn't where it should be.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The variable isn't set.
    #[error("the secret `{name}`: the environment variable `{variable}` is not set")]
    Env {
        /// The secret.
        name: String,
        /// The variable.
        variable: String,
    },
    /// The file can't be read.
    #[error("the secret `{name}`: cannot read `{}`: {source}", path.display())]
    File {
        /// The secret.
        name: String,
        /// The file.
        path: PathBuf,
        /// Why.
        source: file::ReadError,
    },
    /// There is nothing in it.
    #[error("the secret `{name}` is empty: what is sent with it would go out without it")]
    Empty {
        /// The secret.
        name: String,
    },
}

impl SecretSource {
    /// Reads the secret called `name`; a relative path starts at `folder`.
    ///
    /// # Errors
    /// When there is no such variable or file.
    pub fn read(&self, name: &str, folder: &Path) -> Result<Secret, SecretError> {
        let bytes = self.bytes(name, folder)?;
        if bytes.is_empty() {
            let name = name.to_owned();
            return Err(SecretError::Empty { name });
        }
        Ok(Secret::new(bytes))
    }

    fn bytes(&self, name: &str, folder: &Path) -> Result<Vec<u8>, SecretError> {
        match self {
            Self::OwnName => Ok(name.as_bytes().to_vec()),
            Self::Env(variable) => match std::env::var_os(variable) {
                Some(value) => Ok(value.into_encoded_bytes()),
                None => Err(SecretError::Env {
                    name: name.to_owned(),
                    variable: variable.clone(),
                }),
            },
            Self::File(path) => {
                let path = folder.join(path);
                match file::read(&path, file::SECRET) {
                    Ok(bytes) => Ok(without_newline(bytes)),
                    Err(source) => Err(SecretError::File {
                        name: name.to_owned(),
                        path,
                        source,
                    }),
                }
            }
        }
    }
}

fn without_newline(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.ends_with(b"\n") {
        bytes.pop();
        if bytes.ends_with(b"\r") {
            bytes.pop();
        }
    }
    bytes
}

impl<'de> Deserialize<'de> for SecretSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SourceVisitor)
    }
}

/// Reads a source; a secret that stands in the file itself is answered with advice, and
/// not repeated.
struct SourceVisitor;

impl<'de> Visitor<'de> for SourceVisitor {
    type Value = SecretSource;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`{ env = \"NAME\" }` or `{ file = \"path\" }`")
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<SecretSource, E> {
        Err(E::custom(
            "a secret must not stand in this file: write `{ env = \"NAME\" }` or `{ file = \"path\" }`",
        ))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SecretSource, A::Error> {
        let mut source = None;
        while let Some(key) = map.next_key::<String>()? {
            let next = match key.as_str() {
                "env" => SecretSource::Env(map.next_value()?),
                "file" => SecretSource::File(map.next_value()?),
                _ => return Err(de::Error::unknown_field(&key, &["env", "file"])),
            };
            if source.replace(next).is_some() {
                return Err(de::Error::custom(
                    "a secret comes from `env` or from `file`, not both",
                ));
            }
        }
        source.ok_or_else(|| de::Error::custom("a secret needs `env` or `file`"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_file_loses_one_newline() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("key"), "a b\n\r\n").unwrap();
        let secret = SecretSource::File("key".into())
            .read("KEY", folder.path())
            .unwrap();
        assert_eq!(secret, Secret::new(&b"a b\n"[..]));
    }

    #[test]
    fn what_is_missing_is_named() {
        let missing = SecretSource::File("nowhere".into()).read("KEY", Path::new("/nonexistent"));
        let text = missing.unwrap_err().to_string();
        assert!(
            text.contains("`KEY`") && text.contains("/nonexistent/nowhere"),
            "{text}"
        );
        let unset = SecretSource::Env("EDGE_TEST_SURELY_UNSET".into()).read("KEY", Path::new(""));
        assert!(
            unset
                .unwrap_err()
                .to_string()
                .contains("EDGE_TEST_SURELY_UNSET")
        );
    }

    #[test]
    fn single_settings_say_where_a_secret_is() {
        let mut config = crate::config::Config::default();
        config.set("secrets.A.file=a.txt").unwrap();
        config.set("secrets.B.env=B").unwrap();
        let source = |name: &str| config.secrets.get(name).cloned();
        assert_eq!(source("A"), Some(SecretSource::File("a.txt".into())));
        assert_eq!(source("B"), Some(SecretSource::Env("B".into())));
    }

    #[test]
    fn a_variable_is_taken_as_it_is() {
        let path = SecretSource::Env("PATH".into())
            .read("KEY", Path::new(""))
            .unwrap();
        assert_eq!(path, Secret::new(std::env::var("PATH").unwrap()));
    }
}
