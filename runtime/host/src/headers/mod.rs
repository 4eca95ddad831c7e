//! Header fields: what stays between two hops, who is asking for whom, and the edits of a policy.

use http::HeaderName;

mod authority;
mod client;
mod coding;
mod edit;
mod forwarded;
mod hop;
#[cfg(test)]
mod sample;

pub(crate) use authority::is_authority;
pub(crate) use client::effective_client;
pub(crate) use coding::{TransferCoding, transfer_coding};
pub(crate) use edit::{EditError, HeaderEdit, apply_all, request_edits};
pub(crate) use forwarded::set_forwarded;
pub(crate) use hop::strip_hop_by_hop;

/// The rule that denied a request. Only this host says so: what clients and origins send
/// under this name goes no further.
pub(crate) const RULE: HeaderName = HeaderName::from_static("x-edge-rule");
