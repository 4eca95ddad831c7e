//! # E0513: not a time
//!
//! ## What it means
//! A time is written as RFC 3339 has it, with `Z` or an offset: `t"2026-12-01T00:00:00Z"`.
//!
//! ## Why it is a problem
//! Without an offset nobody knows which moment it is.
//!
//! ## Example
//! ```edge fails
//! default {
//!   if now < t"2026-13-01T00:00:00Z" { respond 200 }
//!   respond 404
//! }
//! ```
//!
//! ## Fix
//! Write date, time and offset:
//! ```edge
//! default {
//!   if now < t"2026-12-01T00:00:00Z" { respond 200 }
//!   respond 404
//! }
//! ```

use super::Problem;
use crate::source::Span;

/// Text that is no time.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{text}` is not a time")]
#[diagnostic(code(E0513), help("for instance `t\"2026-12-01T00:00:00Z\"`"))]
pub struct BadTime {
    /// The text.
    pub text: String,
    /// Where.
    #[label("not RFC 3339")]
    pub span: Span,
}

impl Problem for BadTime {
    fn span(&self) -> Span {
        self.span
    }
}
