//! Single declarations, as backends know them.

use std::fmt::Write as _;
use std::time::Duration;

use edge_abi::manifest::{self, Fail, OnFailure, Rate};
use http::HeaderValue;

use crate::settings::SettingsError;

/// A rate limit.
#[derive(Debug)]
pub(crate) struct Limit {
    /// Its name in the policy.
    pub(crate) name: String,
    pub(crate) limit: edge_state::Limit,
    /// The rule that refuses.
    pub(crate) rule: u32,
    pub(crate) shadow: bool,
    pub(crate) fail: Fail,
    /// Its name as a string of structured fields (RFC 9651, 3.3.3); none when it can't be one.
    pub(crate) item: Option<String>,
    /// Its member of `RateLimit-Policy`.
    pub(crate) policy: Option<HeaderValue>,
}

/// A store of values.
#[derive(Debug)]
pub(crate) struct Store {
    /// Its name in the policy.
    pub(crate) name: String,
    full_name: String,
    ttl: Option<Duration>,
    pub(crate) max_value: usize,
    pub(crate) on_failure: OnFailure,
}

/// Counters.
#[derive(Debug)]
pub(crate) struct Counter {
    /// Its name in the policy.
    pub(crate) name: String,
    full_name: String,
    expire: Option<Duration>,
    pub(crate) listed: bool,
    pub(crate) on_failure: OnFailure,
}

impl Limit {
    pub(super) fn new(
        namespace: &str,
        declared: &manifest::RateLimit,
    ) -> Result<Self, SettingsError> {
        let full_name = full_name(namespace, "limit", &declared.name)?;
        let limit = match declared.rate {
            Rate::TokenBucket {
                amount,
                per_ms,
                burst,
            } => {
                let per = Duration::from_millis(per_ms);
                edge_state::Limit::token_bucket(&full_name, amount, per, burst)
            }
            Rate::SlidingWindow { amount, per_ms } => {
                let per = Duration::from_millis(per_ms);
                edge_state::Limit::sliding_window(&full_name, amount, per)
            }
            Rate::AtOnce { amount } => edge_state::Limit::at_once(&full_name, amount),
        };
        let limit = limit.map_err(|error| SettingsError::Declared {
            what: "limit",
            name: declared.name.clone(),
            problem: error.to_string(),
        })?;
        let item = item(&declared.name);
        let policy = item.as_ref().map(|item| policy(item, declared.rate));
        let policy = policy.and_then(|policy| HeaderValue::try_from(policy).ok());
        Ok(Limit {
            name: declared.name.clone(),
            limit,
            rule: declared.rule,
            shadow: declared.shadow,
            fail: declared.fail,
            item,
            policy,
        })
    }

    /// Whether it counts what happens at once.
    pub(crate) fn is_at_once(&self) -> bool {
        matches!(self.limit.kind(), edge_state::Kind::AtOnce { .. })
    }
}

impl Store {
    pub(super) fn new(namespace: &str, declared: &manifest::Store) -> Result<Self, SettingsError> {
        Ok(Store {
            name: declared.name.clone(),
            full_name: full_name(namespace, "store", &declared.name)?,
            ttl: declared.ttl_ms.map(Duration::from_millis),
            max_value: declared.max_value as usize,
            on_failure: declared.on_failure,
        })
    }

    /// As its backend is told of it.
    pub(crate) fn declared(&self) -> edge_state::Store<'_> {
        edge_state::Store {
            name: &self.full_name,
            ttl: self.ttl,
            max_value: self.max_value,
        }
    }
}

impl Counter {
    pub(super) fn new(
        namespace: &str,
        declared: &manifest::Counter,
    ) -> Result<Self, SettingsError> {
        Ok(Counter {
            name: declared.name.clone(),
            full_name: full_name(namespace, "counter", &declared.name)?,
            expire: declared.expire_ms.map(Duration::from_millis),
            listed: declared.listed,
            on_failure: declared.on_failure,
        })
    }

    /// As its backend is told of it.
    pub(crate) fn declared(&self) -> edge_state::Counter<'_> {
        edge_state::Counter {
            name: &self.full_name,
            expire: self.expire,
            listed: self.listed,
        }
    }
}

fn full_name(namespace: &str, what: &'static str, name: &str) -> Result<String, SettingsError> {
    let full = format!("{namespace}/{name}");
    if full.len() <= edge_state::MAX_NAME {
        return Ok(full);
    }
    Err(SettingsError::Declared {
        what,
        name: name.to_owned(),
        problem: format!(
            "with its namespace it is longer than {} bytes; a shorter `namespace` makes room",
            edge_state::MAX_NAME
        ),
    })
}

/// A name as a string of structured fields.
fn item(name: &str) -> Option<String> {
    if !name.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return None;
    }
    let escaped = name.replace('\\', "\\\\").replace('"', "\\\"");
    Some(format!("\"{escaped}\""))
}

/// A limit's member of `RateLimit-Policy`: `q` is the most that can be taken at once, so that what remains is
/// never more than it; `w` the time in which `amount` comes back, in whole seconds.
fn policy(item: &str, rate: Rate) -> String {
    let mut text = String::from(item);
    // Writing to a string can't fail.
    let _ = match rate {
        Rate::TokenBucket {
            amount,
            per_ms,
            burst,
        } => write!(
            text,
            ";q={};w={}",
            integer(amount.saturating_add(burst)),
            per_ms.div_ceil(1000)
        ),
        Rate::SlidingWindow { amount, per_ms } => {
            write!(text, ";q={amount};w={}", per_ms.div_ceil(1000))
        }
        Rate::AtOnce { amount } => write!(text, ";q={amount};qu=\"concurrent-requests\""),
    };
    text
}

/// RFC 9651, 3.3.1: at most 15 digits.
pub(crate) fn integer(number: u64) -> u64 {
    number.min(999_999_999_999_999)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_members_of_a_structured_field() {
        let of = |name: &str, rate| item(name).map(|item| policy(&item, rate));
        let bucket = Rate::TokenBucket {
            amount: 100,
            per_ms: 60_000,
            burst: 20,
        };
        assert_eq!(
            of("per_ip", bucket).as_deref(),
            Some("\"per_ip\";q=120;w=60")
        );
        let window = Rate::SlidingWindow {
            amount: 5,
            per_ms: 1_001,
        };
        assert_eq!(of("a\"b\\", window).as_deref(), Some(r#""a\"b\\";q=5;w=2"#));
        let at_once = Rate::AtOnce { amount: 3 };
        let expected = "\"uploads\";q=3;qu=\"concurrent-requests\"";
        assert_eq!(of("uploads", at_once).as_deref(), Some(expected));
        assert_eq!(of("größe", bucket), None);
    }
}
