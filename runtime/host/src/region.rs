//! The regional tier in the memory of another host of ours: the way there, and the address where others ask this one.
//!
//! What is said is [`edge_cache`]'s: it makes the requests and answers them. Here they travel, as HTTP/1.1 with a token:
//! whoever may ask may put any answer into the cache.

mod children;
mod parent;

pub(crate) use children::Children;
pub(crate) use parent::Way;
