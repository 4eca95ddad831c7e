//! What stands between the quotes of a string (RFC 8259, section 7).

use super::character;
use crate::escapes;
use crate::writer::split;

/// What follows the string whose opening quote is behind; `None` where it is none: a control
/// character, an escape that is none, half a surrogate pair, bytes that are not UTF-8.
pub(super) fn after_string(content: &[u8]) -> Option<&[u8]> {
    let mut rest = content;
    loop {
        let (&byte, behind) = rest.split_first()?;
        rest = match byte {
            b'"' => return Some(behind),
            b'\\' => match escape(rest)? {
                (_, 0xD800..=0xDFFF) => return None,
                (length, _) => split(rest, length).1,
            },
            0x20..0x80 => behind,
            0x80.. => match character(rest) {
                (true, length) => split(rest, length).1,
                _ => return None,
            },
            _ => return None,
        };
    }
}

/// How many bytes the escape at the start takes, and the code point that it stands for.
fn escape(input: &[u8]) -> Option<(usize, u32)> {
    let short = match input.get(1)? {
        b'u' => {
            return escapes::utf16(input, |unit| match unit {
                [b'\\', b'u', digits @ ..] => Some(digits),
                _ => None,
            });
        }
        b'b' => 0x08,
        b't' => b'\t',
        b'n' => b'\n',
        b'f' => 0x0C,
        b'r' => b'\r',
        &byte @ (b'"' | b'\\' | b'/') => byte,
        _ => return None,
    };
    Some((2, u32::from(short)))
}

/// The bytes that a valid string stands for, in UTF-8, up to its closing quote.
#[derive(Clone)]
pub(super) struct Content<'a> {
    rest: &'a [u8],
    /// The bytes of an escaped character that are still due, the next one lowest.
    due: u32,
}

impl<'a> Content<'a> {
    /// Of the string whose opening quote is behind.
    pub(super) fn new(rest: &'a [u8]) -> Self {
        Self { rest, due: 0 }
    }
}

impl Iterator for Content<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        if self.due != 0 {
            let byte = self.due as u8;
            self.due >>= 8;
            return Some(byte);
        }
        let (&byte, behind) = self.rest.split_first()?;
        match byte {
            b'"' => None,
            b'\\' => {
                let (length, code) = escape(self.rest)?;
                let mut bytes = [0; 4];
                char::from_u32(code)?.encode_utf8(&mut bytes);
                self.rest = split(self.rest, length).1;
                // No byte of a longer character is 0.
                let word = u32::from_le_bytes(bytes);
                self.due = word >> 8;
                Some(word as u8)
            }
            _ => {
                self.rest = behind;
                Some(byte)
            }
        }
    }
}
