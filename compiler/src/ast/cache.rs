//! How answers of origins are kept.

use super::{Expr, Name, Text};
use crate::source::Span;

/// `cache N { … }`
#[derive(Debug, Clone)]
pub struct Cache {
    /// Its name.
    pub name: Name,
    /// Its settings, in source order.
    pub settings: Vec<CacheSetting>,
}

/// A setting of a cache.
#[derive(Debug, Clone)]
pub struct CacheSetting {
    /// All of it.
    pub span: Span,
    /// Which.
    pub kind: CacheSettingKind,
}

/// The settings of a cache.
#[derive(Debug, Clone)]
pub enum CacheSettingKind {
    /// `tier edge|regional D`
    Tier(Name, Expr),
    /// `key E, …`
    Key(Vec<Expr>),
    /// `ignore query "k*", …`
    IgnoreQuery(Vec<Text>),
    /// `only query "k*", …`
    OnlyQuery(Vec<Text>),
    /// `only when C`
    OnlyWhen(Expr),
    /// `ttl D [when C]`
    Ttl(Expr, Option<Expr>),
    /// `methods GET, POST`
    Methods(Vec<Name>),
    /// `stale while_revalidate D, if_error D`
    Stale(Vec<(Name, Expr)>),
    /// `strip response.header "N"`
    Strip(Text),
    /// `tag E, …`
    Tag(Vec<Expr>),
    /// `coalesce on|off`
    Coalesce(Name),
    /// `etag on|off`
    Etag(Name),
    /// `respect origin|override`
    Respect(Name),
    /// `forward client_headers`
    Forward(Name),
}
