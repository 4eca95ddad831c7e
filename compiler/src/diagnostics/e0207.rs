//! # E0207: a used file holds behaviour
//!
//! ## What it means
//! `use` brings names: origins, sets, functions, WAF groups. Routes, `on` blocks and `default`
//! are behaviour.
//!
//! ## Why it is a problem
//! What a request meets is read in one file from top to bottom. A used file that added a route
//! would change that from afar.
//!
//! ## Example
//! `shared.edge` holds `route health GET "/health" { respond 200 }`.
//!
//! ## Fix
//! Move the route into the policy. What it needs can stay in the used file, as `const`, `fn` or
//! `waf`.

use super::Problem;
use crate::source::Span;

/// A route, `on` block or `default` in a file that is used.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{path}` is used by another file and can't hold `{what}`")]
#[diagnostic(
    code(E0207),
    help("move it to the policy, or `use` a file that holds names alone")
)]
pub struct ImportedBehaviour {
    /// The file.
    pub path: String,
    /// The declaration's word.
    pub what: &'static str,
    /// Where.
    #[label("only the policy itself may")]
    pub span: Span,
}

impl Problem for ImportedBehaviour {
    fn span(&self) -> Span {
        self.span
    }
}
