//! Regexes: on bytes, and only what an automaton can match.

use super::Checker;
use crate::automata::dfa::{Budget, Dfa};
use crate::automata::pattern::Pattern;
use crate::diagnostics::BadRegex;
use crate::source::Span;
use regex_syntax::ast::ErrorKind;

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
    let error = Dfa::build(&Pattern::Regex(pattern.to_owned()), Budget::default()).err()?;
    let help = "repeat less: `{1,10}` instead of `{1,1000}`".to_owned();
    Some((error.to_string(), Some(help)))
}
