//! Header fields: what stays between two hops, who is asking for whom, and the edits of a policy.

mod edit;
mod forwarded;
mod hop;

pub(crate) use edit::{EditError, HeaderEdit, apply_all};
pub(crate) use forwarded::{effective_client, set_forwarded};
pub(crate) use hop::strip_hop_by_hop;
