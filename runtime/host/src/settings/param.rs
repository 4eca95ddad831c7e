//! A param's value, as its slot holds it.

use std::net::IpAddr;

use edge_abi::manifest::{Kind, Param};
use serde_json::Value;

/// A param's value in the form of its slot.
#[derive(Debug, Clone, PartialEq)]
pub enum ParamValue {
    /// Bytes of a string.
    Bytes(Vec<u8>),
    /// A whole number: also milliseconds, bytes and millionths.
    I64(i64),
    /// An address as 16 bytes.
    Ip([u8; 16]),
    /// A truth value.
    Bool(bool),
    /// A finite number.
    F64(f64),
}

/// Why a value is not one of a param's type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParamError {
    /// Another type.
    #[error("`{value}` is not a {expected}")]
    Type {
        /// What the policy declares.
        expected: String,
        /// What was given, as JSON.
        value: String,
    },
    /// The manifest names a kind that no param can have.
    #[error("a param can't be a list")]
    List,
}

impl ParamValue {
    /// Reads a value of a param's type.
    ///
    /// # Errors
    /// A value of another type, or one out of its range.
    pub fn read(param: &Param, value: &Value) -> Result<Self, ParamError> {
        let wrong = || ParamError::Type {
            expected: param.r#type.clone(),
            value: value.to_string(),
        };
        match param.kind {
            Kind::Bytes => value
                .as_str()
                .map(|text| ParamValue::Bytes(text.as_bytes().to_vec()))
                .ok_or_else(wrong),
            Kind::Bool => value.as_bool().map(ParamValue::Bool).ok_or_else(wrong),
            Kind::F64 => value
                .as_f64()
                .filter(|number| number.is_finite())
                .map(ParamValue::F64)
                .ok_or_else(wrong),
            Kind::Ip => {
                let ip = value
                    .as_str()
                    .and_then(|text| text.parse::<IpAddr>().ok())
                    .ok_or_else(wrong)?;
                Ok(ParamValue::Ip(octets(ip)))
            }
            Kind::I64 => {
                let number = value.as_i64().or_else(|| {
                    value
                        .as_str()
                        .and_then(|text| with_unit(&param.r#type, text))
                });
                number.map(ParamValue::I64).ok_or_else(wrong)
            }
            Kind::List => Err(ParamError::List),
        }
    }
}

/// An address as the ABI writes it: IPv4 in its mapped form.
pub(crate) fn octets(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => v6.octets(),
    }
}

/// `1h30m` in milliseconds, `10MiB` in bytes, `12.5%` in millionths.
fn with_unit(r#type: &str, text: &str) -> Option<i64> {
    match r#type {
        "duration" => duration(text),
        "size" => single(
            text,
            &[
                ("GiB", 1 << 30),
                ("MiB", 1 << 20),
                ("KiB", 1 << 10),
                ("B", 1),
            ],
        ),
        "percent" => percent(text),
        "int" => text.parse().ok(),
        _ => None,
    }
}

fn duration(mut text: &str) -> Option<i64> {
    let mut total = 0_i64;
    while !text.is_empty() {
        let digits = text.find(|c: char| !c.is_ascii_digit())?;
        let number: i64 = text.get(..digits)?.parse().ok()?;
        let rest = text.get(digits..)?;
        let end = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let unit = match rest.get(..end)? {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(unit)?)?;
        text = rest.get(end..)?;
    }
    Some(total)
}

fn single(text: &str, units: &[(&str, i64)]) -> Option<i64> {
    let (number, unit) = units
        .iter()
        .find_map(|(suffix, unit)| text.strip_suffix(suffix).map(|number| (number, *unit)))?;
    number.parse::<i64>().ok()?.checked_mul(unit)
}

fn percent(text: &str) -> Option<i64> {
    let number: f64 = text.strip_suffix('%')?.parse().ok()?;
    let millionths = (number * 10_000.0).round();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "checked to lie within a percentage's range"
    )]
    (0.0..=1_000_000.0)
        .contains(&millionths)
        .then_some(millionths as i64)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn read(r#type: &str, kind: Kind, value: Value) -> Result<ParamValue, ParamError> {
        ParamValue::read(
            &Param {
                name: "p".into(),
                r#type: r#type.into(),
                kind,
                default: None,
            },
            &value,
        )
    }

    #[test]
    fn numbers_are_in_the_manifests_unit_and_text_has_its_own() {
        assert_eq!(
            read("duration", Kind::I64, json!(1500)),
            Ok(ParamValue::I64(1500))
        );
        assert_eq!(
            read("duration", Kind::I64, json!("1h30m")),
            Ok(ParamValue::I64(5_400_000))
        );
        assert_eq!(
            read("size", Kind::I64, json!("10MiB")),
            Ok(ParamValue::I64(10 << 20))
        );
        assert_eq!(
            read("percent", Kind::I64, json!("12.5%")),
            Ok(ParamValue::I64(125_000))
        );
    }

    #[test]
    fn a_value_of_another_type_is_refused_with_both_named() {
        let error = read("duration", Kind::I64, json!("soon")).unwrap_err();
        assert_eq!(error.to_string(), "`\"soon\"` is not a duration");
        assert!(read("bool", Kind::Bool, json!("true")).is_err());
        assert!(read("percent", Kind::I64, json!("101%")).is_err());
        assert!(read("ip", Kind::Ip, json!("1.2.3")).is_err());
        assert!(read("duration", Kind::I64, json!("99999999999999d")).is_err());
    }

    #[test]
    fn an_ipv4_address_has_its_mapped_form() {
        let ParamValue::Ip(bytes) = read("ip", Kind::Ip, json!("192.0.2.1")).unwrap() else {
            unreachable!()
        };
        assert_eq!(
            bytes,
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 1]
        );
    }
}
