//! Reading numbers and refs out of a guest's memory.

use std::ops::Range;

use super::OutputError;

/// A `u16` at an offset; 0 beyond the end, which a check has excluded before.
pub(super) fn u16_at(bytes: &[u8], at: u32) -> u16 {
    bytes
        .get(at as usize..)
        .and_then(|rest| rest.first_chunk())
        .map_or(0, |chunk| u16::from_le_bytes(*chunk))
}

/// A `u32` at an offset; 0 beyond the end, which a check has excluded before.
pub(super) fn u32_at(bytes: &[u8], at: u32) -> u32 {
    bytes
        .get(at as usize..)
        .and_then(|rest| rest.first_chunk())
        .map_or(0, |chunk| u32::from_le_bytes(*chunk))
}

/// A byte at an offset.
pub(super) fn u8_at(bytes: &[u8], at: u32) -> u8 {
    bytes.get(at as usize).copied().unwrap_or(0)
}

/// The bytes of a range; none beyond the end, which a check has excluded before.
pub(super) fn slice(memory: &[u8], address: u32, length: usize) -> &[u8] {
    memory
        .get(address as usize..)
        .and_then(|rest| rest.get(..length))
        .unwrap_or_default()
}

/// The bytes that the ref at an offset of a record leads to.
pub(super) fn follow<'a>(memory: &'a [u8], record: &[u8], at: u32) -> &'a [u8] {
    slice(memory, u32_at(record, at), u32_at(record, at + 4) as usize)
}

/// As [`follow`], but `(0, 0)` is none.
pub(super) fn follow_optional<'a>(memory: &'a [u8], record: &[u8], at: u32) -> Option<&'a [u8]> {
    (u32_at(record, at) != 0).then(|| follow(memory, record, at))
}

/// Where refs may lead.
///
/// A manifest does not say where constants lie, but nothing above the input's start
/// can be one: the input's area is the last thing whose place is fixed.
pub(super) struct Reach<'a> {
    pub(super) memory: &'a [u8],
    pub(super) input: Range<u32>,
    pub(super) output: Range<u32>,
}

impl<'a> Reach<'a> {
    /// The bytes of a ref, if it leads to constants, the input or the output.
    #[inline]
    pub(super) fn bytes(&self, address: u32, length: u64) -> Result<&'a [u8], OutputError> {
        let end = u64::from(address) + length;
        let within = |range: &Range<u32>| address >= range.start && end <= u64::from(range.end);
        let allowed =
            end <= u64::from(self.input.start) || within(&self.output) || within(&self.input);
        let bytes = usize::try_from(length)
            .ok()
            .and_then(|length| self.memory.get(address as usize..)?.get(..length));
        bytes
            .filter(|_| allowed)
            .ok_or(OutputError::Ref { address, length })
    }

    /// The bytes of the ref at an offset of a record.
    #[inline]
    pub(super) fn field(&self, record: &[u8], at: u32) -> Result<&'a [u8], OutputError> {
        self.bytes(u32_at(record, at), u64::from(u32_at(record, at + 4)))
    }

    /// The bytes of a table of `count` entries, named by the ref at an offset of a record.
    #[inline]
    pub(super) fn table(
        &self,
        record: &[u8],
        at: u32,
        entry: u32,
        most: u32,
        what: &'static str,
    ) -> Result<&'a [u8], OutputError> {
        let count = u32_at(record, at + 4);
        if count > most {
            return Err(OutputError::TooMany { what, count, most });
        }
        self.bytes(u32_at(record, at), u64::from(count) * u64::from(entry))
    }
}
