//! The head of a part.

use super::{Break, Mode, Multipart};
use crate::stream::fields::media::{Parameter, Parameters, trim};
use crate::stream::fields::names;
use crate::stream::fields::{LINE, Texts};
use crate::writer::split;

impl Multipart<'_, '_, '_> {
    /// A byte of a line that may be `Content-Disposition`, or empty.
    pub(super) fn line_byte(&mut self, byte: u8) {
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
    pub(super) fn release_line(&mut self) {
        let (line, _) = split(self.line.as_slice(), self.length);
        self.texts.out.extend(split(line, self.kept).1);
        self.texts.open = true;
        self.length = self.kept;
    }

    pub(super) fn line_end(&mut self) {
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
    pub(super) fn other<'b>(&mut self, rest: &'b [u8]) -> &'b [u8] {
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
                // Some servers take a part without a file's name for a field.
                self.file = !odd && !parameter.value.is_empty();
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
