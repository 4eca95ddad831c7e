//! JSON (RFC 8259), read leniently: what is left out, doubled or of the wrong kind changes no more than which key a
//! value gets. Where no token can stand, what follows is no JSON: all of it is one text, as written but for the
//! escapes between quotes.

use super::{PLACE, Texts, decoder, is_blank, step};
use crate::stream::kind;
use crate::stream::machine::u32_at;
use crate::writer::split;

/// How deep it is known whether this is an object or an array; deeper, all are arrays.
const DEEPEST: u32 = 64;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// A value is next.
    Value,
    /// A key is next.
    Key,
    /// A colon is next, behind a key.
    Colon,
    /// The end of a value, but a string, or of a container is behind.
    After,
    /// The end of a string is behind.
    AfterString,
    /// In a number, `true`, `false` or `null`.
    Bare,
    /// In a string that is a value.
    String,
    /// In a string that is a key.
    KeyString,
    /// In what is no JSON.
    Text,
    /// Between quotes in what is no JSON.
    Quoted,
}

impl Mode {
    fn of(number: u8) -> Mode {
        match number {
            0 => Mode::Value,
            1 => Mode::Key,
            2 => Mode::Colon,
            3 => Mode::After,
            4 => Mode::AfterString,
            5 => Mode::Bare,
            6 => Mode::String,
            7 => Mode::KeyString,
            9 => Mode::Quoted,
            _ => Mode::Text,
        }
    }
}

/// Where in a body this is.
///
/// | offset | bytes | field |
/// | --- | --- | --- |
/// | 0 | 1 | mode |
/// | 1 | 1 | 1: a text has begun, 2: behind a backslash, 4: behind white space |
/// | 4 | 4 | depth |
/// | 8 | 8 | bit `d - 1`: at depth `d` there is an object |
struct Json<'t, 'm, 'a> {
    texts: &'t mut Texts<'m, 'a>,
    carry: &'t mut [u8; step::STATE],
    decoder: (u32, [u8; 36]),
    mode: Mode,
    escaped: bool,
    blank: bool,
    depth: u32,
    objects: u64,
}

pub(super) fn feed(
    texts: &mut Texts<'_, '_>,
    carry: &mut [u8; step::STATE],
    place: &mut [u8; PLACE],
    piece: &[u8],
    last: bool,
) {
    let [mode, flags, ..] = *place;
    texts.resume(flags & 1 != 0);
    let mut json = Json {
        texts,
        carry,
        decoder: decoder(kind::JSON, [b'\\'; 2]),
        mode: Mode::of(mode),
        escaped: flags & 2 != 0,
        blank: flags & 4 != 0,
        depth: u32_at(place, 4),
        objects: u64::from(u32_at(place, 8)) | u64::from(u32_at(place, 12)) << 32,
    };
    let mut rest = piece;
    while let Some((&byte, behind)) = rest.split_first() {
        rest = match json.mode {
            Mode::String | Mode::KeyString | Mode::Quoted => json.string(rest, false),
            Mode::Bare => json.bare(rest),
            Mode::Text => json.text(rest),
            _ => {
                let taken = json.token(byte);
                if taken { behind } else { rest }
            }
        };
    }
    if last {
        json.end();
    }
    json.store(place);
}

impl Json<'_, '_, '_> {
    /// Takes a token of one byte, or tells by it what begins here: then it is not taken.
    fn token(&mut self, byte: u8) -> bool {
        let (inside, fresh) = (self.depth > 0, self.depth == 0 && !self.texts.open);
        match (self.mode, byte) {
            _ if is_blank(byte) => {
                self.blank = true;
                return true;
            }
            // A byte order mark.
            (Mode::Value, 0xEF | 0xBB | 0xBF) if fresh => {}
            (Mode::Value, b'"') => {
                self.begin_value();
                self.mode = Mode::String;
            }
            (Mode::Key, b'"') => {
                self.texts.open = true;
                self.mode = Mode::KeyString;
            }
            (Mode::Value, b'{' | b'[') => self.enter(byte),
            (Mode::After, b'{' | b'[') if !inside => self.enter(byte),
            (Mode::Colon, b':') => {
                self.texts.out.push(b'=');
                self.mode = Mode::Value;
            }
            (_, b',') if inside => self.next_member(),
            (_, b':') if self.depth > DEEPEST => self.next_member(),
            (_, b'}' | b']') if inside => {
                self.texts.end();
                self.depth -= 1;
                self.mode = Mode::After;
            }
            (Mode::Value, _) if is_bare(byte) => {
                self.begin_value();
                self.mode = Mode::Bare;
                return self.taken(false);
            }
            _ => {
                self.begin_text();
                return self.taken(false);
            }
        }
        self.taken(true)
    }

    fn taken(&mut self, taken: bool) -> bool {
        self.blank = false;
        taken
    }

    fn begin_value(&mut self) {
        if !self.texts.open {
            self.texts.out.push(b'=');
            self.texts.open = true;
        }
    }

    fn enter(&mut self, bracket: u8) {
        self.texts.end();
        let bit = 1u64.checked_shl(self.depth).unwrap_or(0);
        self.depth = self.depth.saturating_add(1);
        self.mode = Mode::Value;
        self.objects &= !bit;
        if bracket == b'{' && bit != 0 {
            self.objects |= bit;
            self.mode = Mode::Key;
        }
    }

    fn next_member(&mut self) {
        self.texts.end();
        let bit = 1u64.checked_shl(self.depth.wrapping_sub(1)).unwrap_or(0);
        self.mode = if self.objects & bit != 0 {
            Mode::Key
        } else {
            Mode::Value
        };
    }

    /// What follows is no JSON. It goes on where a token ended.
    fn begin_text(&mut self) {
        if matches!(self.mode, Mode::Colon | Mode::AfterString) {
            self.texts.out.push(b'"');
        }
        if self.texts.open && self.blank {
            self.texts.out.push(b' ');
        }
        self.texts.open = true;
        self.mode = Mode::Text;
    }

    fn bare<'b>(&mut self, rest: &'b [u8]) -> &'b [u8] {
        let end = rest.iter().position(|&byte| !is_bare(byte));
        let (run, behind) = split(rest, end.unwrap_or(rest.len()));
        self.texts.out.extend(run);
        if end.is_some() {
            self.mode = Mode::After;
        }
        behind
    }

    fn text<'b>(&mut self, rest: &'b [u8]) -> &'b [u8] {
        let quote = rest.iter().position(|&byte| byte == b'"');
        let (run, behind) = split(rest, quote.map_or(rest.len(), |at| at + 1));
        self.texts.out.extend(run);
        if quote.is_some() {
            self.mode = Mode::Quoted;
        }
        behind
    }

    /// Takes a string up to its end, which may be the body's.
    fn string<'b>(&mut self, rest: &'b [u8], last: bool) -> &'b [u8] {
        let mut escaped = self.escaped;
        let end = rest.iter().position(|&byte| {
            let ends = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        });
        self.escaped = escaped;
        let (content, behind) = split(rest, end.unwrap_or(rest.len()));
        let (number, operand) = &self.decoder;
        let last = last || end.is_some();
        self.texts
            .decode((*number, operand), self.carry, content, last);
        if end.is_none() {
            return behind;
        }
        self.mode = match self.mode {
            Mode::KeyString => Mode::Colon,
            Mode::String => Mode::AfterString,
            _ => {
                self.texts.out.push(b'"');
                Mode::Text
            }
        };
        split(behind, 1).1
    }

    /// The end of the body.
    fn end(&mut self) {
        if matches!(self.mode, Mode::String | Mode::KeyString | Mode::Quoted) {
            self.string(&[], true);
        }
        self.texts.end();
        (self.mode, self.depth, self.objects) = (Mode::Value, 0, 0);
        (self.escaped, self.blank) = (false, false);
    }

    fn store(&self, place: &mut [u8; PLACE]) {
        let flags =
            u8::from(self.texts.open) | u8::from(self.escaped) << 1 | u8::from(self.blank) << 2;
        let depth = u64::from(self.depth) << 32;
        let word = depth | u64::from(flags) << 8 | self.mode as u64;
        if let Some(place) = place.first_chunk_mut() {
            *place = word.to_le_bytes();
        }
        if let Some(place) = place.last_chunk_mut() {
            *place = self.objects.to_le_bytes();
        }
    }
}

/// What numbers, `true`, `false` and `null` are made of.
fn is_bare(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.')
}
