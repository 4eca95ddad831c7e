//! # E0204: the file can't be loaded
//!
//! ## What it means
//! The file does not exist, is larger than its kind may be, or lies outside the policy's own
//! folder.
//!
//! ## Why it is a problem
//! The policy is not whole without it. Files outside the folder are out of reach on purpose:
//! the same folder gives the same policy on every machine.
//!
//! ## Example
//! ```edge fails
//! set banned = load "no such file.txt"
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Put the file beside the policy, or write the elements in place:
//! ```edge
//! set banned = ["203.0.113.9"]
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// A file that `use` or `load` names and that can't be had.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("can't load `{path}`: {why}")]
#[diagnostic(code(E0204))]
pub struct CannotLoad {
    /// The path as written.
    pub path: String,
    /// Why, in words.
    pub why: String,
    /// Where.
    #[label("named here")]
    pub span: Span,
    /// What to write instead.
    #[help]
    pub help: Option<String>,
}

impl Problem for CannotLoad {
    fn span(&self) -> Span {
        self.span
    }
}
