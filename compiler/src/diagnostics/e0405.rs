//! # E0405: not known here
//!
//! ## What it means
//! Facts of the response exist only in `on response`; a request's body is gone by then;
//! constants know nothing of a request.
//!
//! ## Why it is a problem
//! There is no value at that time.
//!
//! ## Example
//! ```edge fails
//! default {
//!   if response.status == 200 { respond 200 }
//!   respond 404
//! }
//! ```
//!
//! ## Fix
//! Use it where it is known:
//! ```edge
//! on response {
//!   if response.status == 200 { set response.header "X-Fine" = "yes" }
//! }
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// A fact that is not known where it is used.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{fact} is not known in {place}")]
#[diagnostic(code(E0405))]
pub struct FactNotHere {
    /// The fact.
    pub fact: String,
    /// Where it is used.
    pub place: &'static str,
    /// Where.
    #[label("not known yet, or not any more")]
    pub span: Span,
    /// What to write instead.
    #[help]
    pub help: Option<String>,
}

impl Problem for FactNotHere {
    fn span(&self) -> Span {
        self.span
    }
}
