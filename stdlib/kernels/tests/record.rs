//! The check of an input record.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use edge_kernels::decode::{input_check, kind};
use proptest::prelude::*;

const BASE: u32 = 0x4000;

/// A valid record: slots of these kinds and contents, one result, a continuation.
struct Record {
    bytes: Vec<u8>,
    kinds: Vec<u8>,
}

impl Record {
    fn new(slots: &[(u8, Option<&[u8]>)]) -> Self {
        let tables = 48 + 8 * slots.len() + 16;
        let mut bytes = vec![0; tables];
        bytes[4] = 1;
        bytes[12] = 48;
        bytes[32] = slots.len() as u8;
        bytes[34] = 1;
        let mut record = Self {
            bytes,
            kinds: slots.iter().map(|slot| slot.0).collect(),
        };
        for (index, (_, value)) in slots.iter().enumerate() {
            if let Some(value) = value {
                record.refer(48 + 8 * index, value);
            }
        }
        record.refer(tables - 8, b"payload");
        record.refer(40, b"continuation");
        record.put(0, record.bytes.len() as u32);
        record
    }

    fn refer(&mut self, place: usize, value: &[u8]) {
        self.put(place, self.bytes.len() as u32);
        self.put(place + 4, value.len() as u32);
        self.bytes.extend_from_slice(value);
    }

    fn put(&mut self, place: usize, value: u32) {
        self.bytes[place..place + 4].copy_from_slice(&value.to_le_bytes());
    }

    fn check(&mut self) -> bool {
        input_check(&mut self.bytes, BASE, &self.kinds)
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

/// A list whose strings are elsewhere, at `start` of the record.
fn list(refs: &[(u32, u32)]) -> Vec<u8> {
    let mut bytes = (refs.len() as u32).to_le_bytes().to_vec();
    for (offset, length) in refs {
        bytes.extend(offset.to_le_bytes());
        bytes.extend(length.to_le_bytes());
    }
    bytes
}

#[test]
fn kinds_are_those_of_the_abi() {
    use edge_abi::manifest::Kind;
    let kinds = [
        (Kind::Bytes, kind::BYTES),
        (Kind::I64, kind::I64),
        (Kind::Ip, kind::IP),
        (Kind::Bool, kind::BOOL),
        (Kind::F64, kind::F64),
        (Kind::List, kind::LIST),
    ];
    for (abi, kernel) in kinds {
        assert_eq!(abi as u8, kernel);
    }
}

#[test]
fn refs_become_addresses() {
    let mut record = Record::new(&[
        (kind::BYTES, Some(b"GET")),
        (kind::BYTES, None),
        (kind::BYTES, Some(b"")),
    ]);
    let before = record.bytes.clone();
    assert!(record.check());
    for place in [48, 64, 80, 40] {
        assert_eq!(
            word(&record.bytes, place),
            BASE + word(&before, place),
            "{place}"
        );
        assert_eq!(word(&record.bytes, place + 4), word(&before, place + 4));
    }
    assert_eq!(word(&record.bytes, 56), 0);
    assert_eq!(record.bytes[88..], before[88..]);
}

#[test]
fn kinds_have_their_sizes() {
    let valid: [(u8, &[u8]); 7] = [
        (kind::I64, &[1; 8]),
        (kind::IP, &[1; 16]),
        (kind::BOOL, &[1]),
        (kind::BOOL, &[0]),
        (kind::F64, &[0, 0, 0, 0, 0, 0, 0xE0, 0x3F]),
        (kind::LIST, &[0; 4]),
        (kind::BYTES, &[0; 77]),
    ];
    let invalid: [(u8, &[u8]); 9] = [
        (kind::I64, &[1; 7]),
        (kind::I64, &[]),
        (kind::IP, &[1; 4]),
        (kind::BOOL, &[2]),
        (kind::BOOL, &[0, 0]),
        (kind::F64, &[0, 0, 0, 0, 0, 0, 0xF0, 0x7F]),
        (kind::F64, &[0xFF; 8]),
        (kind::LIST, &[1, 0, 0, 0, 0, 0, 0, 0]),
        (9, &[0]),
    ];
    for (kind, value) in valid {
        assert!(
            Record::new(&[(kind, Some(value))]).check(),
            "{kind} {value:?}"
        );
        assert!(Record::new(&[(kind, None)]).check(), "{kind} absent");
    }
    for (kind, value) in invalid {
        assert!(
            !Record::new(&[(kind, Some(value))]).check(),
            "{kind} {value:?}"
        );
    }
}

#[test]
fn elements_of_lists_are_checked_and_stay() {
    let refs = list(&[(80, 4), (0, 0), (84, 0)]);
    let mut record = Record::new(&[(kind::LIST, Some(&refs)), (kind::BYTES, Some(b"one"))]);
    assert!(record.check());
    assert_eq!(record.bytes[80..80 + refs.len()], refs);
    for bad in [
        (0, 1),
        (80, 1000),
        (79, 1),
        (u32::MAX, 2),
        (80, u32::MAX),
        (9999, 0),
    ] {
        assert!(
            !Record::new(&[(kind::LIST, Some(&list(&[bad]))), (kind::BYTES, None)]).check(),
            "{bad:?}"
        );
    }
    assert!(!Record::new(&[(kind::LIST, Some(&[0xFF; 12]))]).check());
}

#[test]
fn a_wrong_header_is_refused() {
    let wrong: &[(usize, u32)] = &[
        (0, 0),             // length
        (4, 2),             // version
        (8, 1),             // flags
        (12, 44),           // shorter than any header
        (12, 50),           // not aligned
        (12, u32::MAX - 3), // past the end
        (32, 2 | 1 << 16),  // slots
        (32, 1 | 99 << 16), // results
        (40, 0),            // offset 0 with a length
        (40, 1000),
        (44, u32::MAX),
        (48, 4),  // into the header
        (48, 60), // into the tables
    ];
    for &(place, value) in wrong {
        let mut record = Record::new(&[(kind::BYTES, Some(b"value"))]);
        record.put(place, value);
        assert!(!record.check(), "{place} = {value}");
    }
    assert!(Record::new(&[(kind::BYTES, Some(b"value"))]).check());
    assert!(!input_check(&mut [], BASE, &[]));
}

#[test]
fn an_address_that_does_not_fit_is_refused() {
    let mut record = Record::new(&[(kind::BYTES, Some(b"value"))]);
    assert!(!input_check(
        &mut record.bytes,
        u32::MAX - 60,
        &record.kinds
    ));
}

proptest! {
    /// Any bytes behind a header that is nearly right.
    #[test]
    fn whatever_passes_lies_inside(
        kinds in prop::collection::vec(0u8..7, 0..5),
        results in 0u16..3,
        body in prop::collection::vec(prop_oneof![4 => Just(0u8), 1 => any::<u8>(), 3 => 48u8..160], 0..160),
        base in prop_oneof![Just(BASE), any::<u32>()],
    ) {
        let mut bytes = vec![0; 40];
        bytes.extend(&body);
        let length = bytes.len() as u32;
        bytes[..4].copy_from_slice(&length.to_le_bytes());
        bytes[4] = 1;
        bytes[12] = 48;
        bytes[32..34].copy_from_slice(&(kinds.len() as u16).to_le_bytes());
        bytes[34..36].copy_from_slice(&results.to_le_bytes());
        if input_check(&mut bytes, base, &kinds) {
            let end = u64::from(base) + u64::from(length);
            let payloads = (0..usize::from(results)).map(|index| 48 + 8 * kinds.len() + 16 * index + 8);
            for place in (0..kinds.len()).map(|index| 48 + 8 * index).chain(payloads).chain([40]) {
                let (address, size) = (u64::from(word(&bytes, place)), u64::from(word(&bytes, place + 4)));
                prop_assert!((address, size) == (0, 0) || address >= u64::from(base) && address + size <= end);
            }
        }
    }

    #[test]
    fn any_bytes(mut bytes in prop::collection::vec(any::<u8>(), 0..200), kinds in prop::collection::vec(any::<u8>(), 0..4)) {
        prop_assert!(!input_check(&mut bytes, BASE, &kinds) || bytes.len() >= 48);
    }
}
