//! A param's value, as its slot holds it.

use std::net::IpAddr;

use edge_abi::manifest::{Kind, Param};
use serde_json::Value;

use super::literal;

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
    /// Another type, or no unit.
    #[error("`{value}` is not {}; write {}", shape(.expected).0, shape(.expected).1)]
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
    /// Reads what an operator wrote: durations, sizes, percentages and times are text with
    /// their unit, as in the language.
    ///
    /// # Errors
    /// A value of another type, one without its unit, or one out of its range.
    pub fn read(param: &Param, value: &Value) -> Result<Self, ParamError> {
        if param.kind != Kind::I64 || param.r#type == "int" {
            return Self::from_manifest(param, value);
        }
        value
            .as_str()
            .and_then(|text| literal::read(&param.r#type, text))
            .map(ParamValue::I64)
            .ok_or_else(|| wrong(param, value))
    }

    /// Takes a value as a manifest or a test plan holds it: durations and times as
    /// milliseconds, sizes as bytes, percentages as millionths.
    ///
    /// # Errors
    /// A value of another type.
    pub fn from_manifest(param: &Param, value: &Value) -> Result<Self, ParamError> {
        let read = match param.kind {
            Kind::Bytes => value
                .as_str()
                .map(|text| ParamValue::Bytes(text.as_bytes().to_vec())),
            Kind::Bool => value.as_bool().map(ParamValue::Bool),
            Kind::F64 => value
                .as_f64()
                .filter(|number| number.is_finite())
                .map(ParamValue::F64),
            Kind::Ip => value
                .as_str()
                .and_then(|text| text.parse::<IpAddr>().ok())
                .map(|ip| ParamValue::Ip(octets(ip))),
            Kind::I64 => value.as_i64().map(ParamValue::I64),
            Kind::List => return Err(ParamError::List),
        };
        read.ok_or_else(|| wrong(param, value))
    }
}

fn wrong(param: &Param, value: &Value) -> ParamError {
    ParamError::Type {
        expected: param.r#type.clone(),
        value: value.to_string(),
    }
}

/// What a type's value is called, and how one is written.
fn shape(r#type: &str) -> (&str, &'static str) {
    match r#type {
        "bool" => ("a bool", "`true` or `false`"),
        "int" => ("an int", "a number such as `10`"),
        "float" => ("a float", "a number such as `0.5`"),
        "string" => ("a string", "text in quotes, `\"text\"`"),
        "duration" => ("a duration", "`\"90s\"`, with the unit, `ms` to `d`"),
        "size" => ("a size", "`\"10MiB\"`, with the unit, `B` to `GiB`"),
        "percent" => ("a percent", "`\"10%\"`, from `0%` to `100%`"),
        "time" => ("a time", "`\"2026-12-01T00:00:00Z\"`"),
        "ip" => ("an ip", "`\"192.0.2.1\"`"),
        other => (other, "one"),
    }
}

/// An address as the ABI writes it: IPv4 in its mapped form.
pub(crate) fn octets(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => v6.octets(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn param(r#type: &str, kind: Kind) -> Param {
        Param {
            name: "p".into(),
            r#type: r#type.into(),
            kind,
            default: None,
        }
    }

    fn read(r#type: &str, kind: Kind, value: Value) -> Result<ParamValue, ParamError> {
        ParamValue::read(&param(r#type, kind), &value)
    }

    #[test]
    fn what_has_a_unit_is_written_with_it() {
        for (r#type, text, number) in [
            ("duration", "1h30m", 5_400_000),
            ("size", "10MiB", 10 << 20),
            ("percent", "12.5%", 125_000),
            ("time", "1970-01-02T00:00:00.5Z", 86_400_500),
        ] {
            let value = read(r#type, Kind::I64, json!(text));
            assert_eq!(value, Ok(ParamValue::I64(number)), "{type}");
            let bare = read(r#type, Kind::I64, json!(10)).unwrap_err().to_string();
            assert!(
                bare.starts_with(&format!("`10` is not a {type}; write `\"")),
                "{bare}"
            );
            let stored = ParamValue::from_manifest(&param(r#type, Kind::I64), &json!(10));
            assert_eq!(stored, Ok(ParamValue::I64(10)), "{type}");
        }
        assert_eq!(read("int", Kind::I64, json!(7)), Ok(ParamValue::I64(7)));
    }

    #[test]
    fn a_value_of_another_type_is_refused_with_both_named() {
        let error = read("percent", Kind::I64, json!("soon")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`\"soon\"` is not a percent; write `\"10%\"`, from `0%` to `100%`"
        );
        assert!(read("bool", Kind::Bool, json!("true")).is_err());
        assert!(read("int", Kind::I64, json!("7")).is_err());
        assert!(read("ip", Kind::Ip, json!("1.2.3")).is_err());
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
