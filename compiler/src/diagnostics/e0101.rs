//! # E0101: something else is expected
//!
//! ## What it means
//! The text follows the grammar up to this place; what stands here can't follow.
//!
//! ## Why it is a problem
//! The compiler does not guess what was meant.
//!
//! ## Example
//! ```edge fails
//! origin shop { url "https://shop.internal"
//!   protocol "h1" }
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Write one of the things that the message names:
//! ```edge
//! origin shop { url "https://shop.internal"
//!   protocol h1 }
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// The grammar expected something else.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("expected {expected}, found {found}")]
#[diagnostic(code(E0101))]
pub struct Expected {
    /// What could stand there.
    pub expected: String,
    /// What stands there.
    pub found: String,
    /// Where.
    #[label("expected {expected}")]
    pub span: Span,
    /// What was probably meant.
    #[help]
    pub help: Option<String>,
}

impl Problem for Expected {
    fn span(&self) -> Span {
        self.span
    }
}
