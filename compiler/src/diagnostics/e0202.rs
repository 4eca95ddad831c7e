//! # E0202: declared twice
//!
//! ## What it means
//! Two declarations of one file, or two parts of one declaration, have the same name.
//!
//! ## Why it is a problem
//! Whoever reads the name can't know which of the two is meant. Names don't shadow each other,
//! so that a name means the same everywhere.
//!
//! ## Example
//! ```edge fails
//! const greeting = "hello"
//! const greeting = "good day"
//! default { respond text greeting }
//! ```
//!
//! ## Fix
//! Keep one, or give them different names:
//! ```edge
//! const greeting = "hello"
//! const formal = "good day"
//! default { respond text "{greeting}, or rather {formal}" }
//! ```

use super::Problem;
use crate::source::Span;

/// A name that is declared a second time.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{what} `{name}` is declared twice")]
#[diagnostic(code(E0202), help("keep one of them, or give one another name"))]
pub struct DeclaredTwice {
    /// What it is.
    pub what: &'static str,
    /// The name.
    pub name: String,
    /// Where.
    #[label("declared again here")]
    pub span: Span,
    /// The other place, if it is in the same file.
    #[label("first declared here")]
    pub first: Option<Span>,
}

impl Problem for DeclaredTwice {
    fn span(&self) -> Span {
        self.span
    }
}
