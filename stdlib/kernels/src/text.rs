//! ASCII case, white space, NULs, prefixes and suffixes, replacing.

use crate::compare;
use crate::escapes::{self, Read};
use crate::find;
use crate::words;
use crate::writer::{Writer, split};

/// ASCII letters in lower case; other bytes stay.
pub fn lower<'a>(input: &'a [u8], out: &'a mut [u8]) -> &'a [u8] {
    map_case(input, out, b'A')
}

/// ASCII letters in upper case; other bytes stay.
pub fn upper<'a>(input: &'a [u8], out: &'a mut [u8]) -> &'a [u8] {
    map_case(input, out, b'a')
}

/// Without ASCII white space (space, tab, LF, FF, CR) at both ends.
#[must_use]
pub fn trim(input: &[u8]) -> &[u8] {
    input.trim_ascii()
}

/// Without NUL bytes. Never longer than the input.
pub fn remove_nulls<'a>(input: &'a [u8], out: &'a mut [u8]) -> &'a [u8] {
    let read = |_: &[u8]| Read::Means(1, ());
    escapes::replace(input, out, |byte| byte == 0, read, |_, ()| ())
}

/// Every row of ASCII white space (space, tab, LF, VT, FF, CR) as one space, also at the ends. Doing it
/// twice is doing it once; never longer than the input.
pub fn compress_whitespace<'a>(input: &'a [u8], out: &'a mut [u8]) -> &'a [u8] {
    let read = |marked: &[u8]| {
        let length = marked.iter().take_while(|&&byte| is_blank(byte)).count();
        if length == 1 && marked.first() == Some(&b' ') {
            return Read::Stays(1);
        }
        Read::Means(length, ())
    };
    let write = |made: &mut Writer<'a>, ()| made.push(b' ');
    escapes::replace(input, out, is_blank, read, write)
}

/// Without `prefix`, if it begins with it.
#[must_use]
pub fn remove_prefix<'a>(input: &'a [u8], prefix: &[u8]) -> &'a [u8] {
    if compare::starts_with(input, prefix) {
        split(input, prefix.len()).1
    } else {
        input
    }
}

/// Without `suffix`, if it ends with it.
#[must_use]
pub fn remove_suffix<'a>(input: &'a [u8], suffix: &[u8]) -> &'a [u8] {
    if compare::ends_with(input, suffix) {
        split(input, input.len() - suffix.len()).0
    } else {
        input
    }
}

/// What stands before the first `separator`; everything when there is none or it is empty.
#[must_use]
pub fn split_first<'a>(input: &'a [u8], separator: &[u8]) -> &'a [u8] {
    match find::first(input, separator) {
        Some(at) if !separator.is_empty() => split(input, at).0,
        _ => input,
    }
}

/// Every `from`, left to right and not overlapping, as `to`. An empty `from` replaces nothing.
/// The longest result is `max(n, n / from.len() * to.len() + n % from.len())` for `n` bytes.
pub fn replace<'a>(input: &'a [u8], from: &[u8], to: &[u8], out: &'a mut [u8]) -> &'a [u8] {
    if from.is_empty() {
        return input;
    }
    let mut rest = input;
    let mut made = Writer::new(out);
    while let Some(at) = find::first(rest, from) {
        made.extend(split(rest, at).0);
        made.extend(to);
        rest = split(rest, at + from.len()).1;
    }
    if rest.len() == input.len() {
        return input;
    }
    made.extend(rest);
    made.finish()
}

/// White space as C's `isspace` has it: a vertical tab too.
pub(crate) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// Flips the case of the 26 letters from `first` on.
fn map_case<'a>(input: &'a [u8], out: &'a mut [u8], first: u8) -> &'a [u8] {
    let flips = |byte: u8| byte.wrapping_sub(first) < 26;
    let (words, tail) = input.as_chunks::<8>();
    let same = |bytes: &[u8; 8]| words::letters(u64::from_le_bytes(*bytes), first) == 0;
    if words.iter().all(same) && !tail.iter().copied().any(flips) {
        return input;
    }
    let length = input.len().min(out.len());
    let out = out.get_mut(..length).unwrap_or_default();
    let (words, tail) = split(input, length).0.as_chunks::<8>();
    let (out_words, out_tail) = out.as_chunks_mut::<8>();
    for (to, from) in out_words.iter_mut().zip(words) {
        let word = u64::from_le_bytes(*from);
        *to = (word ^ words::letters(word, first) >> 2).to_le_bytes();
    }
    for (to, &byte) in out_tail.iter_mut().zip(tail) {
        *to = byte ^ (u8::from(flips(byte)) << 5);
    }
    out
}
