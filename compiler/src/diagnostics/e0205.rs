//! # E0205: files use each other in a circle
//!
//! ## What it means
//! A file is used by a file that it uses.
//!
//! ## Why it is a problem
//! Neither file can be read before the other.
//!
//! ## Example
//! `a.edge` holds `use "./b.edge"` and `b.edge` holds `use "./a.edge"`.
//!
//! ## Fix
//! Move what both need into a third file that uses neither.

use super::Problem;
use crate::source::Span;

/// A file that uses itself, directly or through others.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{name}` uses itself: {chain}")]
#[diagnostic(code(E0205), help("move what both need into a file of its own"))]
pub struct UseCycle {
    /// The file.
    pub name: String,
    /// The files from it back to it.
    pub chain: String,
    /// Where.
    #[label("this closes the circle")]
    pub span: Span,
}

impl Problem for UseCycle {
    fn span(&self) -> Span {
        self.span
    }
}
