//! The manifest: what a host must know before the first request.
//!
//! JSON in the custom section [`MANIFEST_SECTION`](crate::MANIFEST_SECTION). Unknown
//! facts, kinds and capabilities are refused when it is read, by name. Its JSON Schema
//! is `docs/manifest.schema.json`, generated from these types.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything that a host sets up for a policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Manifest {
    /// The ABI's major version.
    pub abi: u16,
    /// The language's version.
    pub language: u16,
    /// The policy's name: the stem of its file.
    pub name: String,
    /// SHA-256 of the sources, in hex.
    pub source_digest: String,
    /// SHA-256 of the module without this section, in hex.
    pub module_digest: String,
    /// The source files, by index.
    pub files: Vec<String>,
    /// Origins and pools, by the index that a `proxy` effect names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Target>,
    /// What the `proxy` statements of the policy declare, by index.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proxies: Vec<ProxyOptions>,
    /// Experiments, by the index in notes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub experiments: Vec<Experiment>,
    /// Rate limits, by index.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rate_limits: Vec<RateLimit>,
    /// Stores, by index.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stores: Vec<Store>,
    /// Counters, by index.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counters: Vec<Counter>,
    /// Caching policies, by the index in `proxy` effects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caches: Vec<Cache>,
    /// What the answers of cached `proxy` statements are kept under: for reports.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cached: Vec<Cached>,
    /// A response phase changes what is remembered: a request goes on to it also when its client has left.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub finishes: bool,
    /// Names of the secrets, by index.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
    /// Params, with what they are when the host says nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<Param>,
    /// Which facts each call holds; set 0 is the start of a request.
    pub slot_sets: Vec<Vec<Slot>>,
    /// Everything that decides, by index.
    pub rules: Vec<Rule>,
    /// The rules of each `severity`, by index.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub severities: BTreeMap<Severity, Vec<u32>>,
    /// The rules that have a tag, by index.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, Vec<u32>>,
    /// Where statements stand: `[file, line, column]`, lines and columns from 1.
    pub places: Vec<[u32; 3]>,
    /// The bounds that the compiler proved.
    pub limits: Limits,
    /// What a host must be able to do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<Capability>,
}

/// Where a `proxy` may go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Target {
    /// One upstream server.
    Origin(Origin),
    /// A choice among origins.
    Pool(Pool),
}

/// An upstream server. Durations are in milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Origin {
    /// Its name in the policy.
    pub name: String,
    /// `http://host[:port]` or `https://…`, without a path.
    pub url: String,
    /// The `Host` to send instead of the URL's authority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Longest time to connect. 5,000 if left out.
    #[serde(default = "connect", skip_serializing_if = "is_connect")]
    pub connect_ms: u64,
    /// Longest time of one try, to the response's head. 30,000 if left out.
    #[serde(default = "timeout", skip_serializing_if = "is_timeout")]
    pub timeout_ms: u64,
    /// Longest silence while a body streams, and longest life of an idle connection. 60,000 if left out.
    #[serde(default = "idle", skip_serializing_if = "is_idle")]
    pub idle_ms: u64,
}

impl Origin {
    /// The longest time to connect, where an origin says nothing.
    pub const CONNECT_MS: u64 = 5_000;
    /// The longest time of a try, where an origin says nothing.
    pub const TIMEOUT_MS: u64 = 30_000;
    /// The longest silence, where an origin says nothing.
    pub const IDLE_MS: u64 = 60_000;
}

fn connect() -> u64 {
    Origin::CONNECT_MS
}

fn is_connect(ms: &u64) -> bool {
    *ms == connect()
}

fn timeout() -> u64 {
    Origin::TIMEOUT_MS
}

fn is_timeout(ms: &u64) -> bool {
    *ms == timeout()
}

fn idle() -> u64 {
    Origin::IDLE_MS
}

fn is_idle(ms: &u64) -> bool {
    *ms == idle()
}

/// A choice among origins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Pool {
    /// Its name in the policy.
    pub name: String,
    /// How a member is chosen.
    pub choice: Choice,
    /// The members, in order.
    pub members: Vec<Member>,
}

/// How a pool chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// The first that can be reached, in order.
    Failover,
    /// By weight.
    Weighted,
}

/// A member of a pool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Member {
    /// Index of the origin among the targets.
    pub target: u32,
    /// Its weight, in millionths of the whole; 0 in a `failover` pool.
    #[serde(default)]
    pub weight: u32,
    /// The weight is this param instead (a percentage), by index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_param: Option<u32>,
    /// The weight is what the others leave.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rest: bool,
}

/// What a `proxy` block declares.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProxyOptions {
    /// Longest time of one try, to the response's head; the origin's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// Further tries at the same target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// Another target when this one gave nothing usable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<Fallback>,
    /// Names of the client's header fields that go to the origin of a cached request, though the key does not
    /// hold them; in lower case, none of them given by an edit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unkeyed: Vec<String>,
}

/// Further tries.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Retry {
    /// How many beyond the first.
    pub times: u32,
    /// After which failures.
    pub on: Vec<Failure>,
}

/// Another target.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Fallback {
    /// Its index.
    pub target: u32,
    /// After which failures.
    pub on: Vec<Failure>,
}

/// How a try can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// No connection.
    Connect,
    /// No response head in time.
    Timeout,
    /// The connection broke, or what came was not HTTP.
    Reset,
    /// This status.
    Status(u16),
    /// Any status from 500 to 599.
    ServerError,
}

/// An experiment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Experiment {
    /// Its name in the policy.
    pub name: String,
    /// Its arms, by index.
    pub arms: Vec<String>,
}

/// A rate limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RateLimit {
    /// Its name in the policy.
    pub name: String,
    /// The rule that refuses, by index.
    pub rule: u32,
    /// What it allows.
    pub rate: Rate,
    /// It only watches: what it would refuse goes on, and is logged.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shadow: bool,
    /// What holds while nobody knows what has been used; `open` if left out.
    #[serde(default, skip_serializing_if = "Fail::is_open")]
    pub fail: Fail,
}

/// What a rate limit allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Rate {
    /// A bucket that holds `amount + burst` tokens and is filled at `amount` per `per_ms`
    /// (the generic cell rate algorithm, ITU-T I.371).
    TokenBucket {
        /// Tokens.
        amount: u64,
        /// Milliseconds.
        per_ms: u64,
        /// Tokens beyond `amount` that it holds.
        #[serde(default, skip_serializing_if = "is_zero_u64")]
        burst: u64,
    },
    /// At most `amount` in any interval of `per_ms`.
    SlidingWindow {
        /// Tokens.
        amount: u64,
        /// Milliseconds.
        per_ms: u64,
    },
    /// At most `amount` requests in flight.
    AtOnce {
        /// Requests.
        amount: u64,
    },
}

/// What holds while a service is away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Fail {
    /// Requests go on.
    #[default]
    Open,
    /// Requests are refused.
    Closed,
}

impl Fail {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    fn is_open(&self) -> bool {
        *self == Fail::Open
    }
}

/// A store of values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Store {
    /// Its name in the policy.
    pub name: String,
    /// How long a value is kept, in milliseconds, where a `put` says nothing; without end if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_ms: Option<u64>,
    /// The longest value, in bytes.
    pub max_value: u32,
    /// What becomes of a request whose write failed, where it says nothing; `error` if left out.
    #[serde(default, skip_serializing_if = "OnFailure::is_error")]
    pub on_failure: OnFailure,
}

/// Atomic counters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Counter {
    /// Its name in the policy.
    pub name: String,
    /// How long a counter is kept after it was last added to, in milliseconds; without end if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expire_ms: Option<u64>,
    /// The policy lists it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub listed: bool,
    /// What becomes of a request whose addition failed, where it says nothing; `error` if left out.
    #[serde(default, skip_serializing_if = "OnFailure::is_error")]
    pub on_failure: OnFailure,
}

/// How answers of origins are kept. Durations are in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cache {
    /// Its name in the policy.
    pub name: String,
    /// Where `respect` is `origin`, the longest that the edge keeps an answer fresh; else how long it does.
    /// Without it, only what the origin says counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edge_ms: Option<u64>,
    /// The same of the regional tier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regional_ms: Option<u64>,
    /// Who decides how long an answer is fresh.
    #[serde(default, skip_serializing_if = "Respect::is_origin")]
    pub respect: Respect,
    /// The methods whose answers are kept: of `GET`, `HEAD` and `POST`; with `GET` always `HEAD`.
    pub methods: Vec<String>,
    /// How long an answer may be served that is no longer fresh, while a new one is fetched (RFC 5861, section 3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale_while_revalidate_ms: Option<u64>,
    /// How long it may be served where no new one can be had (RFC 5861, section 4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale_if_error_ms: Option<u64>,
    /// Header fields that are removed before an answer is kept: in lower case; a name that ends in `*` means all
    /// that begin so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub strip: Vec<String>,
    /// Requests for what is being fetched wait for it; true if left out.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub coalesce: bool,
    /// An answer without an `ETag` gets one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub etag: bool,
    /// What of the client's header goes to the origin.
    #[serde(default, skip_serializing_if = "Forward::is_nothing")]
    pub forward: Forward,
    /// The guest is asked (`admit`) whether and how an answer is kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub admits: bool,
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_true(is: &bool) -> bool {
    *is
}

/// Who decides how long an answer is fresh.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Respect {
    /// The origin does; a tier's duration is the longest.
    #[default]
    Origin,
    /// A tier's duration does, but for `private`, `no-store` and `Set-Cookie`.
    Override,
}

impl Respect {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    fn is_origin(&self) -> bool {
        *self == Respect::Origin
    }
}

/// What of the client's header goes to the origin of a cached request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Forward {
    /// Nothing but what is set, and the proxy's `unkeyed` fields.
    #[default]
    Nothing,
    /// All of it; the origin's `Vary` is the secondary key (RFC 9111, section 4.1).
    ClientHeaders,
}

impl Forward {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    fn is_nothing(&self) -> bool {
        *self == Forward::Nothing
    }
}

/// What the answers of a cached `proxy` statement are kept under, in the words of the language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cached {
    /// The rule that decides so, by index.
    pub rule: u32,
    /// The statement's place, by index.
    pub place: u32,
    /// The parts of the key, in order.
    pub key: Vec<String>,
    /// What reaches the origin, or decides what is kept, and is no part of the key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unkeyed: Vec<String>,
}

/// What becomes of a request whose write failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// It is answered 503, also where an origin has answered already.
    #[default]
    Error,
    /// It goes on; the failure is logged.
    Ignore,
}

impl OnFailure {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    fn is_error(&self) -> bool {
        *self == OnFailure::Error
    }
}

/// A value that the host supplies when it loads the module.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Param {
    /// Its name in the policy.
    pub name: String,
    /// Its type in the language: `string`, `int`, `bool`, `float`, `duration`, `size`, `percent`, `time`, `ip`.
    pub r#type: String,
    /// How its slot is written.
    pub kind: Kind,
    /// What it is when the host says nothing: a string, number or boolean (durations in
    /// milliseconds, sizes in bytes, percentages in millionths); must be given when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<serde_json::Value>,
}

/// One slot of a set.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Slot {
    /// What it holds.
    #[serde(flatten)]
    pub fact: Fact,
    /// How it is written; `bytes` if left out.
    #[serde(default, skip_serializing_if = "Kind::is_bytes")]
    pub kind: Kind,
}

/// How a slot's bytes are to be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Kind {
    /// Any bytes.
    #[default]
    Bytes = 0,
    /// 8 bytes, two's complement.
    I64 = 1,
    /// 16 bytes, network order; an IPv4 address as its mapped form (`::ffff:a.b.c.d`).
    Ip = 2,
    /// 1 byte, 0 or 1.
    Bool = 3,
    /// 8 bytes, IEEE 754, finite.
    F64 = 4,
    /// `u32 count`, then that many refs (offsets from the start of the record).
    List = 5,
}

impl Kind {
    fn is_bytes(&self) -> bool {
        *self == Kind::Bytes
    }
}

/// A raw fact, as a host knows it without understanding the policy.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "fact")]
pub enum Fact {
    /// The method, as it came.
    #[serde(rename = "request.method")]
    Method,
    /// Path and query as they came (origin-form; absolute-form is taken apart by the host).
    #[serde(rename = "request.target")]
    RequestTarget,
    /// `http` or `https`.
    #[serde(rename = "request.scheme")]
    Scheme,
    /// Host and port as the client named them.
    #[serde(rename = "request.authority")]
    Authority,
    /// `1.0`, `1.1`, `2`, `3`.
    #[serde(rename = "request.http_version")]
    HttpVersion,
    /// The request's id, made by the host.
    #[serde(rename = "request.id")]
    RequestId,
    /// The request's body, after a `body` effect was answered with ok.
    #[serde(rename = "request.body")]
    Body,
    /// All fields of the request's head: `name: value` and a line feed each, names in lower case, in order.
    #[serde(rename = "request.fields")]
    Fields,
    /// A piece of the request's body: only in calls of its scan.
    #[serde(rename = "request.chunk")]
    RequestChunk,
    /// A request header's fields, combined with `, ` (`Cookie`: with `; `). Names are lower case.
    #[serde(rename = "request.header")]
    Header {
        /// The field's name.
        name: String,
    },
    /// A request header's fields, one by one.
    #[serde(rename = "request.headers")]
    HeaderList {
        /// The field's name.
        name: String,
    },
    /// The client's address.
    #[serde(rename = "client.ip")]
    ClientIp,
    /// The client's port.
    #[serde(rename = "client.port")]
    ClientPort,
    /// TLS version, as `1.2` or `1.3`; absent without TLS.
    #[serde(rename = "client.tls.version")]
    TlsVersion,
    /// ISO 3166-1 alpha-2 code.
    #[serde(rename = "geo.country")]
    Country,
    /// Continent code: `AF AN AS EU NA OC SA`.
    #[serde(rename = "geo.continent")]
    Continent,
    /// Region or state.
    #[serde(rename = "geo.region")]
    Region,
    /// City.
    #[serde(rename = "geo.city")]
    City,
    /// Latitude in degrees.
    #[serde(rename = "geo.latitude")]
    Latitude,
    /// Longitude in degrees.
    #[serde(rename = "geo.longitude")]
    Longitude,
    /// Number of the autonomous system.
    #[serde(rename = "geo.asn")]
    Asn,
    /// The point of presence.
    #[serde(rename = "edge.pop")]
    Pop,
    /// The host's region.
    #[serde(rename = "edge.region")]
    EdgeRegion,
    /// A param of the policy.
    #[serde(rename = "param")]
    Param {
        /// Its name.
        name: String,
    },
    /// What the host answered to the state effect of that number, in a call before: `bool`, `i64` or
    /// `bytes`; absent before it was asked, where there is nothing, and where the service failed.
    #[serde(rename = "answer")]
    Answer {
        /// The effect's number.
        ask: u32,
    },
    /// The response's status.
    #[serde(rename = "response.status")]
    ResponseStatus,
    /// The name of the origin that answered; absent when none did.
    #[serde(rename = "response.origin")]
    ResponseOrigin,
    /// How a cached answer came about: `hit`, `stale`, `miss`, `revalidated` or `bypass`. Absent where no
    /// cache was asked, and in `admit`.
    #[serde(rename = "response.cache")]
    ResponseCache,
    /// A response header's fields, combined with `, `.
    #[serde(rename = "response.header")]
    ResponseHeader {
        /// The field's name.
        name: String,
    },
    /// A response header's fields, one by one.
    #[serde(rename = "response.headers")]
    ResponseHeaderList {
        /// The field's name.
        name: String,
    },
    /// A piece of the response's body: only in calls of its scan.
    #[serde(rename = "response.chunk")]
    ResponseChunk,
}

/// Something that decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Rule {
    /// `route.home`, `waf.shield.no_dotfiles`, `default` …
    pub name: String,
    /// What it is; `deny` if left out.
    #[serde(default, skip_serializing_if = "RuleKind::is_deny")]
    pub kind: RuleKind,
    /// Index of its place.
    pub place: u32,
    /// Bytes of code and tables that are its alone or shared with few: for reports.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub bytes: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero_u64(n: &u64) -> bool {
    *n == 0
}

/// What kind of thing decides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RuleKind {
    /// A route.
    Route,
    /// `default`.
    Default,
    /// `on request`.
    OnRequest,
    /// An `on response` block.
    OnResponse,
    /// `on error`.
    OnError,
    /// A rule that denies: of a `waf`, or a `require`. Its answers carry `X-Edge-Rule`.
    #[default]
    Deny,
    /// A rule of a `waf` that adds to its group's score.
    Scored,
    /// A rule of a `waf` in shadow mode: it never decides.
    Shadow,
}

impl RuleKind {
    fn is_deny(&self) -> bool {
        *self == RuleKind::Deny
    }
}

/// How much a rule that matched should worry: from the least to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth a look.
    Notice,
    /// Unwelcome, and seldom harmful.
    Warning,
    /// Most likely an attack, or something that breaks.
    Error,
    /// An attack.
    Critical,
}

impl Severity {
    /// All of them, with their words.
    pub const ALL: [(&str, Severity); 4] = [
        ("notice", Severity::Notice),
        ("warning", Severity::Warning),
        ("error", Severity::Error),
        ("critical", Severity::Critical),
    ];

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        let found = Severity::ALL.iter().find(|(_, it)| *it == self);
        found.map_or("", |(word, _)| word)
    }
}

/// Bounds that the compiler proved, in bytes unless said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Limits {
    /// Longest input.
    pub input: u32,
    /// Longest request body that the policy reads; 0 when it reads none.
    pub body: u32,
    /// Longest output, as a line in the input's length.
    pub output: Line,
    /// Most instructions a call can run, as a line in the input's length.
    pub fuel: Line,
    /// How many answers a request may ask for.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub asks: u32,
    /// The module's memory.
    pub memory: u32,
}

/// `base + per_byte × length`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Line {
    /// What does not depend on the length.
    pub base: u64,
    /// What each byte of input adds.
    pub per_byte: u64,
}

/// Something that not every host can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// Read a request's body before deciding.
    Body,
    /// Fill in secrets.
    Secrets,
    /// Repeated header fields, one by one.
    HeaderList,
    /// All header fields of a request, in order.
    Fields,
    /// Show a body to the policy as it streams.
    Scan,
    /// Rate limits.
    Limit,
    /// Stores of values.
    Store,
    /// Atomic counters.
    Counter,
    /// Purge what caches hold.
    Purge,
    /// Keep answers of origins.
    Cache,
}
