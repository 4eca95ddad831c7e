//! # E0516: a body can't be asked that
//!
//! ## What it means
//! A rule looks at `inspected`, its group inspects the `body`, and the rule asks something that only the
//! whole body could answer.
//!
//! ## Why it is a problem
//! A body is looked at piece by piece, on its way to the origin, and never kept. What it does *not* hold, how long it is, or what a
//! function makes of all of it is not known before its end, and by then the origin has it.
//!
//! ## Example
//! ```edge fails
//! waf shield {
//!   inspect args, body
//!   rule odd { when inspected contains "select" and not (inspected contains "from") }
//! }
//! on request { waf shield }
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Ask what holds as soon as it is seen: `contains`, `starts_with`, `ends_with`, `==`, `in`, `matches`, joined with `and`
//! and `or`, of the text as it is or after transforms: all but `base64_decode`, `normalise_path` and `trim`, which take back
//! what they have made:
//! ```edge
//! waf shield {
//!   inspect args, body
//!   rule odd { when lower(inspected) matches r"select[^;]*from" }
//! }
//! on request { waf shield }
//! default { respond 404 }
//! ```
//! Where that isn't enough, read the whole body: `request.body contains "…"`.

use super::Problem;
use crate::source::Span;

/// A rule that asks of a streamed body what only a whole one can answer.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the rule `{name}` asks {what} of a body, which is seen piece by piece")]
#[diagnostic(
    code(E0516),
    help(
        "ask with `contains`, `matches` and the like, joined with `and` and `or`; or leave `body` out of `inspect` and read `request.body`"
    )
)]
pub struct NotStreamed {
    /// The rule.
    pub name: String,
    /// What it asks.
    pub what: String,
    /// Where.
    #[label("looks at the body")]
    pub span: Span,
}

impl Problem for NotStreamed {
    fn span(&self) -> Span {
        self.span
    }
}
