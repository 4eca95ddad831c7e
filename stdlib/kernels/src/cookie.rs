//! The `Cookie` header (RFC 6265, sections 4.2 and 5.4).

use crate::filter::Filter;
use crate::writer::{Writer, split};

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

/// The cookies whose names a list ([`Filter`]) lets through, as they are, with `; ` between them. Nothing where
/// none are left. A piece without `=` is no cookie, and kept only where it is not asked for names to keep.
pub fn cookie_filter<'a>(header: &[u8], list: &[u8], out: &'a mut [u8]) -> Option<&'a [u8]> {
    let filter = Filter::new(list);
    let mut made = Writer::new(out);
    for piece in header.split(|&byte| byte == b';') {
        let piece = piece.trim_ascii();
        let goes_through = match piece.iter().position(|&byte| byte == b'=') {
            Some(end) => {
                let name = split(piece, end).0.trim_ascii();
                filter.lets_through(|pattern| is_like(name, pattern))
            }
            None => !piece.is_empty() && !filter.keeps(),
        };
        if goes_through {
            if made.len() > 0 {
                made.extend(b"; ");
            }
            made.extend(piece);
        }
    }
    (made.len() > 0).then(|| &*made.finish())
}

fn is_like(name: &[u8], pattern: &[u8]) -> bool {
    match pattern.strip_suffix(b"*") {
        Some(prefix) => name.starts_with(prefix),
        None => name == pattern,
    }
}

fn unquoted(value: &[u8]) -> &[u8] {
    match value {
        [b'"', inner @ .., b'"'] => inner,
        _ => value,
    }
}
