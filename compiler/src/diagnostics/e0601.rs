//! # E0601: too many files
//!
//! ## What it means
//! A policy is made of at most 256 files, which use each other at most 16 deep.
//!
//! ## Why it is a problem
//! More is nearly always a mistake in a generator.
//!
//! ## Example
//! A chain of seventeen files, each of which uses the next.
//!
//! ## Fix
//! Use the shared file directly instead of through others.

use super::Problem;
use crate::source::Span;

/// A policy of more files than the compiler reads.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{why}")]
#[diagnostic(
    code(E0601),
    help("use the file that is needed directly, and join small files")
)]
pub struct TooManyFiles {
    /// Which bound.
    pub why: String,
    /// Where.
    #[label("one too many")]
    pub span: Span,
}

impl Problem for TooManyFiles {
    fn span(&self) -> Span {
        self.span
    }
}
