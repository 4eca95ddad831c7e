//! # E0406: a secret out of its place
//!
//! ## What it means
//! A secret can stand, interpolated, in `set header` of a `proxy` block. The host puts it in;
//! the policy never holds it.
//!
//! ## Why it is a problem
//! In an answer, a log line or a comparison it could reach people who must not know it.
//!
//! ## Example
//! ```edge fails
//! secret API_KEY
//! default { respond text "{API_KEY}" }
//! ```
//!
//! ## Fix
//! Send it to an origin, in a header:
//! ```edge
//! secret API_KEY
//! origin api { url "https://api.internal" }
//! default { proxy api { set header "Authorization" = "Bearer {API_KEY}" } }
//! ```

use super::Problem;
use crate::source::Span;

/// A secret used where it could leak.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the secret `{name}` can't be used here")]
#[diagnostic(
    code(E0406),
    help("in a `proxy` block: `set header \"Authorization\" = \"Bearer {{{name}}}\"`")
)]
pub struct SecretMisplaced {
    /// The secret.
    pub name: String,
    /// Where.
    #[label("a secret goes only into headers to an origin")]
    pub span: Span,
}

impl Problem for SecretMisplaced {
    fn span(&self) -> Span {
        self.span
    }
}
