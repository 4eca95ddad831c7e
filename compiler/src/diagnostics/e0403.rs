//! # E0403: `default` is missing
//!
//! ## What it means
//! A policy says what happens to requests that no route takes.
//!
//! ## Why it is a problem
//! Without it, somebody else's choice of an answer would be part of the policy.
//!
//! ## Example
//! ```edge fails
//! route home GET "/" { respond 200 }
//! ```
//!
//! ## Fix
//! Say it:
//! ```edge
//! route home GET "/" { respond 200 }
//! default { respond 404 text "Not found" }
//! ```

use super::Problem;
use crate::source::Span;

/// A policy without `default`.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the policy has no `default`")]
#[diagnostic(
    code(E0403),
    help("for instance `default {{ respond 404 text \"Not found\" }}`")
)]
pub struct NoDefault {
    /// Where.
    #[label("add `default` at the end of this file")]
    pub span: Span,
}

impl Problem for NoDefault {
    fn span(&self) -> Span {
        self.span
    }
}
