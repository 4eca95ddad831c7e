//! One directive: its name and its value, as they stand (RFC 9111 5.2).

use super::list;
use http::{HeaderMap, HeaderName};

/// The greatest number of seconds that counts; more means this (RFC 9111 1.2.2).
pub const MAX_SECONDS: u64 = 1 << 31;

/// What follows a directive's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Absent,
    Token(&'a [u8]),
    /// Between the quotes, escapes as they stand.
    Quoted(&'a [u8]),
    /// Whitespace around `=`, an open string, or something after the closing quote.
    Malformed,
}

impl Value<'_> {
    /// A whole number of seconds, at most [`MAX_SECONDS`].
    pub(super) fn seconds(self) -> Option<u64> {
        match self {
            Value::Token(digits) | Value::Quoted(digits) => seconds(digits),
            _ => None,
        }
    }

    /// The text that a list of names is in.
    pub(super) fn text(self) -> Option<Vec<u8>> {
        match self {
            Value::Token(text) => Some(text.to_vec()),
            Value::Quoted(text) => {
                Some(text.iter().copied().filter(|byte| *byte != b'\\').collect())
            }
            _ => None,
        }
    }
}

/// Reads `delta-seconds` (RFC 9111 1.2.2): digits only, at least one, at most [`MAX_SECONDS`].
pub fn seconds(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = digits.iter().fold(0_u64, |sum, digit| {
        sum.saturating_mul(10)
            .saturating_add(u64::from(digit - b'0'))
    });
    Some(value.min(MAX_SECONDS))
}

/// Every directive of a field's lines: its name as written, and its value.
pub(super) fn directives<'a>(
    headers: &'a HeaderMap,
    field: &HeaderName,
) -> impl Iterator<Item = (&'a [u8], Value<'a>)> {
    list::members(headers, field).map(directive)
}

fn directive(member: &[u8]) -> (&[u8], Value<'_>) {
    let Some(at) = member.iter().position(|byte| *byte == b'=') else {
        return (member, Value::Absent);
    };
    let (name, rest) = member.split_at(at);
    let value = match rest.get(1..).unwrap_or_default() {
        _ if name.ends_with(b" ") || name.ends_with(b"\t") => Value::Malformed,
        [b'"', inner @ .., b'"'] if !has_bare_quote(inner) => Value::Quoted(inner),
        [] | [b' ' | b'\t' | b'"', ..] => Value::Malformed,
        token => Value::Token(token),
    };
    (list::trim(name), value)
}

fn has_bare_quote(inner: &[u8]) -> bool {
    let mut escaped = false;
    for byte in inner {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return true,
            _ => {}
        }
    }
    escaped
}
