//! # E0114: an object out of place
//!
//! ## What it means
//! An object `{ key: value }` can stand only after `respond json`, in another object, or in a list.
//!
//! ## Why it is a problem
//! Elsewhere `{` begins a block, and the two could not be told apart.
//!
//! ## Example
//! ```edge fails
//! route home GET "/" {
//!   let answer = { ok: true }
//!   respond json answer
//! }
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Write it where it is used:
//! ```edge
//! route home GET "/" {
//!   respond json { ok: true }
//! }
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// A `{` where an expression belongs.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("an object can not stand here")]
#[diagnostic(
    code(E0114),
    help("an object stands only after `respond json`, in another object, or in a list")
)]
pub struct ObjectOutOfPlace {
    /// The brace.
    #[label("not an expression")]
    pub span: Span,
}

impl Problem for ObjectOutOfPlace {
    fn span(&self) -> Span {
        self.span
    }
}
