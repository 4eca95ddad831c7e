//! # E0512: not an address
//!
//! ## What it means
//! Addresses are compared with addresses (`192.0.2.1`, `2001:db8::1`) and ranges
//! (`10.0.0.0/8`). The bits behind a range's prefix are zero.
//!
//! ## Why it is a problem
//! A range that begins elsewhere than it looks hides a mistake.
//!
//! ## Example
//! ```edge fails
//! default {
//!   if client.ip in ["10.0.0.1/8"] { respond 200 }
//!   respond 404
//! }
//! ```
//!
//! ## Fix
//! Write the address or the range:
//! ```edge
//! default {
//!   if client.ip in ["10.0.0.0/8"] { respond 200 }
//!   respond 404
//! }
//! ```

use super::Problem;
use crate::source::Span;

/// Text that is no address or range of addresses.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{text}` is not {what}")]
#[diagnostic(code(E0512))]
pub struct BadAddress {
    /// The text.
    pub text: String,
    /// What it should be.
    pub what: &'static str,
    /// Where.
    #[label("not an address")]
    pub span: Span,
    /// What to write instead.
    #[help]
    pub help: Option<String>,
}

impl Problem for BadAddress {
    fn span(&self) -> Span {
        self.span
    }
}
