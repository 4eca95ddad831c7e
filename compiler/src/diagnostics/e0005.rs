//! # E0005: a closing bracket that closes nothing
//!
//! ## What it means
//! A `}`, `)` or `]` stands where nothing is open, or where something else is open.
//!
//! ## Why it is a problem
//! One bracket too many, or one of the wrong kind, changes which statements belong together.
//!
//! ## Example
//! ```edge fails
//! route home GET "/" { respond 200 } }
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Remove the bracket, or add the one that it should close:
//! ```edge
//! route home GET "/" { respond 200 }
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// A closing bracket that fits no opening one.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("this `{bracket}` closes nothing")]
#[diagnostic(
    code(E0005),
    help("remove it, or add the bracket that it should close")
)]
pub struct StrayClose {
    /// The bracket.
    pub bracket: char,
    /// Where it stands.
    #[label("no opening bracket fits")]
    pub span: Span,
    /// What is open there instead.
    #[label("this is open")]
    pub opening: Option<Span>,
}

impl Problem for StrayClose {
    fn span(&self) -> Span {
        self.span
    }
}
