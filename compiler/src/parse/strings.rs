//! String literals: escapes, interpolation, and what lines of `"""` lose.

use pest::Parser as _;

use crate::ast::{ExprKind, StrPart};
use crate::diagnostics::{BadEscape, BadInterpolation, InterpolationOutOfPlace};

use super::builder::Builder;
use super::expr::Built;
use super::grammar::{Grammar, Node, Rule};

/// The text of `r"…"`, `r#"…"#` or `t"…"`; lines end with `\n`, however the file has it.
pub(super) fn raw(literal: &str) -> String {
    let inner = match literal.strip_prefix("r#\"") {
        Some(rest) => rest.strip_suffix("\"#"),
        None => literal.get(2..literal.len() - 1),
    };
    inner.unwrap_or_default().replace("\r\n", "\n")
}

impl Builder<'_, '_> {
    /// A string that may have interpolations.
    pub(super) fn string(&mut self, node: &Node<'_>) -> Option<Built> {
        let span = self.span(node);
        let mut reader = Reader::new(node);
        let (mut parts, mut depth) = (Vec::new(), 0);
        while let Some(piece) = reader.next(self)? {
            match piece {
                Piece::Text(text) => parts.push(StrPart::Text(text)),
                Piece::Code(start, end) => {
                    let built = self.interpolated(start, end)?;
                    depth = depth.max(built.depth);
                    parts.push(StrPart::Expr(built.expr));
                }
            }
        }
        self.grown(ExprKind::Str(parts), depth, span)
    }

    /// A string that must not have interpolations.
    pub(super) fn plain_string(&mut self, node: Node<'_>) -> Option<String> {
        if matches!(node.as_rule(), Rule::str_raw | Rule::str_hash) {
            return Some(raw(node.as_str()));
        }
        let mut reader = Reader::new(&node);
        let mut all = String::new();
        while let Some(piece) = reader.next(self)? {
            match piece {
                Piece::Text(text) => all.push_str(&text),
                Piece::Code(start, end) => {
                    let span = self.range(start - 1, end + 1);
                    let code = self.text.get(self.offset + start..self.offset + end);
                    let before = self.text.get(..self.offset + node.as_span().start());
                    let line = before.unwrap_or_default().lines().last();
                    let pattern = line.is_some_and(|it| it.trim_start().starts_with("route"));
                    let help = match pattern && all.ends_with('/') {
                        true => out_of_pattern(code.unwrap_or_default()),
                        false => None,
                    };
                    let help = help.unwrap_or_else(|| OUT_OF_PLACE.to_owned());
                    self.report(InterpolationOutOfPlace { span, help });
                    return None;
                }
            }
        }
        Some(all)
    }

    /// The expression between the braces of a string: `start` and `end` count as places of nodes do.
    fn interpolated(&mut self, start: usize, end: usize) -> Option<Built> {
        let outer = self.offset;
        let code = self.text.get(outer + start..outer + end)?;
        let brace = self.range(start - 1, start);
        if code.trim().is_empty() {
            self.report(BadInterpolation {
                what: "there is nothing between the braces".to_owned(),
                help: "write `{{` and `}}` where the text itself has braces".to_owned(),
                span: brace.to(self.range(start, end + 1)),
            });
            return None;
        }
        self.offset = outer + start;
        let built = match Grammar::parse(Rule::interpolation, code) {
            Ok(mut nodes) => nodes.next().and_then(|node| self.built(node)),
            Err(error) => {
                self.report_interpolation(code, brace, &error);
                None
            }
        };
        self.offset = outer;
        built
    }
}

enum Piece {
    /// Bytes as they are meant.
    Text(String),
    /// A range of code.
    Code(usize, usize),
}

/// Reads a string literal piece by piece.
struct Reader<'n> {
    text: &'n str,
    /// The place of `text` among the places of nodes.
    base: usize,
    at: usize,
    /// Blanks that each line loses, in a string of lines.
    indent: Option<usize>,
}

impl<'n> Reader<'n> {
    fn new(node: &Node<'n>) -> Self {
        let literal = node.as_str();
        let base = node.as_span().start();
        if node.as_rule() != Rule::str_triple {
            let text = literal.get(1..literal.len() - 1).unwrap_or_default();
            return Reader {
                text,
                base: base + 1,
                at: 0,
                indent: None,
            };
        }
        let inner = literal.get(3..literal.len() - 3).unwrap_or_default();
        let skip = if inner.starts_with("\r\n") {
            2
        } else {
            usize::from(inner.starts_with('\n'))
        };
        let text = inner.get(skip..).unwrap_or_default();
        let mut reader = Reader {
            text,
            base: base + 3 + skip,
            at: 0,
            indent: None,
        };
        if skip > 0 {
            let indent = shared_indent(text);
            reader.indent = Some(indent);
            reader.at = blanks(text).min(indent);
            reader.trim_last_line();
        }
        reader
    }

    /// Blanks before the closing quotes on a line of their own go.
    fn trim_last_line(&mut self) {
        let line = self.text.rsplit('\n').next().unwrap_or_default();
        if line.bytes().all(|b| b == b' ' || b == b'\t') {
            self.text = self
                .text
                .get(..self.text.len() - line.len())
                .unwrap_or_default();
            self.at = self.at.min(self.text.len());
        }
    }

    fn rest(&self) -> &'n str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next piece; the outer none when a problem was reported.
    fn next(&mut self, b: &mut Builder<'_, '_>) -> Option<Option<Piece>> {
        let mut text = String::new();
        while let Some(c) = self.rest().chars().next() {
            let rest = self.rest();
            match c {
                '\\' => text.push(self.escape(b)?),
                '{' if rest.starts_with("{{") => self.doubled(&mut text, '{'),
                '}' if rest.starts_with("}}") => self.doubled(&mut text, '}'),
                '{' if !text.is_empty() => break,
                '{' => return Some(Some(self.code())),
                '}' => return self.lone_brace(b),
                '\r' if rest.starts_with("\r\n") => self.at += 1,
                '\n' => {
                    self.at += 1;
                    text.push('\n');
                    self.at += blanks(self.rest()).min(self.indent.unwrap_or(0));
                }
                c => {
                    text.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
        Some((!text.is_empty()).then_some(Piece::Text(text)))
    }

    fn doubled(&mut self, text: &mut String, brace: char) {
        text.push(brace);
        self.at += 2;
    }

    fn lone_brace(&self, b: &mut Builder<'_, '_>) -> Option<Option<Piece>> {
        let at = self.base + self.at;
        let span = b.range(at, at + 1);
        b.report(BadInterpolation {
            what: "a `}` in a string closes nothing".to_owned(),
            help: "write `}}` for a brace that is part of the text".to_owned(),
            span,
        });
        None
    }

    /// From a `{` to behind the `}` that closes it; strings and braces may stand between.
    fn code(&mut self) -> Piece {
        let start = self.at + 1;
        let mut lexer = super::lex::Lexer::new(self.text, start);
        let mut end = self.text.len();
        loop {
            let depth = lexer.stack.len();
            let Some(token) = lexer.next() else { break };
            if depth == 0 && token.kind == super::lex::Kind::Close {
                end = token.start;
                break;
            }
        }
        self.at = (end + 1).min(self.text.len());
        Piece::Code(self.base + start, self.base + end)
    }

    fn escape(&mut self, b: &mut Builder<'_, '_>) -> Option<char> {
        let start = self.at;
        let rest = self.rest().get(1..).unwrap_or_default();
        let letter = rest.chars().next()?;
        let (c, length) = match letter {
            'n' => (Some('\n'), 2),
            'r' => (Some('\r'), 2),
            't' => (Some('\t'), 2),
            '\\' | '"' => (Some(letter), 2),
            'u' => {
                let digits = rest
                    .strip_prefix("u{")
                    .and_then(|r| r.split_once('}'))
                    .map_or("", |(d, _)| d);
                let short = (1..=6).contains(&digits.len())
                    && digits.bytes().all(|b| b.is_ascii_hexdigit());
                let code = if short {
                    u32::from_str_radix(digits, 16).ok()
                } else {
                    None
                };
                (
                    code.and_then(char::from_u32),
                    4 + if short { digits.len() } else { 0 },
                )
            }
            _ => (None, 1 + letter.len_utf8()),
        };
        self.at += length;
        if c.is_none() {
            let span = b.range(self.base + start, self.base + start + 1 + letter.len_utf8());
            b.report(BadEscape {
                escape: format!("\\{}", letter.escape_debug()),
                help: escape_help(letter).to_owned(),
                span,
            });
        }
        c
    }
}

const OUT_OF_PLACE: &str =
    "write it without `{…}`; write `{{` for a brace that is part of the text";

/// `route "/x/{id}"`: other languages write a segment that varies so.
fn out_of_pattern(code: &str) -> Option<String> {
    let name = !code.is_empty() && code.bytes().all(super::lex::is_word);
    name.then(|| format!("a segment that varies is written `:{code}`"))
}

fn escape_help(letter: char) -> &'static str {
    match letter {
        '{' | '}' => "write `{{` and `}}` for braces that are part of the text",
        'u' => "write the number of the character in braces: `\\u{e9}`",
        'd' | 'w' | 's' | 'b' | '.' | '/' | 'S' | 'W' | 'D' | '(' | '[' | '*' | '+' | '?' | '$'
        | '^' | '|' => "a regex is written `r\"…\"`, where a backslash is only a backslash",
        _ => {
            "the escapes are \\n \\r \\t \\\\ \\\" and \\u{…}; in `r\"…\"` a backslash is only a backslash"
        }
    }
}

fn blanks(line: &str) -> usize {
    line.bytes()
        .take_while(|&b| b == b' ' || b == b'\t')
        .count()
}

/// The indentation that all lines share; empty ones don't count, but the closing quotes' own line does.
fn shared_indent(text: &str) -> usize {
    let last = text.rsplit('\n').next().unwrap_or_default();
    let quotes = if last.trim().is_empty() {
        blanks(last)
    } else {
        usize::MAX
    };
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .map(blanks)
        .chain([quotes])
        .min()
        .filter(|&indent| indent != usize::MAX)
        .unwrap_or(0)
}
