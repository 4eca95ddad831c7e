//! The one normal form of a request's path (RFC 3986, section 6.2.2).

use crate::percent;
use crate::uri;
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
        let end = after
            .iter()
            .position(|&byte| byte == b'/')
            .unwrap_or(after.len());
        let (segment, next) = split(after, end);
        match uri::dots(segment) {
            None => {
                made.push(b'/');
                write_segment(segment, &mut made)?;
            }
            Some(dots) => {
                if dots == 2 {
                    drop_segment(&mut made);
                }
                if next.is_empty() {
                    made.push(b'/');
                }
            }
        }
        rest = next;
    }
    Some(made.finish())
}

/// One pass that finds nothing to do in nearly every path.
fn is_normal(path: &[u8]) -> bool {
    let mut before = 0;
    for &byte in path {
        if byte == b'.' && before == b'/' || !is_plain(byte) {
            return false;
        }
        before = byte;
    }
    true
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

/// Takes back the last segment written and the `/` before it.
fn drop_segment(made: &mut Writer<'_>) {
    let start = made
        .written()
        .iter()
        .rposition(|&byte| byte == b'/')
        .unwrap_or(0);
    made.truncate(start);
}
