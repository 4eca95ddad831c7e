//! Outputs.
use edge_abi::manifest::Manifest;
/// The manifest's bounds.
pub struct Bounds;
impl Bounds {
    pub(crate) fn of(_manifest: &Manifest) -> Self {
        Bounds
    }
}
