//! # E0109: bad interpolation
//!
//! ## What it means
//! `{…}` in a string is an expression whose value becomes part of the text. Here the braces don't pair, are empty, span lines, hold a
//! comment, or hold something that is no expression.
//!
//! ## Why it is a problem
//! Text with a brace in it and text with a value in it must not be mixed up.
//!
//! ## Example
//! ```edge fails
//! route home GET "/" { respond json "{name: 1}" }
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Write `{{` and `}}` for braces that are part of the text:
//! ```edge
//! route home GET "/" { respond json "{{name: 1}}" }
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// What stands between the braces of a string is no expression.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{what}")]
#[diagnostic(code(E0109))]
pub struct BadInterpolation {
    /// What is wrong.
    pub what: String,
    /// What to write.
    #[help]
    pub help: String,
    /// The brace, or all of the interpolation.
    #[label("this brace")]
    pub span: Span,
}

impl Problem for BadInterpolation {
    fn span(&self) -> Span {
        self.span
    }
}
