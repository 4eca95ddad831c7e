//! # E0107: not a number with a unit of this language
//!
//! ## What it means
//! A number is too large, has a unit that the language does not have, has a fraction with a unit, or names its units
//! out of order. Units are `ms s m h d` for time (`1h30m`), `B KiB MiB GiB` for size, and `%`.
//!
//! ## Why it is a problem
//! `5M` may be minutes, megabytes or mebibytes. A limit that is off by a factor of sixty is worse than an error.
//!
//! ## Example
//! ```edge fails
//! origin shop { url "https://shop.internal"  timeout 10sec }
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Write whole numbers with one of the units:
//! ```edge
//! origin shop { url "https://shop.internal"  timeout 10s }
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// A number that can't be read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{what}")]
#[diagnostic(code(E0107))]
pub struct BadNumber {
    /// What is wrong.
    pub what: String,
    /// What to write.
    #[help]
    pub help: String,
    /// Where it stands.
    #[label("this number")]
    pub span: Span,
}

impl Problem for BadNumber {
    fn span(&self) -> Span {
        self.span
    }
}
