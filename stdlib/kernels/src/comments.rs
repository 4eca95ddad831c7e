//! Comments of SQL, C, CSS and HTML.

use crate::escapes::{self, Read};
use crate::writer::{Writer, split};

/// Every comment as one space, which is what it means to the language that it is written in:
///
/// - `/* … */`, to the first `*/`;
/// - `--` and `#`, up to the line's end (LF or CR), but not `-->`;
/// - `<!-- … -->`, also closed by `--!>`, and `<!-->` and `<!--->` (HTML, section 13.2.5.43 on).
///
/// One that is not closed reaches to the end. Of `/*! … */`, which MySQL runs, and MariaDB's `/*M! … */`
/// the text is kept: `/*!` with a version of five or six digits becomes a space, and so does the
/// `*/` that closes it. Doing it twice is doing it once; never longer than the input.
///
/// What is a comment to one language is text to another: a rule that must not miss anything looks
/// at its subject with and without comments.
pub fn remove_comments<'a>(input: &'a [u8], out: &'a mut [u8]) -> &'a [u8] {
    let mut open = 0;
    let read = |marked: &[u8]| comment(marked, &mut open);
    let write = |made: &mut Writer<'a>, ()| made.push(b' ');
    escapes::replace(input, out, is_mark, read, write)
}

pub(crate) fn is_mark(byte: u8) -> bool {
    matches!(byte, b'/' | b'*' | b'-' | b'#' | b'<')
}

/// `open` counts the comments with kept text around this place.
pub(crate) fn comment(marked: &[u8], open: &mut u32) -> Read<()> {
    let length = match marked {
        [b'/', b'*', b'!', version @ ..] => {
            *open = open.saturating_add(1);
            3 + version_length(version)
        }
        [b'/', b'*', b'M', b'!', version @ ..] => {
            *open = open.saturating_add(1);
            4 + version_length(version)
        }
        [b'/', b'*', text @ ..] => 2 + block_length(text),
        [b'*', b'/', ..] if *open > 0 => {
            *open -= 1;
            2
        }
        [b'#', ..] => line_length(marked),
        [b'-', b'-', ..] => {
            let dashes = marked.iter().take_while(|&&byte| byte == b'-').count();
            if split(marked, dashes).1.first() == Some(&b'>') {
                return Read::Stays(dashes);
            }
            line_length(marked)
        }
        [b'<', b'!', b'-', b'-', ..] => markup_length(marked),
        _ => return Read::Stays(1),
    };
    Read::Means(length, ())
}

/// Five or six digits, or nothing.
fn version_length(text: &[u8]) -> usize {
    let digits = text.iter().take(6);
    let count = digits.take_while(|byte| byte.is_ascii_digit()).count();
    if count < 5 { 0 } else { count }
}

/// Behind the first `*/`.
fn block_length(text: &[u8]) -> usize {
    let end = text.windows(2).position(|pair| pair == b"*/");
    end.map_or(text.len(), |at| at + 2)
}

fn line_length(text: &[u8]) -> usize {
    let end = text.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
    end.unwrap_or(text.len())
}

/// Behind the first `>` that closes the comment. Its dashes may be those of `<!--`.
fn markup_length(text: &[u8]) -> usize {
    let mut ends = text.iter().enumerate().skip(4);
    let end = ends.find(|&(at, &byte)| {
        let before = split(text, at).0;
        byte == b'>'
            && (split(before, 2).1.ends_with(b"--") || split(before, 4).1.ends_with(b"--!"))
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}
