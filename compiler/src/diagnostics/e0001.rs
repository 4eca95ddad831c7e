//! # E0001: the file is too large
//!
//! ## What it means
//! A source file has more bytes than the compiler reads: 4 MiB.
//!
//! ## Why it is a problem
//! A file of this size is nearly always data that got into a policy. Data has its own way in,
//! with limits of its own.
//!
//! ## Example
//! A `set` of three hundred thousand addresses, written between brackets in the policy.
//!
//! ## Fix
//! Keep the data in a file of its own, one element a line, and load it:
//! `set banned = load "banned.txt"`. Rules can be shared out over files with `use`.

use super::Problem;
use crate::source::Span;

/// A source file with more bytes than are read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the file has {size} bytes; a source file may have {limit}")]
#[diagnostic(
    code(E0001),
    help("keep data in a file of its own and load it: `set banned = load \"banned.txt\"`")
)]
pub struct FileTooLarge {
    /// Its bytes.
    pub size: usize,
    /// The most.
    pub limit: usize,
    /// The start of the file.
    #[label("this file")]
    pub span: Span,
}

impl Problem for FileTooLarge {
    fn span(&self) -> Span {
        self.span
    }
}
