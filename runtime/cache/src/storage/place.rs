//! The names by which answers are purged: their URI, their path, and their tags.

use http::{HeaderMap, HeaderName};
use siphasher::sip128::{Hasher128, SipHasher13};
use std::hash::Hasher;
use std::sync::OnceLock;

/// The most tags of one answer; those beyond are not known to purges, so the answer is not stored.
pub const MAX_TAGS: usize = 256;

/// Where answers name their tags: by spaces in the first, by commas in the second.
const SURROGATE_KEY: HeaderName = HeaderName::from_static("surrogate-key");
const CACHE_TAG: HeaderName = HeaderName::from_static("cache-tag");

/// The URI that an answer belongs to, as the client wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The host, lower case, with its port where it is not the scheme's.
    pub host: Box<str>,
    /// The path.
    pub path: Box<[u8]>,
    /// The query, without `?`; empty when there is none.
    pub query: Box<[u8]>,
}

impl Place {
    /// A place of these parts.
    pub fn new(host: &str, path: &[u8], query: &[u8]) -> Self {
        Self {
            host: host.into(),
            path: path.into(),
            query: query.into(),
        }
    }

    pub(crate) fn weight(&self) -> usize {
        self.host.len() + self.path.len() + self.query.len()
    }

    pub(crate) fn uri(&self) -> Label {
        Label::of(0, &[self.host.as_bytes(), &self.path, &self.query])
    }

    pub(crate) fn labels(&self) -> [Label; 3] {
        [
            self.uri(),
            path(Some(&self.host), &self.path),
            path(None, &self.path),
        ]
    }
}

/// The label of all answers with a path, on one host or on any.
pub(crate) fn path(host: Option<&str>, path: &[u8]) -> Label {
    match host {
        Some(host) => Label::of(1, &[host.as_bytes(), path]),
        None => Label::of(2, &[path]),
    }
}

/// The label of all answers with a tag.
pub(crate) fn tag(tag: &[u8]) -> Label {
    Label::of(3, &[tag])
}

/// The label of a host.
pub(crate) fn host(host: &str) -> Label {
    Label::of(4, &[host.as_bytes()])
}

/// A name as 128 bits, hashed with a key of this process, so that nobody can make two names collide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Label(pub(crate) u128);

impl Label {
    fn of(kind: u8, parts: &[&[u8]]) -> Self {
        static SECRET: OnceLock<[u8; 16]> = OnceLock::new();
        let mut hasher = SipHasher13::new_with_key(SECRET.get_or_init(secret));
        hasher.write_u8(kind);
        for part in parts {
            hasher.write_usize(part.len());
            hasher.write(part);
        }
        Self(hasher.finish128().as_u128())
    }
}

/// Random bytes; should the system have none, the address of a variable and the time, which is better than a constant.
pub(crate) fn secret() -> [u8; 16] {
    let mut bytes = [0; 16];
    if getrandom::fill(&mut bytes).is_err() {
        let time = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |time| time.as_nanos());
        bytes = (time ^ (&raw const bytes as usize as u128) << 64).to_le_bytes();
    }
    bytes
}

/// The tags that an answer names in `Surrogate-Key` and `Cache-Tag`, and those that the policy adds; each once. `None`
/// when there are more than [`MAX_TAGS`].
pub fn tags(headers: &HeaderMap, added: &[Vec<u8>]) -> Option<Vec<Box<[u8]>>> {
    let lines = |name: &HeaderName, separator: u8| {
        let values: Vec<_> = headers
            .get_all(name)
            .iter()
            .map(|value| value.as_bytes().to_vec())
            .collect();
        values.into_iter().flat_map(move |line| {
            line.split(|byte| *byte == separator)
                .map(<[u8]>::trim_ascii)
                .map(Box::from)
                .collect::<Vec<Box<[u8]>>>()
        })
    };
    let named = lines(&SURROGATE_KEY, b' ').chain(lines(&CACHE_TAG, b','));
    let mut all: Vec<Box<[u8]>> = named
        .chain(added.iter().map(|tag| tag.as_slice().into()))
        .collect();
    all.retain(|tag| !tag.is_empty());
    all.sort_unstable();
    all.dedup();
    (all.len() <= MAX_TAGS).then_some(all)
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
    use crate::semantics::samples::headers;

    #[test]
    fn tags_from_fields_and_policy() {
        let map = headers(&[
            "Surrogate-Key: a  b",
            "Surrogate-Key: c",
            "Cache-Tag: b, d e ,",
        ]);
        let all = tags(&map, &[b"x".to_vec(), b"a".to_vec()]).unwrap();
        let all: Vec<_> = all
            .iter()
            .map(|tag| std::str::from_utf8(tag).unwrap())
            .collect();
        assert_eq!(all, ["a", "b", "c", "d e", "x"]);
        let many: Vec<_> = (0..=MAX_TAGS)
            .map(|at| at.to_string().into_bytes())
            .collect();
        assert_eq!(tags(&HeaderMap::new(), &many), None);
    }

    #[test]
    fn labels_tell_kinds_and_parts_apart() {
        let a = Place::new("h", b"/ab", b"c");
        assert_ne!(a.uri(), Place::new("h", b"/a", b"bc").uri());
        assert_eq!(a.labels()[1], path(Some("h"), b"/ab"));
        assert_ne!(tag(b"/ab"), path(None, b"/ab"));
    }
}
