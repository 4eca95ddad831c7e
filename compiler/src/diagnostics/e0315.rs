//! # E0315: this would be asked only sometimes
//!
//! ## What it means
//! What a store or counter holds, `increment` and `list` are asked of the host before the statement in
//! which they stand. This one stands where it is needed only in some cases: behind `and`, `or` or
//! `else`, in an arm of `choose`, or in an `else if`.
//!
//! ## Why it is a problem
//! To ask takes time, and `increment` changes something: a reader of the policy has to see when it
//! happens.
//!
//! ## Example
//! ```edge fails
//! store items { ttl 1h }
//!
//! default {
//!   if request.method == "GET" and items[request.path] is present { respond 200 }
//!   respond 404
//! }
//! ```
//!
//! ## Fix
//! Give it a name where it is to be asked:
//! ```edge
//! store items { ttl 1h }
//!
//! default {
//!   let item = items[request.path]
//!   if request.method == "GET" and item is present { respond 200 }
//!   respond 404
//! }
//! ```

use super::Problem;
use crate::source::Span;

/// A read that waits, where it is not always needed.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{what} would be asked only sometimes")]
#[diagnostic(
    code(E0315),
    help("name it with `let` where it is to be asked, and use the name here")
)]
pub struct WaitsSometimes {
    /// What is asked.
    pub what: String,
    /// Where.
    #[label("only needed in some cases")]
    pub span: Span,
}

impl Problem for WaitsSometimes {
    fn span(&self) -> Span {
        self.span
    }
}
