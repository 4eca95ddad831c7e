//! Redis' keys: which one belongs to what, without two things sharing one.

use sha2::{Digest, Sha256};

use crate::Failure;
use crate::key::{MAX_KEY, check};
use crate::limit::{Kind, Limit, MAX_NAME};

/// Makes keys, all with one prefix.
pub(super) struct Names {
    prefix: String,
    cluster: bool,
}

/// Keys of limits longer than that are hashed.
const LONG: usize = 64;

impl Names {
    pub(super) fn new(prefix: String, cluster: bool) -> Self {
        Self { prefix, cluster }
    }

    /// `edge:store:5:items:` and the key.
    pub(super) fn value(&self, store: &str, key: &[u8]) -> Result<Vec<u8>, Failure> {
        check("key", key.len(), MAX_KEY)?;
        check("name", store.len(), MAX_NAME)?;
        let mut name = format!("{}:store:{}:{store}:", self.prefix, store.len()).into_bytes();
        name.extend_from_slice(key);
        Ok(name)
    }

    /// What a counter's keys begin with: `edge:counter:5:views:`. In a cluster, all keys of a listed one are on one node.
    pub(super) fn counter(&self, counter: &str, listed: bool) -> Result<Vec<u8>, Failure> {
        check("name", counter.len(), MAX_NAME)?;
        Ok(if self.cluster && listed {
            format!("{}:counter:{{{}}}:", self.prefix, hex(counter.as_bytes()))
        } else {
            format!("{}:counter:{}:{counter}:", self.prefix, counter.len())
        }
        .into_bytes())
    }

    /// The index of a listed counter: its keys by name, and by their ends.
    pub(super) fn index(&self, counter: &str) -> [Vec<u8>; 2] {
        let name = if self.cluster {
            format!("{{{}}}", hex(counter.as_bytes()))
        } else {
            counter.to_owned()
        };
        ["keys", "ends"].map(|part| format!("{}:{part}:{name}", self.prefix).into_bytes())
    }

    /// A limit's state: `edge:limit:t:5:per_ip:60000:` and the key, or its SHA-256 if it is long. Two keys on one node for what
    /// happens at once.
    pub(super) fn limit(&self, limit: &Limit, key: &[u8]) -> Vec<Vec<u8>> {
        let (tag, per) = match limit.kind() {
            Kind::TokenBucket { per, .. } => ('t', per),
            Kind::SlidingWindow { per, .. } => ('w', per),
            Kind::AtOnce { .. } => ('a', 0),
        };
        let name = limit.name();
        let mut whole =
            format!("{}:limit:{tag}:{}:{name}:{per}:", self.prefix, name.len()).into_bytes();
        if tag == 'a' {
            whole.extend_from_slice(key);
            let digest = hex(&Sha256::digest(&whole));
            return ["leases", "sum"]
                .map(|part| format!("{}:{part}:{{{digest}}}", self.prefix).into_bytes())
                .into();
        }
        if key.len() > LONG {
            whole.extend_from_slice(format!("sha256:{}", hex(&Sha256::digest(key))).as_bytes());
        } else {
            whole.extend_from_slice(b"key:");
            whole.extend_from_slice(key);
        }
        vec![whole]
    }

    /// Where purges are told.
    pub(super) fn purges(&self) -> String {
        format!("{}:purge", self.prefix)
    }
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::HashSet;
    use std::time::Duration;

    use super::*;

    #[test]
    fn no_two_things_share_a_key() {
        let names = Names::new("edge".into(), true);
        let second = Duration::from_secs(1);
        let mut seen = HashSet::new();
        for (name, key) in [
            ("a", "b:c"),
            ("a:b", "c"),
            ("a:1:b", "c"),
            ("", "a"),
            ("a", ""),
        ] {
            let key = key.as_bytes();
            let bucket = Limit::token_bucket(name, 1, second, 0).unwrap();
            let slow = Limit::token_bucket(name, 1, 2 * second, 0).unwrap();
            let window = Limit::sliding_window(name, 1, second).unwrap();
            let at_once = Limit::at_once(name, 1).unwrap();
            let limits = [bucket, slow, window, at_once].map(|limit| names.limit(&limit, key));
            let all = limits
                .into_iter()
                .flatten()
                .chain([names.value(name, key).unwrap()]);
            for made in all.chain(
                [true, false]
                    .map(|listed| [&names.counter(name, listed).unwrap()[..], key].concat()),
            ) {
                assert!(
                    seen.insert(made.clone()),
                    "{}",
                    String::from_utf8_lossy(&made)
                );
            }
        }
    }

    #[test]
    fn long_keys_of_limits_are_hashed_and_others_are_too_large() {
        let names = Names::new("edge".into(), false);
        let limit = Limit::token_bucket("l", 1, Duration::from_secs(1), 0).unwrap();
        assert!(
            names
                .limit(&limit, &[0; 1 << 20])
                .iter()
                .all(|key| key.len() < 150)
        );
        assert!(matches!(
            names.value("s", &[0; 1025]),
            Err(Failure::TooLarge { what: "key", .. })
        ));
    }
}
