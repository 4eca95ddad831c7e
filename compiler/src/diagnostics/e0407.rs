//! # E0407: the pattern has no such part
//!
//! ## What it means
//! `params.NAME` is the part of the path that `:NAME` or `*NAME` stands for in the route's own
//! pattern.
//!
//! ## Why it is a problem
//! There is no value for it.
//!
//! ## Example
//! ```edge fails
//! route user GET "/users/:id" { respond text params.name }
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Use a part that the pattern names:
//! ```edge
//! route user GET "/users/:id" { respond text params.id }
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// `params.NAME` where the route's pattern has no such part.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{place} has no part `{name}`")]
#[diagnostic(code(E0407))]
pub struct UnknownPathParam {
    /// The route or block.
    pub place: String,
    /// The part.
    pub name: String,
    /// Where.
    #[label("not in the pattern")]
    pub span: Span,
    /// What to write instead.
    #[help]
    pub help: Option<String>,
}

impl Problem for UnknownPathParam {
    fn span(&self) -> Span {
        self.span
    }
}
