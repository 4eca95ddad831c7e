//! One fetch for many clients, and answers made from what is stored or on its way.
//!
//! [`crate::Cache::ask`] says what to do with a request: serve an [`Answer`], or [`Fetch`] from the origin. A fetch leads a
//! flight: whoever asks for the same meanwhile waits for its head, then reads the body as it grows. The host hands the
//! origin's answer to [`Fetch::answered`] and its body to the [`Filler`], in a task of its own.

pub(crate) mod answer;
pub(crate) mod ask;
pub(crate) mod below;
pub(crate) mod body;
pub(crate) mod cache;
pub(crate) mod client;
pub(crate) mod config;
pub(crate) mod deliver;
pub(crate) mod fetch;
pub(crate) mod fill;
pub(crate) mod filler;
pub(crate) mod flight;
pub(crate) mod follow;
pub(crate) mod note;
pub(crate) mod upkeep;
pub(crate) mod validated;

pub use answer::{Answer, How};
pub use ask::{Ask, Asked};
pub use body::{BrokenOff, CacheBody};
pub use config::Config;
pub use fetch::{Answered, Fetch, Origin, Passed};
pub use filler::{Ended, Filler};
