//! Inputs.
use crate::engine::LoadError;
use edge_abi::manifest::Manifest;
/// How the inputs of one slot set are built.
pub struct Plan;
impl Plan {
    pub(crate) fn all(_manifest: &Manifest) -> Result<Vec<Plan>, LoadError> {
        Ok(Vec::new())
    }
}
