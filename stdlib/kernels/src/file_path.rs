//! Paths of files as operating systems read them.

use crate::writer::{Writer, split};

/// Without `.` segments, with each `..` and the segment before it removed, every backslash a slash, and
/// every row of slashes one. As RFC 3986, section 5.2.4, nothing lies above the root of a path that begins
/// with a slash; in one that does not, `..` that climb out of where it begins stay at its start. A slash
/// at the end stays. Escapes are not decoded. Doing it twice is doing it once; never longer than the input.
pub fn normalise_path<'a>(path: &'a [u8], out: &'a mut [u8]) -> &'a [u8] {
    if is_normal(path) {
        return path;
    }
    let mut made = Writer::new(out);
    let absolute = path.first().is_some_and(is_slash);
    if absolute {
        made.push(b'/');
    }
    // What was written up to here stays.
    let mut floor = made.len();
    let mut rest = path;
    loop {
        let end = rest.iter().position(is_slash);
        let (segment, after) = split(rest, end.unwrap_or(rest.len()));
        let climbs = segment == b"..";
        if climbs && made.len() > floor {
            let parent = before_segment(made.written());
            made.truncate(parent);
        } else if !(segment.is_empty() || segment == b"." || climbs && absolute) {
            made.extend(segment);
            if end.is_some() {
                made.push(b'/');
            }
            if climbs {
                floor = made.len();
            }
        }
        if end.is_none() {
            return made.finish();
        }
        rest = split(after, 1).1;
    }
}

/// No backslash, and behind no slash another one or a dot.
fn is_normal(path: &[u8]) -> bool {
    let mut before = 0;
    path.first() != Some(&b'.')
        && path.iter().all(|&byte| {
            let normal = byte != b'\\' && !(before == b'/' && matches!(byte, b'/' | b'.'));
            before = byte;
            normal
        })
}

fn is_slash(byte: &u8) -> bool {
    matches!(byte, b'/' | b'\\')
}

/// Where the last segment begins, of a text that ends with a slash.
fn before_segment(written: &[u8]) -> usize {
    let segments = split(written, written.len().saturating_sub(1)).0;
    let slash = segments.iter().rposition(|&byte| byte == b'/');
    slash.map_or(0, |at| at + 1)
}
