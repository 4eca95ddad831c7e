//! What a host knows about a request before it understands anything.

use std::net::IpAddr;

use bytes::Bytes;
use http::{HeaderMap, Method, Version};

use crate::settings::{Geo, ParamValue};

/// The facts of one request, borrowed from where they are.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The method.
    pub method: &'a Method,
    /// Path and query in origin-form.
    pub target: &'a str,
    /// `http` or `https`.
    pub scheme: &'a str,
    /// Host and port as the client named them.
    pub authority: Option<&'a [u8]>,
    /// The version of HTTP.
    pub version: Version,
    /// The request's id.
    pub id: &'a str,
    /// The header.
    pub headers: &'a HeaderMap,
    /// The body, once it has been read.
    pub body: Option<&'a [u8]>,
    /// The piece of the request's body that a call of its scan shows.
    pub request_chunk: Option<&'a [u8]>,
    /// The piece of the response's body that a call of its scan shows.
    pub response_chunk: Option<&'a [u8]>,
    /// The client's address.
    pub ip: IpAddr,
    /// The client's port.
    pub port: u16,
    /// `1.2` or `1.3`.
    pub tls_version: Option<&'a str>,
    /// Where the client is.
    pub geo: Option<&'a Geo>,
    /// The point of presence.
    pub pop: Option<&'a str>,
    /// The host's region.
    pub region: Option<&'a str>,
    /// The params' values, by the manifest's index.
    pub params: &'a [ParamValue],
    /// What the request's state effects were answered, with their numbers.
    pub answers: &'a [(u32, Answer)],
    /// The response, once there is one.
    pub response: Option<ResponseFacts<'a>>,
}

/// What a state effect was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Whether the request may go on, or whether it was done.
    Bool(bool),
    /// A counter's value.
    I64(i64),
    /// A store's value, or a list of counters.
    Bytes(Bytes),
}

/// The facts of a response.
#[derive(Debug, Clone, Copy)]
pub struct ResponseFacts<'a> {
    /// The status.
    pub status: u16,
    /// The name of the origin that answered.
    pub origin: Option<&'a str>,
    /// The header.
    pub headers: &'a HeaderMap,
    /// How a cache has answered; none where none was asked.
    pub cache: Option<&'static str>,
}
