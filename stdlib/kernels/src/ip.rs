//! Addresses as text.

use crate::hex;
use crate::number;
use crate::writer::Writer;

/// RFC 5952 for IPv6; an IPv4-mapped address as IPv4's dotted quad.
pub fn ip_format<'a>(address: &[u8; 16], out: &'a mut [u8]) -> &'a [u8] {
    let mut made = Writer::new(out);
    if let [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, quad @ ..] = address {
        for (index, &byte) in quad.iter().enumerate() {
            if index > 0 {
                made.push(b'.');
            }
            number::unsigned(u64::from(byte), &mut made);
        }
        return made.finish();
    }
    let groups = || {
        address
            .as_chunks::<2>()
            .0
            .iter()
            .map(|&group| u16::from_be_bytes(group))
    };
    let (start, length) = longest_zeros(groups());
    for (index, group) in groups().enumerate() {
        if index == start && length > 0 {
            made.push(b':');
        }
        if index >= start && index < start + length {
            continue;
        }
        if index > 0 {
            made.push(b':');
        }
        write_group(group, &mut made);
    }
    if length > 0 && start + length == 8 {
        made.push(b':');
    }
    made.finish()
}

/// Where the first longest run of zero groups is, and its length; a single zero is no run
/// (RFC 5952, section 4.2).
fn longest_zeros(groups: impl Iterator<Item = u16>) -> (usize, usize) {
    let (mut best, mut best_length, mut length) = (0, 1, 0);
    for (index, group) in groups.enumerate() {
        length = if group == 0 { length + 1 } else { 0 };
        if length > best_length {
            best = index + 1 - length;
            best_length = length;
        }
    }
    if best_length > 1 {
        (best, best_length)
    } else {
        (0, 0)
    }
}

/// Hexadecimal in lower case without leading zeros.
fn write_group(group: u16, made: &mut Writer<'_>) {
    let mut shift = 12;
    while shift > 0 && group >> shift == 0 {
        shift -= 4;
    }
    loop {
        made.push(hex::digit((group >> shift & 15) as u8, b'a'));
        if shift == 0 {
            break;
        }
        shift -= 4;
    }
}
