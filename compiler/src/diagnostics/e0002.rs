//! # E0002: a character that can not be seen
//!
//! ## What it means
//! The file holds a character that an editor does not show: a control character, a blank of no width, or one that
//! turns the direction of the text around it.
//!
//! ## Why it is a problem
//! What a reviewer sees would not be what the compiler reads. Such characters have been used to hide code in plain sight
//! (CVE-2021-42574).
//!
//! ## Example
//! ```edge fails
//! # a​ rule
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Remove the character. In a string, write it as an escape:
//! ```edge
//! # a rule
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// A control character, or one that changes how text around it is shown.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the file holds U+{code:04X}, a character that can not be seen")]
#[diagnostic(
    code(E0002),
    help("remove it; in a string it can be written as `\\u{{{code:x}}}`")
)]
pub struct ControlCharacter {
    /// Its number in Unicode.
    pub code: u32,
    /// Where it stands.
    #[label("here")]
    pub span: Span,
}

impl Problem for ControlCharacter {
    fn span(&self) -> Span {
        self.span
    }
}
