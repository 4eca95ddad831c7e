//! Counters with their keys, as the host lists them, as a JSON object.

use crate::bounds::INT;
use crate::json::json_escape;
use crate::number::int_format;
use crate::writer::Writer;

/// `{"key":1,…}` of entries as the ABI has them: `u32` length of the key, the key, `i64` value. What is
/// cut off at the end is left out.
pub fn counts_json<'a>(input: &[u8], out: &'a mut [u8]) -> &'a [u8] {
    let mut at = 0;
    put(out, &mut at, b"{");
    let mut rest = input;
    while let Some((key, value, after)) = entry(rest) {
        rest = after;
        let is_first = at == 1;
        put(out, &mut at, if is_first { b"\"" } else { b",\"" });
        let room = out.get_mut(at..).unwrap_or_default();
        let escaped = json_escape(key, room);
        let (is_same, length) = (escaped.as_ptr() == key.as_ptr(), escaped.len());
        if is_same {
            put(out, &mut at, key);
        } else {
            at += length;
        }
        put(out, &mut at, b"\":");
        let mut digits = [0; INT.capacity(0)];
        put(out, &mut at, int_format(value, &mut digits));
    }
    put(out, &mut at, b"}");
    out.get(..at).unwrap_or_default()
}

/// The first entry, and what follows it.
fn entry(input: &[u8]) -> Option<(&[u8], i64, &[u8])> {
    let (length, rest) = input.split_first_chunk()?;
    let (key, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    let (value, rest) = rest.split_first_chunk()?;
    Some((key, i64::from_le_bytes(*value), rest))
}

fn put(out: &mut [u8], at: &mut usize, bytes: &[u8]) {
    let mut writer = Writer::new(out.get_mut(*at..).unwrap_or_default());
    writer.extend(bytes);
    *at += writer.len();
}
