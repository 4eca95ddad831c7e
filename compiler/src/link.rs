//! Unused functions out: the kernels that a policy doesn't call, and what only they need.

/// Why a module can't be linked: a defect of the compiler, not of a policy.
#[derive(Debug, thiserror::Error)]
#[error("the module can't be linked: {0}")]
pub struct LinkError(String);

/// Drops what no export reaches.
///
/// # Errors
/// When the module is not valid.
pub fn link(wasm: &[u8]) -> Result<Vec<u8>, LinkError> {
    let mut config = walrus::ModuleConfig::new();
    config
        .generate_name_section(false)
        .generate_producers_section(false);
    let mut module = config
        .parse(wasm)
        .map_err(|error| LinkError(format!("{error:#}")))?;
    walrus::passes::gc::run(&mut module);
    Ok(module.emit_wasm())
}
