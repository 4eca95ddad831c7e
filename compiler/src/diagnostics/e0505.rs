//! # E0505: not a path pattern
//!
//! ## What it means
//! A pattern is a path: it begins with `/`; its segments are literal, `:name` for one segment,
//! or, as the last, `*rest` for all that follows. Paths are normalised before routes see them.
//!
//! ## Why it is a problem
//! The route would never be taken.
//!
//! ## Example
//! ```edge fails
//! route user GET "users/:id" { respond 200 }
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Write it as a path:
//! ```edge
//! route user GET "/users/:id" { respond 200 }
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// A route's pattern that can't match.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the pattern can't match: {why}")]
#[diagnostic(code(E0505))]
pub struct BadPattern {
    /// Why.
    pub why: String,
    /// Where.
    #[label("in this pattern")]
    pub span: Span,
    /// What to write instead.
    #[help]
    pub help: Option<String>,
}

impl Problem for BadPattern {
    fn span(&self) -> Span {
        self.span
    }
}
