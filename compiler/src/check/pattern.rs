//! Path patterns of routes: `/users/:id/*rest`.

use super::Checker;
use crate::ast::Text;
use crate::diagnostics::{BadPattern, DeclaredTwice};
use crate::hir::{Fact, Pattern, Segment};

/// Most segments of a pattern.
const MOST_SEGMENTS: usize = 64;

/// A pattern, and what `params.NAME` stands for under it.
pub(super) type WithParams = (Pattern, Vec<(String, Fact)>);

impl Checker<'_> {
    pub(super) fn pattern(&mut self, text: &Text) -> Option<WithParams> {
        let (pattern, params) = match read(&text.value) {
            Ok(read) => read,
            Err((why, help)) => {
                return self.fail(BadPattern {
                    why,
                    span: text.span,
                    help,
                });
            }
        };
        for (n, (name, _)) in params.iter().enumerate() {
            if params.iter().take(n).any(|(known, _)| known == name) {
                return self.fail(DeclaredTwice {
                    what: "the part",
                    name: name.clone(),
                    span: text.span,
                    first: None,
                });
            }
        }
        Some((pattern, params))
    }
}

/// Why a pattern can't match, and what to write instead.
type Reason = (String, Option<String>);

fn read(text: &str) -> Result<WithParams, Reason> {
    let Some(rest) = text.strip_prefix('/') else {
        let help = format!("write `\"/{text}\"`");
        return Err(("it does not begin with `/`".to_owned(), Some(help)));
    };
    let parts: Vec<&str> = rest.split('/').collect();
    if parts.len() > MOST_SEGMENTS {
        return Err((format!("it has more than {MOST_SEGMENTS} segments"), None));
    }
    let last = parts.len() - 1;
    let mut segments = Vec::new();
    let mut params = Vec::new();
    for (n, part) in parts.into_iter().enumerate() {
        let index = super::index(n);
        if let Some(name) = part.strip_prefix(':') {
            segments.push(Segment::Param);
            params.push((part_name(name, ':')?, Fact::PathSegment(index)));
        } else if let Some(name) = part.strip_prefix('*') {
            if n != last {
                let why = format!("`*{name}` stands for all that follows, but is not the last");
                return Err((why, Some(format!("for one segment write `:{name}`"))));
            }
            segments.push(Segment::Rest);
            params.push((part_name(name, '*')?, Fact::PathRest(index)));
        } else if part.is_empty() && n != last {
            return Err(("it holds an empty segment: `//`".to_owned(), None));
        } else {
            segments.push(Segment::Literal(literal(part)?));
        }
    }
    Ok((Pattern { segments }, params))
}

fn part_name(name: &str, sign: char) -> Result<String, Reason> {
    let mut bytes = name.bytes();
    let first = bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    if first && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Ok(name.to_owned());
    }
    let why = match name.is_empty() {
        true => format!("`{sign}` needs a name behind it"),
        false => format!("`{sign}{name}` is not a name: letters, digits and `_`"),
    };
    Err((why, Some(format!("for instance `{sign}rest`"))))
}

/// A literal segment in the normal form in which requests have it.
fn literal(part: &str) -> Result<Vec<u8>, Reason> {
    if matches!(dotless(part).as_str(), "." | "..") {
        let why = format!("`{part}` is removed from paths before routes see them");
        return Err((why, None));
    }
    if part.contains('*') {
        let help = "`*rest` stands alone between slashes".to_owned();
        return Err((format!("`{part}` holds a `*`"), Some(help)));
    }
    let path = format!("/{part}");
    let mut buffer = vec![0; edge_kernels::bounds::ESCAPED.capacity(path.len())];
    let normal = edge_kernels::path::path_normalise(path.as_bytes(), &mut buffer);
    match normal.and_then(|path| path.strip_prefix(b"/")) {
        Some(segment) => Ok(segment.to_vec()),
        None => {
            let help = "the query is asked for with `request.query[\"k\"]`; a space is `%20`";
            let why = format!("`{part}` can't be part of a path");
            Err((why, Some(help.to_owned())))
        }
    }
}

/// The segment with its escaped dots as dots.
fn dotless(part: &str) -> String {
    part.replace("%2e", ".").replace("%2E", ".")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::read;
    use crate::hir::{Fact, Segment};

    #[test]
    fn patterns_are_read_in_normal_form() {
        let (pattern, params) = read("/a%7Eb/:id/*rest").unwrap();
        let literal = Segment::Literal(b"a~b".to_vec());
        assert_eq!(pattern.segments, [literal, Segment::Param, Segment::Rest]);
        let expected = [
            ("id".to_owned(), Fact::PathSegment(1)),
            ("rest".to_owned(), Fact::PathRest(2)),
        ];
        assert_eq!(params, expected);
        assert_eq!(
            read("/").unwrap().0.segments,
            [Segment::Literal(Vec::new())]
        );
        assert_eq!(read("/a/").unwrap().0.segments.len(), 2);
        assert_eq!(
            read("/é").unwrap().0.segments,
            [Segment::Literal(b"%C3%A9".to_vec())]
        );
    }

    #[test]
    fn what_can_not_match_is_refused() {
        for wrong in [
            "",
            "a",
            "/a//b",
            "/*rest/a",
            "/:",
            "/:a-b",
            "/*",
            "/a*",
            "/../a",
            "/%2e%2E/a",
            "/a b",
            "/a?b",
            "/%4",
            "/%00",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
