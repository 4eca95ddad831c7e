//! # E0115: an operator out of place
//!
//! ## What it means
//! `not` stands before a whole comparison, `any` right before one side of a comparison, `otherwise` once and last in a `choose`, and
//! arguments behind the name of a function.
//!
//! ## Why it is a problem
//! `a == not b` and `any x and y` have no meaning that all readers would agree on.
//!
//! ## Example
//! ```edge fails
//! route api when request.host == not "a.example" { respond 200 }
//! default { respond 404 }
//! ```
//!
//! ## Fix
//! Put it before the whole comparison, or use brackets:
//! ```edge
//! route api when not request.host == "a.example" { respond 200 }
//! default { respond 404 }
//! ```

use super::Problem;
use crate::source::Span;

/// An operator where its operands don't fit.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{word}` can not stand here")]
#[diagnostic(code(E0115), help("{}", place(word)))]
pub struct OperatorOutOfPlace {
    /// The operator.
    pub word: String,
    /// Where it stands.
    #[label("out of place")]
    pub span: Span,
}

impl Problem for OperatorOutOfPlace {
    fn span(&self) -> Span {
        self.span
    }
}

/// Where an operator may stand.
fn place(word: &str) -> &'static str {
    match word {
        "not" => "`not` stands before a whole comparison: `not (a == b)`, `a and not b`",
        "any" => {
            "`any` stands right before one side of a comparison: `any a contains b`, `a == any b`"
        }
        "otherwise" => "`otherwise` stands once, as the last arm",
        "(" => "only a function's name can be called",
        _ => "brackets say what belongs together",
    }
}
