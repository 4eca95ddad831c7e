//! Is this module a policy?
use edge_abi::manifest::Manifest;

/// Why bytes are not a policy that this host can run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// Not valid WebAssembly.
    #[error("not a valid WebAssembly module: {0}")]
    Wasm(String),
}

pub(super) fn inspect(_wasm: &[u8]) -> Result<Manifest, LoadError> {
    Err(LoadError::Wasm(String::new()))
}
