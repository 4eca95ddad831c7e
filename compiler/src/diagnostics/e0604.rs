//! # E0604: the constant is too large
//!
//! ## What it means
//! A constant that is put together from others has at most 64 KiB, one that is written out or loaded from a
//! file 1 MiB; all that a policy puts in, again and again where it is used, has at most 16 MiB.
//!
//! ## Why it is a problem
//! A text that doubles itself thirty times has a gigabyte, and the compiled policy holds it.
//!
//! ## Example
//! `const b = "{a}{a}"`, `const c = "{b}{b}"` and so on, thirty times.
//!
//! ## Fix
//! Keep large files at an origin.

use super::Problem;
use crate::source::Span;

/// Text known when compiling that is too long.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("this text has {bytes} bytes; a constant may have {limit}")]
#[diagnostic(
    code(E0604),
    help("keep long texts at an origin, or use this one in fewer places")
)]
pub struct TooLargeConstant {
    /// Its length.
    pub bytes: usize,
    /// The most.
    pub limit: usize,
    /// Where.
    #[label("too long")]
    pub span: Span,
}

impl Problem for TooLargeConstant {
    fn span(&self) -> Span {
        self.span
    }
}
