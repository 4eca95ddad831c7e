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

// names and imports
mod e0201;
pub use e0201::UnknownName;
mod e0202;
pub use e0202::DeclaredTwice;
mod e0203;
pub use e0203::NameTaken;
mod e0204;
pub use e0204::CannotLoad;
mod e0205;
pub use e0205::UseCycle;
mod e0206;
pub use e0206::NotText;
mod e0207;
pub use e0207::ImportedBehaviour;
mod e0209;
pub use e0209::WrongKind;
mod e0210;
pub use e0210::ContainsItself;
mod e0211;
pub use e0211::GivenTwice;
mod e0212;
pub use e0212::MissingSetting;
mod e0213;
pub use e0213::NoSuchWord;

// types
mod e0301;
pub use e0301::WrongType;
mod e0302;
pub use e0302::MayBeAbsent;
mod e0303;
pub use e0303::AlwaysPresent;
mod e0304;
pub use e0304::CannotCompare;
mod e0305;
pub use e0305::UnknownField;
mod e0306;
pub use e0306::WrongArguments;
mod e0307;
pub use e0307::NotPrintable;
mod e0308;
pub use e0308::NotConstant;
mod e0309;
pub use e0309::CaseMissing;
mod e0310;
pub use e0310::Misplaced;
mod e0311;
pub use e0311::UnitMissing;
mod e0312;
pub use e0312::ArmTwice;
mod e0313;
pub use e0313::HtmlPlace;
mod e0314;
pub use e0314::NeverEqual;
mod e0315;
pub use e0315::WaitsSometimes;

// flow
mod e0401;
pub use e0401::NoTerminal;
mod e0402;
pub use e0402::{NeverReached, RouteNeverReached};
mod e0403;
pub use e0403::NoDefault;
mod e0404;
pub use e0404::NotInBlock;
mod e0405;
pub use e0405::FactNotHere;
mod e0406;
pub use e0406::SecretMisplaced;
mod e0407;
pub use e0407::UnknownPathParam;

// values
mod e0501;
pub use e0501::BadStatus;
mod e0502;
pub use e0502::BadHeaderName;
mod e0503;
pub use e0503::HostsHeader;
mod e0504;
pub use e0504::BadHeaderValue;
mod e0505;
pub use e0505::BadPattern;
mod e0506;
pub use e0506::BadMethod;
mod e0507;
pub use e0507::BadUpstreamPath;
mod e0508;
pub use e0508::NoBodyAllowed;
mod e0509;
pub use e0509::BadUrl;
mod e0510;
pub use e0510::BadShares;
mod e0511;
pub use e0511::BadRegex;
mod e0512;
pub use e0512::BadAddress;
mod e0513;
pub use e0513::BadTime;
mod e0514;
pub use e0514::OutOfRange;
mod e0515;
pub use e0515::MixedSet;
mod e0516;
pub use e0516::NotStreamed;
mod e0517;
pub use e0517::InspectedLate;

// limits
mod e0601;
pub use e0601::TooManyFiles;
mod e0602;
pub use e0602::TooManyEdits;
mod e0603;
pub use e0603::TooManyStatements;
mod e0604;
pub use e0604::TooLargeConstant;
mod e0605;
pub use e0605::ExpandsTooFar;
mod e0606;
pub use e0606::NestedTooDeep;
mod e0607;
pub use e0607::TooLargeSet;
mod e0608;
pub use e0608::TooLargeToBuild;

// caching
mod e0701;
pub use e0701::NotInKey;

// not supported yet
mod e0901;
pub use e0901::NotSupported;

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
    warnings: Vec<Box<dyn Problem>>,
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

    /// Adds something that does not keep a policy from being built.
    pub fn warn(&mut self, problem: impl Problem) {
        if self.warnings.len() < MOST_PROBLEMS {
            self.warnings.push(Box::new(problem));
        }
    }

    /// How many there are, warnings not among them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len() + self.hidden
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Ends the compilation if there is any.
    ///
    /// # Errors
    /// The report, if there is a problem.
    pub fn finish(self, sources: &SourceMap) -> Result<(), Report> {
        if self.is_empty() {
            return Ok(());
        }
        Err(self.report(sources))
    }

    /// The report, ordered by place, with the warnings among the problems.
    #[must_use]
    pub fn report(self, sources: &SourceMap) -> Report {
        let mut list = self.list;
        list.extend(self.warnings);
        list.sort_by_key(|p| p.span());
        Report {
            problems: list,
            hidden: self.hidden,
            sources: sources.clone(),
        }
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
