//! # E0307: it can't be printed
//!
//! ## What it means
//! Text can hold strings, numbers, booleans, durations, sizes, times, percentages, addresses
//! and arms of experiments. Lists, sets, origins and objects have no text.
//!
//! ## Why it is a problem
//! There is no one right way to write them.
//!
//! ## Example
//! ```edge fails
//! origin shop { url "http://127.0.0.1:8080" }
//! default { respond text "{shop}" }
//! ```
//!
//! ## Fix
//! Put a printable value there:
//! ```edge
//! origin shop { url "http://127.0.0.1:8080" }
//! default { respond text "{request.host}" }
//! ```

use super::Problem;
use crate::source::Span;

/// A value that has no text.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{found} can't be put into text")]
#[diagnostic(
    code(E0307),
    help(
        "lists are compared with `any`, origins stand behind `proxy`, counters of a `list` in `respond json`; put one of their values into the text"
    )
)]
pub struct NotPrintable {
    /// What it is.
    pub found: String,
    /// Where.
    #[label("no text for this")]
    pub span: Span,
}

impl Problem for NotPrintable {
    fn span(&self) -> Span {
        self.span
    }
}
