//! Parts of a request's target, hosts, and what may go into an upstream path.

use crate::text;
use crate::writer::split;

/// Where the path of a target ends: at the first `?`, or at its end.
#[must_use]
pub fn target_path_end(target: &[u8]) -> usize {
    target
        .iter()
        .position(|&byte| byte == b'?')
        .unwrap_or(target.len())
}

/// A host in lower case, without its port and without the dot of the root. An IPv6 literal keeps
/// its brackets (RFC 3986, section 3.2.2).
pub fn host_normalise<'a>(authority: &'a [u8], out: &'a mut [u8]) -> &'a [u8] {
    let end = match authority.first() {
        Some(b'[') => authority
            .iter()
            .position(|&byte| byte == b']')
            .map(|at| at + 1),
        _ => authority.iter().position(|&byte| byte == b':'),
    };
    let host = split(authority, end.unwrap_or(authority.len())).0;
    text::lower(host.strip_suffix(b".").unwrap_or(host), out)
}

/// Whether a value may be written into an upstream path: it ends neither the path nor the
/// request line, and is ASCII.
#[must_use]
pub fn upstream_value_ok(value: &[u8]) -> bool {
    value
        .iter()
        .all(|byte| matches!(byte, b'!'..=b'~') && !matches!(byte, b'?' | b'#'))
}

/// Whether a path may go upstream: [`upstream_value_ok`], a `/` first, and no segment that is
/// `.` or `..`, however its dots are spelt.
#[must_use]
pub fn upstream_path_ok(path: &[u8]) -> bool {
    path.first() == Some(&b'/')
        && upstream_value_ok(path)
        && !path.split(|&byte| byte == b'/').any(is_dots)
}

/// Whether a segment is one or two dots, each as itself or escaped.
fn is_dots(segment: &[u8]) -> bool {
    let mut rest = segment;
    let mut count = 0;
    while count < 3 {
        rest = match rest {
            [] => break,
            [b'.', after @ ..] => after,
            [b'%', b'2', b'e' | b'E', after @ ..] => after,
            _ => return false,
        };
        count += 1;
    }
    count == 1 || count == 2
}
