//! `multipart/form-data` (RFC 7578, RFC 2046, section 5.1).
//!
//! Read as the more lenient servers do: a line may end in LF alone. So that nothing is hidden from a rule where
//! another server reads it differently, what stands before the first boundary and behind the last one is a text,
//! and so is every line of a part's head but `Content-Disposition`, and every parameter of that but the name. Only a plain `filename` makes a part a
//! file, whose content is not looked at.

use super::media::{Parameter, Parameters, trim};
use super::names::{self, Names};
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

    /// A byte of a line that may be `Content-Disposition`, or empty.
    fn line_byte(&mut self, byte: u8) {
        let at = self.length - self.kept.min(self.length);
        let fits = match self.names.get(names::DISPOSITION).get(at) {
            _ if self.kept > 0 => byte == b'\r' && at == 0,
            Some(letter) => byte.eq_ignore_ascii_case(letter) || byte == b'\r' && at == 0,
            None => true,
        };
        let (line, _) = split(self.line.as_slice(), self.length);
        let after_cr = at == 1 && line.last() == Some(&b'\r');
        if fits && !after_cr && self.length < LINE {
            if let Some(place) = self.line.get_mut(self.length) {
                *place = byte;
            }
            self.length += 1;
            return;
        }
        // It is another one, or too long.
        self.release_line();
        self.texts.out.push(byte);
        self.mode = Mode::Other;
    }

    /// What was kept of a line begins a text.
    fn release_line(&mut self) {
        let (line, _) = split(self.line.as_slice(), self.length);
        self.texts.out.extend(split(line, self.kept).1);
        self.texts.open = true;
        self.length = self.kept;
    }

    fn line_end(&mut self) {
        let (line, _) = split(self.line.as_slice(), self.length);
        let own = split(line, self.kept).1;
        if own.iter().all(|&byte| byte == b'\r') {
            self.head_end();
        } else if own.len() >= names::DISPOSITION.len() {
            self.kept = self.length;
            self.mode = Mode::Folding;
        } else {
            self.release_line();
            self.texts.end();
        }
    }

    /// The rest of a line that is a text.
    fn other<'b>(&mut self, rest: &'b [u8]) -> &'b [u8] {
        let end = rest.iter().position(|&byte| byte == b'\n');
        let (run, behind) = split(rest, end.unwrap_or(rest.len()));
        self.texts.out.extend(run);
        if end.is_some() {
            self.texts.end();
            self.mode = Mode::Line;
        }
        split(behind, 1).1
    }

    /// The content is next: its text begins with its name.
    fn head_end(&mut self) {
        let (line, _) = split(self.line.as_slice(), self.kept);
        let value = split(line, names::DISPOSITION.len()).1;
        let mut parameters = Parameters::new(value);
        let names = self.names;
        let form_data = |first: Parameter<'_>| names.is(names::FORM_DATA, first.name);
        let mut odd = !parameters.next().is_none_or(form_data);
        let mut name: &[u8] = &[];
        for parameter in parameters.by_ref() {
            if names.is(names::NAME, parameter.name) && name.is_empty() {
                name = parameter.value;
            }
        }
        odd |= parameters.odd;
        if odd {
            self.texts.out.extend(trim(line));
            self.texts.out.flush(true);
        }
        for parameter in Parameters::new(value).skip(1) {
            let is_name = names.is(names::NAME, parameter.name);
            if names.is(names::FILE_NAME, parameter.name) {
                self.file = !odd;
                self.texts.unquote(name, parameter.value);
            } else if names.is(
                names::FILE_NAME,
                split(parameter.name, names::FILE_NAME.len()).0,
            ) {
                // `filename*`: some servers do not know it, and take the part for no file.
                self.texts.unquote(name, parameter.value);
            } else if !is_name || parameter.value != name {
                self.texts.unquote(parameter.name, parameter.value);
            } else {
                continue;
            }
            self.texts.end();
        }
        if !self.file {
            self.texts.unquote(name, &[]);
        }
        (self.mode, self.line_break) = (Mode::Content, Break::Nothing);
        (self.kept, self.length) = (0, 0);
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

impl Texts<'_, '_> {
    /// Begins the text of a name and a value, without the backslashes before quotes; others stay, since they
    /// stand in paths.
    fn unquote(&mut self, name: &[u8], value: &[u8]) {
        self.open = true;
        for (index, part) in [name, value].into_iter().enumerate() {
            if index > 0 {
                self.out.push(b'=');
            }
            let mut rest = part;
            while let Some((&byte, behind)) = rest.split_first() {
                if byte != b'\\' || behind.first() != Some(&b'"') {
                    self.out.push(byte);
                }
                rest = behind;
            }
        }
    }
}
