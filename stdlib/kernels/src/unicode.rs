//! Characters as `%uHHHH`, their UTF-16 code units (ECMA-262, annex B.2.1: `escape` and `unescape`).

use crate::escapes::{self, Meaning, Read};
use crate::hex;
use crate::json;
use crate::percent;
use crate::writer::{Writer, split};

/// As `url_decode`, and `%uHHHH` as that character in UTF-8 (two for a surrogate pair, U+FFFD for half
/// a one). The full-width forms U+FF01 to U+FF5E become the ASCII that they look like, which is what
/// IIS makes of them. An escape that is none stays as it is. Never longer than the input.
pub fn url_decode_uni<'a>(input: &'a [u8], out: &'a mut [u8]) -> &'a [u8] {
    let is_mark = |byte| byte == b'%' || byte == b'+';
    escapes::replace(input, out, is_mark, read, escapes::write)
}

/// Every character of more than one byte as `%uHHHH`, with upper-case digits; one beyond U+FFFF as a
/// surrogate pair. ASCII stays, and so do bytes that are not UTF-8 (RFC 3629, section 3), such as
/// overlong forms. At most three times as long as the input.
pub fn utf8_to_unicode<'a>(input: &'a [u8], out: &'a mut [u8]) -> &'a [u8] {
    let read = |marked: &[u8]| match json::character(marked) {
        (true, length) => Read::Means(length, code_point(split(marked, length).0)),
        (false, length) => Read::Stays(length),
    };
    escapes::replace(input, out, |byte| byte >= 0x80, read, write_units)
}

/// What the `+` or `%` at the start of a text means.
pub(crate) fn read(marked: &[u8]) -> Read<Meaning> {
    match escapes::utf16(marked, after_prefix) {
        Some((length, code)) => {
            let wide = matches!(code, 0xFF01..=0xFF5E);
            let code = if wide { code - 0xFEE0 } else { code };
            Read::Means(length, Meaning::Character(code))
        }
        None => percent::read(marked),
    }
}

fn after_prefix(input: &[u8]) -> Option<&[u8]> {
    match input {
        [b'%', b'u' | b'U', digits @ ..] => Some(digits),
        _ => None,
    }
}

/// Of one character in UTF-8.
pub(crate) fn code_point(character: &[u8]) -> u32 {
    let bits = character
        .iter()
        .fold(0, |bits, &byte| bits << 6 | u32::from(byte & 0x3F));
    // The first byte's mark beyond its own bits.
    match character.len() {
        2 => bits & 0x7FF,
        3 => bits & 0xFFFF,
        _ => bits & 0x1F_FFFF,
    }
}

pub(crate) fn write_units(made: &mut Writer<'_>, code: u32) {
    if let Some(beyond) = code.checked_sub(0x10000) {
        write_unit(made, 0xD800 | beyond >> 10);
        write_unit(made, 0xDC00 | beyond & 0x3FF);
    } else {
        write_unit(made, code);
    }
}

fn write_unit(made: &mut Writer<'_>, unit: u32) {
    let digit = |shift: u32| hex::digit((unit >> shift & 15) as u8, b'A');
    made.array([b'%', b'u', digit(12), digit(8), digit(4), digit(0)]);
}
