//! # E0313: a dangerous place in HTML
//!
//! ## What it means
//! `respond html` escapes what is put into text and into quoted attributes. In scripts, styles,
//! comments, names, attributes without quotes and event handlers, escaped text can still do harm. So it can at the
//! start of a link, where it could be `javascript:…` or `//evil.example`: a link begins with a part that fixes where it
//! leads. The address of a `<script>`, an `<object>` or an `<embed>`, a `<base>` and a `srcset` take no value at all.
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
//! route "/items/:id" { respond html "<a title='{params.id}' href='/items/{params.id}'>here</a>" }
//! default { respond html "<a href='https://shop.example{request.path}'>there</a>" }
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
