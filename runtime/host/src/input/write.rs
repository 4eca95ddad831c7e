//! The record's bytes.

use edge_abi::VERSION;
use edge_abi::input::{self, Event, result};
use edge_abi::output::Op;

use super::Facts;
use super::plan::{Plan, Value};

/// What a call says besides the facts.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Why the guest is called.
    pub event: Event,
    /// [Flags](input::flags) of a scan's call; 0 in all others.
    pub flags: u32,
    /// The request's time, in milliseconds since 1970.
    pub now: u64,
    /// The request's 64 random bits.
    pub random: u64,
    /// Answers to what the guest asked, in that order.
    pub results: &'a [ResultEntry],
    /// What the guest gave back last.
    pub continuation: &'a [u8],
}

/// One answer; none of those that version 1 asks for has a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResultEntry {
    /// How it ended.
    pub status: result::Status,
    /// What was asked.
    pub op: Op,
    /// More about it, by opcode.
    pub aux: u32,
}

impl Plan {
    /// Writes the input of one call over whatever the buffer held.
    ///
    /// The record's length is the buffer's; a record of 4 GiB or more is cut off by no
    /// one here, since no guest takes one.
    pub fn write(&self, buffer: &mut Vec<u8>, call: &Call<'_>, facts: &Facts<'_>) {
        let slots = input::HEADER as usize;
        let results = slots + self.sources.len() * input::SLOT as usize;
        let data = results + call.results.len() * input::RESULT as usize;
        buffer.clear();
        buffer.resize(data, 0);
        let mut at = slots;
        for source in &self.sources {
            let place = append(buffer, source.value(facts));
            put_ref(buffer, at, place);
            at += input::SLOT as usize;
        }
        for entry in call.results {
            put16(buffer, at + result::STATUS as usize, entry.status as u16);
            put16(buffer, at + result::OPCODE as usize, entry.op as u16);
            put32(buffer, at + result::AUX as usize, entry.aux);
            at += input::RESULT as usize;
        }
        let continuation = match call.continuation {
            [] => (0, 0),
            bytes => append(buffer, Value::Bytes(bytes)),
        };
        self.write_header(buffer, call, continuation);
    }

    fn write_header(&self, buffer: &mut [u8], call: &Call<'_>, continuation: (usize, usize)) {
        let length = buffer.len();
        let mut header = [0; input::HEADER as usize];
        let at = |offset: u32| offset as usize;
        put32(&mut header, at(input::LENGTH), narrow(length));
        put16(&mut header, at(input::VERSION), VERSION);
        put16(&mut header, at(input::EVENT), call.event as u16);
        put32(&mut header, at(input::FLAGS), call.flags);
        put32(&mut header, at(input::HEADER_LENGTH), input::HEADER);
        put64(&mut header, at(input::NOW), call.now);
        put64(&mut header, at(input::RANDOM), call.random);
        put16(
            &mut header,
            at(input::SLOTS),
            u16::try_from(self.sources.len()).unwrap_or(u16::MAX),
        );
        put16(
            &mut header,
            at(input::RESULTS),
            u16::try_from(call.results.len()).unwrap_or(u16::MAX),
        );
        put_ref(&mut header, at(input::CONTINUATION), continuation);
        if let Some(start) = buffer.first_chunk_mut() {
            *start = header;
        }
    }
}

/// Appends a value; where it is and how long.
fn append(buffer: &mut Vec<u8>, value: Value<'_>) -> (usize, usize) {
    match value {
        Value::Absent => return (0, 0),
        Value::Bytes(bytes) => {
            let start = buffer.len();
            buffer.extend_from_slice(bytes);
            return (start, bytes.len());
        }
        Value::Joined { .. } | Value::Fields(_) | Value::Fixed1(_) => {}
        Value::Fixed16(_) | Value::Fixed8(_) | Value::List(_) => align(buffer),
    }
    let start = buffer.len();
    match value {
        Value::Fixed16(bytes) => buffer.extend_from_slice(&bytes),
        Value::Fixed8(bytes) => buffer.extend_from_slice(&bytes),
        Value::Fixed1(byte) => buffer.push(byte),
        Value::Joined { fields, separator } => {
            for (index, field) in fields.iter().enumerate() {
                if index > 0 {
                    buffer.extend_from_slice(separator);
                }
                buffer.extend_from_slice(field.as_bytes());
            }
        }
        Value::Fields(headers) => {
            for (name, value) in headers {
                buffer.extend_from_slice(name.as_str().as_bytes());
                buffer.extend_from_slice(b": ");
                buffer.extend_from_slice(value.as_bytes());
                buffer.push(b'\n');
            }
        }
        Value::List(fields) => {
            let count = fields.iter().count();
            let table = start + 4;
            buffer.resize(table + count * input::SLOT as usize, 0);
            put32(buffer, start, narrow(count));
            let length = buffer.len() - start;
            for (index, field) in fields.iter().enumerate() {
                let place = append(buffer, Value::Bytes(field.as_bytes()));
                put_ref(buffer, table + index * input::SLOT as usize, place);
            }
            return (start, length);
        }
        Value::Absent | Value::Bytes(_) => {}
    }
    (start, buffer.len() - start)
}

/// Fields of records are 4-aligned, and 8-byte values are easier to read 8-aligned.
fn align(buffer: &mut Vec<u8>) {
    buffer.resize(buffer.len().next_multiple_of(8), 0);
}

fn put16(buffer: &mut [u8], at: usize, value: u16) {
    put(buffer, at, value.to_le_bytes());
}

fn put32(buffer: &mut [u8], at: usize, value: u32) {
    put(buffer, at, value.to_le_bytes());
}

fn put64(buffer: &mut [u8], at: usize, value: u64) {
    put(buffer, at, value.to_le_bytes());
}

fn put_ref(buffer: &mut [u8], at: usize, (start, length): (usize, usize)) {
    put32(buffer, at, narrow(start));
    put32(buffer, at + 4, narrow(length));
}

fn put<const N: usize>(buffer: &mut [u8], at: usize, bytes: [u8; N]) {
    if let Some(place) = buffer.get_mut(at..).and_then(|rest| rest.first_chunk_mut()) {
        *place = bytes;
    }
}

/// Offsets of a record that a guest takes always fit.
fn narrow(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
