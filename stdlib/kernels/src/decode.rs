//! The check of an input record, once for each call of a policy. What it has passed needs no
//! further checks: every ref lies inside the record and is as long as its kind says.
//!
//! The record's layout is that of `edge_abi::input`.

const HEADER: usize = 48;
const VERSION: u16 = 1;
const SLOT: usize = 8;
const RESULT: usize = 16;
const CONTINUATION: usize = 40;

/// Kinds of slots, as bytes: `edge_abi::manifest::Kind`.
pub mod kind {
    /// Any bytes.
    pub const BYTES: u8 = 0;
    /// 8 bytes.
    pub const I64: u8 = 1;
    /// 16 bytes.
    pub const IP: u8 = 2;
    /// One byte, 0 or 1.
    pub const BOOL: u8 = 3;
    /// 8 bytes, finite.
    pub const F64: u8 = 4;
    /// `u32 count`, then refs.
    pub const LIST: u8 = 5;
}

/// Whether `record` is a valid input whose slots have these kinds. If so, the refs of its slots,
/// its results' payloads and its continuation hold addresses afterwards (`base`, where the record
/// lies, was added); `(0, 0)` stays. Elements of lists stay relative.
///
/// Every ref that is not empty must lie in the data after the tables, so no value can change
/// while refs are rewritten. If the answer is no, the record's refs are of no use.
pub fn input_check(record: &mut [u8], base: u32, kinds: &[u8]) -> bool {
    check(record, base, kinds).is_some()
}

fn check(record: &mut [u8], base: u32, kinds: &[u8]) -> Option<()> {
    let length = record.len();
    let header: &mut [u8; HEADER] = record.first_chunk_mut()?;
    let header_length = u32_at(header, 12) as usize;
    let results = usize::from(u16_at(header, 34));
    let valid = u32_at(header, 0) as usize == length
        && u16_at(header, 4) == VERSION
        && u32_at(header, 8) <= most_flags(u16_at(header, 6))
        && header_length >= HEADER
        && header_length <= length
        && header_length.is_multiple_of(4)
        && usize::from(u16_at(header, 32)) == kinds.len();
    if !valid {
        return None;
    }
    let slots_length = kinds.len() * SLOT;
    let tables = header_length + slots_length + results * RESULT;
    let (front, data) = record.split_at_mut_checked(tables)?;
    let data = Data {
        bytes: data,
        start: tables,
        base,
    };
    let (header, tables) = front.split_at_mut_checked(header_length)?;
    let (slots, results) = tables.split_at_mut_checked(slots_length)?;

    data.resolve(header.get_mut(CONTINUATION..)?.first_chunk_mut()?)?;
    for (slot, &kind) in slots.as_chunks_mut::<SLOT>().0.iter_mut().zip(kinds) {
        if let Some(value) = data.resolve(slot)? {
            data.check_kind(value, kind)?;
        }
    }
    for result in results.as_chunks_mut::<RESULT>().0 {
        data.resolve(result.last_chunk_mut()?)?;
    }
    Some(())
}

/// The greatest flags of an event: only those of scans have some.
fn most_flags(event: u16) -> u32 {
    if event & !1 == 4 { 3 } else { 0 }
}

/// What follows the tables.
struct Data<'a> {
    bytes: &'a [u8],
    /// Its offset in the record.
    start: usize,
    base: u32,
}

impl Data<'_> {
    /// Turns a ref's offset into an address. Gives the bytes it refers to, or `Some(None)` if
    /// it is absent.
    fn resolve(&self, place: &mut [u8; SLOT]) -> Option<Option<&[u8]>> {
        let offset = u32_at(place, 0);
        let value = self.get(offset, u32_at(place, 4))?;
        if value.is_some() {
            *place.first_chunk_mut()? = self.base.checked_add(offset)?.to_le_bytes();
        }
        Some(value)
    }

    fn get(&self, offset: u32, length: u32) -> Option<Option<&[u8]>> {
        let (offset, length) = (offset as usize, length as usize);
        if length == 0 {
            let inside = offset <= self.start + self.bytes.len();
            return inside.then_some((offset != 0).then_some(&[]));
        }
        let begin = offset.checked_sub(self.start)?;
        self.bytes.get(begin..)?.get(..length).map(Some)
    }

    fn check_kind(&self, value: &[u8], kind: u8) -> Option<()> {
        let fits = match kind {
            kind::BYTES => true,
            kind::I64 => value.len() == 8,
            kind::IP => value.len() == 16,
            kind::BOOL => matches!(value, [0 | 1]),
            kind::F64 => u64_of(value).is_some_and(|bits| bits >> 52 & 0x7FF != 0x7FF),
            kind::LIST => return self.check_list(value),
            _ => false,
        };
        fits.then_some(())
    }

    /// The list's own length covers its count and its refs, and may cover the strings.
    fn check_list(&self, list: &[u8]) -> Option<()> {
        let count = u32_at(list.first_chunk::<4>()?, 0) as usize;
        let refs = list.get(4..)?.get(..count.checked_mul(SLOT)?)?;
        for element in refs.as_chunks::<SLOT>().0 {
            self.get(u32_at(element, 0), u32_at(element, 4))?;
        }
        Some(())
    }
}

/// The number at a place that lies inside; else 0.
#[inline]
fn u16_at<const N: usize>(bytes: &[u8; N], at: usize) -> u16 {
    let found = bytes.get(at..).and_then(<[u8]>::first_chunk);
    found.map_or(0, |&number| u16::from_le_bytes(number))
}

/// The number at a place that lies inside; else 0.
#[inline]
fn u32_at<const N: usize>(bytes: &[u8; N], at: usize) -> u32 {
    let found = bytes.get(at..).and_then(<[u8]>::first_chunk);
    found.map_or(0, |&number| u32::from_le_bytes(number))
}

fn u64_of(bytes: &[u8]) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.try_into().ok()?))
}
