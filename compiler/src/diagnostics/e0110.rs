//! # E0110: a value in a string that must be constant
//!
//! ## What it means
//! The string stands where nothing can vary: the name of a header, the pattern of a route, the path of a file, the URL of an origin.
//!
//! ## Why it is a problem
//! What the policy touches is fixed when it is compiled; only values vary with the request.
//!
//! ## Example
//! ```edge fails
//! route home GET "/" {
//!   set response.header "X-{request.method}" = "1"
//!   respond 200
//! }
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Move the value to where values stand:
//! ```edge
//! route home GET "/" {
//!   set response.header "X-Method" = request.method
//!   respond 200
//! }
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// An interpolation where the text must be known when compiling.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("nothing can be put into this string")]
#[diagnostic(code(E0110))]
pub struct InterpolationOutOfPlace {
    /// The interpolation.
    #[label("a value can not stand here")]
    pub span: Span,
    /// What to write instead.
    #[help]
    pub help: String,
}

impl Problem for InterpolationOutOfPlace {
    fn span(&self) -> Span {
        self.span
    }
}
