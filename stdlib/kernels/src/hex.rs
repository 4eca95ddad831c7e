//! Base 16.

use crate::writer::Writer;

/// Two lower-case digits for each byte (RFC 4648, section 8, in lower case).
pub fn hex<'a>(input: &[u8], out: &'a mut [u8]) -> &'a [u8] {
    let mut made = Writer::new(out);
    for &byte in input {
        made.array([digit(byte >> 4, b'a'), digit(byte & 15, b'a')]);
    }
    made.finish()
}

/// The digit of a value under 16, letters counting from `letter`.
pub(crate) fn digit(value: u8, letter: u8) -> u8 {
    if value < 10 {
        b'0' + value
    } else {
        letter.wrapping_add(value).wrapping_sub(10)
    }
}

/// The value of a digit in either case.
#[inline(never)]
pub(crate) fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}
