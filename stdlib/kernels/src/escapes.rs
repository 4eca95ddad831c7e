//! Texts in which a mark begins something that stands for something else.

use crate::hex;
use crate::percent;
use crate::writer::{Writer, split};

/// What begins at a mark.
pub(crate) enum Read<T> {
    /// So many bytes (at least one) that stand for themselves.
    Stays(usize),
    /// So many bytes (at least one) that mean something else.
    Means(usize, T),
}

/// What an escape stands for.
pub(crate) enum Meaning {
    Nothing,
    Byte(u8),
    /// A code point, written as UTF-8; U+FFFD if it is no character's.
    Character(u32),
}

/// `input` with what `read` finds at its marks written by `write`. Every byte is looked at
/// once, unless `read` itself looks ahead.
pub(crate) fn replace<'a, T>(
    input: &'a [u8],
    out: &'a mut [u8],
    is_mark: impl Fn(u8) -> bool,
    mut read: impl FnMut(&[u8]) -> Read<T>,
    write: impl Fn(&mut Writer<'a>, T),
) -> &'a [u8] {
    let mut made = Writer::new(out);
    // What is not written yet, and how much of it is known to stay.
    let (mut rest, mut known) = (input, 0);
    while let Some(at) = split(rest, known).1.iter().position(|&byte| is_mark(byte)) {
        let (same, marked) = split(rest, known + at);
        match read(marked) {
            Read::Stays(length) => known += at + length,
            Read::Means(length, meaning) => {
                made.extend(same);
                write(&mut made, meaning);
                (rest, known) = (split(marked, length).1, 0);
            }
        }
    }
    if rest.len() == input.len() {
        return input;
    }
    made.extend(rest);
    made.finish()
}

pub(crate) fn write(made: &mut Writer<'_>, meaning: Meaning) {
    match meaning {
        Meaning::Nothing => {}
        Meaning::Byte(byte) => made.push(byte),
        Meaning::Character(code) => {
            let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
            made.extend(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

/// The code point that one or two UTF-16 code units at the start stand for, and how many bytes
/// they take: each is what `prefix` strips off, two bytes, and four digits.
pub(crate) fn utf16(input: &[u8], prefix: impl Fn(&[u8]) -> Option<&[u8]>) -> Option<(usize, u32)> {
    let unit = |input| {
        let digits = prefix(input)?;
        let (high, low) = (
            percent::escaped(digits)?,
            percent::escaped(split(digits, 2).1)?,
        );
        Some(u32::from(high) << 8 | u32::from(low))
    };
    let first = unit(input)?;
    if first & !0x3FF == 0xD800
        && let Some(second) = unit(split(input, 6).1)
        && second & !0x3FF == 0xDC00
    {
        let code = 0x10000 + ((first & 0x3FF) << 10 | second & 0x3FF);
        return Some((12, code));
    }
    Some((6, first))
}

/// The number that the hexadecimal digits at the start make, `most` at most, and how many they are.
/// What is too large is `u32::MAX`.
pub(crate) fn hex_number(input: &[u8], most: usize) -> (u32, usize) {
    let digits = input.iter().take(most);
    digits
        .map_while(|&byte| hex::value(byte))
        .fold((0u32, 0), |(value, count), digit| {
            let value = value.saturating_mul(16).saturating_add(u32::from(digit));
            (value, count + 1)
        })
}
