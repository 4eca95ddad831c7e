//! # E0503: the host's own header
//!
//! ## What it means
//! Headers such as `Connection`, `Content-Length` and `Transfer-Encoding` describe the message
//! as it is sent on one connection. The host writes them. `Host` belongs to requests: an answer has none.
//!
//! ## Why it is a problem
//! A wrong one lets requests be smuggled past the policy.
//!
//! ## Example
//! ```edge fails
//! default {
//!   set response.header "Content-Length" = "5"
//!   respond 404
//! }
//! ```
//!
//! ## Fix
//! Leave it to the host:
//! ```edge
//! default {
//!   set response.header "Content-Language" = "en"
//!   respond 404
//! }
//! ```

use super::Problem;
use crate::source::Span;

/// A header that belongs to the host.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the header `{name}` belongs to the host")]
#[diagnostic(code(E0503))]
pub struct HostsHeader {
    /// The header.
    pub name: String,
    /// Where.
    #[label("can't be changed by a policy")]
    pub span: Span,
    /// What to write instead.
    #[help]
    pub help: Option<String>,
}

impl Problem for HostsHeader {
    fn span(&self) -> Span {
        self.span
    }
}
