//! A compiled test plan: the `test` blocks of a policy, as constants.
//!
//! The compiler turns each `test "…" { … }` into steps; a host's runner carries them
//! out with the same code that serves traffic, over origins that it plays itself.
//! Every test starts empty: no givens, the clock at [`START_MS`], randomness seeded
//! by the test's name. Steps run in order, so a `given` holds from where it stands.

use serde::{Deserialize, Serialize};

/// When each test begins: 2026-01-01T00:00:00Z, in milliseconds since 1970.
pub const START_MS: u64 = 1_767_225_600_000;

/// The client's address when a test gives none.
pub const CLIENT_IP: &str = "192.0.2.1";

/// The `Host` of a request that names none.
pub const HOST: &str = "edge.test";

/// All tests of a policy.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TestPlan {
    /// The source files that places refer to, by index.
    pub files: Vec<String>,
    /// The tests, in source order.
    pub tests: Vec<Test>,
}

/// `[file, line, column]`, lines and columns from 1.
pub type Place = [u32; 3];

/// One `test` block.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Test {
    /// Its name, unique in the plan; the seed of its randomness.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// What it does, in order.
    pub steps: Vec<Step>,
}

/// One thing that a test does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// Sets what requests after it find.
    Given(Given),
    /// Sends a request through the policy.
    Request(Request),
    /// Looks at the last answer.
    Expect(Expect),
    /// Lets time pass.
    After {
        /// How many milliseconds.
        ms: u64,
    },
    /// Does the same again and again.
    Repeat {
        /// How many times.
        times: u32,
        /// What.
        steps: Vec<Step>,
    },
}

/// What requests find.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "given", rename_all = "snake_case")]
pub enum Given {
    /// The client's address.
    ClientIp {
        /// An IPv4 or IPv6 address.
        ip: String,
    },
    /// The client's port.
    ClientPort {
        /// 0 to 65535.
        port: u16,
    },
    /// The version of TLS that the client speaks: the request's scheme is then `https`.
    ClientTls {
        /// `1.2` or `1.3`.
        version: String,
    },
    /// A fact about the client's place.
    Geo {
        /// The fact without `geo.`: `country`, `asn` …
        fact: String,
        /// A string or, for latitude, longitude and asn, a number; null takes it back.
        value: serde_json::Value,
    },
    /// A fact about this edge.
    Edge {
        /// The fact without `edge.`: `pop` or `region`.
        fact: String,
        /// Its value.
        value: String,
    },
    /// A param's value.
    Param {
        /// Its name.
        name: String,
        /// As in the manifest's `default`.
        value: serde_json::Value,
    },
    /// A secret's value.
    Secret {
        /// Its name.
        name: String,
        /// Its bytes.
        value: String,
    },
    /// A value of a store.
    Store {
        /// The store's name.
        name: String,
        /// Where.
        key: String,
        /// What.
        value: String,
    },
    /// A counter's value.
    Counter {
        /// The counter's name.
        name: String,
        /// Which.
        key: String,
        /// How much.
        value: i64,
    },
    /// A limit, store or counter fails from here on, or works again.
    State {
        /// Which kind of declaration.
        kind: StateKind,
        /// Its name.
        name: String,
        /// Whether it fails.
        fails: bool,
    },
    /// What an origin does. Given again, it is what the origin does the next time;
    /// the last one is repeated.
    Origin {
        /// Its name.
        name: String,
        /// What it does.
        answer: OriginAnswer,
    },
}

/// What remembers something between requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateKind {
    /// `limit`
    Limit,
    /// `store`
    Store,
    /// `counter`
    Counter,
}

/// What an origin does when it is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum OriginAnswer {
    /// It answers.
    Respond {
        /// The status.
        status: u16,
        /// Header fields, in order.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        headers: Vec<(String, String)>,
        /// The body.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        body: String,
        /// How long it takes until the head is there. Longer than the try's timeout is a timeout.
        #[serde(default)]
        delay_ms: u64,
    },
    /// It does not.
    Fail {
        /// How.
        failure: OriginFailure,
    },
}

/// How an origin fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OriginFailure {
    /// No connection.
    Connect,
    /// No answer in time.
    Timeout,
    /// The connection breaks.
    Reset,
}

/// A request of a client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Where the statement stands.
    pub place: Place,
    /// The method, in upper case.
    pub method: String,
    /// Path and query, or an absolute URI.
    pub target: String,
    /// Header fields, in order. Cookies are folded into one `Cookie` field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// The body; none is not the same as empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The client's address for this request alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_ip: Option<String>,
}

/// One expectation: a subject, a comparison, a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Expect {
    /// Where it stands.
    pub place: Place,
    /// As it was written, for the report.
    pub text: String,
    /// What it looks at.
    pub subject: Subject,
    /// How.
    pub op: Op,
    /// With what: text for all subjects (a status or a count in decimal); unused by
    /// `present` and `absent`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub value: String,
}

/// What an expectation looks at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "subject", rename_all = "snake_case")]
pub enum Subject {
    /// The answer's status.
    Status,
    /// A header of the answer, its fields combined with `, `.
    Header {
        /// Its name.
        name: String,
    },
    /// The answer's body.
    Body,
    /// The name of the rule that decided.
    Because,
    /// The names of the rules in shadow mode that would have denied: `equals` asks for one among them.
    Shadow,
    /// The names of the rules that matched and have a score: `equals` asks for one among them.
    Scored,
    /// What a store holds now.
    Store {
        /// The store's name.
        name: String,
        /// Where.
        key: String,
    },
    /// How much a counter counts now, in decimal.
    Counter {
        /// The counter's name.
        name: String,
        /// Which.
        key: String,
    },
    /// The tags or paths that were purged while the last request was answered: `equals` asks for one among them.
    Purged {
        /// Paths, rather than tags.
        path: bool,
    },
    /// How the answer came about: `hit`, `stale`, `miss`, `revalidated` or `bypass`; absent where no cache was asked.
    Cache,
    /// The last request that an origin got while the last request was answered.
    Received {
        /// The origin's name.
        origin: String,
        /// Which part of it.
        part: Part,
    },
}

/// A part of a request that an origin got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "part", rename_all = "snake_case")]
pub enum Part {
    /// How many requests it got while the last request was answered: `0` is "not called".
    Count,
    /// The method.
    Method,
    /// The path, without the query.
    Path,
    /// The query string, without `?`; absent when there is none.
    Query,
    /// A header, its fields combined with `, `; `Host` is one.
    Header {
        /// Its name.
        name: String,
    },
    /// The body.
    Body,
}

/// How a subject is compared. All but `absent` and `not_equals` are false for what is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// The same bytes.
    Equals,
    /// Other bytes, or absent.
    NotEquals,
    /// Holds the bytes.
    Contains,
    /// Begins with the bytes.
    StartsWith,
    /// Ends with the bytes.
    EndsWith,
    /// The value is a regular expression that matches somewhere.
    Matches,
    /// There is one.
    Present,
    /// There is none.
    Absent,
}
