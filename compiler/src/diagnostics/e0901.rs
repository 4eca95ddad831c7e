//! # E0901: not supported yet
//!
//! ## What it means
//! The language has this, but this compiler does not build it yet.
//!
//! ## Why it is a problem
//! It is never ignored: a check that silently does nothing is worse than none.
//!
//! ## Example
//! ```edge fails
//! auth session { jwt hs256 KEY from bearer }
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Do without it for now, or do it at the origin:
//! ```edge
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// A part of the language that is not built yet.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("not supported yet: {what}")]
#[diagnostic(code(E0901))]
pub struct NotSupported {
    /// What.
    pub what: String,
    /// Where.
    #[label("part of the language, but not built yet")]
    pub span: Span,
    /// What to write instead.
    #[help]
    pub help: Option<String>,
}

impl Problem for NotSupported {
    fn span(&self) -> Span {
        self.span
    }
}
