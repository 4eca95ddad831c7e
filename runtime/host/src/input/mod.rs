//! Inputs: the facts that a slot set names, written as one record.
//!
//! A [`Plan`] is made once a slot set; writing looks each fact up once and appends
//! its bytes, so a record costs one pass and, with a buffer that is used again, no
//! allocation.

mod facts;
mod plan;
mod write;

pub use facts::{Answer, Facts, ResponseFacts};
pub use plan::Plan;
pub use write::{Call, ResultEntry};

#[cfg(test)]
mod tests;
