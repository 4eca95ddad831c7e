//! HTTP caching as plain functions over header maps and a time that is a parameter.
//!
//! * [`directives`], [`control`]: what `Cache-Control` and the targeted fields say (RFC 9111 5.2, RFC 9213);
//! * [`date`], [`age`]: dates and ages, and the age of a response (RFC 9110 5.6.7, RFC 9111 4.2.3);
//! * [`rules`], [`freshness`], [`storable`], [`terms`]: what the policy overrides, how long an answer is fresh, whether it
//!   may be stored, and on which terms (RFC 9111 3, 4.2);
//! * [`headers`]: which header fields are stored, and which a 304 updates (RFC 9111 3.1, 3.2);
//! * [`reuse`]: whether a stored answer may be served (RFC 9111 4, RFC 5861);
//! * [`vary`], [`entity_tag`], [`validate`], [`conditional`]: the secondary key, validators, and conditions in both directions;
//! * [`range`], [`multipart`], [`partial`]: parts of a body (RFC 9110 14, RFC 9111 3.3 and 3.4);
//! * [`invalidate`]: what an unsafe request makes invalid (RFC 9111 4.4);
//! * [`status`]: `Cache-Status` (RFC 9211).
//!
//! Times are milliseconds since 1970 (`u64`), durations milliseconds unless a name says seconds. Nothing here panics or
//! overflows, whatever the header fields hold.

pub mod age;
pub mod coding;
pub mod conditional;
pub mod control;
pub mod date;
pub(crate) mod directive;
pub mod directives;
pub mod entity_tag;
pub mod freshness;
pub mod headers;
pub mod invalidate;
pub mod list;
pub mod multipart;
pub mod partial;
pub mod range;
pub mod reuse;
pub mod rules;
pub mod status;
pub mod storable;
pub mod terms;
pub mod validate;
pub mod vary;

#[cfg(test)]
pub(crate) mod samples;
