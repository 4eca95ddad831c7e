//! What a string can be matched against, and its form as a regex.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Hir, Look};

/// A condition on a run of bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Pattern {
    /// A regex somewhere in the text. It is a byte regex with ASCII classes; `(?u)` opts
    /// in to Unicode. Line anchors are the text's ends unless `(?m)` is set.
    Regex(String),
    /// One of some byte strings, at a place that `kind` names. No strings: never.
    Literals {
        /// Where the string must be.
        kind: LiteralKind,
        /// The strings.
        any: Vec<Vec<u8>>,
    },
}

/// Where in the text a literal must be.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LiteralKind {
    /// Anywhere.
    Contains,
    /// At the start.
    StartsWith,
    /// At the end.
    EndsWith,
    /// The whole text.
    Equals,
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Pattern::Regex(regex) => f.write_str(regex),
            Pattern::Literals { any, .. } => write!(f, "{} strings", any.len()),
        }
    }
}

/// A regex that cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// What is wrong, in one line.
    pub message: String,
    /// Where: byte offsets of the start and the end in the regex.
    pub span: (usize, usize),
}

impl Pattern {
    /// The pattern as a regex whose matches are searched anywhere in the text.
    pub fn hir(&self) -> Result<Hir, SyntaxError> {
        match self {
            Pattern::Regex(regex) => parse(regex),
            Pattern::Literals { kind, any } => Ok(literals(*kind, any)),
        }
    }

    /// What is in no text.
    pub fn never() -> Pattern {
        Pattern::Literals {
            kind: LiteralKind::Contains,
            any: Vec::new(),
        }
    }

    /// One of some strings anywhere, whatever the case of its letters.
    pub fn any_case(strings: &[Vec<u8>]) -> Pattern {
        let byte = |byte: &u8| format!(r"\x{byte:02x}");
        let branch = |text: &Vec<u8>| text.iter().map(byte).collect::<String>();
        let branches: Vec<String> = strings.iter().map(branch).collect();
        Pattern::Regex(format!("(?i){}", branches.join("|")))
    }

    /// Whether a match is of bounded length and does not depend on where in a text it stands.
    pub fn is_local(&self) -> bool {
        self.hir()
            .is_ok_and(|hir| super::scan::longest_match(&[hir]).is_some())
    }
}

fn parse(regex: &str) -> Result<Hir, SyntaxError> {
    let mut parser = ParserBuilder::new().utf8(false).unicode(false).build();
    parser.parse(regex).map_err(|error| {
        let (message, span) = match &error {
            regex_syntax::Error::Parse(error) => (error.kind().to_string(), Some(error.span())),
            regex_syntax::Error::Translate(error) => (error.kind().to_string(), Some(error.span())),
            other => (other.to_string(), None),
        };
        let span = span.map_or((0, regex.len()), |span| {
            (span.start.offset, span.end.offset)
        });
        SyntaxError { message, span }
    })
}

fn literals(kind: LiteralKind, any: &[Vec<u8>]) -> Hir {
    let strings = any
        .iter()
        .map(|bytes| Hir::literal(bytes.as_slice()))
        .collect();
    let mut parts = vec![Hir::alternation(strings)];
    if matches!(kind, LiteralKind::StartsWith | LiteralKind::Equals) {
        parts.insert(0, Hir::look(Look::Start));
    }
    if matches!(kind, LiteralKind::EndsWith | LiteralKind::Equals) {
        parts.push(Hir::look(Look::End));
    }
    Hir::concat(parts)
}
