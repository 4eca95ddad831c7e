//! # E0006: too deep
//!
//! ## What it means
//! Brackets, strings in strings, or operators nest deeper than the limit: 64 brackets, or an expression
//! whose tree has more than 256 levels (a chain of more than 255 signs `+` is one).
//!
//! ## Why it is a problem
//! Nobody can follow such an expression, and every stage of the compiler would need memory without bound for it.
//!
//! ## Example
//! ```edge fails
//! const deep = ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((1))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Give parts a name with `let`, `const` or `fn`:
//! ```edge
//! const flat = 1
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// More nesting than the compiler reads.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("this nests deeper than {limit} levels")]
#[diagnostic(
    code(E0006),
    help("give parts names: `let` in a block, `const` or `fn` outside")
)]
pub struct TooDeep {
    /// The most levels.
    pub limit: usize,
    /// Where the limit is passed.
    #[label("the limit is reached here")]
    pub span: Span,
}

impl Problem for TooDeep {
    fn span(&self) -> Span {
        self.span
    }
}
