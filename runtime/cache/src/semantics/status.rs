//! `Cache-Status` (RFC 9211): what the cache did for an answer.

use http::HeaderValue;
use sfv::{ItemSerializer, KeyRef, StringRef, TokenRef};

/// Why a request went to the origin (RFC 9211 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forward {
    /// It was not to be cached.
    Bypass,
    /// Its method is not cached.
    Method,
    /// Nothing is stored under its key.
    UriMiss,
    /// What is stored does not match its header fields.
    VaryMiss,
    /// What is stored is fresh, but the request wanted it from the origin.
    Request,
    /// What is stored is stale.
    Stale,
    /// What is stored is a part that does not cover what is asked for.
    Partial,
}

impl Forward {
    /// Its token.
    pub fn name(self) -> &'static str {
        match self {
            Forward::Bypass => "bypass",
            Forward::Method => "method",
            Forward::UriMiss => "uri-miss",
            Forward::VaryMiss => "vary-miss",
            Forward::Request => "request",
            Forward::Stale => "stale",
            Forward::Partial => "partial",
        }
    }
}

/// One member of the `Cache-Status` list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheStatus {
    /// It was served from the cache without asking the origin.
    pub hit: bool,
    /// Why the origin was asked.
    pub forward: Option<Forward>,
    /// The status that the origin answered with.
    pub forward_status: Option<u16>,
    /// The origin's answer was stored, or is being stored.
    pub stored: bool,
    /// It shares its answer with another request that was under way.
    pub collapsed: bool,
    /// How long it stays fresh, seconds; negative when it is stale.
    pub ttl: Option<i64>,
    /// A word on the case.
    pub detail: Option<&'static str>,
}

impl CacheStatus {
    /// The member, with the cache's name first: a token where it is one, else a string.
    pub fn member(&self, name: &str) -> HeaderValue {
        let value = self.serialized(name).unwrap_or_else(|_| "cache".to_owned());
        HeaderValue::from_str(&value).unwrap_or(HeaderValue::from_static("cache"))
    }

    fn serialized(&self, name: &str) -> Result<String, sfv::Error> {
        let item = ItemSerializer::new();
        let mut item = match TokenRef::from_str(name) {
            Ok(token) => item.bare_item(token),
            Err(_) => item.bare_item(StringRef::from_str(name)?),
        };
        if self.hit {
            item = item.parameter(KeyRef::from_str("hit")?, true);
        }
        if let Some(forward) = self.forward.filter(|_| !self.hit) {
            item = item.parameter(
                KeyRef::from_str("fwd")?,
                TokenRef::from_str(forward.name())?,
            );
        }
        if let Some(status) = self.forward_status {
            item = item.parameter(
                KeyRef::from_str("fwd-status")?,
                i64::from(status).try_into().unwrap_or(sfv::Integer::ZERO),
            );
        }
        if let Some(ttl) = self.ttl {
            item = item.parameter(
                KeyRef::from_str("ttl")?,
                sfv::Integer::try_from(ttl).unwrap_or(sfv::Integer::MAX),
            );
        }
        if self.stored {
            item = item.parameter(KeyRef::from_str("stored")?, true);
        }
        if self.collapsed {
            item = item.parameter(KeyRef::from_str("collapsed")?, true);
        }
        if let Some(detail) = self.detail {
            item = item.parameter(KeyRef::from_str("detail")?, StringRef::from_str(detail)?);
        }
        Ok(item.finish())
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::*;

    #[test]
    fn members_as_structured_fields() {
        let hit = CacheStatus {
            hit: true,
            ttl: Some(376),
            ..CacheStatus::default()
        };
        assert_eq!(hit.member("edge"), "edge;hit;ttl=376");
        let miss = CacheStatus {
            forward: Some(Forward::UriMiss),
            forward_status: Some(200),
            stored: true,
            collapsed: true,
            ttl: Some(-5),
            detail: Some("policy"),
            ..CacheStatus::default()
        };
        assert_eq!(
            miss.member("a b"),
            r#""a b";fwd=uri-miss;fwd-status=200;ttl=-5;stored;collapsed;detail="policy""#
        );
        assert_eq!(CacheStatus::default().member("ü"), "cache");
    }

    #[test]
    fn every_reason_has_its_token() {
        for forward in [
            Forward::Bypass,
            Forward::Method,
            Forward::UriMiss,
            Forward::VaryMiss,
            Forward::Request,
            Forward::Stale,
            Forward::Partial,
        ] {
            let status = CacheStatus {
                forward: Some(forward),
                ..CacheStatus::default()
            };
            assert_eq!(
                status.member("edge"),
                format!("edge;fwd={}", forward.name())
            );
        }
    }
}
