//! The edge ABI, version 1: record layouts, effect codes and the manifest.
//!
//! Shared by the compiler, which writes modules that speak it, and by hosts. Only
//! constants and data types live here; nothing in this crate computes. The text
//! that a host's author reads is `docs/abi.md`; where the two differ, that page rules.
//!
//! Every number in a record is little-endian. Records are 16-aligned, fields
//! 4-aligned, padding is zero. A *ref* is two `u32`: where, and how many bytes (or,
//! where a table is meant, how many entries).

pub mod input;
pub mod manifest;
pub mod output;
pub mod test_plan;

/// The major version that the exported global `edge_abi` and both records carry.
pub const VERSION: u16 = 1;

/// Name of the custom section that holds the manifest as JSON.
pub const MANIFEST_SECTION: &str = "edge.manifest";

/// The names that a module exports, and no others.
pub mod export {
    /// One memory, minimum = maximum.
    pub const MEMORY: &str = "memory";
    /// `global i32`: the ABI's major version.
    pub const ABI: &str = "edge_abi";
    /// `(len: i32) -> i32`: where to write an input of `len` bytes; 0 if it is over the limit.
    pub const INPUT: &str = "edge_input";
    /// `(len: i32) -> i32`: run on that input; the address of an output record.
    pub const RUN: &str = "edge_run";
}

/// Continuations start with the module's tag (`u64`) and the step (`u32`); the rest is the guest's own.
pub mod continuation {
    /// Offset of the module's tag.
    pub const TAG: u32 = 0;
    /// Offset of the step's number.
    pub const STEP: u32 = 8;
    /// Bytes before what the guest keeps for itself.
    pub const HEADER: u32 = 12;
    /// The longest continuation a guest may give, in bytes.
    pub const LIMIT: u32 = 4096;
}
