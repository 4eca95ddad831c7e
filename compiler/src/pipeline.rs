//! The pipeline, readable as a table of contents.

use crate::{
    decision::{self, Decision},
    emit::{self, EmitError, Identity},
    hir::Hir,
    link::{self, LinkError},
    passes,
    source::SourceMap,
    target,
};
use edge_abi::manifest::Manifest;

/// A checked policy as a module.
#[derive(Debug)]
pub struct Lowered {
    /// The graph that was emitted.
    pub decision: Decision,
    /// The module, manifest included.
    pub wasm: Vec<u8>,
    /// Its manifest.
    pub manifest: Manifest,
}

/// Whether the passes run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Optimise {
    /// The graph as it was built: for tests.
    No,
    /// All passes.
    Yes,
}

/// Why a checked policy can't be lowered.
#[derive(Debug, thiserror::Error)]
pub enum LowerError {
    /// It is too large, in some way.
    #[error(transparent)]
    Emit(#[from] EmitError),
    /// A defect of the compiler.
    #[error(transparent)]
    Link(#[from] LinkError),
}

/// From the typed tree to the module.
///
/// # Errors
/// When something of the policy is beyond a limit that only shows here.
pub fn lower(hir: &Hir, sources: &SourceMap, optimise: Optimise) -> Result<Lowered, LowerError> {
    let mut decision = decision::build(hir);
    if optimise == Optimise::Yes {
        decision = passes::run(decision);
    }
    let identity = Identity {
        tag: target::edge::tag(sources),
        body_limit: hir.body_limit,
    };
    let module = emit::emit(&decision, identity)?;
    let linked = link::link(&module.wasm)?;
    let (wasm, manifest) = target::edge::wrap(&linked, &module, hir, sources);
    Ok(Lowered {
        decision,
        wasm,
        manifest,
    })
}
