//! `multipart/form-data` (RFC 7578, RFC 2046, section 5.1).
//!
//! Read as the more lenient servers do: a line may end in LF alone. So that nothing is hidden from a rule where
//! another server reads it differently, what stands before the first boundary and behind the last one is a text,
//! and so is every line of a part's head but `Content-Disposition`, and every parameter of that but the name. Only a plain `filename` makes a part a
//! file, whose content is not looked at.

mod head;

use super::names::Names;
use super::{LINE, PLACE, Texts};
use crate::writer::split;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// In the content of a part, or outside all parts.
    Content,
    /// Behind a boundary.
    Boundary,
    /// Behind a boundary and a dash.
    Dash,
    /// In the blanks behind a boundary.
    Padding,
    /// In a line of a part's head that is kept.
    Line,
    /// Behind such a line.
    Folding,
    /// In another line.
    Other,
}

impl Mode {
    fn of(number: u8) -> Mode {
        match number {
            1 => Mode::Boundary,
            2 => Mode::Dash,
            3 => Mode::Padding,
            4 => Mode::Line,
            5 => Mode::Folding,
            6 => Mode::Other,
            _ => Mode::Content,
        }
    }
}

/// What stands between the content and a place where a boundary may begin.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Break {
    /// Nothing: this is the beginning.
    Nothing,
    /// No boundary can begin.
    Inside,
    /// A CR, so that an LF may follow.
    Cr,
    Lf,
    CrLf,
}

impl Break {
    fn of(number: u8) -> Break {
        match number {
            0 => Break::Nothing,
            2 => Break::Cr,
            3 => Break::Lf,
            4 => Break::CrLf,
            _ => Break::Inside,
        }
    }
}

/// Where in a body this is.
///
/// | offset | bytes | field |
/// | --- | --- | --- |
/// | 0 | 1 | mode |
/// | 1 | 1 | line break |
/// | 2 | 1 | how much of the boundary with its dashes was seen |
/// | 3 | 1 | 1: a text has begun, 2: the content is a file's |
/// | 4 | 2 | bytes of the line that are `Content-Disposition` |
/// | 6 | 2 | bytes of the line |
struct Multipart<'t, 'm, 'a> {
    texts: &'t mut Texts<'m, 'a>,
    names: Names<'t>,
    boundary: &'t [u8],
    line: &'t mut [u8; LINE],
    mode: Mode,
    line_break: Break,
    matched: u8,
    file: bool,
    kept: usize,
    length: usize,
}

pub(super) fn feed(
    texts: &mut Texts<'_, '_>,
    names: Names<'_>,
    boundary: &[u8],
    place: &mut [u8; PLACE],
    line: &mut [u8; LINE],
    piece: &[u8],
    last: bool,
) {
    let [
        mode,
        line_break,
        matched,
        flags,
        kept,
        kept_high,
        length,
        length_high,
        ..,
    ] = *place;
    texts.resume(flags & 1 != 0);
    let number = |low, high| usize::from(u16::from_le_bytes([low, high])).min(LINE);
    let length = number(length, length_high);
    let mut part = Multipart {
        texts,
        names,
        boundary,
        line,
        mode: Mode::of(mode),
        line_break: Break::of(line_break),
        matched: matched.min(boundary.len() as u8 + 2),
        file: flags & 2 != 0,
        kept: number(kept, kept_high).min(length),
        length,
    };
    let mut rest = piece;
    while let Some((&byte, behind)) = rest.split_first() {
        rest = match part.mode {
            Mode::Content if part.line_break == Break::Inside => part.content(rest),
            Mode::Other => part.other(rest),
            _ => {
                let taken = part.taken(byte);
                if taken { behind } else { rest }
            }
        };
    }
    if last {
        part.end();
    }
    part.store(place);
}

impl Multipart<'_, '_, '_> {
    /// Takes a byte, or tells by it what begins here: then it is not taken.
    fn taken(&mut self, byte: u8) -> bool {
        match (self.mode, byte) {
            (Mode::Content, _) => return self.line_start(byte),
            (Mode::Boundary, b'-') => self.mode = Mode::Dash,
            (Mode::Dash, b'-') => {
                self.begin_part();
                (self.mode, self.line_break) = (Mode::Content, Break::Inside);
            }
            (Mode::Boundary | Mode::Padding, b'\n') => {
                self.begin_part();
                self.mode = Mode::Line;
            }
            (Mode::Boundary | Mode::Padding, b' ' | b'\t' | b'\r') => self.mode = Mode::Padding,
            (Mode::Line, b'\n') => self.line_end(),
            (Mode::Line, _) => self.line_byte(byte),
            (Mode::Folding, b' ' | b'\t') => {
                self.mode = Mode::Line;
                // The line that was kept goes on.
                (self.kept, self.length) = (0, self.kept);
                self.line_byte(b' ');
            }
            (Mode::Folding, _) => {
                self.mode = Mode::Line;
                return false;
            }
            // No boundary after all.
            _ => {
                self.release();
                return false;
            }
        }
        true
    }

    /// The rest of a line of the content.
    fn content<'b>(&mut self, rest: &'b [u8]) -> &'b [u8] {
        let end = rest.iter().position(|&byte| matches!(byte, b'\r' | b'\n'));
        let (run, behind) = split(rest, end.unwrap_or(rest.len()));
        if !(self.file || run.is_empty()) {
            self.texts.open = true;
            self.texts.out.extend(run);
        }
        let Some((&byte, behind)) = behind.split_first() else {
            return behind;
        };
        self.line_break = if byte == b'\r' { Break::Cr } else { Break::Lf };
        behind
    }

    /// Looks for a boundary where a line begins.
    fn line_start(&mut self, byte: u8) -> bool {
        if self.line_break == Break::Cr {
            if byte == b'\n' {
                self.line_break = Break::CrLf;
                return true;
            }
        } else if self.expected() == Some(byte) {
            self.matched += 1;
            if self.expected().is_none() {
                self.mode = Mode::Boundary;
            }
            return true;
        }
        self.release();
        false
    }

    /// The next byte of the boundary with its dashes.
    fn expected(&self) -> Option<u8> {
        match self.matched.checked_sub(2) {
            Some(at) => self.boundary.get(usize::from(at)).copied(),
            None => Some(b'-'),
        }
    }

    /// What was held back is content.
    fn release(&mut self) {
        if matches!(self.line_break, Break::Cr | Break::CrLf) {
            self.write(b'\r');
        }
        if matches!(self.line_break, Break::Lf | Break::CrLf) {
            self.write(b'\n');
        }
        let seen = core::mem::take(&mut self.matched);
        while self.matched < seen
            && let Some(byte) = self.expected()
        {
            self.write(byte);
            self.matched += 1;
        }
        match self.mode {
            Mode::Dash => self.write(b'-'),
            Mode::Padding => self.write(b' '),
            _ => {}
        }
        (self.mode, self.line_break, self.matched) = (Mode::Content, Break::Inside, 0);
    }

    fn write(&mut self, byte: u8) {
        if !self.file {
            self.texts.open = true;
            self.texts.out.push(byte);
        }
    }

    /// The part before the boundary has ended.
    fn begin_part(&mut self) {
        self.texts.end();
        self.file = false;
        (self.matched, self.kept, self.length) = (0, 0, 0);
    }

    /// The end of the body.
    fn end(&mut self) {
        match self.mode {
            Mode::Line | Mode::Folding | Mode::Other => {
                self.texts.end();
                self.kept = 0;
                if self.length > 0 {
                    self.release_line();
                }
            }
            // A line break at the very end is no text of its own.
            _ if self.texts.open || self.matched > 0 => self.release(),
            _ => {}
        }
        self.texts.end();
        (self.mode, self.line_break, self.matched) = (Mode::Content, Break::Nothing, 0);
        (self.file, self.kept, self.length) = (false, 0, 0);
    }

    fn store(&self, place: &mut [u8; PLACE]) {
        let flags = u8::from(self.texts.open) | u8::from(self.file) << 1;
        let [kept, kept_high] = (self.kept as u16).to_le_bytes();
        let [length, length_high] = (self.length as u16).to_le_bytes();
        let head = [
            self.mode as u8,
            self.line_break as u8,
            self.matched,
            flags,
            kept,
            kept_high,
            length,
            length_high,
        ];
        if let Some(place) = place.first_chunk_mut() {
            *place = head;
        }
    }
}
