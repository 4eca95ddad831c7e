//! # E0506: not a method
//!
//! ## What it means
//! Methods are tokens in the case that is registered, which is upper case. `CONNECT` and
//! `TRACE` are refused by the host.
//!
//! ## Why it is a problem
//! Methods are compared byte by byte, so the route would never be taken.
//!
//! ## Example
//! ```edge fails
//! route tunnel CONNECT "/" { respond 200 }
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Name the methods that clients send:
//! ```edge
//! route tunnel POST "/" { respond 200 }
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// A method that no request can have here.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{name}` is not a method that can be used here")]
#[diagnostic(code(E0506))]
pub struct BadMethod {
    /// The method.
    pub name: String,
    /// Why.
    pub why: &'static str,
    /// Where.
    #[label("{why}")]
    pub span: Span,
    /// What to write instead.
    #[help]
    pub help: Option<String>,
}

impl Problem for BadMethod {
    fn span(&self) -> Span {
        self.span
    }
}
