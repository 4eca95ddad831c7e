//! The one normal form of a request's path (RFC 3986, section 6.2.2).

use crate::percent;
use crate::words;
use crate::writer::{Writer, split};

/// Unreserved characters decoded, other escapes with upper-case digits, bytes from 0x80 escaped,
/// dot segments removed (`..` at the root goes nowhere). `%2F`, `%5C` and `//` stay.
/// Normalising twice is normalising once.
///
/// `None` when it does not begin with `/`, holds a broken escape, a space, a control, `?`, `#`
/// or an escaped NUL.
pub fn path_normalise<'a>(path: &'a [u8], out: &'a mut [u8]) -> Option<&'a [u8]> {
    if path.first() != Some(&b'/') {
        return None;
    }
    if is_normal(path) {
        return Some(path);
    }
    let mut made = Writer::new(out);
    let mut rest = path;
    while let Some((_, after)) = rest.split_first() {
        let end = after.iter().position(|&byte| byte == b'/');
        let (segment, next) = split(after, end.unwrap_or(after.len()));
        let start = made.len();
        made.push(b'/');
        write_segment(segment, &mut made)?;
        let kept = match split(made.written(), start).1 {
            b"/." => Some(start),
            b"/.." => Some(before_segment(split(made.written(), start).0)),
            _ => None,
        };
        if let Some(kept) = kept {
            made.truncate(kept);
            if next.is_empty() {
                made.push(b'/');
            }
        }
        rest = next;
    }
    Some(made.finish())
}

/// One pass that finds nothing to do in nearly every path.
fn is_normal(path: &[u8]) -> bool {
    let mut before = 0;
    let Some(last) = path.last_chunk::<8>() else {
        return path.iter().all(|&byte| {
            let normal = is_plain(byte) && !(byte == b'.' && before == b'/');
            before = byte;
            normal
        });
    };
    for bytes in path.as_chunks::<8>().0 {
        if !is_normal_word(bytes, before) {
            return false;
        }
        before = bytes[7];
    }
    // The last word may overlap the one before it: there is no tail to treat apart.
    let before = path.iter().nth_back(8).copied().unwrap_or_default();
    is_normal_word(last, before)
}

fn is_normal_word(bytes: &[u8; 8], before: u8) -> bool {
    let word = u64::from_le_bytes(*bytes);
    let found = words::any_high(word)
        | words::any_below(word, b'!')
        | words::any_is(word, 0x7F)
        | words::any_is(word, b'#')
        | words::any_is(word, b'%')
        | words::any_is(word, b'?')
        | words::any_pair(word, before, b'/', b'.');
    found == 0
}

/// Stands for itself: visible ASCII but `#`, `%` and `?`.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~') && !matches!(byte, b'#' | b'%' | b'?')
}

fn write_segment(segment: &[u8], made: &mut Writer<'_>) -> Option<()> {
    let mut rest = segment;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'%' => {
                let decoded = percent::escaped(after).filter(|&decoded| decoded != 0)?;
                rest = split(after, 2).1;
                if percent::is_unreserved(decoded) {
                    made.push(decoded);
                } else {
                    percent::escape(decoded, made);
                }
            }
            0x80.. => percent::escape(byte, made),
            _ if is_plain(byte) => made.push(byte),
            _ => return None,
        }
    }
    Some(())
}

/// Where the last segment of what was written begins, the `/` before it included.
fn before_segment(written: &[u8]) -> usize {
    written.iter().rposition(|&byte| byte == b'/').unwrap_or(0)
}
