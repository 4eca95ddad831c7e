//! The pipeline, readable as a table of contents.

use crate::{
    ast,
    decision::{self, Decision},
    diagnostics::{InspectedLate, Problems, Report, TooLargeToBuild},
    emit::{self, EmitError, Identity, cost::RuleCost},
    hir::{Hir, RuleId},
    link::{self, LinkError},
    parse, passes, resolve,
    source::{FileId, Loader, SourceFile, SourceMap},
    target,
};
use edge_abi::manifest::Manifest;

/// Compiles a policy.
///
/// `name` is the file's name as diagnostics show it; `use` and `load` ask `loader`. The same
/// sources give the same bytes.
///
/// # Errors
/// Everything that is wrong with the policy, in one report.
pub fn compile(name: &str, text: &str, loader: &dyn Loader) -> Result<(Checked, Lowered), Report> {
    let checked = check(name, text, loader)?;
    match lower(&checked.hir, &checked.sources, Optimise::Yes) {
        Ok(lowered) => Ok((checked, lowered)),
        Err(error) => {
            let mut problems = Problems::default();
            error.report(&checked.hir, &mut problems);
            Err(problems.report(&checked.sources))
        }
    }
}

/// A policy without problems.
#[derive(Debug)]
pub struct Checked {
    /// Its texts.
    pub sources: SourceMap,
    /// The policy's own file as written.
    pub ast: ast::File,
    /// What it means.
    pub hir: Hir,
    /// What is worth a look, though it is built.
    pub warnings: Report,
}

/// The stages up to the typed tree.
///
/// # Errors
/// Everything that is wrong with the policy, in one report.
pub fn check(name: &str, text: &str, loader: &dyn Loader) -> Result<Checked, Report> {
    let mut sources = SourceMap::default();
    sources.files.push(SourceFile {
        name: name.to_owned(),
        text: text.to_owned(),
    });
    let mut problems = Problems::default();
    let ast = parse::parse(FileId(0), text, &mut problems);
    let resolved = resolve::resolve(ast.clone(), loader, &mut sources, &mut problems);
    let hir = crate::check::check(&resolved, &sources, &mut problems);
    match hir {
        Some(hir) if problems.is_empty() => {
            let warnings = problems.report(&sources);
            Ok(Checked {
                sources,
                ast,
                hir,
                warnings,
            })
        }
        _ => Err(problems.report(&sources)),
    }
}

/// A checked policy as a module.
#[derive(Debug)]
pub struct Lowered {
    /// The graph that was emitted.
    pub decision: Decision,
    /// The module, manifest included.
    pub wasm: Vec<u8>,
    /// Its manifest.
    pub manifest: Manifest,
    /// What each rule costs.
    pub costs: Vec<RuleCost>,
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
    /// A call would do more than the ABI has room for.
    #[error("{0}")]
    Bounds(String),
    /// A body is to be inspected where it was read already, by this rule's group.
    #[error("a body is inspected where it has been read already")]
    Late(RuleId),
    /// A defect of the compiler.
    #[error(transparent)]
    Link(#[from] LinkError),
}

impl LowerError {
    /// As a diagnostic: mostly at the place of the policy's last resort, since no one place is to blame.
    fn report(&self, hir: &Hir, problems: &mut Problems) {
        if let LowerError::Late(rule) = self
            && let Some(rule) = hir.rules.get(rule.0 as usize)
        {
            let group = rule.name.trim_end_matches(".body").to_owned();
            let span = rule.span;
            return problems.push(InspectedLate { group, span });
        }
        let span = hir.rules.first().map(|rule| rule.span).unwrap_or_default();
        let why = self.to_string();
        problems.push(TooLargeToBuild { why, span });
    }
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
    decision::verify::size(&decision).map_err(LowerError::Bounds)?;
    decision::verify::room(&decision).map_err(LowerError::Bounds)?;
    decision::verify::scans_first(&decision).map_err(LowerError::Late)?;
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
        costs: module.costs,
    })
}
