//! # E0311: the unit is missing
//!
//! ## What it means
//! Durations, sizes and shares are written with their unit: `250ms`, `5s`, `64KiB`, `12.5%`.
//!
//! ## Why it is a problem
//! Whether `30` is seconds or milliseconds can't be seen, and guessing wrong takes a site down.
//!
//! ## Example
//! ```edge fails
//! origin shop { url "http://127.0.0.1:8080"  timeout 10 }
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Write the unit:
//! ```edge
//! origin shop { url "http://127.0.0.1:8080"  timeout 10s }
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// A bare number where a unit belongs.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{what} needs a unit")]
#[diagnostic(code(E0311))]
pub struct UnitMissing {
    /// What needs it.
    pub what: String,
    /// Where.
    #[label("a bare number")]
    pub span: Span,
    /// What to write instead.
    #[help]
    pub help: Option<String>,
}

impl Problem for UnitMissing {
    fn span(&self) -> Span {
        self.span
    }
}
