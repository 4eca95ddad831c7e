//! The table of facts: what they are called, and of which type they are.

use crate::hir::{Base, Fact, Type};
use edge_abi::manifest::Fact as Raw;

pub(super) const STRING: Type = Type::of(Base::String);
pub(super) const TEXT: Type = Type::optional(Base::String);
const NUMBER: Type = Type::optional(Base::Float);

/// Facts that are named with dots alone.
pub(super) const PLAIN: &[(&str, &str, Fact, Type)] = &[
    ("request", "method", Fact::Raw(Raw::Method), STRING),
    ("request", "scheme", Fact::Raw(Raw::Scheme), STRING),
    ("request", "host", Fact::Host, STRING),
    ("request", "path", Fact::Path, STRING),
    ("request", "raw_path", Fact::RawPath, STRING),
    ("request", "target", Fact::Raw(Raw::RequestTarget), STRING),
    ("request", "query_string", Fact::QueryString, TEXT),
    ("request", "id", Fact::Raw(Raw::RequestId), STRING),
    (
        "request",
        "http_version",
        Fact::Raw(Raw::HttpVersion),
        STRING,
    ),
    ("request", "body", Fact::Body(super::facts::BODY), STRING),
    ("client", "ip", Fact::Raw(Raw::ClientIp), Type::of(Base::Ip)),
    (
        "client",
        "port",
        Fact::Raw(Raw::ClientPort),
        Type::of(Base::Int),
    ),
    ("client.tls", "version", Fact::Raw(Raw::TlsVersion), TEXT),
    ("geo", "country", Fact::Raw(Raw::Country), TEXT),
    ("geo", "continent", Fact::Raw(Raw::Continent), TEXT),
    ("geo", "region", Fact::Raw(Raw::Region), TEXT),
    ("geo", "city", Fact::Raw(Raw::City), TEXT),
    ("geo", "latitude", Fact::Raw(Raw::Latitude), NUMBER),
    ("geo", "longitude", Fact::Raw(Raw::Longitude), NUMBER),
    ("geo", "asn", Fact::Raw(Raw::Asn), Type::optional(Base::Int)),
    ("edge", "pop", Fact::Raw(Raw::Pop), TEXT),
    ("edge", "region", Fact::Raw(Raw::EdgeRegion), TEXT),
    (
        "response",
        "status",
        Fact::Raw(Raw::ResponseStatus),
        Type::of(Base::Int),
    ),
    ("response", "origin", Fact::Raw(Raw::ResponseOrigin), TEXT),
    ("response", "cache", Fact::Raw(Raw::ResponseCache), TEXT),
];

/// Facts that are read with a name in brackets.
pub(super) const INDEXED: &[(&str, &str)] = &[
    ("request", "header"),
    ("request", "headers"),
    ("request", "query"),
    ("request", "queries"),
    ("request", "cookie"),
    ("response", "header"),
    ("response", "headers"),
];

/// Facts of the language that no host supplies yet.
pub(super) const UNBUILT: &[(&str, &str)] = &[
    ("client.tls", "sni"),
    ("client.tls", "cipher"),
    ("client.tls", "alpn"),
    ("client.tls", "ja3"),
    ("client.tls", "ja4"),
    ("client.tls", "client_cert"),
];
