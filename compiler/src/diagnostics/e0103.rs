//! # E0103: a statement outside of a block
//!
//! ## What it means
//! A file is a list of declarations. Statements (`respond`, `set response.header`, `waf shield` …) stand in the block of a
//! route, of `default`, or of an `on`.
//!
//! ## Why it is a problem
//! Outside of a block nothing says for which requests, and when, the statement runs.
//!
//! ## Example
//! ```edge fails
//! set response.header "X-Frame-Options" = "DENY"
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Put it into a block:
//! ```edge
//! on response {
//!   set response.header "X-Frame-Options" = "DENY"
//! }
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// A statement at the top of a file.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{word}` is a statement and stands in a block")]
#[diagnostic(
    code(E0103),
    help(
        "for every request: `on request {{ {word} … }}`; for every answer: `on response {{ {word} … }}`; for some: in a `route`"
    )
)]
pub struct MisplacedStatement {
    /// Its word.
    pub word: String,
    /// Where it stands.
    #[label("not in a block")]
    pub span: Span,
}

impl Problem for MisplacedStatement {
    fn span(&self) -> Span {
        self.span
    }
}
