//! What a policy remembers between requests, for people.

use edge_abi::manifest::{Manifest, Rate};

use super::show::json_word;

/// Each limit, store and counter: its name, and what is declared of it.
pub fn rows(manifest: &Manifest) -> Vec<Vec<String>> {
    let limits = manifest.rate_limits.iter().map(|limit| {
        let rate = match limit.rate {
            Rate::TokenBucket {
                amount,
                per_ms,
                burst,
            } => format!("{amount} per {per_ms}ms, burst {burst}"),
            Rate::SlidingWindow { amount, per_ms } => format!("{amount} in any {per_ms}ms"),
            Rate::AtOnce { amount } => format!("{amount} at once"),
        };
        let mode = if limit.shadow { ", in shadow mode" } else { "" };
        let fail = json_word(&limit.fail);
        vec![
            format!("limit {}", limit.name),
            format!("{rate}{mode}, fail {fail}"),
        ]
    });
    let on_failure = |it| format!("on failure {}", json_word(&it));
    let time =
        |what: &str, ms: Option<u64>| ms.map_or(String::new(), |ms| format!("{what} {ms}ms, "));
    let stores = manifest.stores.iter().map(|store| {
        let (ttl, most) = (time("ttl", store.ttl_ms), store.max_value);
        let failure = on_failure(store.on_failure);
        let text = format!("{ttl}at most {most} bytes, {failure}");
        vec![format!("store {}", store.name), text]
    });
    let counters = manifest.counters.iter().map(|counter| {
        let expire = time("expires after", counter.expire_ms);
        let listed = if counter.listed { "listed, " } else { "" };
        let failure = on_failure(counter.on_failure);
        let text = format!("{expire}{listed}{failure}");
        vec![format!("counter {}", counter.name), text]
    });
    limits.chain(stores).chain(counters).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn declarations_read_as_they_were_written() {
        let manifest: Manifest = serde_json::from_value(serde_json::json!({
            "abi": 1, "language": 1, "name": "t", "source_digest": "", "module_digest": "", "files": [],
            "rate_limits": [
                {"name": "a", "rule": 0, "rate": {"kind": "token_bucket", "amount": 100, "per_ms": 60000}},
                {"name": "b", "rule": 0, "rate": {"kind": "at_once", "amount": 3}, "shadow": true, "fail": "closed"},
            ],
            "stores": [{"name": "c", "max_value": 64, "ttl_ms": 5}],
            "counters": [{"name": "d", "listed": true, "on_failure": "ignore"}],
            "slot_sets": [], "rules": [], "places": [],
            "limits": {"input": 0, "body": 0, "output": {"base": 0, "per_byte": 0}, "fuel": {"base": 0, "per_byte": 0}, "memory": 0}
        }))
        .unwrap();
        let rows: Vec<String> = rows(&manifest).iter().map(|row| row.join(": ")).collect();
        assert_eq!(
            rows,
            [
                "limit a: 100 per 60000ms, burst 0, fail open",
                "limit b: 3 at once, in shadow mode, fail closed",
                "store c: ttl 5ms, at most 64 bytes, on failure error",
                "counter d: listed, on failure ignore",
            ]
        );
    }
}
