//! Problems with a policy: one code, one file.
//!
//! Each file of this folder holds one code: a doc comment (what it means, why it is a
//! problem, an example, the fix) and a miette struct with spans as fields. The table of
//! codes is [`codes`]; `docs/errors.md` is made from the doc comments. A stage pushes
//! what it finds into [`Problems`] and goes on, so that one run reports everything.
//!
//! Wording: lower case, no final period, the user's text in backticks, never a Rust type.

pub mod codes;

// reading
mod e0001;
mod e0002;
mod e0003;
mod e0004;
mod e0005;
mod e0006;
pub use e0001::FileTooLarge;
pub use e0002::ControlCharacter;
pub use e0003::OpenString;
pub use e0004::OpenBracket;
pub use e0005::StrayClose;
pub use e0006::TooDeep;

// syntax
mod e0101;
mod e0102;
mod e0103;
mod e0104;
mod e0105;
mod e0106;
mod e0107;
mod e0108;
mod e0109;
mod e0110;
mod e0111;
mod e0112;
mod e0113;
mod e0114;
mod e0115;
pub use e0101::Expected;
pub use e0102::UnknownDeclaration;
pub use e0103::MisplacedStatement;
pub use e0104::UnknownWord;
pub use e0105::ForeignSpelling;
pub use e0106::MissingComma;
pub use e0107::BadNumber;
pub use e0108::BadEscape;
pub use e0109::BadInterpolation;
pub use e0110::InterpolationOutOfPlace;
pub use e0111::MissingQuotes;
pub use e0112::ReservedName;
pub use e0113::ChainedComparison;
pub use e0114::ObjectOutOfPlace;
pub use e0115::OperatorOutOfPlace;

use crate::source::{SourceMap, Span};

/// What every diagnostic is: a miette diagnostic that knows its file.
pub trait Problem: miette::Diagnostic + Send + Sync + 'static {
    /// The place that the report starts with; its file is the one shown.
    fn span(&self) -> Span;
}

/// The problems found so far, in the order found.
#[derive(Default)]
pub struct Problems {
    list: Vec<Box<dyn Problem>>,
    hidden: usize,
}

/// Problems reported in one run; what is beyond is counted.
pub const MOST_PROBLEMS: usize = 200;

impl Problems {
    /// Adds one.
    pub fn push(&mut self, problem: impl Problem) {
        if self.list.len() < MOST_PROBLEMS {
            self.list.push(Box::new(problem));
        } else {
            self.hidden += 1;
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Ends the compilation if there is any, ordered by place.
    ///
    /// # Errors
    /// The report, if there is a problem.
    pub fn finish(self, sources: &SourceMap) -> Result<(), Report> {
        if self.list.is_empty() {
            return Ok(());
        }
        let mut list = self.list;
        list.sort_by_key(|p| p.span());
        Err(Report {
            problems: list,
            hidden: self.hidden,
            sources: sources.clone(),
        })
    }
}

/// Everything that is wrong with a policy.
pub struct Report {
    /// By file and place.
    pub problems: Vec<Box<dyn Problem>>,
    /// How many more there are than are listed.
    pub hidden: usize,
    /// The texts that the places refer to.
    pub sources: SourceMap,
}

impl std::fmt::Debug for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.problems.iter().map(|p| p.to_string()))
            .finish()
    }
}
