//! # E0113: comparisons do not chain
//!
//! ## What it means
//! `a < b < c` compares the result of the first comparison, a bool, with `c`.
//!
//! ## Why it is a problem
//! What is meant is nearly always two comparisons.
//!
//! ## Example
//! ```edge fails
//! route slow when 100 < len(request.path) < 200 { respond 200 }
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Join two comparisons with `and`:
//! ```edge
//! route slow when 100 < len(request.path) and len(request.path) < 200 { respond 200 }
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// A comparison of a comparison.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("comparisons do not chain")]
#[diagnostic(
    code(E0113),
    help("write two comparisons with `and` between, or brackets around the first")
)]
pub struct ChainedComparison {
    /// The second operator.
    #[label("a second comparison")]
    pub span: Span,
}

impl Problem for ChainedComparison {
    fn span(&self) -> Span {
        self.span
    }
}
