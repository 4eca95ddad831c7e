//! The `Cookie` header (RFC 6265, sections 4.2 and 5.4).

use crate::writer::split;

/// The value of the first cookie of that name, without the double quotes that may surround it.
/// Names are case-sensitive; a piece without `=` is no cookie.
#[must_use]
pub fn cookie_get<'a>(header: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    for pair in header.split(|&byte| byte == b';') {
        let Some(end) = pair.iter().position(|&byte| byte == b'=') else {
            continue;
        };
        let (left, right) = split(pair, end);
        if left.trim_ascii() == name {
            return Some(unquoted(split(right, 1).1.trim_ascii()));
        }
    }
    None
}

fn unquoted(value: &[u8]) -> &[u8] {
    match value {
        [b'"', inner @ .., b'"'] => inner,
        _ => value,
    }
}
