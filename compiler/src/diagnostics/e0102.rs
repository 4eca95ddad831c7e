//! # E0102: unknown declaration
//!
//! ## What it means
//! A file is a list of declarations, and each begins with one of the language's words
//! (`origin`, `route`, `default` …). This one begins with another word.
//!
//! ## Why it is a problem
//! The compiler can't tell what is declared, and guessing would drop a rule that somebody
//! relies on.
//!
//! ## Example
//! ```edge fails
//! rout home GET "/" { respond 200 }
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Write the word as the language has it:
//! ```edge
//! route home GET "/" { respond 200 }
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// A declaration that begins with a word the language does not have.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("unknown declaration `{word}`")]
#[diagnostic(code(E0102))]
pub struct UnknownDeclaration {
    /// The word.
    pub word: String,
    /// Where it stands.
    #[label("no declaration begins with this word")]
    pub span: Span,
    /// A word that was probably meant, or the list of words.
    #[help]
    pub help: Option<String>,
}

impl Problem for UnknownDeclaration {
    fn span(&self) -> Span {
        self.span
    }
}
