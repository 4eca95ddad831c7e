//! Comma-separated lists, as HTTP header fields have them (RFC 9110 5.6.1).

use http::{HeaderMap, HeaderName};

/// The members of all lines of a field, in order, without surrounding whitespace; empty ones are left out.
///
/// A comma in a quoted string separates nothing; a string that is never closed reaches to the end of its line.
pub fn members<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
    headers
        .get_all(name)
        .iter()
        .flat_map(|value| split(value.as_bytes()))
}

/// The members of one line.
pub fn split(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let line = rest.take()?;
        let (member, after) = cut(line);
        rest = after;
        Some(trim(member))
    })
    .filter(|member| !member.is_empty())
}

/// Without spaces and tabs at both ends.
pub fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// The line up to its first comma outside quotes, and what follows the comma.
fn cut(line: &[u8]) -> (&[u8], Option<&[u8]>) {
    let mut quoted = false;
    let mut escaped = false;
    for (at, byte) in line.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted => {
                let (member, after) = line.split_at(at);
                return (member, after.get(1..));
            }
            _ => {}
        }
    }
    (line, None)
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::*;

    fn of(line: &str) -> Vec<&str> {
        split(line.as_bytes())
            .map(|member| std::str::from_utf8(member).unwrap())
            .collect()
    }

    #[test]
    fn commas_separate_outside_quotes_only() {
        assert_eq!(of("a, b ,\tc"), ["a", "b", "c"]);
        assert_eq!(of(",, a,,"), ["a"]);
        assert_eq!(of(r#"a="1,2", b"#), [r#"a="1,2""#, "b"]);
        assert_eq!(of(r#""\",", b"#), [r#""\",""#, "b"]);
        assert_eq!(of(r#""open, b"#), [r#""open, b"#]);
        assert!(of("").is_empty());
        assert!(of(" \t").is_empty());
    }
}
