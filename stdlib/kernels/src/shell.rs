//! Command lines.

use crate::text;
use crate::writer::Writer;

/// A command without what shells ignore in it (those of Unix, and `cmd.exe`): quotes, backslashes and
/// carets are removed, every row of white space, commas and semicolons is one space and none before `/`
/// and `(`, ASCII letters are in lower case. Doing it twice is doing it once; never longer than the input.
pub fn cmd_line<'a>(input: &'a [u8], out: &'a mut [u8]) -> &'a [u8] {
    if is_plain(input) {
        return input;
    }
    let mut made = Writer::new(out);
    let mut gap = false;
    each(input, &mut gap, |byte| made.push(byte));
    if gap {
        made.push(b' ');
    }
    made.finish()
}

/// The same for a part of a command, in whose beginning and end there may be a gap.
pub(crate) fn each(input: &[u8], gap: &mut bool, mut push: impl FnMut(u8)) {
    for &byte in input {
        if is_ignored(byte) {
            continue;
        }
        if is_gap(byte) {
            *gap = true;
            continue;
        }
        if *gap && !closes_gap(byte) {
            push(b' ');
        }
        *gap = false;
        push(byte.to_ascii_lowercase());
    }
}

fn is_plain(input: &[u8]) -> bool {
    let mut before = 0;
    input.iter().all(|&byte| {
        let single = before != b' ' || !(byte == b' ' || closes_gap(byte));
        let plain = byte == b' ' || !(is_gap(byte) || is_ignored(byte));
        before = byte;
        single && plain && !byte.is_ascii_uppercase()
    })
}

fn is_ignored(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'\\' | b'^')
}

fn is_gap(byte: u8) -> bool {
    text::is_blank(byte) || matches!(byte, b',' | b';')
}

fn closes_gap(byte: u8) -> bool {
    matches!(byte, b'/' | b'(')
}
