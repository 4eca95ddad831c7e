//! Escapes in style sheets.

use crate::escapes::{self, Meaning, Read};
use crate::writer::split;

/// CSS escapes decoded (CSS Syntax Level 3, section 4.3.7): a backslash and one to six hexadecimal
/// digits, with one white space behind them, is that character as UTF-8, U+FFFD if there is none; but
/// zero is a NUL, which `remove_nulls` takes away. A backslash and a line break are nothing (4.3.5).
/// Before any other byte the backslash goes and the byte stays. A backslash at the end stays.
/// Never longer than the input.
pub fn css_decode<'a>(input: &'a [u8], out: &'a mut [u8]) -> &'a [u8] {
    escapes::replace(input, out, |byte| byte == b'\\', read, escapes::write)
}

pub(crate) fn read(marked: &[u8]) -> Read<Meaning> {
    let after = split(marked, 1).1;
    let Some(&first) = after.first() else {
        return Read::Stays(1);
    };
    let (code, digits) = escapes::hex_number(after, 6);
    let break_length = line_break(after);
    if digits > 0 {
        let behind = split(after, digits).1;
        let blank = match behind.first() {
            Some(b' ' | b'\t') => 1,
            _ => line_break(behind),
        };
        let meaning = match code {
            0 => Meaning::Byte(0),
            _ => Meaning::Character(code),
        };
        Read::Means(1 + digits + blank, meaning)
    } else if break_length > 0 {
        Read::Means(1 + break_length, Meaning::Nothing)
    } else {
        Read::Means(2, Meaning::Byte(first))
    }
}

/// How long the line break at the start is.
fn line_break(input: &[u8]) -> usize {
    if input.starts_with(b"\r\n") {
        return 2;
    }
    // LF, FF, CR; said as a range, since a list of three becomes a table in every module.
    let breaks = |byte: &u8| (b'\n'..=b'\r').contains(byte) && *byte != 0x0B;
    usize::from(input.first().is_some_and(breaks))
}
