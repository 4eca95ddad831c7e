//! A slot set, with everything worked out that does not depend on the request.

use edge_abi::manifest::{Fact, Kind, Manifest, Slot};
use http::{HeaderMap, HeaderName, Version, header};

use super::{Answer, Facts};
use crate::engine::LoadError;
use crate::settings::{Geo, ParamValue, octets};

/// How the inputs of one slot set are built.
#[derive(Debug)]
pub struct Plan {
    pub(super) sources: Vec<Source>,
    reads_request_headers: bool,
    reads_geo: bool,
    reads_response_chunk: bool,
}

/// Where a slot's value comes from.
#[derive(Debug)]
pub(super) enum Source {
    /// A fact that has no name of its own.
    Plain(Fact),
    /// A header's fields as one value, with what stands between them.
    Header {
        of: Side,
        name: HeaderName,
        separator: &'static [u8],
    },
    /// A header's fields, one by one.
    HeaderList { of: Side, name: HeaderName },
    /// A param, by its index.
    Param(usize),
    /// What was answered, by its number; absent where it is of another kind.
    Answer { ask: u32, kind: Kind },
}

/// Whose header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Request,
    Response,
}

/// A slot's value.
pub(super) enum Value<'a> {
    Absent,
    Bytes(&'a [u8]),
    Fixed16([u8; 16]),
    Fixed8([u8; 8]),
    Fixed1(u8),
    Joined {
        fields: header::GetAll<'a, header::HeaderValue>,
        separator: &'static [u8],
    },
    Fields(&'a HeaderMap),
    List(header::GetAll<'a, header::HeaderValue>),
}

impl Plan {
    /// Works a slot set out.
    ///
    /// # Errors
    /// A header's name that is none, or a param that is not declared.
    pub fn new(set: &[Slot], manifest: &Manifest) -> Result<Self, LoadError> {
        let sources = set
            .iter()
            .map(|slot| Source::new(slot, manifest))
            .collect::<Result<Vec<_>, _>>()?;
        let reads_request_headers = sources.iter().any(|source| {
            matches!(
                source,
                Source::Plain(Fact::Fields)
                    | Source::Header {
                        of: Side::Request,
                        ..
                    }
                    | Source::HeaderList {
                        of: Side::Request,
                        ..
                    }
            )
        });
        let reads_geo = set.iter().any(|slot| {
            use Fact::{Asn, City, Continent, Country, Latitude, Longitude, Region};
            matches!(
                slot.fact,
                Asn | City | Continent | Country | Latitude | Longitude | Region
            )
        });
        let reads_response_chunk = set.iter().any(|slot| slot.fact == Fact::ResponseChunk);
        Ok(Plan {
            sources,
            reads_request_headers,
            reads_geo,
            reads_response_chunk,
        })
    }

    /// Whether the request's header is needed to build it.
    #[must_use]
    pub fn reads_request_headers(&self) -> bool {
        self.reads_request_headers
    }

    /// Whether it holds a piece of a response's body.
    #[must_use]
    pub fn reads_response_chunk(&self) -> bool {
        self.reads_response_chunk
    }

    /// Whether it holds anything about where the client is.
    #[must_use]
    pub fn reads_geo(&self) -> bool {
        self.reads_geo
    }
}

impl Source {
    fn new(slot: &Slot, manifest: &Manifest) -> Result<Self, LoadError> {
        Ok(match &slot.fact {
            Fact::Header { name } => {
                let name = header_name(name)?;
                // RFC 6265bis 5.8.3 and RFC 9113 8.2.3: cookie pairs are joined as they are separated.
                let separator: &[u8] = if name == header::COOKIE { b"; " } else { b", " };
                Source::Header {
                    of: Side::Request,
                    name,
                    separator,
                }
            }
            Fact::ResponseHeader { name } => Source::Header {
                of: Side::Response,
                name: header_name(name)?,
                separator: b", ",
            },
            Fact::HeaderList { name } => Source::HeaderList {
                of: Side::Request,
                name: header_name(name)?,
            },
            Fact::ResponseHeaderList { name } => Source::HeaderList {
                of: Side::Response,
                name: header_name(name)?,
            },
            Fact::Param { name } => {
                let index = manifest.params.iter().position(|param| param.name == *name);
                Source::Param(index.ok_or_else(|| {
                    LoadError::Inconsistent(format!("there is no param `{name}`"))
                })?)
            }
            Fact::Answer { ask } => Source::Answer {
                ask: *ask,
                kind: slot.kind,
            },
            plain => Source::Plain(plain.clone()),
        })
    }

    pub(super) fn value<'a>(&self, facts: &Facts<'a>) -> Value<'a> {
        match self {
            Source::Plain(fact) => plain(fact, facts),
            Source::Param(index) => facts.params.get(*index).map_or(Value::Absent, param),
            Source::Answer { ask, kind } => {
                let mut answers = facts.answers.iter();
                let found = answers.find(|(number, _)| number == ask);
                found.map_or(Value::Absent, |(_, answer)| answered(answer, *kind))
            }
            Source::Header {
                of,
                name,
                separator,
            } => {
                let Some(fields) = fields(*of, name, facts) else {
                    return Value::Absent;
                };
                let mut each = fields.iter();
                match (each.next(), each.next()) {
                    (None, _) => Value::Absent,
                    (Some(only), None) => Value::Bytes(only.as_bytes()),
                    _ => Value::Joined { fields, separator },
                }
            }
            Source::HeaderList { of, name } => match fields(*of, name, facts) {
                Some(fields) if fields.iter().next().is_some() => Value::List(fields),
                _ => Value::Absent,
            },
        }
    }
}

fn fields<'a>(
    of: Side,
    name: &HeaderName,
    facts: &Facts<'a>,
) -> Option<header::GetAll<'a, header::HeaderValue>> {
    let headers = match of {
        Side::Request => facts.headers,
        Side::Response => facts.response.as_ref()?.headers,
    };
    Some(headers.get_all(name))
}

fn plain<'a>(fact: &Fact, facts: &Facts<'a>) -> Value<'a> {
    match fact {
        Fact::Method => Value::Bytes(facts.method.as_str().as_bytes()),
        Fact::RequestTarget => Value::Bytes(facts.target.as_bytes()),
        Fact::Scheme => Value::Bytes(facts.scheme.as_bytes()),
        Fact::Authority => bytes(facts.authority),
        Fact::HttpVersion => Value::Bytes(version(facts.version)),
        Fact::RequestId => Value::Bytes(facts.id.as_bytes()),
        Fact::Body => bytes(facts.body),
        Fact::Fields => Value::Fields(facts.headers),
        Fact::RequestChunk => bytes(facts.request_chunk),
        Fact::ResponseChunk => bytes(facts.response_chunk),
        Fact::ClientIp => Value::Fixed16(octets(facts.ip)),
        Fact::ClientPort => integer(Some(i64::from(facts.port))),
        Fact::TlsVersion => text(facts.tls_version),
        Fact::Country => place(facts, |geo| &geo.country),
        Fact::Continent => place(facts, |geo| &geo.continent),
        Fact::Region => place(facts, |geo| &geo.region),
        Fact::City => place(facts, |geo| &geo.city),
        Fact::Latitude => float(facts.geo.and_then(|geo| geo.latitude)),
        Fact::Longitude => float(facts.geo.and_then(|geo| geo.longitude)),
        Fact::Asn => integer(facts.geo.and_then(|geo| geo.asn)),
        Fact::Pop => text(facts.pop),
        Fact::EdgeRegion => text(facts.region),
        Fact::ResponseStatus => integer(facts.response.map(|response| i64::from(response.status))),
        Fact::ResponseOrigin => text(facts.response.and_then(|response| response.origin)),
        Fact::ResponseCache => text(facts.response.and_then(|response| response.cache)),
        // These have sources of their own.
        Fact::Header { .. }
        | Fact::HeaderList { .. }
        | Fact::Param { .. }
        | Fact::Answer { .. }
        | Fact::ResponseHeader { .. }
        | Fact::ResponseHeaderList { .. } => Value::Absent,
    }
}

fn param(value: &ParamValue) -> Value<'_> {
    match value {
        ParamValue::Bytes(value) => Value::Bytes(value),
        ParamValue::I64(value) => integer(Some(*value)),
        ParamValue::Ip(value) => Value::Fixed16(*value),
        ParamValue::Bool(value) => Value::Fixed1(u8::from(*value)),
        ParamValue::F64(value) => float(Some(*value)),
    }
}

fn answered(answer: &Answer, kind: Kind) -> Value<'_> {
    match (answer, kind) {
        (Answer::Bool(value), Kind::Bool) => Value::Fixed1(u8::from(*value)),
        (Answer::I64(value), Kind::I64) => integer(Some(*value)),
        (Answer::Bytes(value), Kind::Bytes) => Value::Bytes(value),
        _ => Value::Absent,
    }
}

fn bytes(value: Option<&[u8]>) -> Value<'_> {
    value.map_or(Value::Absent, Value::Bytes)
}

fn text(value: Option<&str>) -> Value<'_> {
    bytes(value.map(str::as_bytes))
}

fn place<'a>(facts: &Facts<'a>, of: fn(&Geo) -> &Option<String>) -> Value<'a> {
    text(facts.geo.and_then(|geo| of(geo).as_deref()))
}

fn integer<'a>(value: Option<i64>) -> Value<'a> {
    value.map_or(Value::Absent, |value| Value::Fixed8(value.to_le_bytes()))
}

/// Only finite numbers are values of the language.
fn float<'a>(value: Option<f64>) -> Value<'a> {
    value
        .filter(|value| value.is_finite())
        .map_or(Value::Absent, |value| Value::Fixed8(value.to_le_bytes()))
}

fn version(version: Version) -> &'static [u8] {
    match version {
        Version::HTTP_09 => b"0.9",
        Version::HTTP_10 => b"1.0",
        Version::HTTP_2 => b"2",
        Version::HTTP_3 => b"3",
        _ => b"1.1",
    }
}

fn header_name(name: &str) -> Result<HeaderName, LoadError> {
    HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
        LoadError::Inconsistent(format!(
            "`{}` can't be the name of a header",
            name.escape_default()
        ))
    })
}
