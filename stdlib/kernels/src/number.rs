//! Numbers as text.

use crate::writer::Writer;

/// Decimal, `-` before negative ones.
pub fn int_format(value: i64, out: &mut [u8]) -> &[u8] {
    let mut made = Writer::new(out);
    int(value, &mut made);
    made.finish()
}

/// Decimal digits with at most a `-` before them; `None` for anything else and on overflow.
#[must_use]
pub fn int_parse(input: &[u8]) -> Option<i64> {
    let (digits, negative) = match input {
        [b'-', digits @ ..] => (digits, true),
        _ => (input, false),
    };
    if digits.is_empty() {
        return None;
    }
    // Counting downwards reaches the least value, which has no positive counterpart.
    let mut value = 0i64;
    for digit in digits {
        let digit = i64::from(digit.wrapping_sub(b'0'));
        if digit > 9 {
            return None;
        }
        value = value.checked_mul(10)?.checked_sub(digit)?;
    }
    if negative {
        Some(value)
    } else {
        value.checked_neg()
    }
}

/// The shortest decimal that reads back as the same number; without `.0` when it is integral.
/// The number must be finite.
#[cfg(any(feature = "float", not(target_arch = "wasm32")))]
pub fn float_format(value: f64, out: &mut [u8]) -> &[u8] {
    let mut buffer = ryu::Buffer::new();
    let text = if value.is_finite() {
        buffer.format_finite(value)
    } else {
        "0"
    };
    let mut made = Writer::new(out);
    made.extend(text.strip_suffix(".0").unwrap_or(text).as_bytes());
    made.finish()
}

/// A decimal number, with or without fraction and exponent; `None` for anything else and for
/// what is too large to be finite.
#[cfg(any(feature = "float", not(target_arch = "wasm32")))]
#[must_use]
pub fn float_parse(input: &[u8]) -> Option<f64> {
    let text = core::str::from_utf8(input).ok()?;
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

/// A percentage that is kept in millionths of the whole: `125000` is `12.5%`.
pub fn percent_format(millionths: i64, out: &mut [u8]) -> &[u8] {
    let mut made = Writer::new(out);
    if millionths < 0 {
        made.push(b'-');
    }
    let value = millionths.unsigned_abs();
    unsigned(value / 10_000, &mut made);
    let mut fraction = value % 10_000;
    if fraction != 0 {
        made.push(b'.');
        let mut place = 1_000;
        while fraction != 0 {
            made.push(b'0' + (fraction / place) as u8);
            fraction %= place;
            place = (place / 10).max(1);
        }
    }
    made.push(b'%');
    made.finish()
}

pub(crate) fn int(value: i64, made: &mut Writer<'_>) {
    if value < 0 {
        made.push(b'-');
    }
    unsigned(value.unsigned_abs(), made);
}

pub(crate) fn unsigned(value: u64, made: &mut Writer<'_>) {
    let mut rest = value;
    let mut digits = [0; 20];
    let mut count = 0;
    for place in digits.iter_mut().rev() {
        *place = b'0' + (rest % 10) as u8;
        rest /= 10;
        count += 1;
        if rest == 0 {
            break;
        }
    }
    made.extend(digits.get(20 - count..).unwrap_or_default());
}
