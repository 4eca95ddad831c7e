//! A stored answer as bytes, for disks and stores that hosts share.
//!
//! ```text
//! 0   8  "edgecach"
//! 8   4  version
//! 12  4  length of the record
//! 16  8  length of the body that follows it; zero when the body is elsewhere
//! 24  16 checksum of the 24 bytes before and of the record
//! 40  16 checksum of the body that follows
//! 56     the record, then the body
//! ```
//!
//! Numbers are little-endian. The record holds everything but the body, in postcard's format. Whatever does not add up is
//! no record: [`decode`] says `None`.

use super::checksum::checksum;
use super::content::{Chunks, Content};
use super::entry::Entry;
use super::key::Key;
use super::place::Place;
use crate::semantics::terms::Terms;
use crate::semantics::vary::Selecting;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const MAGIC: &[u8; 8] = b"edgecach";
const VERSION: u32 = 1;
/// The length of what stands before the record.
pub(crate) const FRAME: usize = 56;
/// The longest record that is read.
const MAX_RECORD: u32 = 32 << 20;

/// Where a body is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum BodyAt {
    /// After the record.
    Here,
    /// In a file of its own, in chunks of one size with a checksum each.
    File { id: u64, len: u64, sums: Vec<u64> },
}

#[derive(Serialize, Deserialize)]
struct Record {
    key: [u8; 32],
    status: u16,
    headers: Vec<(Vec<u8>, Vec<u8>)>,
    selecting: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    terms: Terms,
    host: String,
    path: Vec<u8>,
    query: Vec<u8>,
    tags: Vec<Vec<u8>>,
    born: u64,
    known: u64,
    body: BodyAt,
}

/// A frame and its record, with the entry's body left out.
pub(crate) struct Decoded {
    pub key: Key,
    /// The entry; its content is empty.
    pub entry: Entry,
    pub body: BodyAt,
}

/// What stands before a record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub record: usize,
    pub body: u64,
    head: [u8; 24],
    record_sum: [u8; 16],
    body_sum: [u8; 16],
}

impl Frame {
    /// Reads a frame from the bytes before a record.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let head: [u8; 24] = bytes.get(..24)?.try_into().ok()?;
        let number = |at: usize| Some(u32::from_le_bytes(head.get(at..at + 4)?.try_into().ok()?));
        let (version, record) = (number(8)?, number(12)?);
        if !head.starts_with(MAGIC) || version != VERSION || record > MAX_RECORD {
            return None;
        }
        Some(Self {
            record: usize::try_from(record).ok()?,
            body: u64::from_le_bytes(head.get(16..)?.try_into().ok()?),
            head,
            record_sum: bytes.get(24..40)?.try_into().ok()?,
            body_sum: bytes.get(40..FRAME)?.try_into().ok()?,
        })
    }

    /// Whether these bytes are the body that follows.
    pub fn is_body(&self, body: &[u8]) -> bool {
        body.len() as u64 == self.body && checksum(&[body]) == self.body_sum
    }
}

/// An entry as a frame and a record; the body follows where it is [`BodyAt::Here`].
pub(crate) fn encode(key: &Key, entry: &Entry, at: BodyAt, body: &[u8]) -> Option<Vec<u8>> {
    let record = Record {
        key: key.0,
        status: entry.status.as_u16(),
        headers: entry
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().into(), value.as_bytes().into()))
            .collect(),
        selecting: entry
            .selecting
            .fields()
            .map(|(name, value)| (name.as_str().into(), value.map(Into::into)))
            .collect(),
        terms: entry.terms,
        host: entry.place.host.to_string(),
        path: entry.place.path.to_vec(),
        query: entry.place.query.to_vec(),
        tags: entry.tags.iter().map(|tag| tag.to_vec()).collect(),
        born: entry.born,
        known: entry.known,
        body: at,
    };
    let record = postcard::to_allocvec(&record).ok()?;
    let length = u32::try_from(record.len())
        .ok()
        .filter(|length| *length <= MAX_RECORD)?;
    let mut bytes = Vec::with_capacity(FRAME + record.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&(body.len() as u64).to_le_bytes());
    let sum = checksum(&[&bytes, &record]);
    bytes.extend_from_slice(&sum);
    bytes.extend_from_slice(&checksum(&[body]));
    bytes.extend_from_slice(&record);
    Some(bytes)
}

/// The entry of a frame that was read, without its body.
pub(crate) fn decode(frame: &Frame, record: &[u8]) -> Option<Decoded> {
    if record.len() != frame.record || checksum(&[&frame.head, record]) != frame.record_sum {
        return None;
    }
    let record: Record = postcard::from_bytes(record).ok()?;
    let mut headers = HeaderMap::with_capacity(record.headers.len());
    for (name, value) in record.headers {
        let name = HeaderName::from_bytes(&name).ok()?;
        headers
            .try_append(name, HeaderValue::from_bytes(&value).ok()?)
            .ok()?;
    }
    let mut fields = Vec::with_capacity(record.selecting.len());
    for (name, value) in record.selecting {
        fields.push((
            HeaderName::from_bytes(&name).ok()?,
            value.map(Vec::into_boxed_slice),
        ));
    }
    Some(Decoded {
        key: Key(record.key),
        entry: Entry {
            status: StatusCode::from_u16(record.status).ok()?,
            headers,
            selecting: Selecting::from_fields(fields),
            terms: record.terms,
            content: Content::Whole(Chunks::default()),
            place: Arc::new(Place {
                host: record.host.into(),
                path: record.path.into(),
                query: record.query.into(),
            }),
            tags: record.tags.into_iter().map(Vec::into_boxed_slice).collect(),
            born: record.born,
            known: record.known,
        },
        body: record.body,
    })
}

/// An entry with its whole body, in one piece. `None` for one that is not whole and in memory.
pub(crate) fn pack(key: &Key, entry: &Entry) -> Option<Bytes> {
    let Content::Whole(chunks) = &entry.content else {
        return None;
    };
    let body = chunks.joined();
    let head = encode(key, entry, BodyAt::Here, &body)?;
    let mut bytes = BytesMut::with_capacity(head.len() + body.len());
    bytes.extend_from_slice(&head);
    bytes.extend_from_slice(&body);
    Some(bytes.freeze())
}

/// The reverse of [`pack`], for the key that was asked for. The body shares the bytes' memory.
pub(crate) fn unpack(key: &Key, bytes: &Bytes) -> Option<Entry> {
    let frame = Frame::read(bytes)?;
    let end = FRAME + frame.record;
    let mut decoded = decode(&frame, bytes.get(FRAME..end)?)?;
    let body = bytes.slice(end..);
    if decoded.key != *key || decoded.body != BodyAt::Here || !frame.is_body(&body) {
        return None;
    }
    decoded.entry.content = Content::Whole(Chunks::shared(body));
    Some(decoded.entry)
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
    use crate::storage::entry::tests::entry;
    use proptest::prelude::*;

    fn sample() -> Entry {
        let mut it = entry(b"the body");
        it.headers.append("x", "1".parse().unwrap());
        it.headers
            .append("x", HeaderValue::from_bytes(b"\xff").unwrap());
        it.tags = Arc::new([Box::from(&b"tag"[..])]);
        let mut request = HeaderMap::new();
        request.insert("foo", "bar".parse().unwrap());
        let names = ["absent", "foo"].map(HeaderName::from_static);
        it.selecting = Selecting::of(&names, &request);
        it.terms.regional_stale_at = Some(77);
        (it.born, it.known) = (3, u64::MAX);
        it
    }

    #[test]
    fn an_entry_comes_back_as_it_was() {
        let key = Key::of([&b"k"[..]]);
        let it = sample();
        let back = unpack(&key, &pack(&key, &it).unwrap()).unwrap();
        assert_eq!(format!("{it:?}"), format!("{back:?}"));
        assert!(unpack(&Key::of([&b"l"[..]]), &pack(&key, &it).unwrap()).is_none());
    }

    proptest! {
        #[test]
        fn no_damage_goes_unseen(at: prop::sample::Index, flip in 1_u8.., cut: prop::sample::Index) {
            let key = Key::of([&b"k"[..]]);
            let bytes = pack(&key, &sample()).unwrap();
            let mut damaged = bytes.to_vec();
            damaged[at.index(bytes.len())] ^= flip;
            prop_assert!(unpack(&key, &damaged.into()).is_none());
            prop_assert!(unpack(&key, &bytes.slice(..cut.index(bytes.len()))).is_none());
        }

        #[test]
        fn anything_may_be_read(bytes: Vec<u8>) {
            prop_assert!(unpack(&Key::of([&b"k"[..]]), &bytes.into()).is_none());
        }
    }
}
