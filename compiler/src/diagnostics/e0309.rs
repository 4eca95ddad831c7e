//! # E0309: a case is missing
//!
//! ## What it means
//! Every `choose` gives a value in every case: it ends with `otherwise`, or its arms are all
//! the arms of an experiment.
//!
//! ## Why it is a problem
//! In the missing case there would be no value.
//!
//! ## Example
//! ```edge fails
//! default { respond text choose { request.method == "GET" => "read" } }
//! ```
//!
//! ## Fix
//! Add the arm, or `otherwise`:
//! ```edge
//! default { respond text choose { request.method == "GET" => "read", otherwise => "write" } }
//! ```

use super::Problem;
use crate::source::Span;

/// A `choose` that does not say what holds in some case.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("this `choose` has no arm for {missing}")]
#[diagnostic(code(E0309))]
pub struct CaseMissing {
    /// The cases.
    pub missing: String,
    /// Where.
    #[label("not every case is covered")]
    pub span: Span,
    /// What to write instead.
    #[help]
    pub help: Option<String>,
}

impl Problem for CaseMissing {
    fn span(&self) -> Span {
        self.span
    }
}
