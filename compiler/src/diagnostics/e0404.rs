//! # E0404: not in this block
//!
//! ## What it means
//! Some statements make sense only while a request is being decided, others only once there is
//! an answer; `on response` stands at the top of a route or of the file.
//!
//! ## Why it is a problem
//! When the block runs it is too late, or too early, for what the statement does.
//!
//! ## Example
//! ```edge fails
//! origin shop { url "http://127.0.0.1:8080" }
//! on response { proxy shop }
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Do it where it belongs:
//! ```edge
//! origin shop { url "http://127.0.0.1:8080" }
//! on response { set response.header "X-Seen" = "yes" }
//! default { proxy shop }
//! ```

use super::Problem;
use crate::source::Span;

/// A statement that this kind of block can't hold.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{what}` can't stand in {block}")]
#[diagnostic(code(E0404))]
pub struct NotInBlock {
    /// The statement.
    pub what: String,
    /// The block.
    pub block: &'static str,
    /// Where.
    #[label("not here")]
    pub span: Span,
    /// What to write instead.
    #[help]
    pub help: Option<String>,
}

impl Problem for NotInBlock {
    fn span(&self) -> Span {
        self.span
    }
}
