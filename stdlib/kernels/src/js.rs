//! Escapes in strings of scripts.

use crate::escapes::{self, Meaning, Read};
use crate::hex;
use crate::writer::split;

/// The escapes of ECMAScript's string literals decoded (ECMA-262, section 12.9.4 and annex B.1.2):
/// `\xHH`, `\uHHHH` (two for a surrogate pair), `\u{H…}` with up to 24 digits behind its zeros, octal up to `\377`, `\b \t \n \v \f \r`, a
/// line continuation as nothing. Characters are written as UTF-8; what is none, such as half a pair,
/// as U+FFFD. Before any other byte, also where such an escape is cut short, the backslash goes and
/// the byte stays. A backslash at the end stays. Never longer than the input.
pub fn js_decode<'a>(input: &'a [u8], out: &'a mut [u8]) -> &'a [u8] {
    escapes::replace(input, out, |byte| byte == b'\\', read, escapes::write)
}

pub(crate) fn read(marked: &[u8]) -> Read<Meaning> {
    let Some(&kind) = split(marked, 1).1.first() else {
        return Read::Stays(1);
    };
    let after = split(marked, 2).1;
    let (length, meaning) = match kind {
        b'x' | b'u' => character(marked).map_or((2, Meaning::Byte(kind)), |(length, code)| {
            (length, Meaning::Character(code))
        }),
        b'0'..=b'7' => octal(kind, after),
        b'\n' => (2, Meaning::Nothing),
        b'\r' if after.first() == Some(&b'\n') => (3, Meaning::Nothing),
        b'\r' => (2, Meaning::Nothing),
        // U+2028 and U+2029 end a line too.
        0xE2 if matches!(after, [0x80, 0xA8 | 0xA9, ..]) => (4, Meaning::Nothing),
        _ => (2, Meaning::Byte(control(kind))),
    };
    Read::Means(length, meaning)
}

fn character(marked: &[u8]) -> Option<(usize, u32)> {
    let after = split(marked, 2).1;
    if marked.starts_with(b"\\x") {
        return Some((4, crate::percent::escaped(after)?.into()));
    }
    let Some(digits) = after.strip_prefix(b"{") else {
        return escapes::utf16(marked, |input| input.strip_prefix(b"\\u"));
    };
    let count = self::digits(digits)?;
    let (code, _) = escapes::hex_number(digits, count);
    let closed = count > 0 && split(digits, count).1.first() == Some(&b'}');
    closed.then_some((count + 4, code))
}

/// Digits of `\u{…}` behind its zeros, at most.
pub(crate) const MOST_DIGITS: usize = 24;

/// How many hexadecimal digits stand at the start, unless they are too many.
pub(crate) fn digits(input: &[u8]) -> Option<usize> {
    let zeros = input.iter().take_while(|&&byte| byte == b'0').count();
    let others = split(input, zeros).1.iter().take(MOST_DIGITS + 1);
    let others = others
        .take_while(|&&byte| hex::value(byte).is_some())
        .count();
    (others <= MOST_DIGITS).then_some(zeros + others)
}

/// Up to three digits, as long as the value is a byte's.
fn octal(first: u8, after: &[u8]) -> (usize, Meaning) {
    let most = if first < b'4' { 2 } else { 1 };
    let digits = after.iter().take(most);
    let (length, code) = digits
        .map_while(|&byte| matches!(byte, b'0'..=b'7').then_some(byte))
        .fold((2, u32::from(first - b'0')), |(length, code), byte| {
            (length + 1, code << 3 | u32::from(byte - b'0'))
        });
    (length, Meaning::Character(code))
}

/// Of `\b \t \n \v \f \r`; any other letter itself. By a number: a table would stay in every module.
pub(crate) fn control(letter: u8) -> u8 {
    const FROM_BACKSPACE: u64 = u64::from_le_bytes(*b"btnvfr\0\0");
    let place = (0..6).find(|place| (FROM_BACKSPACE >> (8 * place)) as u8 == letter);
    place.map_or(letter, |place| 0x08 + place)
}
