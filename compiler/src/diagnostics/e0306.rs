//! # E0306: wrong number of arguments
//!
//! ## What it means
//! A function is called with another number of arguments than it has parameters.
//!
//! ## Why it is a problem
//! Each parameter needs one value.
//!
//! ## Example
//! ```edge fails
//! default { respond text lower() }
//! ```
//!
//! ## Fix
//! Give one argument for each parameter:
//! ```edge
//! default { respond text lower(request.path) }
//! ```

use super::Problem;
use crate::source::Span;

/// A call with too many or too few arguments.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{name}` takes {expected}, not {found}")]
#[diagnostic(code(E0306))]
pub struct WrongArguments {
    /// The function.
    pub name: String,
    /// How many it takes, in words.
    pub expected: String,
    /// How many there are.
    pub found: usize,
    /// Where.
    #[label("called here")]
    pub span: Span,
    /// What to write instead.
    #[help]
    pub help: Option<String>,
}

impl Problem for WrongArguments {
    fn span(&self) -> Span {
        self.span
    }
}
