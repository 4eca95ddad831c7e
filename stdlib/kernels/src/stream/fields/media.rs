//! Media types (RFC 9110, section 8.3) and their parameters.

use super::is_blank;
use super::names::{self, Names};
use crate::writer::split;

/// The longest boundary (RFC 2046, section 5.1.1).
const LONGEST: usize = 70;

/// How a body is taken apart.
pub(super) enum Media<'a> {
    Raw,
    Form,
    Json,
    /// With its boundary.
    Multipart(&'a [u8]),
}

pub(super) fn media<'a>(names: Names<'_>, content_type: &'a [u8]) -> Media<'a> {
    let mut parts = Parameters::new(content_type);
    let media_type = parts.next().map(|first| first.name).unwrap_or_default();
    // Servers differ about what stands behind the type without a semicolon.
    let (media_type, _) = until(media_type, |&byte| is_blank(byte) || byte == b',');
    let suffix = split(media_type, media_type.len().saturating_sub(4)).1;
    if names.is(names::FORM, media_type) {
        Media::Form
    } else if names.is(names::JSON, suffix) {
        Media::Json
    } else if names.is(names::MULTIPART, media_type) {
        multipart(names, parts)
    } else {
        Media::Raw
    }
}

/// Servers differ about which of two boundaries counts, and about `boundary*0`: then the body is one text.
fn multipart<'a>(names: Names<'_>, mut parts: Parameters<'a>) -> Media<'a> {
    let mut boundary = None;
    for part in parts.by_ref() {
        let begins = split(part.name, names::BOUNDARY.len()).0;
        if names.is(names::BOUNDARY, begins) {
            if boundary.is_some() || begins.len() < part.name.len() || !is_boundary(part.value) {
                return Media::Raw;
            }
            boundary = Some(part.value);
        }
    }
    match boundary {
        Some(boundary) if !parts.odd => Media::Multipart(boundary),
        _ => Media::Raw,
    }
}

fn is_boundary(boundary: &[u8]) -> bool {
    let fits = (1..=LONGEST).contains(&boundary.len());
    let plain = |&byte: &u8| matches!(byte, b' '..=b'~') && byte != b'\\' && byte != b'"';
    fits && boundary.iter().all(plain)
}

/// `name=value`, or a name alone; the value without its quotes, its escapes as they stand.
pub(super) struct Parameter<'a> {
    pub name: &'a [u8],
    pub value: &'a [u8],
}

/// The parts of a field's value, separated by semicolons. Blanks around names and values are left out.
pub(super) struct Parameters<'a> {
    rest: &'a [u8],
    /// Whether something stood there that servers may read in different ways.
    pub odd: bool,
}

impl<'a> Parameters<'a> {
    pub(super) fn new(value: &'a [u8]) -> Self {
        Parameters {
            rest: value,
            odd: false,
        }
    }
}

impl<'a> Iterator for Parameters<'a> {
    type Item = Parameter<'a>;

    fn next(&mut self) -> Option<Parameter<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let end = |byte: &u8| matches!(byte, b'=' | b';');
        let (name, behind) = until(self.rest, end);
        self.odd |=
            behind.first() == Some(&b'=') && name.last().is_some_and(|&byte| is_blank(byte));
        let value = trim(behind.strip_prefix(b"=").unwrap_or_default());
        let (value, behind) = if behind.first() != Some(&b'=') {
            (value, behind)
        } else if let Some(quoted) = value.strip_prefix(b"\"") {
            let mut escaped = false;
            let (quoted, behind) = until(quoted, |&byte| {
                let ends = byte == b'"' && !escaped;
                escaped = byte == b'\\' && !escaped;
                ends
            });
            let (odd, rest) = until(split(behind, 1).1, |&byte| byte == b';');
            self.odd |= behind.is_empty() || !trim(odd).is_empty();
            (quoted, rest)
        } else {
            let (value, behind) = until(value, |&byte| byte == b';');
            self.odd |= value.contains(&b'"');
            (trim(value), behind)
        };
        self.rest = split(behind, 1).1;
        Some(Parameter {
            name: trim(name),
            value,
        })
    }
}

fn until(bytes: &[u8], end: impl FnMut(&u8) -> bool) -> (&[u8], &[u8]) {
    split(bytes, bytes.iter().position(end).unwrap_or(bytes.len()))
}

pub(super) fn trim(mut bytes: &[u8]) -> &[u8] {
    while let Some((&byte, rest)) = bytes.split_first()
        && is_blank(byte)
    {
        bytes = rest;
    }
    while let Some((&byte, rest)) = bytes.split_last()
        && is_blank(byte)
    {
        bytes = rest;
    }
    bytes
}
