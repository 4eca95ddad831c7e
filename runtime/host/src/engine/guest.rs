//! One instance of a policy.
use super::Policy;
use std::sync::Arc;

/// An instance, used for one request after another.
pub struct Guest {}

impl Guest {
    /// A fresh instance.
    ///
    /// # Errors
    /// The module can't be instantiated.
    pub fn new(_policy: &Arc<Policy>) -> Result<Self, GuestError> {
        Ok(Guest {})
    }
}

/// A call that gave no usable output.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GuestError {
    /// The module can't be instantiated.
    #[error("the policy can't be instantiated: {0}")]
    Instantiate(String),
}
