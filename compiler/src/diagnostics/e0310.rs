//! # E0310: it can't stand here
//!
//! ## What it means
//! Lists, objects, `any`, `null` and sets are no values of their own: they stand only where
//! something takes them.
//!
//! ## Why it is a problem
//! An object, say, is JSON text in the end; it is made where JSON is answered.
//!
//! ## Example
//! ```edge fails
//! default { respond text [1, 2] }
//! ```
//!
//! ## Fix
//! Use it where it belongs:
//! ```edge
//! default { respond json [1, 2] }
//! ```

use super::Problem;
use crate::source::Span;

/// An expression that only some places allow.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{what} can't stand here")]
#[diagnostic(code(E0310))]
pub struct Misplaced {
    /// What it is.
    pub what: String,
    /// Where.
    #[label("not in this place")]
    pub span: Span,
    /// What to write instead.
    #[help]
    pub help: Option<String>,
}

impl Problem for Misplaced {
    fn span(&self) -> Span {
        self.span
    }
}
