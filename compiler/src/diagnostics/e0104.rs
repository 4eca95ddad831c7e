//! # E0104: unknown word
//!
//! ## What it means
//! In a block, every statement or setting begins with a word of the language. This one is not among those of this
//! place.
//!
//! ## Why it is a problem
//! A setting that the compiler skipped would be a rule that nobody applies.
//!
//! ## Example
//! ```edge fails
//! origin shop { url "https://shop.internal"
//!   tmeout 5s }
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Write the word as the language has it:
//! ```edge
//! origin shop { url "https://shop.internal"
//!   timeout 5s }
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// A word that begins no statement or setting of this place.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("unknown {kind} `{word}`")]
#[diagnostic(code(E0104))]
pub struct UnknownWord {
    /// What should stand there.
    pub kind: &'static str,
    /// The word.
    pub word: String,
    /// Where it stands.
    #[label("unknown {kind}")]
    pub span: Span,
    /// What was probably meant.
    #[help]
    pub help: String,
}

impl Problem for UnknownWord {
    fn span(&self) -> Span {
        self.span
    }
}
