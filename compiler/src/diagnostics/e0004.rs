//! # E0004: a bracket is never closed
//!
//! ## What it means
//! A `{`, `(` or `[` has no closing counterpart before the next declaration or the end of the file.
//!
//! ## Why it is a problem
//! What belongs to the block would be a guess.
//!
//! ## Example
//! ```edge fails
//! route home GET "/" {
//!   if request.scheme == "http" { respond 400
//!   respond 200 text "welcome"
//! }
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Add the closing bracket:
//! ```edge
//! route home GET "/" {
//!   if request.scheme == "http" { respond 400 }
//!   respond 200 text "welcome"
//! }
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// An opening bracket without its closing one.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("this `{bracket}` is never closed")]
#[diagnostic(
    code(E0004),
    help("add the closing bracket; declarations begin in the first column")
)]
pub struct OpenBracket {
    /// The bracket.
    pub bracket: char,
    /// Where it stands.
    #[label("opened here")]
    pub span: Span,
}

impl Problem for OpenBracket {
    fn span(&self) -> Span {
        self.span
    }
}
