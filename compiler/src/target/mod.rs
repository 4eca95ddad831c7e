//! What becomes of a linked module: one file a target.

pub mod edge;
