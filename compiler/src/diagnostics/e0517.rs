//! # E0517: a body is inspected after it was read
//!
//! ## What it means
//! A group that inspects the `body` stands where `request.body` has been read already.
//!
//! ## Why it is a problem
//! What was read was used before the group could look at it.
//!
//! ## Example
//! ```edge fails
//! origin shop { url "https://shop.internal" }
//! waf shield {
//!   inspect body
//!   rule bad { when inspected contains "attack" }
//! }
//! on request {
//!   if request.body starts_with "ping" { respond text "pong" }
//!   waf shield
//! }
//! default { proxy shop }
//! ```
//!
//! ## Fix
//! Put the group first:
//! ```edge
//! origin shop { url "https://shop.internal" }
//! waf shield {
//!   inspect body
//!   rule bad { when inspected contains "attack" }
//! }
//! on request {
//!   waf shield
//!   if request.body starts_with "ping" { respond text "pong" }
//! }
//! default { proxy shop }
//! ```

use super::Problem;
use crate::source::Span;

/// A scan that would begin after the body was read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{group}` inspects the body where it has been read already")]
#[diagnostic(
    code(E0517),
    help("put the `waf` statement before everything that reads `request.body`")
)]
pub struct InspectedLate {
    /// The group.
    pub group: String,
    /// Where.
    #[label("comes too late")]
    pub span: Span,
}

impl Problem for InspectedLate {
    fn span(&self) -> Span {
        self.span
    }
}
