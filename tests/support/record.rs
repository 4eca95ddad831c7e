//! Input records, written by the tests themselves: a second reading of the ABI's page.

use edge_abi::{
    input,
    manifest::{Kind, Slot},
};
use edge_compiler::eval::{Facts, RawValue};

/// An input for a slot set.
#[derive(Default)]
pub struct Input<'a> {
    pub event: u16,
    pub flags: u32,
    pub slots: &'a [Slot],
    pub continuation: &'a [u8],
    /// Status and opcode of each result.
    pub results: &'a [(u16, u16)],
}

/// The record's bytes. Facts that are absent stay `(0, 0)`.
pub fn write(input: &Input, facts: &Facts) -> Vec<u8> {
    let tables = 48 + 8 * input.slots.len() + 16 * input.results.len();
    let mut record = vec![0; tables];
    for (i, slot) in input.slots.iter().enumerate() {
        let Some(value) = facts.raw.get(&slot.fact) else {
            continue;
        };
        let (offset, length) = append(&mut record, slot.kind, value);
        put(&mut record, 48 + 8 * i, &offset.to_le_bytes());
        put(&mut record, 52 + 8 * i, &length.to_le_bytes());
    }
    for (i, (status, opcode)) in input.results.iter().enumerate() {
        let at = 48 + 8 * input.slots.len() + 16 * i;
        put(&mut record, at, &status.to_le_bytes());
        put(&mut record, at + 2, &opcode.to_le_bytes());
    }
    if !input.continuation.is_empty() {
        pad(&mut record);
        let offset = u32::try_from(record.len()).unwrap();
        record.extend(input.continuation);
        put(
            &mut record,
            input::CONTINUATION as usize,
            &offset.to_le_bytes(),
        );
        let length = u32::try_from(input.continuation.len()).unwrap();
        put(
            &mut record,
            input::CONTINUATION as usize + 4,
            &length.to_le_bytes(),
        );
    }
    let length = u32::try_from(record.len()).unwrap();
    put(&mut record, 0, &length.to_le_bytes());
    put(&mut record, 4, &1u16.to_le_bytes());
    put(&mut record, 6, &input.event.to_le_bytes());
    put(&mut record, 8, &input.flags.to_le_bytes());
    put(&mut record, 12, &48u32.to_le_bytes());
    put(&mut record, 16, &facts.now.to_le_bytes());
    put(
        &mut record,
        32,
        &u16::try_from(input.slots.len()).unwrap().to_le_bytes(),
    );
    put(
        &mut record,
        34,
        &u16::try_from(input.results.len()).unwrap().to_le_bytes(),
    );
    record
}

fn put(record: &mut [u8], at: usize, bytes: &[u8]) {
    record[at..at + bytes.len()].copy_from_slice(bytes);
}

fn pad(record: &mut Vec<u8>) {
    record.resize(record.len().next_multiple_of(4), 0);
}

fn append(record: &mut Vec<u8>, kind: Kind, value: &RawValue) -> (u32, u32) {
    pad(record);
    let bytes = match value {
        RawValue::Bytes(bytes) => bytes.clone(),
        RawValue::Int(i) => i.to_le_bytes().to_vec(),
        RawValue::Float(f) => f.to_le_bytes().to_vec(),
        RawValue::Bool(b) => vec![u8::from(*b)],
        RawValue::Ip(ip) => ip.to_vec(),
        RawValue::List(list) => {
            assert_eq!(kind, Kind::List);
            return append_list(record, list);
        }
    };
    let offset = u32::try_from(record.len()).unwrap();
    record.extend(&bytes);
    (offset, u32::try_from(bytes.len()).unwrap())
}

fn append_list(record: &mut Vec<u8>, list: &[Vec<u8>]) -> (u32, u32) {
    let start = record.len();
    record.extend(u32::try_from(list.len()).unwrap().to_le_bytes());
    record.resize(record.len() + 8 * list.len(), 0);
    let end = record.len();
    for (i, item) in list.iter().enumerate() {
        let offset = u32::try_from(record.len()).unwrap();
        record.extend(item);
        put(record, start + 4 + 8 * i, &offset.to_le_bytes());
        put(
            record,
            start + 8 + 8 * i,
            &u32::try_from(item.len()).unwrap().to_le_bytes(),
        );
    }
    (
        u32::try_from(start).unwrap(),
        u32::try_from(end - start).unwrap(),
    )
}
