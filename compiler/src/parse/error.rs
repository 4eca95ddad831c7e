//! What the grammar found wrong, in the user's terms.

use pest::error::{Error, ErrorVariant, InputLocation};

use crate::diagnostics::{
    BadInterpolation, Expected, ForeignSpelling, MisplacedStatement, MissingComma, MissingQuotes,
    ObjectOutOfPlace, ReservedName, UnknownDeclaration, UnknownWord,
};
use crate::source::Span;

use super::builder::Builder;
use super::expected;
use super::foreign;
use super::grammar::Rule;
use super::hints;
use super::lex::{Kind, Token, token_at};
use super::words::{DECLARATIONS, is_reserved, is_statement, nearest};

/// Where the grammar stopped, and what could have stood there.
pub(super) struct Stop<'t> {
    /// What was parsed.
    pub(super) text: &'t str,
    pub(super) at: usize,
    pub(super) found: Option<Token>,
    pub(super) rules: Vec<Rule>,
}

impl<'t> Stop<'t> {
    fn new(text: &'t str, error: &Error<Rule>) -> Self {
        let at = match error.location {
            InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
        };
        let rules = match &error.variant {
            ErrorVariant::ParsingError { positives, .. } => positives.clone(),
            ErrorVariant::CustomError { .. } => Vec::new(),
        };
        let found = token_at(text, at);
        let at = found.map_or(text.len(), |token| token.start);
        Stop {
            text,
            at,
            found,
            rules,
        }
    }

    /// The text of the token.
    pub(super) fn word(&self) -> &'t str {
        self.found
            .and_then(|t| self.text.get(t.start..t.end))
            .unwrap_or_default()
    }

    /// What stands before the token, without blanks.
    pub(super) fn before(&self) -> &'t str {
        self.text.get(..self.at).unwrap_or_default().trim_end()
    }

    /// What stands from the token on.
    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn could_be(&self, rule: Rule) -> bool {
        self.rules.contains(&rule)
    }

    pub(super) fn could_be_expression(&self) -> bool {
        use Rule::{expr, operand, simple_operand, value};
        [expr, operand, simple_operand, value]
            .iter()
            .any(|&rule| self.could_be(rule))
    }

    fn found_words(&self) -> String {
        match self.found {
            None => "the end".to_owned(),
            Some(token) if token.kind == Kind::Text => "a string".to_owned(),
            Some(_) => format!("`{}`", shortened(self.word())),
        }
    }

    fn expected_words(&self) -> String {
        let visible: Vec<Rule> = self
            .rules
            .iter()
            .copied()
            .filter(|&r| !expected::continues(r))
            .collect();
        let rules = if visible.is_empty() {
            &self.rules
        } else {
            &visible
        };
        let (signs, mut rules): (Vec<Rule>, Vec<Rule>) =
            rules.iter().partition(|&&rule| expected::is_sign(rule));
        rules.extend(signs);
        let mut words: Vec<String> = Vec::new();
        for rule in rules {
            let word = expected::words(rule);
            if !words.contains(&word) {
                words.push(word);
            }
        }
        match words.split_last() {
            None => "something else".to_owned(),
            Some((last, [])) => last.clone(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
        }
    }
}

impl<'t> Builder<'t, '_> {
    /// A declaration whose first word the language doesn't have; reported.
    pub(super) fn unknown_declaration(&mut self, text: &str) -> bool {
        let Some(token) = token_at(text, 0) else {
            return true;
        };
        let word = text.get(..token.end).unwrap_or_default();
        if DECLARATIONS.contains(&word) && !misplaced(word, text) {
            return false;
        }
        let word = if text.starts_with("//") || text.starts_with("/*") {
            text.get(..2).unwrap_or(word)
        } else {
            word
        };
        let span = self.range(0, word.len());
        let word = shortened(word);
        if is_statement(&word) {
            self.report(MisplacedStatement { word, span });
        } else if let Some((instead, help)) = foreign::declaration(&word) {
            self.report(ForeignSpelling {
                found: word,
                instead,
                help,
                span,
            });
        } else if token.kind == Kind::Word {
            let help = match nearest(&word, DECLARATIONS.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!(
                    "a declaration begins with one of {}",
                    DECLARATIONS.join(", ")
                ),
            };
            self.report(UnknownDeclaration {
                word,
                span,
                help: Some(help),
            });
        } else {
            let found = format!("`{word}`");
            self.report(Expected {
                expected: "a declaration".to_owned(),
                found,
                span,
                help: None,
            });
        }
        true
    }

    /// Reports why a declaration could not be parsed.
    pub(super) fn report_syntax(&mut self, text: &str, error: &Error<Rule>) {
        let stop = Stop::new(text, error);
        let end = stop.found.map_or(stop.at, |token| token.end);
        let span = self.range(stop.at, end.max(stop.at));
        if self.foreign(&stop, span) {
            return;
        }
        let meant = hints::meant(&stop);
        if meant.is_none() && self.special(&stop, span) {
            return;
        }
        let help = meant
            .or_else(|| self.similar_keyword(&stop))
            .or_else(|| hint(&stop));
        self.report(Expected {
            expected: stop.expected_words(),
            found: stop.found_words(),
            span,
            help,
        });
    }

    /// Reports why the code between the braces of a string could not be parsed, at the brace.
    pub(super) fn report_interpolation(&mut self, code: &str, brace: Span, error: &Error<Rule>) {
        let stop = Stop::new(code, error);
        let what = match stop.found {
            None => "the expression between the braces is not complete".to_owned(),
            Some(_) => format!(
                "{} can't stand there, between the braces of a string",
                stop.found_words()
            ),
        };
        self.report(BadInterpolation {
            what,
            help:
                "write `{{` for a brace that is part of the text; escapes don't work between braces"
                    .to_owned(),
            span: brace.to(self.range(0, code.len())),
        });
    }

    /// What other languages write.
    fn foreign(&mut self, stop: &Stop<'_>, span: Span) -> bool {
        let Some(found) = foreign::spelling(stop) else {
            return false;
        };
        let end = span.start as usize + found.length;
        let span = Span {
            end: u32::try_from(end).unwrap_or(span.end),
            ..span
        };
        let text = shortened(stop.rest().get(..found.length).unwrap_or_default());
        self.report(ForeignSpelling {
            found: text,
            instead: found.instead,
            help: found.help,
            span,
        });
        true
    }

    /// Mistakes that have a diagnostic of their own.
    fn special(&mut self, stop: &Stop<'_>, span: Span) -> bool {
        let word = stop.word();
        let kind = stop.found.map(|token| token.kind);
        if stop.could_be(Rule::arm_comma)
            && kind.is_some_and(|k| matches!(k, Kind::Word | Kind::Text | Kind::Number))
        {
            self.report(MissingComma {
                between: "the arms",
                span: self.gap_before(stop),
            });
        } else if stop.could_be(Rule::list_comma)
            && matches!(kind, Some(Kind::Word | Kind::Text | Kind::Number))
        {
            self.report(MissingComma {
                between: "the elements",
                span: self.gap_before(stop),
            });
        } else if stop.could_be(Rule::comma)
            && stop.could_be(Rule::step)
            && expected::is_expectation(word)
        {
            self.report(MissingComma {
                between: "the expectations",
                span: self.gap_before(stop),
            });
        } else if word == "{" && stop.could_be_expression() {
            self.report(ObjectOutOfPlace { span });
        } else if stop.could_be(Rule::name) && is_reserved(word) {
            self.report(ReservedName {
                word: word.to_owned(),
                span,
            });
        } else if stop.could_be(Rule::text)
            || stop.could_be(Rule::route_head)
            || word == ":"
            || stop.could_be_expression()
        {
            return self.missing_quotes(stop) || self.unknown_word(stop, span);
        } else {
            return self.unknown_word(stop, span);
        }
        true
    }

    /// The place right behind the token before.
    fn gap_before(&self, stop: &Stop<'_>) -> Span {
        let end = stop.before().len();
        self.range(end.saturating_sub(1), end)
    }

    /// `/path` and `https://…` without quotes.
    fn missing_quotes(&mut self, stop: &Stop<'_>) -> bool {
        let mut at = stop.at;
        if stop.rest().starts_with("://") {
            at = stop
                .before()
                .trim_end_matches(|c: char| c.is_ascii_alphabetic())
                .len();
        }
        let rest = stop.text.get(at..).unwrap_or_default();
        let bare: &str = rest
            .split(|c: char| c.is_whitespace() || c == '{' || c == ',')
            .next()
            .unwrap_or_default();
        let path = bare.starts_with('/') && !bare.starts_with("//");
        let address = bare.contains("://");
        let only_text = stop.could_be(Rule::text) && !stop.could_be_expression();
        let file = only_text
            && bare.starts_with(|c: char| c.is_ascii_alphanumeric())
            && bare.contains(['.', '-', '/']);
        if !(path || address || file) {
            return false;
        }
        let span = self.range(at, at + bare.len());
        self.report(MissingQuotes {
            text: shortened(bare),
            span,
        });
        true
    }

    /// A word where one of a list of words must begin what follows.
    fn unknown_word(&mut self, stop: &Stop<'_>, span: Span) -> bool {
        let word = stop.word();
        let choices: Vec<expected::Choice> = stop
            .rules
            .iter()
            .filter_map(|&rule| expected::choices(rule))
            .collect();
        let all = choices.iter().flat_map(|(_, words)| words.iter().copied());
        let meant = nearest(word, all);
        let holds =
            |choice: &&expected::Choice| meant.is_some_and(|meant| choice.1.contains(&meant));
        let Some(&(kind, words)) = choices
            .iter()
            .find(holds)
            .or(choices.iter().find(|c| c.0 != "format"))
        else {
            return false;
        };
        let condition = word == "if" && words.contains(&"when");
        if stop.found.is_none_or(|token| token.kind != Kind::Word)
            || is_reserved(word) && !condition
        {
            return false;
        }
        let of_statements = kind == "statement";
        let help = if let Some(help) = hints::statement(stop).filter(|_| of_statements) {
            help
        } else if condition {
            "a condition is written `when`".to_owned()
        } else if of_statements
            && matches!(word, "header" | "cache" | "path" | "fallback" | "retry")
        {
            format!("`{word}` stands in the block of a `proxy`: `proxy shop {{ {word} … }}`")
        } else if words.contains(&word) {
            format!("`{word}` can't stand alone: see how it is written in the docs")
        } else if let Some(meant) = meant {
            format!("did you mean `{meant}`?")
        } else if stop.could_be(Rule::comma) {
            format!("if `{word}` is one more of the list, put a comma before it")
        } else {
            format!("it is one of {}", words.join(", "))
        };
        self.report(UnknownWord {
            kind,
            word: shortened(word),
            span,
            help,
        });
        true
    }

    /// A keyword that the word found is nearly like.
    fn similar_keyword(&self, stop: &Stop<'_>) -> Option<String> {
        if stop.found?.kind != Kind::Word {
            return None;
        }
        let dotted = stop
            .rest()
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.');
        let word = stop.rest().get(..dotted?).unwrap_or_default();
        let keywords: Vec<String> = stop
            .rules
            .iter()
            .map(|&rule| expected::words(rule).trim_matches('`').to_owned())
            .collect();
        let meant = nearest(word, keywords.iter().map(String::as_str))?;
        Some(format!("did you mean `{meant}`?"))
    }
}

/// What else to say about a place.
fn hint(stop: &Stop<'_>) -> Option<String> {
    let word = stop.word();
    let is_text = stop.found.is_some_and(|token| token.kind == Kind::Text);
    if word == "if" && stop.could_be_expression() {
        return Some(
            "`if` is a statement; a choice between values is `choose { C => A, otherwise => B }`"
                .to_owned(),
        );
    }
    if word == "if" && stop.could_be(Rule::kw_when) {
        return Some("a condition is written `when`".to_owned());
    }
    let after = stop.rest().get(word.len()..).unwrap_or_default();
    if stop.could_be(Rule::method) && after.trim_start().starts_with('|') {
        return Some("methods are separated by commas: `GET, POST`".to_owned());
    }
    if word == "header" && stop.could_be(Rule::response_header) {
        return Some(
            "write `response.header`; headers to the origin are set in the block of a `proxy`"
                .to_owned(),
        );
    }
    if stop.could_be(Rule::method)
        && word.bytes().all(|b| b.is_ascii_lowercase())
        && !word.is_empty()
    {
        return Some(format!(
            "methods are written in capitals: `{}`",
            word.to_ascii_uppercase()
        ));
    }
    if is_text
        && stop
            .rules
            .iter()
            .all(|&rule| matches!(rule, Rule::word | Rule::name | Rule::path))
    {
        return Some("this is a word and stands without quotes".to_owned());
    }
    let (_, words) = stop
        .rules
        .iter()
        .find_map(|&rule| expected::choices(rule))?;
    (words.len() < 14).then(|| format!("it is one of {}", words.join(", ")))
}

/// Words that begin both a declaration and a statement, written here as statements.
fn misplaced(word: &str, text: &str) -> bool {
    let mut words = text.split_whitespace().skip(1);
    match word {
        "set" => words
            .next()
            .is_some_and(|w| w.starts_with("response.") || w == "header"),
        "waf" | "limit" | "auth" | "log" => words.next().is_some() && !text.contains('{'),
        _ => false,
    }
}

/// The user's text in a message stays short.
pub(super) fn shortened(text: &str) -> String {
    if text.chars().count() <= 40 {
        return text.to_owned();
    }
    text.chars().take(39).chain(['…']).collect()
}
