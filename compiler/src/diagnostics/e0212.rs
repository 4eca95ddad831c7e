//! # E0212: a setting is missing
//!
//! ## What it means
//! A declaration lacks a setting for which there is no sensible value to assume.
//!
//! ## Why it is a problem
//! An origin without a URL, or an experiment without arms, can't do anything.
//!
//! ## Example
//! ```edge fails
//! origin shop { timeout 10s }
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Add it:
//! ```edge
//! origin shop { url "http://127.0.0.1:8080"  timeout 10s }
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// A declaration without a setting that it needs.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{what} needs {setting}")]
#[diagnostic(code(E0212))]
pub struct MissingSetting {
    /// The declaration.
    pub what: String,
    /// The setting, with an example.
    pub setting: &'static str,
    /// Where.
    #[label("nothing says it here")]
    pub span: Span,
}

impl Problem for MissingSetting {
    fn span(&self) -> Span {
        self.span
    }
}
