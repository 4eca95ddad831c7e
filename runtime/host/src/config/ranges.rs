//! Settings that have a least and a most. What lies outside is refused where it stands.

use std::fmt;
use std::time::Duration;

use serde::de::{self, Deserialize, Deserializer, Unexpected, Visitor};

use super::units::{Bytes, Span};

/// Longest of all times.
const DAY: Duration = Duration::from_secs(86_400);

/// A whole number from `LEAST` to `MOST`.
pub(super) fn number<'de, D, const LEAST: u32, const MOST: u32>(
    deserializer: D,
) -> Result<usize, D::Error>
where
    D: Deserializer<'de>,
{
    deserializer.deserialize_any(NumberVisitor {
        least: LEAST,
        most: MOST,
    })
}

/// As [`number`], for a setting that may be missing.
pub(super) fn some_number<'de, D, const LEAST: u32, const MOST: u32>(
    deserializer: D,
) -> Result<Option<usize>, D::Error>
where
    D: Deserializer<'de>,
{
    number::<D, LEAST, MOST>(deserializer).map(Some)
}

/// The size of a request's head.
pub(super) fn head<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    let size = Bytes::deserialize(deserializer)?;
    if (8 << 10..=64 << 10).contains(&size.0) {
        return Ok(size);
    }
    Err(wrong("this size", "a size from `8KiB` to `64KiB`"))
}

/// A size from `LEAST` to `MOST` bytes.
pub(super) fn size<'de, D, const LEAST: usize, const MOST: usize>(
    deserializer: D,
) -> Result<Bytes, D::Error>
where
    D: Deserializer<'de>,
{
    let size = Bytes::deserialize(deserializer)?;
    if (LEAST..=MOST).contains(&size.0) {
        return Ok(size);
    }
    let expected = format!("a size from `{}` to `{}`", Bytes(LEAST), Bytes(MOST));
    Err(wrong("this size", &expected))
}

/// As [`size`], for a setting that may be missing.
pub(super) fn some_size<'de, D, const LEAST: usize, const MOST: usize>(
    deserializer: D,
) -> Result<Option<Bytes>, D::Error>
where
    D: Deserializer<'de>,
{
    size::<D, LEAST, MOST>(deserializer).map(Some)
}

/// A time for something to happen in: zero would mean never.
pub(super) fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
    let span = Span::deserialize(deserializer)?;
    if !span.0.is_zero() && span.0 <= DAY {
        return Ok(span);
    }
    Err(wrong("this duration", "a duration from `1ms` to `1d`"))
}

/// A time that may be none.
pub(super) fn time_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
    let span = Span::deserialize(deserializer)?;
    if span.0 <= DAY {
        return Ok(span);
    }
    Err(wrong("this duration", "a duration from `0s` to `1d`"))
}

fn wrong<E: de::Error>(what: &str, expected: &str) -> E {
    E::invalid_value(Unexpected::Other(what), &expected)
}

struct NumberVisitor {
    least: u32,
    most: u32,
}

impl Visitor<'_> for NumberVisitor {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from {} to {}", self.least, self.most)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<usize, E> {
        u32::try_from(number)
            .ok()
            .filter(|number| (self.least..=self.most).contains(number))
            .map(|number| number as usize)
            .ok_or_else(|| E::invalid_value(Unexpected::Signed(number), &self))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<usize, E> {
        match i64::try_from(number) {
            Ok(number) => self.visit_i64(number),
            Err(_) => Err(E::invalid_value(Unexpected::Unsigned(number), &self)),
        }
    }
}
