//! # E0201: unknown name
//!
//! ## What it means
//! A name is used that neither this file declares nor the language has.
//!
//! ## Why it is a problem
//! The policy would mean something else than it says, or nothing at all.
//!
//! ## Example
//! ```edge fails
//! route home GET "/" { proxy shop }
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Declare it, or write the name that was meant:
//! ```edge
//! origin shop { url "http://127.0.0.1:8080" }
//! route home GET "/" { proxy shop }
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// A name that nothing declares.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("there is no {what} `{name}`")]
#[diagnostic(code(E0201))]
pub struct UnknownName {
    /// What was looked for.
    pub what: &'static str,
    /// The name.
    pub name: String,
    /// Where.
    #[label("not known here")]
    pub span: Span,
    /// What to write instead.
    #[help]
    pub help: Option<String>,
}

impl Problem for UnknownName {
    fn span(&self) -> Span {
        self.span
    }
}
