//! What a line of the access log says.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use edge_abi::manifest::Severity;
use http::{HeaderValue, Method, Uri};
use serde::{Serialize, Serializer};

use crate::exchange::{Purged, Record};

/// A request that is over.
pub enum Entry {
    /// It was answered.
    Answered(Box<Record>, Delivery),
    /// There was no answer to it: the client left, or the server ended.
    Abandoned(Abandoned),
    /// What came was no request, and the server has said so.
    Refused(Refused),
}

/// How an answer's body went to the client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivery {
    /// Bytes of the body that were handed to the connection.
    pub bytes: u64,
    /// From the request's head to the end of the body.
    pub total: Duration,
    /// Why the body didn't get to its end.
    pub aborted: Option<String>,
}

/// What is known of a request that nobody waits for any more.
#[derive(Debug, Clone)]
pub struct Abandoned {
    /// When its head arrived, in milliseconds since 1970 (UTC).
    pub received_ms: u64,
    /// The peer's address.
    pub peer: IpAddr,
    /// The method.
    pub method: Method,
    /// The target as it came.
    pub uri: Uri,
    /// The `Host` field.
    pub host: Option<HeaderValue>,
    /// From the head to the end of the connection.
    pub total: Duration,
    /// Why there is no answer.
    pub reason: &'static str,
}

/// What is known of bytes that were no request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// When they were refused, in milliseconds since 1970 (UTC).
    pub refused_ms: u64,
    /// The peer's address.
    pub peer: IpAddr,
    /// The status that the client was told, if it was told anything.
    pub status: Option<u16>,
    /// What is wrong with them.
    pub reason: String,
}

/// A line's fields, in order. What has no value is left out.
#[derive(Serialize, Default)]
struct Line<'a> {
    time: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    client: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<Severity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache: Option<&'a str>,
    tries: u32,
    bytes: u64,
    decision_us: u64,
    upstream_ms: f64,
    #[serde(skip_serializing_if = "is_none")]
    state_ms: f64,
    total_ms: f64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    experiments: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    shadow: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scored: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    log: Vec<Said<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    purged: Vec<Forgotten<'a>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    degraded: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aborted: Option<&'a str>,
}

/// What a `log` statement said.
#[derive(Serialize)]
struct Said<'a> {
    at: String,
    text: &'a str,
}

/// What caches were told to forget.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Forgotten<'a> {
    Tag(Cow<'a, str>),
    Path(Cow<'a, str>),
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_none(ms: &f64) -> bool {
    *ms == 0.0
}

#[derive(Serialize)]
struct Dropped {
    time: Time,
    dropped: u64,
}

/// Appends an entry's line.
pub fn append(text: &mut Vec<u8>, entry: &Entry) {
    let line = match entry {
        Entry::Answered(record, delivery) => answered(record, delivery),
        Entry::Abandoned(request) => abandoned(request),
        Entry::Refused(request) => refused(request),
    };
    append_json(text, &line);
}

/// Appends the line that says that `dropped` lines are missing.
pub fn append_dropped(text: &mut Vec<u8>, now_ms: u64, dropped: u64) {
    append_json(
        text,
        &Dropped {
            time: Time(now_ms),
            dropped,
        },
    );
}

fn append_json(text: &mut Vec<u8>, line: &impl Serialize) {
    let start = text.len();
    match serde_json::to_writer(&mut *text, line) {
        Ok(()) => text.push(b'\n'),
        // Can't happen: a vector takes everything, and no field fails.
        Err(_) => text.truncate(start),
    }
}

fn answered<'a>(record: &'a Record, delivery: &'a Delivery) -> Line<'a> {
    let said = |line: &'a crate::exchange::LogLine| Said {
        at: record.policy.place(line.place),
        text: &line.text,
    };
    Line {
        time: Time(record.received_ms),
        id: Some(record.id.as_str()),
        client: Some(record.client.ip),
        method: Some(record.method.as_str()),
        host: record.authority.as_ref().map(text_of),
        path: Some(record.uri.path()),
        status: Some(record.status),
        rule: record.rule_name(),
        severity: record.severity(),
        origin: record.origin_name(),
        cache: record.cache_name(),
        tries: record.tries,
        bytes: delivery.bytes,
        decision_us: whole(record.findings.decision.as_micros()),
        upstream_ms: millis(record.upstream),
        state_ms: millis(record.state),
        total_ms: millis(delivery.total),
        experiments: record.exposure_names().collect(),
        shadow: record.names_of(&record.findings.shadow).collect(),
        scored: record.names_of(&record.findings.scored).collect(),
        log: record.findings.logs.iter().map(said).collect(),
        purged: record.purged.iter().map(forgotten).collect(),
        degraded: &record.degraded,
        failure: record.failure.as_ref().map(ToString::to_string),
        fault: fault(record),
        aborted: delivery.aborted.as_deref(),
    }
}

/// What is wrong with the request or the policy; a policy answers 413 without more words.
fn fault(record: &Record) -> Option<Cow<'_, str>> {
    let said = record.fault.as_deref().map(Cow::Borrowed);
    let limit = record.body_over.filter(|_| record.status == 413);
    said.or_else(|| {
        let limit = limit?;
        let text = format!("the request's body is longer than the {limit} bytes that are read");
        Some(Cow::Owned(text))
    })
}

fn forgotten(purged: &Purged) -> Forgotten<'_> {
    let what = String::from_utf8_lossy(&purged.what);
    match purged.path {
        true => Forgotten::Path(what),
        false => Forgotten::Tag(what),
    }
}

fn abandoned(request: &Abandoned) -> Line<'_> {
    Line {
        time: Time(request.received_ms),
        client: Some(request.peer),
        method: Some(request.method.as_str()),
        host: request.host.as_ref().map(text_of),
        path: Some(request.uri.path()),
        total_ms: millis(request.total),
        aborted: Some(request.reason),
        ..Line::default()
    }
}

fn refused(request: &Refused) -> Line<'_> {
    Line {
        time: Time(request.refused_ms),
        client: Some(request.peer),
        status: request.status,
        fault: Some(Cow::Borrowed(&request.reason)),
        ..Line::default()
    }
}

fn text_of(value: &HeaderValue) -> Cow<'_, str> {
    String::from_utf8_lossy(value.as_bytes())
}

fn whole(number: u128) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// Milliseconds, to the microsecond.
fn millis(duration: Duration) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "exact for 285 years of microseconds"
    )]
    let micros = whole(duration.as_micros()) as f64;
    micros / 1000.0
}

/// Milliseconds since 1970, written as RFC 3339, 5.6 has it, in UTC.
#[derive(Default)]
struct Time(u64);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (days, of_day) = (self.0 / 86_400_000, self.0 % 86_400_000);
        let (year, month, day) = civil(days);
        let (hour, minute) = (of_day / 3_600_000, of_day / 60_000 % 60);
        let (second, milli) = (of_day / 1000 % 60, of_day % 1000);
        serializer.collect_str(&format_args!(
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z"
        ))
    }
}

/// The date of a day counted from 1970-01-01. Years start in March here, so that the leap
/// day is their last; 400 of them have 146,097 days.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

    use super::*;

    fn time(ms: u64) -> String {
        serde_json::to_value(Time(ms))
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned()
    }

    #[test]
    fn times() {
        assert_eq!(time(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(time(951_782_399_999), "2000-02-28T23:59:59.999Z");
        assert_eq!(time(951_782_400_000), "2000-02-29T00:00:00.000Z");
        assert_eq!(time(1_709_251_199_000), "2024-02-29T23:59:59.000Z");
        assert_eq!(time(1_796_083_200_001), "2026-12-01T00:00:00.001Z");
        assert_eq!(time(4_107_542_400_000), "2100-03-01T00:00:00.000Z");
    }

    #[test]
    fn what_the_client_wrote_stays_in_its_line() {
        let request = Abandoned {
            received_ms: 0,
            peer: "192.0.2.1".parse().unwrap(),
            method: Method::GET,
            uri: "/a?token=s3cret".parse().unwrap(),
            host: Some(HeaderValue::from_bytes(b"a\"\xff\t").unwrap()),
            total: Duration::from_micros(1500),
            reason: "the client left",
        };
        let mut text = Vec::new();
        append(&mut text, &Entry::Abandoned(request));
        append_dropped(&mut text, 1000, 3);
        let text = String::from_utf8(text).unwrap();
        let lines: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let [line, dropped] = lines.as_slice() else {
            panic!("two lines, not {}", lines.len())
        };
        assert_eq!(line["host"], "a\"\u{fffd}\t");
        assert_eq!(line["path"], "/a");
        assert_eq!(line["total_ms"], 1.5);
        assert_eq!(line["aborted"], "the client left");
        assert_eq!(dropped["dropped"], 3);
        assert!(!text.contains("s3cret"));
    }
}
