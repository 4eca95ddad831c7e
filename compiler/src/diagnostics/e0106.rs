//! # E0106: a comma is missing
//!
//! ## What it means
//! The arms of a `choose`, the pairs of a `map`, the elements of a list, the arguments of a call and the entries of an object are
//! separated by commas; here there is none.
//!
//! ## Why it is a problem
//! Without the comma two values could run together into one expression.
//!
//! ## Example
//! ```edge fails
//! route home GET "/" {
//!   respond text choose geo.country {
//!     "DE" => "Hallo"
//!     otherwise => "Hello"
//!   }
//! }
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Put a comma between them; one after the last is fine:
//! ```edge
//! route home GET "/" {
//!   respond text choose geo.country {
//!     "DE" => "Hallo",
//!     otherwise => "Hello",
//!   }
//! }
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// No comma between two arms or elements.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("a comma is missing between {between}")]
#[diagnostic(code(E0106), help("put `,` between them"))]
pub struct MissingComma {
    /// Between what.
    pub between: &'static str,
    /// What the comma should follow.
    #[label("put a comma behind this")]
    pub span: Span,
}

impl Problem for MissingComma {
    fn span(&self) -> Span {
        self.span
    }
}
