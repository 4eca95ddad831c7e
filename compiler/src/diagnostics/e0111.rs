//! # E0111: quotes are missing
//!
//! ## What it means
//! A path, a URL, a host or a file's name is a string, and strings stand between quotes.
//!
//! ## Why it is a problem
//! Without quotes, `/a#b` would end at the `#`, and `a-b` would be a subtraction.
//!
//! ## Example
//! ```edge fails
//! route home GET /welcome { respond 200 }
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Put it between quotes:
//! ```edge
//! route home GET "/welcome" { respond 200 }
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// A path, URL or name that stands without quotes.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{text}` needs quotes")]
#[diagnostic(code(E0111), help("write `\"{text}\"`"))]
pub struct MissingQuotes {
    /// The text.
    pub text: String,
    /// Where it stands.
    #[label("this is a string")]
    pub span: Span,
}

impl Problem for MissingQuotes {
    fn span(&self) -> Span {
        self.span
    }
}
