//! # E0314: never in this letter case
//!
//! ## What it means
//! `request.method` is compared with a method that is not in upper case, or `request.host` with
//! a text that has capitals. Methods come in upper case; the host is in lower case whatever the
//! client wrote.
//!
//! ## Why it is a problem
//! Text is compared byte by byte, so the two are never equal and the rule would never fire.
//!
//! ## Example
//! ```edge fails
//! default {
//!   if request.method == "get" { respond 200 }
//!   respond 404
//! }
//! ```
//!
//! ## Fix
//! Write it in the case in which it comes:
//! ```edge
//! default {
//!   if request.method == "GET" { respond 200 }
//!   respond 404
//! }
//! ```

use super::Problem;
use crate::source::Span;

/// A fact compared with text in a letter case that it never has.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{fact}` is never `{text}`: {why}")]
#[diagnostic(code(E0314), help("write `\"{meant}\"`"))]
pub struct NeverEqual {
    /// The fact.
    pub fact: &'static str,
    /// What it is compared with.
    pub text: String,
    /// In which case it comes.
    pub why: &'static str,
    /// The text in that case.
    pub meant: String,
    /// Where.
    #[label("{why}")]
    pub span: Span,
}

impl Problem for NeverEqual {
    fn span(&self) -> Span {
        self.span
    }
}
