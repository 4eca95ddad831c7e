//! Origins and pools.
use edge_abi::manifest::Target;

/// A target's name in the policy.
#[must_use]
pub fn name(target: &Target) -> &str {
    match target {
        Target::Origin(origin) => &origin.name,
        Target::Pool(pool) => &pool.name,
    }
}
