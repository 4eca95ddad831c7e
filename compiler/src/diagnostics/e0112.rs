//! # E0112: a reserved word as a name
//!
//! ## What it means
//! Twenty words are part of expressions and can't be names: `and or not in is as else if let when any choose otherwise true false null matches
//! contains starts_with ends_with`.
//!
//! ## Why it is a problem
//! An expression that uses the name could not be told from the word.
//!
//! ## Example
//! ```edge fails
//! const any = "*"
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Choose another name:
//! ```edge
//! const wildcard = "*"
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// A word of the language where a name of the user's belongs.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{word}` is a word of the language and can not be a name")]
#[diagnostic(code(E0112), help("choose another name, for example `{word}_`"))]
pub struct ReservedName {
    /// The word.
    pub word: String,
    /// Where it stands.
    #[label("reserved")]
    pub span: Span,
}

impl Problem for ReservedName {
    fn span(&self) -> Span {
        self.span
    }
}
