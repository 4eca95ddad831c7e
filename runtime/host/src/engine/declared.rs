//! What a policy declares to be remembered: limits, stores, counters and answers of origins.

use std::collections::BTreeSet;

use edge_abi::manifest::{Cache, Kind, Manifest, Rate, RateLimit};
use edge_abi::output::state::{MAX_ASKS, MAX_RECORDED, MAX_VALUE};
use http::HeaderName;

use super::LoadError;
use super::consistency::wrong;

/// Checks names, numbers and rules.
pub(super) fn check(manifest: &Manifest) -> Result<(), LoadError> {
    let asks = manifest.limits.asks;
    if asks > MAX_ASKS {
        return wrong(format!(
            "{asks} answers a request, and at most {MAX_ASKS} are kept"
        ));
    }
    unique(
        "limits",
        manifest.rate_limits.iter().map(|limit| &limit.name),
    )?;
    unique("stores", manifest.stores.iter().map(|store| &store.name))?;
    unique(
        "counters",
        manifest.counters.iter().map(|counter| &counter.name),
    )?;
    unique("caches", manifest.caches.iter().map(|cache| &cache.name))?;
    manifest.caches.iter().try_for_each(check_cache)?;
    let unkeyed = manifest.proxies.iter().flat_map(|proxy| &proxy.unkeyed);
    unkeyed.into_iter().try_for_each(|name| header_name(name))?;
    for limit in &manifest.rate_limits {
        if manifest.rules.get(limit.rule as usize).is_none() {
            return wrong(format!("the limit `{}` has no rule", limit.name));
        }
        check_rate(limit)?;
    }
    match manifest
        .stores
        .iter()
        .find(|store| store.max_value > MAX_VALUE)
    {
        Some(store) => wrong(format!(
            "the store `{}` takes values of {} bytes, and the most is {MAX_VALUE}",
            store.name, store.max_value
        )),
        None => Ok(()),
    }
}

/// The kinds that an answer can be read as.
pub(super) fn check_answer(manifest: &Manifest, ask: u32, kind: Kind) -> Result<(), LoadError> {
    if ask >= manifest.limits.asks {
        return wrong(format!(
            "a slot holds the answer {ask}, which nothing asks for"
        ));
    }
    match kind {
        Kind::Bool | Kind::I64 | Kind::Bytes => Ok(()),
        kind => wrong(format!(
            "an answer can't be held by a slot of kind {kind:?}"
        )),
    }
}

fn check_cache(cache: &Cache) -> Result<(), LoadError> {
    const METHODS: [&str; 3] = ["GET", "HEAD", "POST"];
    let mut methods = cache.methods.iter();
    if let Some(method) = methods.find(|method| !METHODS.contains(&method.as_str())) {
        return wrong(format!(
            "the cache `{}` keeps answers to `{}`",
            cache.name,
            method.escape_default()
        ));
    }
    let stems = cache
        .strip
        .iter()
        .map(|name| name.strip_suffix('*').unwrap_or(name));
    stems
        .into_iter()
        .filter(|stem| !stem.is_empty())
        .try_for_each(header_name)
}

fn header_name(name: &str) -> Result<(), LoadError> {
    match HeaderName::from_lowercase(name.as_bytes()) {
        Ok(_) => Ok(()),
        Err(_) => wrong(format!(
            "`{}` can't be the name of a header in lower case",
            name.escape_default()
        )),
    }
}

fn check_rate(limit: &RateLimit) -> Result<(), LoadError> {
    let name = &limit.name;
    let (amount, per_ms) = match limit.rate {
        Rate::TokenBucket { amount, per_ms, .. } => (amount, per_ms),
        Rate::SlidingWindow { amount, per_ms } => (amount, per_ms),
        Rate::AtOnce { amount } => (amount, 1),
    };
    if amount == 0 || per_ms == 0 {
        return wrong(format!("the limit `{name}` allows nothing, or in no time"));
    }
    let recorded = !matches!(limit.rate, Rate::TokenBucket { .. });
    if recorded && amount > MAX_RECORDED {
        return wrong(format!(
            "the limit `{name}` allows {amount}, and at most {MAX_RECORDED} can be recorded one by one"
        ));
    }
    Ok(())
}

fn unique<'a>(what: &str, names: impl Iterator<Item = &'a String>) -> Result<(), LoadError> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return wrong(format!("two {what} are called `{name}`"));
        }
    }
    Ok(())
}
