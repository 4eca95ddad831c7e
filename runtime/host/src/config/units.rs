//! Durations and sizes, written with their units.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use serde::de::{self, Deserialize, Deserializer, Visitor};

/// A duration: `250ms`, `5s`, `1m30s`, `7d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

/// A number of bytes: `512B`, `64KiB`, `10MiB`, `1GiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(pub usize);

impl Span {
    /// So many seconds.
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// Reads a duration; `None` when it isn't one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let units = [
            ("ms", 1),
            ("s", 1000),
            ("m", 60_000),
            ("h", 3_600_000),
            ("d", 86_400_000),
        ];
        let mut total = 0u64;
        for (number, unit) in parts(text)? {
            let scale = units.iter().find(|(name, _)| *name == unit)?.1;
            total = total.checked_add(number.checked_mul(scale)?)?;
        }
        Some(Self(Duration::from_millis(total)))
    }
}

impl Bytes {
    /// Reads a size; `None` when it isn't one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let units = [
            ("B", 1),
            ("KiB", 1 << 10),
            ("MiB", 1 << 20),
            ("GiB", 1 << 30),
            ("TiB", 1 << 40),
            ("PiB", 1 << 50),
        ];
        let mut parts = parts(text)?.into_iter();
        let (number, unit) = parts.next()?;
        let scale = units.iter().find(|(name, _)| *name == unit)?.1;
        let bytes = number.checked_mul(scale)?;
        if parts.next().is_some() {
            return None;
        }
        usize::try_from(bytes).ok().map(Self)
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [
            (1 << 50, "PiB"),
            (1 << 40, "TiB"),
            (1 << 30, "GiB"),
            (1 << 20, "MiB"),
            (1 << 10, "KiB"),
        ];
        let fitting = units
            .iter()
            .find(|(scale, _)| self.0 >= *scale && self.0.is_multiple_of(*scale));
        match fitting {
            Some((scale, unit)) => write!(f, "{}{unit}", self.0 / scale),
            None => write!(f, "{}B", self.0),
        }
    }
}

/// Takes `1h30m` apart: numbers, each with the letters that follow it. At least one.
fn parts(mut text: &str) -> Option<Vec<(u64, &str)>> {
    let mut parts = Vec::new();
    while !text.is_empty() || parts.is_empty() {
        let (number, rest) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
        let (unit, rest) = rest.split_at(
            rest.find(|c: char| c.is_ascii_digit())
                .unwrap_or(rest.len()),
        );
        parts.push((number.parse().ok()?, unit));
        text = rest;
    }
    Some(parts)
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UnitVisitor(
            "a duration such as `250ms`, `5s` or `1m30s`",
            Self::parse,
        ))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UnitVisitor(
            "a size such as `64KiB` or `10MiB`",
            Self::parse,
        ))
    }
}

/// Reads an address with its port.
pub(super) fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let expected = "an address with its port, such as `127.0.0.1:8080`";
    deserializer.deserialize_any(UnitVisitor(expected, |text| text.parse().ok()))
}

/// As [`address`], for a setting that may be missing.
pub(super) fn some_address<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SocketAddr>, D::Error> {
    address(deserializer).map(Some)
}

/// Takes a string apart with the function; the text says what is expected.
struct UnitVisitor<T>(&'static str, fn(&str) -> Option<T>);

impl<T> Visitor<'_> for UnitVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.1)(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(text: &str) -> Option<u128> {
        Span::parse(text).map(|span| span.0.as_millis())
    }

    #[test]
    fn durations() {
        assert_eq!(millis("250ms"), Some(250));
        assert_eq!(millis("1h30m"), Some(5_400_000));
        assert_eq!(millis("0s"), Some(0));
        assert_eq!(millis("7d"), Some(604_800_000));
        for bad in [
            "",
            "5",
            "s",
            "5 s",
            "1.5s",
            "10sec",
            "-1s",
            "99999999999999999999s",
            "9999999999999d",
        ] {
            assert_eq!(millis(bad), None, "{bad}");
        }
    }

    #[test]
    fn sizes() {
        assert_eq!(Bytes::parse("64KiB"), Some(Bytes(65_536)));
        assert_eq!(Bytes::parse("0B"), Some(Bytes(0)));
        for bad in ["64", "64kb", "1MiB1KiB", "", "KiB", "99999999999999999999B"] {
            assert_eq!(Bytes::parse(bad), None, "{bad}");
        }
    }
}
