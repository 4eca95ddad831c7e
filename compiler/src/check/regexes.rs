//! Regexes: on bytes, and only what an automaton can match.

use super::Checker;
use crate::automata::automaton::Automaton;
use crate::automata::dfa::DfaError;
use crate::automata::pattern::Pattern;
use crate::automata::{nfa, positions};
use crate::diagnostics::BadRegex;
use crate::source::Span;
use regex_syntax::ast::ErrorKind;

/// A longer part of a regex is not shown.
const LONGEST_PART: usize = 80;

impl Checker<'_> {
    /// Checks a regex; each text once.
    pub(super) fn regex(&mut self, pattern: &str, span: Span) -> Option<()> {
        if let Some(sound) = self.regexes.get(pattern) {
            return sound.then_some(());
        }
        let problem = problem(pattern);
        self.regexes.insert(pattern.to_owned(), problem.is_none());
        let Some((why, help)) = problem else {
            return Some(());
        };
        self.fail(BadRegex { why, span, help })
    }
}

/// What is wrong with a regex, and what to do about it.
fn problem(pattern: &str) -> Option<(String, Option<String>)> {
    let parsed = regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .build()
        .parse(pattern);
    match parsed {
        Ok(_) => too_large(pattern),
        Err(regex_syntax::Error::Parse(error)) => Some(match error.kind() {
            ErrorKind::UnsupportedLookAround => (
                "it looks around, which takes backtracking".to_owned(),
                Some(
                    "split it into two comparisons: `E matches r\"…\" and not (E matches r\"…\")`"
                        .to_owned(),
                ),
            ),
            ErrorKind::UnsupportedBackreference => (
                "it refers back to a group, which takes backtracking".to_owned(),
                Some("write out what the group can be".to_owned()),
            ),
            kind => (kind.to_string(), None),
        }),
        Err(regex_syntax::Error::Translate(error)) => Some((error.kind().to_string(), None)),
        Err(_) => Some(("it is malformed".to_owned(), None)),
    }
}

fn too_large(pattern: &str) -> Option<(String, Option<String>)> {
    let error = Automaton::build(&Pattern::Regex(pattern.to_owned())).err()?;
    let part = positions::worst_part(pattern)
        .filter(|part| part.len() < LONGEST_PART)
        .map_or("it".to_owned(), |part| format!("`{part}`"));
    Some(match error {
        DfaError::TableTooLarge { .. }
        | DfaError::WorkTooLarge { .. }
        | DfaError::TooManyStates { .. } => (
            format!("{part} repeats too much for an automaton"),
            Some(format!(
                "repeat less, or split it into several comparisons: written out, a regex may read {} bytes",
                nfa::MOST
            )),
        ),
        other => (
            other.to_string(),
            Some(format!("write it another way, or repeat {part} less")),
        ),
    })
}
