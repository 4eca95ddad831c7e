//! # E0210: it contains itself
//!
//! ## What it means
//! A function calls itself, directly or through others; or a constant, an experiment or a WAF
//! group is made of itself.
//!
//! ## Why it is a problem
//! A policy can't loop: every request is decided in a number of steps that is known beforehand.
//!
//! ## Example
//! ```edge fails
//! fn twice(a: string) = twice(a)
//! default { respond text twice("a") }
//! ```
//!
//! ## Fix
//! Write out what it stands for:
//! ```edge
//! fn twice(a: string) = "{a}{a}"
//! default { respond text twice("a") }
//! ```

use super::Problem;
use crate::source::Span;

/// A function, constant, experiment or group that needs itself.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{what} `{name}` contains itself: {chain}")]
#[diagnostic(
    code(E0210),
    help("break the circle: one of them must do without the others")
)]
pub struct ContainsItself {
    /// What it is.
    pub what: &'static str,
    /// Its name.
    pub name: String,
    /// From it back to it.
    pub chain: String,
    /// Where.
    #[label("here it comes back to itself")]
    pub span: Span,
}

impl Problem for ContainsItself {
    fn span(&self) -> Span {
        self.span
    }
}
