//! # E0108: unknown escape
//!
//! ## What it means
//! In a string between `"`, a backslash begins an escape: `\n`, `\r`, `\t`, `\\`, `\"`, `\u{…}`. This is none of
//! them.
//!
//! ## Why it is a problem
//! A backslash that was simply dropped would change a regex or a path without a word.
//!
//! ## Example
//! ```edge fails
//! route old when request.path matches "/v\d+/" { respond 410 }
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Write a regex between `r"` and `"`, where a backslash is only a backslash:
//! ```edge
//! route old when request.path matches r"/v\d+/" { respond 410 }
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// A backslash with a letter that means nothing.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{escape}` is not an escape")]
#[diagnostic(code(E0108))]
pub struct BadEscape {
    /// The backslash and its letter.
    pub escape: String,
    /// What to write.
    #[help]
    pub help: String,
    /// Where it stands.
    #[label("unknown escape")]
    pub span: Span,
}

impl Problem for BadEscape {
    fn span(&self) -> Span {
        self.span
    }
}
