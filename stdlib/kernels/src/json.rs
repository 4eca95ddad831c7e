//! JSON (RFC 8259): strings to write, and in `text` and `read` values to read.

mod content;
mod names;
pub mod read;
mod sip;
pub mod text;

use crate::hex;
use crate::writer::{Writer, split};

/// The content of a JSON string, without its quotes. What is not UTF-8 becomes U+FFFD, one
/// for each longest piece that could have begun a character.
pub fn json_escape<'a>(input: &'a [u8], out: &'a mut [u8]) -> &'a [u8] {
    let mut made = Writer::new(out);
    let mut rest = input;
    loop {
        let plain = plain_length(rest);
        if plain == input.len() {
            return input;
        }
        let (same, after) = split(rest, plain);
        made.extend(same);
        let Some((&byte, next)) = after.split_first() else {
            return made.finish();
        };
        rest = if byte < 0x80 {
            escape(byte, &mut made);
            next
        } else {
            made.extend("\u{FFFD}".as_bytes());
            split(after, character(after).1).1
        };
    }
}

/// How many bytes at the start stand for themselves.
fn plain_length(input: &[u8]) -> usize {
    let mut rest = input;
    loop {
        let (whole, length) = match rest.first() {
            None | Some(b'"' | b'\\' | 0..0x20) => break,
            Some(0..0x80) => (true, 1),
            Some(_) => character(rest),
        };
        if !whole {
            break;
        }
        rest = split(rest, length).1;
    }
    input.len() - rest.len()
}

fn escape(byte: u8, made: &mut Writer<'_>) {
    let short = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        b'\t' => b't',
        b'\n' => b'n',
        0x0C => b'f',
        b'\r' => b'r',
        _ => {
            let (high, low) = (hex::digit(byte >> 4, b'a'), hex::digit(byte & 15, b'a'));
            return made.array([b'\\', b'u', b'0', b'0', high, low]);
        }
    };
    made.array([b'\\', short]);
}

/// Whether a character of more than one byte stands at the start, and how many bytes it, or the
/// longest beginning of one, takes (Unicode 16, table 3-7).
pub(crate) fn character(input: &[u8]) -> (bool, usize) {
    let lead = input.first().copied().unwrap_or_default();
    let (low, high, more) = match lead {
        0xC2..=0xDF => (0x80, 0xBF, 1),
        0xE0 => (0xA0, 0xBF, 2),
        0xED => (0x80, 0x9F, 2),
        0xE1..=0xEF => (0x80, 0xBF, 2),
        0xF0 => (0x90, 0xBF, 3),
        0xF1..=0xF3 => (0x80, 0xBF, 3),
        0xF4 => (0x80, 0x8F, 3),
        _ => return (false, 1),
    };
    let mut length = 1;
    for &byte in split(input, 1).1.iter().take(more) {
        let fits = if length == 1 {
            (low..=high).contains(&byte)
        } else {
            byte & 0xC0 == 0x80
        };
        if !fits {
            break;
        }
        length += 1;
    }
    (length == more + 1, length)
}

/// What follows the white space at the start (section 2).
fn after_blank(input: &[u8]) -> &[u8] {
    let mut rest = input;
    while let Some((&byte, behind)) = rest.split_first()
        && blank(byte)
    {
        rest = behind;
    }
    rest
}

fn blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}
