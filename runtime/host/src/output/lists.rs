//! Checking tables: header edits, and the segments of bodies and values.

use edge_abi::output::{MAX_EDITS, MAX_SEGMENTS, edit, segment};

use super::check::{Check, index};
use super::memory::{u8_at, u32_at};
use super::{MAX_TEXT, OutputError};

/// Where a list of edits stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Request,
    Response,
}

impl Check<'_, '_> {
    /// Checks the list of edits that the ref at an offset of a record leads to.
    pub(super) fn edits(&self, record: &[u8], at: u32, side: Side) -> Result<(), OutputError> {
        let table = self
            .reach
            .table(record, at, edit::SIZE, MAX_EDITS, "edits")?;
        for one in table.chunks_exact(edit::SIZE as usize) {
            index("place", u32_at(one, edit::PLACE), self.bounds.places)?;
            let op = u8_at(one, edit::OP);
            let name = self.reach.field(one, edit::NAME)?;
            let prefix = if op == edit::Op::Remove as u8 {
                name.strip_suffix(b"*").unwrap_or(name)
            } else {
                name
            };
            if name.is_empty() || !prefix.iter().all(|byte| is_name_byte(*byte)) {
                return Err(OutputError::HeaderName);
            }
            match (op, u8_at(one, edit::FLAGS)) {
                (1..=3, 0) => self.reach.field(one, edit::VALUE).map(drop)?,
                (1..=2, edit::SEGMENTS) if side == Side::Request => {
                    self.segments(one, edit::VALUE, side)?
                }
                (1..=3, flags) => {
                    return Err(OutputError::Code {
                        what: "flags of an edit",
                        code: u32::from(flags),
                    });
                }
                (op, _) => {
                    return Err(OutputError::Code {
                        what: "edit",
                        code: u32::from(op),
                    });
                }
            }
        }
        Ok(())
    }

    /// Checks the list of segments that the ref at an offset of a record leads to.
    pub(super) fn segments(&self, record: &[u8], at: u32, side: Side) -> Result<(), OutputError> {
        let table = self
            .reach
            .table(record, at, segment::SIZE, MAX_SEGMENTS, "segments")?;
        let mut length = 0;
        for one in table.chunks_exact(segment::SIZE as usize) {
            match u32_at(one, segment::KIND) {
                0 => length += self.reach.field(one, segment::BYTES)?.len() as u64,
                1 if side == Side::Response => return Err(OutputError::SecretPlace),
                1 => index("secret", u32_at(one, segment::ID), self.bounds.secrets)?,
                code => {
                    return Err(OutputError::Code {
                        what: "segment",
                        code,
                    });
                }
            }
        }
        if length > MAX_TEXT {
            return Err(OutputError::TextLength(length));
        }
        Ok(())
    }
}

/// RFC 9110 5.6.2 `tchar`, without upper case.
fn is_name_byte(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'^' | b'`' | b'|' | b'~')
}
