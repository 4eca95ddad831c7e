//! Percent-encoding (RFC 3986, section 2.1) and its form for queries.

use crate::escapes::{Meaning, Read};
use crate::hex;
use crate::writer::{Writer, split};

/// `%HH` decoded and `+` as a space; an escape that is none stays as it is.
pub fn url_decode<'a>(input: &'a [u8], out: &'a mut [u8]) -> &'a [u8] {
    let Some(start) = input.iter().position(|&byte| byte == b'%' || byte == b'+') else {
        return input;
    };
    let (same, rest) = split(input, start);
    let mut made = Writer::new(out);
    made.extend(same);
    for byte in (Decoded { rest }) {
        made.push(byte);
    }
    made.finish()
}

/// As a component of a query: everything but RFC 3986's unreserved characters as `%HH`.
pub fn query_encode<'a>(input: &'a [u8], out: &'a mut [u8]) -> &'a [u8] {
    if input.iter().all(|&byte| is_unreserved(byte)) {
        return input;
    }
    let mut made = Writer::new(out);
    encode(input, &mut made);
    made.finish()
}

pub(crate) fn encode(input: &[u8], made: &mut Writer<'_>) {
    for &byte in input {
        if is_unreserved(byte) {
            made.push(byte);
        } else {
            escape(byte, made);
        }
    }
}

/// Writes `%HH` with upper-case digits, which is the normal form (RFC 3986, section 6.2.2.1).
pub(crate) fn escape(byte: u8, made: &mut Writer<'_>) {
    made.array([
        b'%',
        hex::digit(byte >> 4, b'A'),
        hex::digit(byte & 15, b'A'),
    ]);
}

/// The byte that the two digits at the start stand for.
pub(crate) fn escaped(digits: &[u8]) -> Option<u8> {
    let &[high, low, ..] = digits else {
        return None;
    };
    Some(hex::value(high)? << 4 | hex::value(low)?)
}

/// What the `+` or `%` at the start of a text means.
pub(crate) fn read(marked: &[u8]) -> Read<Meaning> {
    if marked.starts_with(b"+") {
        return Read::Means(1, Meaning::Byte(b' '));
    }
    match escaped(split(marked, 1).1) {
        Some(byte) => Read::Means(3, Meaning::Byte(byte)),
        None => Read::Stays(1),
    }
}

/// Letters, digits, `-`, `.`, `_`, `~` (RFC 3986, section 2.3).
pub(crate) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// The bytes of a query's name or value, decoded one by one.
pub(crate) struct Decoded<'a> {
    pub(crate) rest: &'a [u8],
}

impl Iterator for Decoded<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        match byte {
            b'+' => Some(b' '),
            b'%' => match escaped(rest) {
                Some(decoded) => {
                    self.rest = split(rest, 2).1;
                    Some(decoded)
                }
                None => Some(byte),
            },
            _ => Some(byte),
        }
    }
}
