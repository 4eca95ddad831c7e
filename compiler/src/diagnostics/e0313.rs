//! # E0313: a dangerous place in HTML
//!
//! ## What it means
//! `respond html` escapes what is put into text and into quoted attributes. In scripts, styles,
//! comments, names, attributes without quotes, event handlers, and at the start of a link,
//! escaped text can still do harm.
//!
//! ## Why it is a problem
//! Somebody could send a link with their own script in it, and it would run with the site's
//! rights.
//!
//! ## Example
//! ```edge fails
//! default { respond html "<a href={request.path}>here</a>" }
//! ```
//!
//! ## Fix
//! Put the value in text or in a quoted attribute. `raw(E)` puts it in as it is, for what is
//! known to be safe:
//! ```edge
//! default { respond html "<a title='{request.path}'>here</a>" }
//! ```

use super::Problem;
use crate::source::Span;

/// An interpolation in HTML where escaping does not make it safe.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("a value can't safely stand in {place}")]
#[diagnostic(code(E0313))]
pub struct HtmlPlace {
    /// Where it stands.
    pub place: &'static str,
    /// Where.
    #[label("escaping is not enough here")]
    pub span: Span,
    /// What to write instead.
    #[help]
    pub help: Option<String>,
}

impl Problem for HtmlPlace {
    fn span(&self) -> Span {
        self.span
    }
}
