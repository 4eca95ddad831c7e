//! # E0105: written as in another language
//!
//! ## What it means
//! Another language writes it so: `&&` for `and`, `=` for `==`, `elseif` for `else if`, single quotes, `//` before a
//! comment, `;` after a statement.
//!
//! ## Why it is a problem
//! Each thing has one spelling here, so that policies read alike and a slip can't mean something else.
//!
//! ## Example
//! ```edge fails
//! route api when request.host == "a.example" && request.scheme == "https" { respond 200 }
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Write what the message says:
//! ```edge
//! route api when request.host == "a.example" and request.scheme == "https" { respond 200 }
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// A spelling of another language.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{found}` is not written so here")]
#[diagnostic(code(E0105), help("{help}"))]
pub struct ForeignSpelling {
    /// What stands there.
    pub found: String,
    /// What to write; empty: nothing.
    pub instead: String,
    /// What to write, in a sentence.
    pub help: String,
    /// Where.
    #[label("{}", if instead.is_empty() { "remove it".to_owned() } else { format!("write `{instead}`") })]
    pub span: Span,
}

impl Problem for ForeignSpelling {
    fn span(&self) -> Span {
        self.span
    }
}
