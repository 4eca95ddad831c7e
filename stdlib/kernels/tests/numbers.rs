//! Numbers, times and addresses as text.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::net::Ipv6Addr;

use edge_kernels::ip::ip_format;
use edge_kernels::number::{float_format, float_parse, int_format, int_parse, percent_format};
use edge_kernels::time::{duration_format, http_date, time_format};
use proptest::prelude::*;

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn integers() {
    for value in [0, 1, -1, 10, 99, 100, i64::MAX, i64::MIN] {
        assert_eq!(text(int_format(value, &mut [0; 20])), value.to_string());
        assert_eq!(int_parse(value.to_string().as_bytes()), Some(value));
    }
    assert_eq!(int_parse(b"-007"), Some(-7));
    for wrong in [
        "",
        "-",
        "+1",
        " 1",
        "1 ",
        "1.0",
        "0x1",
        "9223372036854775808",
        "-9223372036854775809",
        "1_0",
        "١",
    ] {
        assert_eq!(int_parse(wrong.as_bytes()), None, "{wrong}");
    }
}

#[test]
fn floats() {
    for (value, expected) in [
        (1.0, "1"),
        (-0.5, "-0.5"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e21, "1e21"),
        (5e-324, "5e-324"),
    ] {
        assert_eq!(text(float_format(value, &mut [0; 24])), expected);
    }
    assert_eq!(float_parse(b"12.50"), Some(12.5));
    for wrong in ["", "inf", "NaN", "1e999", "1,5", "0x1"] {
        assert_eq!(float_parse(wrong.as_bytes()), None, "{wrong}");
    }
}

#[test]
fn percentages() {
    for (millionths, expected) in [
        (125_000, "12.5%"),
        (1_000_000, "100%"),
        (0, "0%"),
        (1, "0.0001%"),
        (-10_500, "-1.05%"),
    ] {
        assert_eq!(text(percent_format(millionths, &mut [0; 22])), expected);
    }
    assert_eq!(
        text(percent_format(i64::MIN, &mut [0; 22])),
        "-922337203685477.5808%"
    );
}

#[test]
fn times() {
    let time = |ms| text(time_format(ms, &mut [0; 24])).to_owned();
    let date = |ms| text(http_date(ms, &mut [0; 29])).to_owned();
    assert_eq!(time(1_796_083_200_000), "2026-12-01T00:00:00Z");
    assert_eq!(time(951_782_400_123), "2000-02-29T00:00:00.123Z");
    assert_eq!(time(-1), "1969-12-31T23:59:59.999Z");
    assert_eq!(time(i64::MIN), "0000-01-01T00:00:00Z");
    assert_eq!(time(i64::MAX), "9999-12-31T23:59:59.999Z");
    assert_eq!(date(784_111_777_000), "Sun, 06 Nov 1994 08:49:37 GMT"); // RFC 9110, section 5.6.7
    assert_eq!(date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
    assert_eq!(date(i64::MIN), "Sat, 01 Jan 0000 00:00:00 GMT");
    assert_eq!(date(i64::MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
}

/// Walks the calendar day by day from one end to the other.
#[test]
fn every_day_follows_the_one_before() {
    let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let (mut year, mut month, mut day) = (0, 1, 1);
    let mut ms = -62_167_219_200_000;
    while year <= 9999 {
        let expected = format!("{year:04}-{month:02}-{day:02}T00:00:00Z");
        assert_eq!(text(time_format(ms, &mut [0; 24])), expected);
        let leap = month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        ms += 86_400_000;
        day += 1;
        if day > lengths[month - 1] + i32::from(leap) {
            day = 1;
            month += 1;
        }
        if month > 12 {
            month = 1;
            year += 1;
        }
    }
}

#[test]
fn durations() {
    let cases = [
        (0, "0s"),
        (250, "250ms"),
        (5_000, "5s"),
        (5_400_000, "1h30m"),
        (604_800_000, "7d"),
        (61_001, "1m1s1ms"),
        (-1_500, "-1s500ms"),
        (i64::MIN, "-106751991167d7h12m55s808ms"),
    ];
    for (ms, expected) in cases {
        assert_eq!(text(duration_format(ms, &mut [0; 28])), expected);
    }
}

#[test]
fn addresses() {
    let format = |address: &str| {
        let address: Ipv6Addr = address.parse().unwrap();
        text(ip_format(&address.octets(), &mut [0; 39])).to_owned()
    };
    assert_eq!(format("::ffff:203.0.113.9"), "203.0.113.9");
    assert_eq!(format("2001:db8:0:0:1:0:0:1"), "2001:db8::1:0:0:1"); // RFC 5952, section 4.2.3
    assert_eq!(format("2001:db8:0:1:1:1:1:1"), "2001:db8:0:1:1:1:1:1");
    assert_eq!(format("::"), "::");
    assert_eq!(format("1::"), "1::");
    assert_eq!(format("::1"), "::1");
    assert_eq!(format("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff").len(), 39);
}

proptest! {
    #[test]
    fn addresses_agree_with_std(groups in prop::array::uniform8(prop_oneof![Just(0u16), any::<u16>()])) {
        let address = Ipv6Addr::from(groups);
        let mut out = [0; 39];
        let made = text(ip_format(&address.octets(), &mut out));
        match address.to_ipv4_mapped() {
            Some(quad) => prop_assert_eq!(made, quad.to_string()),
            None => prop_assert_eq!(made, address.to_string()),
        }
    }

    #[test]
    fn numbers_come_back(int in any::<i64>(), float in prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO) {
        prop_assert_eq!(int_parse(int_format(int, &mut [0; 20])), Some(int));
        let mut out = [0; 24];
        prop_assert_eq!(float_parse(float_format(float, &mut out)).map(f64::to_bits), Some(float.to_bits()));
    }
}
