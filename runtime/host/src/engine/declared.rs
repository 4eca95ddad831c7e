//! What a policy declares to be remembered: limits, stores and counters.

use std::collections::BTreeSet;

use edge_abi::manifest::{Kind, Manifest, Rate, RateLimit};
use edge_abi::output::state::{MAX_ASKS, MAX_RECORDED, MAX_VALUE};

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
