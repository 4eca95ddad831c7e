//! Base 64 (RFC 4648, sections 4 and 5). By arithmetic: a table would stay in every module.

use crate::writer::{Writer, split};

/// The bytes that `input` stands for, in either alphabet, with or without padding.
///
/// `None` when a character is in neither alphabet, when the length or the padding is wrong, or
/// when bits that encode nothing are not zero (RFC 4648, section 3.5).
pub fn base64_decode<'a>(input: &[u8], out: &'a mut [u8]) -> Option<&'a [u8]> {
    let mut made = Writer::new(out);
    for quad in unpadded(input)?.chunks(4) {
        let mut bits = 0u32;
        for &digit in quad {
            bits = bits << 6 | value(digit)?;
        }
        let bytes = match quad.len() {
            4 => 3,
            3 if bits & 0b11 == 0 => 2,
            2 if bits & 0b1111 == 0 => 1,
            _ => return None,
        };
        let bits = bits << (32 - 6 * quad.len());
        made.extend(split(&bits.to_be_bytes(), bytes).0);
    }
    Some(made.finish())
}

/// As [`base64_decode`], but never absent: what is in neither alphabet, `=` too, is left out wherever it
/// stands (RFC 2045, section 6.8, and what PHP does), and so are bits at the end that make no
/// byte. Never longer than the input.
pub fn base64_decode_lenient<'a>(input: &[u8], out: &'a mut [u8]) -> &'a [u8] {
    let mut made = Writer::new(out);
    let (mut bits, mut count) = (0, 0);
    each(input, &mut bits, &mut count, |byte| made.push(byte));
    made.finish()
}

/// The same for a part, with the bits that the part before it left, and how many they are.
pub(crate) fn each(input: &[u8], bits: &mut u32, count: &mut u32, mut push: impl FnMut(u8)) {
    for digit in input.iter().filter_map(|&byte| value(byte)) {
        *bits = *bits << 6 | digit;
        *count = (*count & 7) + 6;
        if *count >= 8 {
            *count -= 8;
            push((*bits >> *count) as u8);
        }
    }
}

/// In the URL-safe alphabet, without padding.
pub fn base64url_encode<'a>(input: &[u8], out: &'a mut [u8]) -> &'a [u8] {
    let mut made = Writer::new(out);
    for triple in input.chunks(3) {
        let mut bits = 0u32;
        for (place, &byte) in triple.iter().enumerate() {
            bits |= u32::from(byte) << (24 - 8 * place);
        }
        for _ in 0..=triple.len() {
            made.push(digit((bits >> 26) as u8));
            bits <<= 6;
        }
    }
    made.finish()
}

/// Padding is right where it completes the last four characters.
fn unpadded(input: &[u8]) -> Option<&[u8]> {
    let padding = input.iter().rev().take_while(|&&byte| byte == b'=').count();
    if padding == 0 {
        return Some(input);
    }
    (padding <= 2 && input.len().is_multiple_of(4)).then(|| split(input, input.len() - padding).0)
}

#[inline]
fn value(digit: u8) -> Option<u32> {
    let value = match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

fn digit(value: u8) -> u8 {
    match value {
        0..=25 => value + b'A',
        26..=51 => value - 26 + b'a',
        52..=61 => value - 52 + b'0',
        62 => b'-',
        _ => b'_',
    }
}
