//! Cuts a file into its declarations, so that each is parsed on its own and three broken
//! ones give three reports.
//!
//! A declaration begins with a word at the start of a line, outside all brackets. When an opening
//! bracket or string is never closed, the rest of the file is cut a second time, now
//! also at a word that can only begin a declaration, in column 0, whatever is open there.

use super::controls::BYTE_ORDER_MARK;
use super::lex::{Fault, Kind, Lexer, Token};
use super::words::{DECLARATIONS, is_reserved};

/// A declaration's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) start: usize,
    pub(super) end: usize,
    /// A fault has been found in it: it is not parsed any further.
    pub(super) broken: bool,
}

/// The declarations of a file in order, and what is wrong with its strings and brackets.
pub(super) fn split(text: &str) -> (Vec<Cut>, Vec<Fault>) {
    let mut splitter = Splitter {
        text,
        lexer: Lexer::new(text, after_mark(text)),
        cuts: Vec::new(),
        open: None,
        last: None,
        resync: false,
    };
    splitter.run();
    (splitter.cuts, splitter.lexer.faults)
}

struct Splitter<'t> {
    text: &'t str,
    lexer: Lexer<'t>,
    cuts: Vec<Cut>,
    /// Where the declaration that is being read began, and how many faults there were then.
    open: Option<(usize, usize)>,
    /// The token before, if it stood outside all brackets or closed the last.
    last: Option<Token>,
    /// Whether words in column 0 cut even where something is open.
    resync: bool,
}

impl Splitter<'_> {
    fn run(&mut self) {
        loop {
            let depth = self.lexer.stack.len();
            let Some(token) = self.lexer.next() else {
                if self.at_end() {
                    return;
                }
                continue;
            };
            if depth > 0 {
                self.inside(token);
            } else {
                self.outside(token);
            }
        }
    }

    fn inside(&mut self, token: Token) {
        if self.resync && self.in_column_0(token) && self.begins_for_sure(token.start) {
            self.report_open(token.start);
            self.finish(token.start);
            self.lexer.restart(token.start);
        } else {
            self.last = Some(token);
        }
    }

    fn outside(&mut self, token: Token) {
        if self.open.is_none() || self.begins(token) {
            self.finish(token.start);
            let faults = self.lexer.faults.len();
            let own = self
                .lexer
                .faults
                .iter()
                .rev()
                .take_while(|f| place(f) >= token.start)
                .count();
            self.open = Some((token.start, faults - own));
        }
        self.last = Some(token);
    }

    /// Whether a token outside all brackets begins a declaration.
    fn begins(&self, token: Token) -> bool {
        if token.kind != Kind::Word {
            return false;
        }
        let word = self.slice(token);
        if is_reserved(word) && !matches!(word, "if" | "let") {
            return false;
        }
        let Some(last) = self.last else { return true };
        if self.slice(last) == "}" {
            return true;
        }
        let before = self.text.get(last.end..token.start).unwrap_or_default();
        before.contains('\n')
            && !self.goes_on(last)
            && (DECLARATIONS.contains(&word) || self.in_column_0(token))
    }

    /// Whether something must follow a token.
    fn goes_on(&self, token: Token) -> bool {
        match token.kind {
            Kind::Sign => self.slice(token) != ";",
            Kind::Word => {
                let word = self.slice(token);
                is_reserved(word) && !matches!(word, "true" | "false" | "null")
            }
            _ => false,
        }
    }

    /// The end of the text. Where something is still open, the declaration is read again from
    /// its start, with `resync`; the second time, the opening is reported.
    fn at_end(&mut self) -> bool {
        let still_open = !self.lexer.stack.is_empty();
        if let (true, false, Some((start, faults))) = (still_open, self.resync, self.open) {
            self.resync = true;
            self.lexer.faults.truncate(faults);
            self.lexer.restart(start);
            self.open = None;
            self.last = None;
            return false;
        }
        if still_open {
            self.report_open(self.text.len());
        }
        self.finish(self.text.len());
        true
    }

    /// Reports what is open: the outermost string if there is one, else the innermost
    /// bracket, unless the declaration already has a fault that may have eaten the closing one.
    /// What lies behind `limit` is not the declaration's.
    fn report_open(&mut self, limit: usize) {
        use super::lex::Opener::{Brace, Bracket, Interpolation, Paren};
        let faults = self.open.map_or(0, |(_, faults)| faults);
        let own = self.lexer.faults.get(faults..).unwrap_or_default();
        if own.iter().any(|f| place(f) < limit) {
            return;
        }
        let bracket = |o| matches!(o, Brace | Paren | Bracket);
        self.lexer.faults.truncate(faults);
        self.lexer.stack.retain(|&(_, start)| start < limit);
        let stack = &self.lexer.stack;
        let brace = stack.iter().find(|&&(o, _)| o == Interpolation);
        let string = stack.iter().find(|&&(o, _)| !bracket(o));
        let fault = match (brace, string) {
            (Some(&(_, start)), _) => Some(Fault::OpenInterpolation(start)),
            (None, Some(&(opener, start))) => Some(Fault::OpenString(opener, start)),
            (None, None) => stack.last().map(|&(_, start)| Fault::OpenBracket(start)),
        };
        self.lexer.faults.extend(fault);
    }

    /// Ends the declaration that is being read before `limit`.
    fn finish(&mut self, limit: usize) {
        if let Some((start, faults)) = self.open.take() {
            self.drop_followers(faults);
            let own = self.lexer.faults.get(faults..).unwrap_or_default();
            let end = self.last.map_or(limit, |last| last.end.min(limit));
            self.cuts.push(Cut {
                start,
                end: end.max(start),
                broken: own.iter().any(|f| place(f) < limit),
            });
        }
        self.last = None;
    }

    /// Where a brace in a string went wrong, what is string and what is code is guessed from there
    /// on: only the first report of the declaration is sure.
    fn drop_followers(&mut self, from: usize) {
        let own = self.lexer.faults.get(from..).unwrap_or_default();
        let brace =
            |f: &Fault| matches!(f, Fault::OpenInterpolation(_) | Fault::CommentInString(..));
        if let Some(at) = own.iter().position(brace) {
            self.lexer.faults.truncate(from + at + 1);
        }
    }

    fn slice(&self, token: Token) -> &str {
        self.text.get(token.start..token.end).unwrap_or_default()
    }

    fn in_column_0(&self, token: Token) -> bool {
        token.start == 0 || self.text.as_bytes().get(token.start - 1) == Some(&b'\n')
    }

    /// Whether the words at `pos` can begin nothing but a declaration.
    fn begins_for_sure(&self, pos: usize) -> bool {
        let rest = self.text.get(pos..).unwrap_or_default();
        let line = rest
            .get(..rest.find('\n').unwrap_or(rest.len()))
            .unwrap_or_default();
        let mut words = line.split_whitespace();
        match words.next().unwrap_or_default() {
            "on" => matches!(words.next(), Some("request" | "response" | "error")),
            "set" | "map" | "const" => words.nth(1).is_some_and(|w| w.starts_with('=')),
            "use" => words
                .next()
                .is_some_and(|w| w.starts_with("std.") || w.starts_with('"')),
            "default" => words.next().is_some_and(|w| w.starts_with('{')),
            "route" | "fn" | "param" | "secret" => true,
            "test" | "site" => words.next().is_some_and(|w| w.starts_with('"')),
            word => {
                DECLARATIONS.contains(&word) && words.nth(1).is_some_and(|w| w.starts_with('{'))
            }
        }
    }
}

/// Behind the mark that some editors put first.
fn after_mark(text: &str) -> usize {
    text.chars()
        .next()
        .filter(|&c| c == BYTE_ORDER_MARK)
        .map_or(0, char::len_utf8)
}

/// Where a fault stands.
fn place(fault: &Fault) -> usize {
    match *fault {
        Fault::OpenString(_, at)
        | Fault::OpenBracket(at)
        | Fault::StrayClose(at, _)
        | Fault::TooDeep(at)
        | Fault::OpenInterpolation(at)
        | Fault::CommentInString(at, _) => at,
    }
}
