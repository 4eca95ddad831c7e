//! # E0213: no such word
//!
//! ## What it means
//! A setting takes one of a few words, and this is none of them.
//!
//! ## Why it is a problem
//! The compiler can't know what was meant, and guessing would configure something else.
//!
//! ## Example
//! ```edge fails
//! origin shop { url "http://127.0.0.1:8080" }
//! route "/" { proxy shop { retry 2 on slowness } }
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Use one of the words that the help lists:
//! ```edge
//! origin shop { url "http://127.0.0.1:8080" }
//! route "/" { proxy shop { retry 2 on timeout } }
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// A word that a setting does not have.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{word}` is not {what}")]
#[diagnostic(code(E0213))]
pub struct NoSuchWord {
    /// The word.
    pub word: String,
    /// What it should be.
    pub what: &'static str,
    /// Where.
    #[label("not one of the words that can stand here")]
    pub span: Span,
    /// What to write instead.
    #[help]
    pub help: Option<String>,
}

impl Problem for NoSuchWord {
    fn span(&self) -> Span {
        self.span
    }
}
