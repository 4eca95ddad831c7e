//! What is stored, where, and how it is purged.
//!
//! * [`key`]: what an answer is found by;
//! * [`content`], [`parts`]: bodies as lists of chunks, whole or in parts;
//! * [`entry`]: an answer with its terms, and the variants of one key;
//! * [`place`]: the names by which answers are purged;
//! * [`purge`]: purges in constant time, as marks that stored answers are held against;
//! * `residents`: how many bytes each host has, and which URIs have anything stored;
//! * [`memory`]: the memory tier;
//! * [`disk`]: the tier below it, which survives the process;
//! * [`regional`]: the tier that several hosts share.

pub(crate) mod checksum;
pub mod content;
pub mod disk;
pub mod entry;
pub mod key;
mod marks;
pub mod memory;
pub mod parts;
pub mod place;
pub mod purge;
pub(crate) mod purging;
pub(crate) mod record;
pub mod regional;
pub(crate) mod residents;
pub(crate) mod said;
