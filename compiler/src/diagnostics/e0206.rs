//! # E0206: not text
//!
//! ## What it means
//! A file that `use` names holds bytes that are not UTF-8.
//!
//! ## Why it is a problem
//! Sources are text. Another encoding, or a file that is no policy at all, can't be read.
//!
//! ## Example
//! `use "./logo.png"`.
//!
//! ## Fix
//! Save the file as UTF-8. Data of any bytes can be loaded with `const N = load "f"`.

use super::Problem;
use crate::source::Span;

/// A source file that is not UTF-8.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{path}` is not UTF-8 text (byte {offset})")]
#[diagnostic(code(E0206), help("save the file as UTF-8"))]
pub struct NotText {
    /// The path as written.
    pub path: String,
    /// The first byte that is wrong.
    pub offset: usize,
    /// Where.
    #[label("used here")]
    pub span: Span,
}

impl Problem for NotText {
    fn span(&self) -> Span {
        self.span
    }
}
