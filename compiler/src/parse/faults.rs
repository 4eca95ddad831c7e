//! Reports what the lexer found before any grammar.

use crate::diagnostics::{BadInterpolation, ControlCharacter, OpenBracket, OpenString, StrayClose};

use super::builder::Builder;
use super::lex::{Fault, MOST_NESTED, Opener};

impl Builder<'_, '_> {
    /// Characters that can't be seen.
    pub(super) fn report_controls(&mut self, controls: &[(usize, char)]) {
        for &(at, c) in controls {
            let span = self.file_range(at, at + c.len_utf8());
            self.report(ControlCharacter {
                code: u32::from(c),
                span,
            });
        }
    }

    /// Strings, brackets and nesting.
    pub(super) fn report_faults(&mut self, faults: &[Fault]) {
        for &fault in faults {
            self.report_fault(fault);
        }
    }

    fn report_fault(&mut self, fault: Fault) {
        match fault {
            Fault::OpenString(opener, at) => {
                let quotes = match opener {
                    Opener::Triple => "\"\"\"",
                    Opener::Hash => "\"#",
                    _ => "\"",
                };
                let length = if opener == Opener::Plain { 1 } else { 3 };
                let span = self.file_range(at, at + length);
                let help = match opener == Opener::Plain && self.opens_brace(at + length) {
                    true => "`{` starts an interpolation; write `{{` for a brace, or put text with quotes and braces into `r#\"…\"#`".to_owned(),
                    false => format!(
                        "close it with `{quotes}`; text over several lines stands between `\"\"\"`"
                    ),
                };
                self.report(OpenString { help, span });
            }
            Fault::OpenBracket(at) => {
                let span = self.file_range(at, at + 1);
                self.report(OpenBracket {
                    bracket: self.char_at(at),
                    span,
                });
            }
            Fault::StrayClose(at, opening) => {
                let opening = opening.map(|at| self.file_range(at, at + 1));
                let span = self.file_range(at, at + 1);
                self.report(StrayClose {
                    bracket: self.char_at(at),
                    span,
                    opening,
                });
            }
            Fault::TooDeep(at) => {
                let span = self.file_range(at, at + 1);
                self.too_deep(span, MOST_NESTED);
            }
            Fault::OpenInterpolation(at) => {
                self.bad_brace(at, "this `{` in a string is not closed on its line")
            }
            Fault::CommentInString(at, _) => {
                self.bad_brace(at, "a comment can't stand between the braces of a string")
            }
        }
    }

    fn bad_brace(&mut self, at: usize, what: &str) {
        let span = self.file_range(at, at + 1);
        self.report(BadInterpolation {
            what: what.to_owned(),
            help: "write `{{` for a brace that is part of the text, or use `r\"…\"`".to_owned(),
            span,
        });
    }

    /// Whether a `{` that is not doubled stands behind a place, on its line.
    fn opens_brace(&self, at: usize) -> bool {
        let rest = self.text.get(at..).unwrap_or_default();
        let line = rest.lines().next().unwrap_or_default();
        line.replace("{{", "").contains('{')
    }

    fn char_at(&self, at: usize) -> char {
        self.text
            .get(at..)
            .and_then(|rest| rest.chars().next())
            .unwrap_or(' ')
    }
}
