//! Does an expectation hold?

use edge_abi::test_plan::{Expect, Op, Part, Subject};
use http::{HeaderMap, HeaderName, header};
use regex::bytes::RegexBuilder;

use super::origins::Received;
use super::scene::{Last, Scene};
use crate::exchange::Record;

/// What should have been, and what was.
type Mismatch = (String, String);

/// Judges an expectation on the last answer.
pub(super) fn judge(scene: &Scene<'_>, expect: &Expect) -> Result<(), Mismatch> {
    let actual = match (remembered(scene, &expect.subject), &scene.last) {
        (Some(remembered), _) => remembered,
        (None, Some(last)) => actual(scene, last, &expect.subject, &expect.value),
        (None, None) => {
            return Err((
                String::from("an answer"),
                String::from("no request has been sent"),
            ));
        }
    };
    match holds(expect.op, actual.as_deref(), expect.value.as_bytes()) {
        Ok(true) => Ok(()),
        Ok(false) => {
            let about = about(&expect.subject);
            let got = shown(actual.as_deref(), &expect.subject);
            Err((
                format!("{about}{}", wanted(expect)),
                format!("{about}{got}"),
            ))
        }
        Err(problem) => Err((wanted(expect), problem)),
    }
}

/// What is remembered at this moment, if the subject is that: no request is needed for it.
fn remembered(scene: &Scene<'_>, subject: &Subject) -> Option<Option<Vec<u8>>> {
    let memory = scene.memory.as_ref();
    match subject {
        Subject::Store { name, key } => {
            let value = memory.and_then(|memory| memory.value(name, key));
            Some(value.map(Vec::from))
        }
        Subject::Counter { name, key } => {
            let number = memory.and_then(|memory| memory.number(name, key));
            Some(number.map(|number| number.to_string().into_bytes()))
        }
        _ => None,
    }
}

/// The wanted tag or path if it was purged, else all that were; none when nothing was.
fn purged(record: &Record, path: bool, wanted: &str) -> Option<Vec<u8>> {
    let all = record.purged.iter().filter(|purged| purged.path == path);
    let all: Vec<&[u8]> = all.map(|purged| &*purged.what).collect();
    if all.contains(&wanted.as_bytes()) {
        return Some(wanted.as_bytes().to_vec());
    }
    (!all.is_empty()).then(|| all.join(&b", "[..]))
}

/// The wanted rule if it is among these, else all of them; none when there are none.
fn among(record: &Record, rules: &[u32], wanted: &str) -> Option<Vec<u8>> {
    let names: Vec<&str> = record.names_of(rules).collect();
    if names.contains(&wanted) {
        return Some(wanted.as_bytes().to_vec());
    }
    (!names.is_empty()).then(|| names.join(", ").into_bytes())
}

/// The subject's bytes; none when it is absent.
fn actual(scene: &Scene<'_>, last: &Last, subject: &Subject, wanted: &str) -> Option<Vec<u8>> {
    match subject {
        Subject::Status => Some(last.status.to_string().into_bytes()),
        Subject::Header { name } => combined(&last.headers, name),
        Subject::Body => Some(last.body.to_vec()),
        Subject::Because => last.record.rule_name().map(|name| name.as_bytes().to_vec()),
        Subject::Shadow => among(&last.record, &last.record.findings.shadow, wanted),
        Subject::Scored => among(&last.record, &last.record.findings.scored, wanted),
        Subject::Purged { path } => purged(&last.record, *path, wanted),
        // These need no answer.
        Subject::Store { .. } | Subject::Counter { .. } => None,
        Subject::Cache => last
            .record
            .cache_name()
            .map(|name| name.as_bytes().to_vec()),
        Subject::Received { origin, part } => {
            let origin = scene.origin(origin)?;
            scene.origins.inspect(origin, |count, received| {
                received_part(part, count, received)
            })
        }
    }
}

fn received_part(part: &Part, count: usize, received: Option<&Received>) -> Option<Vec<u8>> {
    if *part == Part::Count {
        return Some(count.to_string().into_bytes());
    }
    let received = received?;
    match part {
        Part::Count => None,
        Part::Method => Some(received.head.method.as_str().as_bytes().to_vec()),
        Part::Path => Some(received.head.uri.path().as_bytes().to_vec()),
        Part::Query => received
            .head
            .uri
            .query()
            .map(|query| query.as_bytes().to_vec()),
        Part::Header { name } => combined(&received.head.headers, name),
        Part::Body => Some(received.body.to_vec()),
    }
}

/// A header's fields as one value (RFC 9110 5.3).
fn combined(headers: &HeaderMap, name: &str) -> Option<Vec<u8>> {
    let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
    let separator: &[u8] = if name == header::COOKIE { b"; " } else { b", " };
    let fields: Vec<&[u8]> = headers
        .get_all(&name)
        .iter()
        .map(|value| value.as_bytes())
        .collect();
    (!fields.is_empty()).then(|| fields.join(separator))
}

fn holds(op: Op, actual: Option<&[u8]>, value: &[u8]) -> Result<bool, String> {
    let Some(actual) = actual else {
        return Ok(matches!(op, Op::Absent | Op::NotEquals));
    };
    Ok(match op {
        Op::Equals => actual == value,
        Op::NotEquals => actual != value,
        Op::Contains => {
            value.is_empty() || actual.windows(value.len()).any(|window| window == value)
        }
        Op::StartsWith => actual.starts_with(value),
        Op::EndsWith => actual.ends_with(value),
        Op::Matches => {
            let pattern = std::str::from_utf8(value).map_err(|error| error.to_string())?;
            let regex = RegexBuilder::new(pattern)
                .unicode(false)
                .build()
                .map_err(|error| error.to_string())?;
            regex.is_match(actual)
        }
        Op::Present => true,
        Op::Absent => false,
    })
}

/// What is looked at, where the value alone would not tell: which header, which part of what an origin got.
fn about(subject: &Subject) -> String {
    match subject {
        Subject::Header { name } => format!("{name}: "),
        Subject::Received { origin, part } => match part {
            Part::Count => format!("requests to {origin}: "),
            Part::Method => format!("method to {origin}: "),
            Part::Path => format!("path to {origin}: "),
            Part::Query => format!("query to {origin}: "),
            Part::Header { name } => format!("{name} to {origin}: "),
            Part::Body => format!("body to {origin}: "),
        },
        Subject::Store { name, key } => format!("{name}[{key:?}]: "),
        Subject::Counter { name, key } => format!("{name}[{key:?}]: "),
        Subject::Purged { path: false } => String::from("purged tag: "),
        Subject::Purged { path: true } => String::from("purged path: "),
        Subject::Shadow => String::from("in shadow: "),
        Subject::Scored => String::from("scored: "),
        Subject::Status | Subject::Body | Subject::Because | Subject::Cache => String::new(),
    }
}

fn wanted(expect: &Expect) -> String {
    let value = quoted(expect.value.as_bytes(), &expect.subject);
    match expect.op {
        Op::Equals => value,
        Op::NotEquals => format!("anything but {value}"),
        Op::Contains => format!("something that contains {value}"),
        Op::StartsWith => format!("something that starts with {value}"),
        Op::EndsWith => format!("something that ends with {value}"),
        Op::Matches => format!("something that matches r\"{}\"", expect.value),
        Op::Present => String::from("something"),
        Op::Absent => String::from("nothing"),
    }
}

/// Numbers and names stand bare; texts are quoted.
fn quoted(bytes: &[u8], subject: &Subject) -> String {
    let text = String::from_utf8_lossy(bytes);
    match subject {
        Subject::Status
        | Subject::Because
        | Subject::Shadow
        | Subject::Scored
        | Subject::Counter { .. }
        | Subject::Received {
            part: Part::Count, ..
        } => text.into_owned(),
        _ => format!("{text:?}"),
    }
}

/// Most bytes of a body that a report shows.
const SHOWN: usize = 400;

fn shown(actual: Option<&[u8]>, subject: &Subject) -> String {
    let Some(actual) = actual else {
        return String::from("nothing");
    };
    match actual.get(..SHOWN) {
        Some(head) if head.len() < actual.len() => {
            format!("{} … ({} bytes)", quoted(head, subject), actual.len())
        }
        _ => quoted(actual, subject),
    }
}
