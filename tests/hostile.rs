//! Inputs that mean harm: any bytes, memory full of another request's, records at their limits.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    dead_code,
    missing_docs
)]

#[path = "hostile/bounds.rs"]
mod bounds;
#[path = "hostile/bytes.rs"]
mod bytes;
#[path = "hostile/patterns.rs"]
mod patterns;
#[path = "hostile/policies.rs"]
mod policies;
#[path = "support/raw.rs"]
mod raw;
#[path = "support/record.rs"]
mod record;
#[path = "hostile/size.rs"]
mod size;
#[path = "support/vector.rs"]
mod vector;

/// How many cases a property runs: `EDGE_CASES`, or as many as a test of everything may take.
fn cases(usual: u32) -> u32 {
    let given = std::env::var("EDGE_CASES")
        .ok()
        .and_then(|n| n.parse().ok());
    given.unwrap_or(usual)
}
