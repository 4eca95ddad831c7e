//! A small lexer that knows strings, comments and brackets, and nothing else.
//!
//! It answers where things end, before the grammar sees them, so that an unclosed quote or
//! brace is reported at its opening and nesting is bounded. It agrees with the string rules
//! of the grammar. One pass, one stack, no recursion.

/// How deep brackets, strings and the braces in strings may nest together.
pub(super) const MOST_NESTED: usize = 64;

/// What is open at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opener {
    Brace,
    Paren,
    Bracket,
    /// `"`
    Plain,
    /// `"""`
    Triple,
    /// `r#"`
    Hash,
    /// `{` in a string
    Interpolation,
}

/// What kind of token was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Number,
    /// A string without interpolation, or part of one that may have it.
    Text,
    Open,
    Close,
    Sign,
}

/// A token and its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What is wrong with the text before any grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// A string with no end, from its opening.
    OpenString(Opener, usize),
    /// A bracket that is never closed.
    OpenBracket(usize),
    /// A closing bracket that fits no opening one; the innermost opening, if any.
    StrayClose(usize, Option<usize>),
    /// More nesting than [`MOST_NESTED`], from here.
    TooDeep(usize),
    /// A `{` in a string that isn't closed on its line.
    OpenInterpolation(usize),
    /// A comment between the braces of a string: the brace, and the comment.
    CommentInString(usize, usize),
}

/// The lexer: a position and what is open there.
pub(super) struct Lexer<'t> {
    text: &'t str,
    pub(super) pos: usize,
    pub(super) stack: Vec<(Opener, usize)>,
    pub(super) faults: Vec<Fault>,
    interpolations: usize,
    too_deep: bool,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str, pos: usize) -> Self {
        Lexer {
            text,
            pos,
            stack: Vec::new(),
            faults: Vec::new(),
            interpolations: 0,
            too_deep: false,
        }
    }

    /// Forgets what is open and goes on from `pos`.
    pub(super) fn restart(&mut self, pos: usize) {
        self.pos = pos;
        self.stack.clear();
        self.interpolations = 0;
        self.too_deep = false;
    }

    /// The next token, or none at the end of the text.
    pub(super) fn next(&mut self) -> Option<Token> {
        match self.stack.last() {
            Some(&(opener @ (Opener::Plain | Opener::Triple | Opener::Hash), start)) => {
                self.in_string(opener, start)
            }
            _ => self.in_code(),
        }
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.pos + ahead).copied()
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.pos..).unwrap_or_default()
    }

    fn token(&mut self, kind: Kind, length: usize) -> Option<Token> {
        let start = self.pos;
        self.pos += length;
        Some(Token {
            kind,
            start,
            end: self.pos,
        })
    }

    /// A token outside strings.
    fn in_code(&mut self) -> Option<Token> {
        self.skip_blanks();
        if self.in_text() {
            return self.next();
        }
        let first = self.byte(0)?;
        match first {
            b'"' if self.rest().starts_with("\"\"\"") => self.open(Opener::Triple, 3),
            b'"' => self.open(Opener::Plain, 1),
            b'r' if self.rest().starts_with("r#\"") => self.open(Opener::Hash, 3),
            b'r' | b't' if self.byte(1) == Some(b'"') => self.one_line_string(),
            b'{' => self.open(Opener::Brace, 1),
            b'(' => self.open(Opener::Paren, 1),
            b'[' => self.open(Opener::Bracket, 1),
            b'}' => self.close(Opener::Brace),
            b')' => self.close(Opener::Paren),
            b']' => self.close(Opener::Bracket),
            b'0'..=b'9' => self.number(),
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => {
                let length = self.rest().bytes().take_while(|&b| is_word(b)).count();
                self.token(Kind::Word, length)
            }
            _ => {
                let length = self.rest().chars().next().map_or(1, char::len_utf8);
                self.token(Kind::Sign, length)
            }
        }
    }

    /// Whether a newline between the braces of a string has put us back into the string.
    fn in_text(&self) -> bool {
        matches!(
            self.stack.last(),
            Some((Opener::Plain | Opener::Triple | Opener::Hash, _))
        )
    }

    fn skip_blanks(&mut self) {
        while let Some(byte) = self.byte(0) {
            match byte {
                b'\n' if self.interpolations > 0 => {
                    let brace = self.abandon_interpolation();
                    self.faults.push(Fault::OpenInterpolation(brace));
                }
                b' ' | b'\t' | b'\r' | b'\n' => self.pos += 1,
                b'#' if self.interpolations > 0 => {
                    let comment = self.pos;
                    let brace = self.abandon_interpolation();
                    self.faults.push(Fault::CommentInString(brace, comment));
                }
                b'#' => self.pos += self.to_line_end(),
                _ => return,
            }
            if self.in_text() {
                return;
            }
        }
    }

    fn to_line_end(&self) -> usize {
        self.rest().find('\n').unwrap_or(self.rest().len())
    }

    /// Back into the string that the innermost interpolation stands in, at the end of the
    /// line. Strings of one line are given up as well: one report is enough. The place of the brace.
    fn abandon_interpolation(&mut self) -> usize {
        let mut brace = self.pos;
        while let Some(&(opener, start)) = self.stack.last() {
            match opener {
                Opener::Interpolation => {
                    brace = start;
                    self.interpolations -= 1;
                }
                Opener::Plain => {}
                Opener::Brace | Opener::Paren | Opener::Bracket if self.interpolations > 0 => {}
                _ => break,
            }
            self.stack.pop();
        }
        self.pos += self.to_line_end();
        brace
    }

    fn open(&mut self, opener: Opener, length: usize) -> Option<Token> {
        self.too_deep &= !self.stack.is_empty();
        self.stack.push((opener, self.pos));
        if self.stack.len() > MOST_NESTED && !self.too_deep {
            self.too_deep = true;
            self.faults.push(Fault::TooDeep(self.pos));
        }
        let kind = match opener {
            Opener::Brace | Opener::Paren | Opener::Bracket => Kind::Open,
            _ => Kind::Text,
        };
        self.token(kind, length)
    }

    fn close(&mut self, opener: Opener) -> Option<Token> {
        let fits =
            |o: Opener| o == opener || (o == Opener::Interpolation && opener == Opener::Brace);
        match self.stack.last() {
            Some(&(o, _)) if fits(o) => {
                self.stack.pop();
                if o == Opener::Interpolation {
                    self.interpolations -= 1;
                    return self.token(Kind::Text, 1);
                }
            }
            top => {
                self.faults
                    .push(Fault::StrayClose(self.pos, top.map(|&(_, start)| start)));
                self.close_outer(&fits);
            }
        }
        self.token(Kind::Close, 1)
    }

    /// Closes up to the innermost opening that fits, without leaving a string.
    fn close_outer(&mut self, fits: &dyn Fn(Opener) -> bool) {
        let bracket = |o: Opener| matches!(o, Opener::Brace | Opener::Paren | Opener::Bracket);
        let inner = self
            .stack
            .iter()
            .rev()
            .take_while(|(o, _)| bracket(*o) || fits(*o));
        let mut depth = 0;
        for &(o, _) in inner.take(MOST_NESTED) {
            depth += 1;
            if fits(o) {
                self.stack.truncate(self.stack.len() - depth);
                self.interpolations -= usize::from(o == Opener::Interpolation);
                return;
            }
        }
    }

    /// `r"…"` and `t"…"`: to the quote, on this line.
    fn one_line_string(&mut self) -> Option<Token> {
        let rest = self.rest();
        let inner = rest.get(2..).unwrap_or_default();
        let line = inner.find('\n').unwrap_or(inner.len());
        let length = match inner.get(..line).and_then(|line| line.find('"')) {
            Some(quote) => 2 + quote + 1,
            None => {
                self.faults.push(Fault::OpenString(Opener::Plain, self.pos));
                2 + line
            }
        };
        self.token(Kind::Text, length)
    }

    fn number(&mut self) -> Option<Token> {
        let bytes = self.rest().as_bytes();
        let mut length = 0;
        while let Some(&byte) = bytes.get(length) {
            let point = byte == b'.' && bytes.get(length + 1).is_some_and(u8::is_ascii_digit);
            if !is_word(byte) && !point {
                break;
            }
            length += 1;
        }
        length += usize::from(bytes.get(length) == Some(&b'%'));
        self.token(Kind::Number, length)
    }

    /// Part of a string: up to its end, a brace that opens, or the end of a line.
    fn in_string(&mut self, opener: Opener, start: usize) -> Option<Token> {
        let from = self.pos;
        self.byte(0)?;
        while let Some(byte) = self.byte(0) {
            match byte {
                b'\n' if opener == Opener::Plain => {
                    self.stack.pop();
                    // A string between the braces of another: it is the brace that is wrong.
                    let fault = if self.interpolations > 0 {
                        Fault::OpenInterpolation(self.abandon_interpolation())
                    } else {
                        Fault::OpenString(opener, start)
                    };
                    self.faults.push(fault);
                    break;
                }
                b'\n' => {
                    self.pos += 1;
                    break;
                }
                b'\\' if opener != Opener::Hash && self.byte(1).is_some_and(|b| b != b'\n') => {
                    self.pos += 2;
                }
                b'{' if opener != Opener::Hash && self.byte(1) == Some(b'{') => self.pos += 2,
                b'{' if opener != Opener::Hash => {
                    self.interpolations += 1;
                    self.open(Opener::Interpolation, 1);
                    break;
                }
                b'"' if self.ends(opener) => {
                    self.stack.pop();
                    self.pos += closing(opener);
                    break;
                }
                _ => self.pos += 1,
            }
        }
        Some(Token {
            kind: Kind::Text,
            start: from,
            end: self.pos,
        })
    }

    fn ends(&self, opener: Opener) -> bool {
        match opener {
            Opener::Triple => self.rest().starts_with("\"\"\""),
            Opener::Hash => self.byte(1) == Some(b'#'),
            _ => true,
        }
    }
}

fn closing(opener: Opener) -> usize {
    match opener {
        Opener::Triple => 3,
        Opener::Hash => 2,
        _ => 1,
    }
}

/// Whether a byte can be in a word.
pub(super) fn is_word(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric()
}

/// The token at a place, as a diagnostic shows it, and its end.
pub(super) fn token_at(text: &str, pos: usize) -> Option<Token> {
    let mut lexer = Lexer::new(text, pos);
    let first = lexer.next()?;
    if first.kind != Kind::Text {
        return Some(first);
    }
    let mut end = first.end;
    while !lexer.stack.is_empty() {
        end = lexer.next()?.end;
    }
    Some(Token { end, ..first })
}
