//! A policy resolved and typed: what it means, before any thought of how it is run.
//!
//! Every name is an index, every expression has a type, every literal is a value, every
//! path ends in a terminal. `eval.rs` reads this tree plainly and so defines what it
//! means; [`crate::decision`] turns it into a graph. Both rely on what `check` promises:
//!
//! - An optional value is used only where absence is allowed: in [`Expr::Present`],
//!   [`Expr::OrElse`], as the subject of [`Expr::Test`], [`Expr::Compare`] or [`Expr::AnyOf`]
//!   (false when absent), in JSON (null), or under [`Expr::Narrowed`], where a test before it
//!   proved presence.
//! - Values are pure. `let` names an expression; when it is evaluated can't be observed.
//! - A statement that mentions `request.body`, also through a `let` or `fn`, waits for the
//!   body before it runs. The terminals of a route whose own handlers mention it do so too.
//! - What [`StmtKind::Ask`] asked for is known to what follows it, and to nothing before.
//! - Reading an experiment counts an exposure: in a condition when its operand is reached
//!   (`and`, `or` go from left to right and stop early), elsewhere when the statement runs.
//! - Expressions nest at most [`MAX_DEPTH`] deep.

mod cache;
mod print;
mod replace;
mod state;
mod visit;

use crate::source::Span;
pub use cache::{Cache, Cached};
use edge_abi::manifest::{
    Counter, Fact as RawFact, Member, Origin, Param, ProxyOptions, RateLimit, RuleKind, Store,
};
pub use edge_abi::output::scan::{Lane, OverLimit};
pub use state::{Ask, State};

/// How deep expressions and blocks nest.
pub const MAX_DEPTH: usize = 256;

/// A whole policy.
#[derive(Debug, Clone, Default)]
pub struct Hir {
    /// Its name: the stem of its file.
    pub name: String,
    /// Origins, then pools: the manifest's target indices.
    pub origins: Vec<Origin>,
    /// Pools; the target index of the first is the number of origins.
    pub pools: Vec<Pool>,
    /// Experiments.
    pub experiments: Vec<Experiment>,
    /// Rate limits.
    pub rate_limits: Vec<RateLimit>,
    /// Stores.
    pub stores: Vec<Store>,
    /// Counters.
    pub counters: Vec<Counter>,
    /// Most bytes of each answer that is asked for, by its number.
    pub asks: Vec<u32>,
    /// Caches.
    pub caches: Vec<Cache>,
    /// What cached `proxy` statements keep answers under, in words.
    pub cached: Vec<edge_abi::manifest::Cached>,
    /// Whether anything is purged.
    pub purges: bool,
    /// Names of secrets.
    pub secrets: Vec<String>,
    /// Params.
    pub params: Vec<Param>,
    /// Constant sets.
    pub sets: Vec<Set>,
    /// Functions, each after those that it calls.
    pub fns: Vec<Fn>,
    /// All `let`s of the policy, by [`LetId`].
    pub lets: Vec<Let>,
    /// Everything that decides.
    pub rules: Vec<Rule>,
    /// Where statements stand that may fail or log when run.
    pub places: Vec<Span>,
    /// What `proxy` statements declare; equal ones are one.
    pub proxies: Vec<ProxyOptions>,
    /// The `on request` blocks, one after the other.
    pub on_request: Vec<Stmt>,
    /// Routes in source order.
    pub routes: Vec<Route>,
    /// `default`.
    pub default: Block,
    /// The file's `on response` handlers in source order.
    pub on_response: Vec<Handler>,
    /// `on error`; it may end without a terminal: then the host's own answer stands.
    pub on_error: Option<Block>,
    /// Most bytes of a body that are read; 0 when `request.body` is never read.
    pub body_limit: u32,
    /// The `test` blocks, in source order.
    pub tests: Vec<edge_abi::test_plan::Test>,
}

/// Index of a `let`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LetId(pub u32);

/// Index of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct RuleId(pub u32);

/// Index of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlaceId(pub u32);

/// A pool.
#[derive(Debug, Clone)]
pub struct Pool {
    /// Its name.
    pub name: String,
    /// How it chooses.
    pub choice: edge_abi::manifest::Choice,
    /// Its members; their targets are origins.
    pub members: Vec<Member>,
}

/// An experiment.
#[derive(Debug, Clone)]
pub struct Experiment {
    /// Its name.
    pub name: String,
    /// Salt of the hash: its own, else its name.
    pub salt: String,
    /// The unit, as text (not optional).
    pub unit: Expr,
    /// Arms with their shares in millionths, which sum to a million. The hash's fraction is below
    /// the share of the second arm: the second arm; below the sum of the second and third: the
    /// third; and so on; the rest is the first's.
    pub arms: Vec<(String, u32)>,
    /// Eligible; others get the first arm and no exposure is counted.
    pub when: Option<Expr>,
    /// Name of an arm that a request asks for (optional text); what names no arm is ignored.
    pub force: Option<Expr>,
    /// Where it stands.
    pub span: Span,
}

/// A constant set.
#[derive(Debug, Clone)]
pub struct Set {
    /// Its name, or empty for one written in place.
    pub name: String,
    /// Its elements.
    pub elements: Elements,
}

/// Elements of a set: of one kind, in source order.
#[derive(Debug, Clone, PartialEq)]
pub enum Elements {
    /// Strings.
    Bytes(Vec<Vec<u8>>),
    /// Integers (also durations in ms, sizes in bytes, times in ms, percentages in millionths).
    Ints(Vec<i64>),
    /// Address ranges: 16 bytes (IPv4 mapped) and the prefix length of the 128 bits.
    Networks(Vec<([u8; 16], u8)>),
}

/// A function.
#[derive(Debug, Clone)]
pub struct Fn {
    /// Its name.
    pub name: String,
    /// Types of its parameters.
    pub params: Vec<Type>,
    /// What it gives.
    pub ty: Type,
    /// Its body, over [`Expr::FnParam`].
    pub body: Expr,
}

/// A `let`.
#[derive(Debug, Clone)]
pub struct Let {
    /// Its name.
    pub name: String,
    /// Its type; for `let … else` that of the value that is present.
    pub ty: Type,
    /// What it stands for.
    pub value: Expr,
}

/// Something that decides.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its name: `route.home`, `waf.shield.no_dotfiles`.
    pub name: String,
    /// What it is.
    pub kind: edge_abi::manifest::RuleKind,
    /// Where it stands.
    pub span: Span,
    /// `severity`
    pub severity: Option<edge_abi::manifest::Severity>,
    /// `tags`, each once.
    pub tags: Vec<String>,
}

/// A route.
#[derive(Debug, Clone)]
pub struct Route {
    /// The rule that it is.
    pub rule: RuleId,
    /// Its methods in upper case; empty: all. `GET` answers `HEAD` too: already written out here.
    pub methods: Vec<String>,
    /// Its pattern.
    pub pattern: Option<Pattern>,
    /// `when`
    pub when: Option<Expr>,
    /// What it does; ends in a terminal on every path.
    pub body: Block,
    /// Its own `on response` handlers.
    pub on_response: Vec<Handler>,
}

/// A path pattern: what follows each `/` of the path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pattern {
    /// Its segments; `/` has one, which is empty.
    pub segments: Vec<Segment>,
}

/// Part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Segment {
    /// These bytes.
    Literal(Vec<u8>),
    /// One segment that is not empty.
    Param,
    /// All that follows, possibly nothing. Only as the last.
    Rest,
}

/// An `on response` handler.
#[derive(Debug, Clone)]
pub struct Handler {
    /// Its rule (kind `on_response`).
    pub rule: RuleId,
    /// `when`
    pub when: Option<Expr>,
    /// What it does; need not end in a terminal.
    pub body: Block,
}

/// Statements.
pub type Block = Vec<Stmt>;

/// A statement.
#[derive(Debug, Clone)]
pub struct Stmt {
    /// Where it stands.
    pub span: Span,
    /// Which.
    pub kind: StmtKind,
}

/// The statements.
#[derive(Debug, Clone)]
pub enum StmtKind {
    /// `let … else`: when the value of the `let` is absent, the block, which ends in a terminal.
    /// (A plain `let` is no statement: its name stands for its expression.)
    LetElse(LetId, Block),
    /// The first arm whose condition holds, else the last block.
    If {
        /// Conditions and blocks.
        arms: Vec<(Expr, Block)>,
        /// The last `else`.
        otherwise: Block,
    },
    /// `waf N` and `require`: rules in order; the first whose condition holds answers.
    Deny(Vec<DenyRule>),
    /// A body is to be seen by the rules that follow, piece by piece, on its way.
    Scan(Scan),
    /// Rules that don't decide, each by itself: where some match, the host is told which.
    Hits(Hits),
    /// Asks the host, and waits for the answer.
    Ask(Ask),
    /// Does something to what the host remembers, without an answer.
    Do(State),
    /// A header of the answer.
    Edit(Edit),
    /// A line for the log.
    Log {
        /// Its text.
        text: Expr,
        /// Where.
        place: PlaceId,
    },
    /// Answer.
    Respond(Respond),
    /// Answer with a redirection.
    Redirect {
        /// The deciding rule.
        rule: RuleId,
        /// 300–399.
        status: u16,
        /// `Location`; a control character in it is a fault.
        to: Expr,
        /// Where.
        place: PlaceId,
    },
    /// Ask an origin.
    Proxy(Box<Proxy>),
}

/// A rule that denies.
#[derive(Debug, Clone)]
pub struct DenyRule {
    /// When it fires.
    pub condition: Expr,
    /// What it does then; ends in a terminal that names the rule.
    pub body: Block,
}

/// `inspect body` of a group: what [`Fact::Stream`] stands for in its rules. All of a policy's agree in
/// limit and over limit.
#[derive(Debug, Clone)]
pub struct Scan {
    /// Which body.
    pub lane: Lane,
    /// Most bytes that are looked at.
    pub limit: u32,
    /// What becomes of a longer one.
    pub over_limit: OverLimit,
    /// What one that is longer means to the group.
    pub over: Over,
    /// The rule that the statement is accounted to.
    pub rule: RuleId,
}

/// What a body means to a group that is longer than it looks at.
#[derive(Debug, Clone)]
pub enum Over {
    /// Nothing: it goes on.
    GoesOn,
    /// It is answered.
    Answered(Respond),
    /// The host is told that it would have been: the rule is that of the scan.
    Told,
}

/// Rules that match without deciding. All of them are looked at.
#[derive(Debug, Clone)]
pub struct Hits {
    /// Why they don't decide.
    pub kind: edge_abi::output::hits::Kind,
    /// The rules, with what they match.
    pub rules: Vec<(RuleId, Expr)>,
    /// What follows where at least one matches, after the host was told.
    pub then: Block,
}

/// An edit of a header.
#[derive(Debug, Clone)]
pub struct Edit {
    /// Which.
    pub op: crate::ast::EditOp,
    /// The name in lower case.
    pub name: String,
    /// The value; none for a removal. To set a text that is absent is to remove.
    pub value: Option<EditValue>,
    /// Where.
    pub place: PlaceId,
}

/// The value of an edit.
#[derive(Debug, Clone)]
pub enum EditValue {
    /// Text.
    Text(Expr),
    /// Text with secrets in it: only towards an origin.
    WithSecrets(Vec<SecretPart>),
}

/// Part of a value with secrets.
#[derive(Debug, Clone)]
pub enum SecretPart {
    /// Text.
    Text(Expr),
    /// Index of a secret.
    Secret(u32),
}

/// An answer of the policy's own.
#[derive(Debug, Clone)]
pub struct Respond {
    /// The deciding rule.
    pub rule: RuleId,
    /// 200–599.
    pub status: u16,
    /// Its content type, if it has a body.
    pub content_type: Option<String>,
    /// The body as text: escaped and put together already (see [`Expr::Concat`]).
    pub body: Option<Expr>,
}

/// `proxy`.
#[derive(Debug, Clone)]
pub struct Proxy {
    /// The deciding rule.
    pub rule: RuleId,
    /// Where to: an expression of type target.
    pub target: Expr,
    /// The method; none: the client's.
    pub method: Option<String>,
    /// The path; none: the request's, normalised.
    pub path: Option<UpstreamPath>,
    /// Changes of the query string, in order.
    pub query: Vec<QueryEdit>,
    /// `Host`; none: the origin's authority.
    pub host: Option<Expr>,
    /// Edits of the request, in order.
    pub edits: Vec<Edit>,
    /// Index into [`Hir::proxies`].
    pub options: u32,
    /// The cache that may answer instead.
    pub cache: Option<Cached>,
    /// Where.
    pub place: PlaceId,
}

/// A path for an origin.
#[derive(Debug, Clone)]
pub struct UpstreamPath {
    /// Its parts; text that is not constant is checked before it is used.
    pub parts: Vec<Expr>,
}

/// A change of the query string.
#[derive(Debug, Clone)]
pub enum QueryEdit {
    /// All pairs of that name are replaced by one, which is added at the end.
    Set(Vec<u8>, Expr),
    /// All pairs of that name (or with that prefix, where it ends in `*`) go.
    Remove(Vec<u8>),
}

/// A type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Type {
    /// What it is when present.
    pub base: Base,
    /// Whether it may be absent.
    pub optional: bool,
}

impl Type {
    /// The type that is always present.
    #[must_use]
    pub const fn of(base: Base) -> Type {
        Type {
            base,
            optional: false,
        }
    }

    /// The type that may be absent.
    #[must_use]
    pub const fn optional(base: Base) -> Type {
        Type {
            base,
            optional: true,
        }
    }
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Base {
    /// true or false
    Bool,
    /// i64
    Int,
    /// f64, finite
    Float,
    /// bytes
    String,
    /// milliseconds, i64
    Duration,
    /// bytes, i64
    Size,
    /// milliseconds since 1970 UTC, i64
    Time,
    /// millionths, i64
    Percent,
    /// 16 bytes
    Ip,
    /// an arm of the experiment of that index
    Arm(u32),
    /// a list of strings: only under `any`
    List,
    /// counters with their keys: only in JSON
    Counts,
    /// an origin or pool
    Target,
}

impl Base {
    /// Whether its value is an i64.
    #[must_use]
    pub const fn is_integer(self) -> bool {
        matches!(
            self,
            Base::Int | Base::Duration | Base::Size | Base::Time | Base::Percent
        )
    }
}

/// What the policy can know of a request.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fact {
    /// As the host gives it. (`request.method`, `geo.country`, `request.header["N"]` …)
    Raw(RawFact),
    /// `request.body(N)`: string; as the host gives it, if it has at most so many bytes
    Body(u32),
    /// `now`: time
    Now,
    /// `request.host`: string, lower case, without port
    Host,
    /// `request.path`: string, normalised (a request whose path can't be is answered 400 before anything)
    Path,
    /// `request.raw_path`: string, as it came
    RawPath,
    /// `request.query_string`: string?
    QueryString,
    /// `request.query["k"]`: string?, decoded, the first
    Query(Vec<u8>),
    /// `request.queries["k"]`: list, decoded
    QueryList(Vec<u8>),
    /// `request.cookie["n"]`: string?
    Cookie(Vec<u8>),
    /// `params.NAME`: string, segment of that index (from 0) of the normalised path
    PathSegment(u32),
    /// `params.REST`: string, from the segment of that index on
    PathRest(u32),
    /// The texts of a body as it streams: string. Stands only as the subject of an [`Expr::Test`] of a
    /// rule, below transforms that can be made piece by piece, and never below a `not`; the test holds
    /// if one of the texts seen so far satisfies it.
    Stream(Lane),
}

/// An expression. Each knows its type through [`Expr::ty`] of the checker's rules; where the
/// type can't be read off the node, it is a field.
#[derive(Debug, Clone)]
pub enum Expr {
    /// A value.
    Const(Const),
    /// A fact.
    Fact(Fact, Type),
    /// The value of a `let`.
    Let(LetId, Type),
    /// The value of a function's parameter.
    FnParam(u32, Type),
    /// A function's value.
    CallFn(u32, Vec<Expr>, Type),
    /// A built-in function's value.
    Builtin(Builtin, Vec<Expr>),
    /// Strings put together; all parts are strings.
    Concat(Vec<Expr>),
    /// A printable value as text (not optional): int, float, bool (`true`), duration, size (bytes
    /// as an int), time (RFC 3339), percent, ip, arm (its name).
    ToText(Box<Expr>),
    /// A value as JSON: strings quoted and escaped, numbers, booleans, absent as `null`.
    ToJson(Box<Expr>),
    /// `not`
    Not(Box<Expr>),
    /// `and`, from left to right
    And(Vec<Expr>),
    /// `or`, from left to right
    Or(Vec<Expr>),
    /// A value against constants; false when it is absent.
    Test(Box<Expr>, Matcher),
    /// Some element of a list against constants.
    AnyOf(Box<Expr>, Matcher),
    /// Two values that are not constant; false when one is absent.
    Compare(CompareOp, Box<Expr>, Box<Expr>),
    /// `is present`
    Present(Box<Expr>),
    /// The first that is present; the last may be optional, then so is this.
    OrElse(Vec<Expr>, Type),
    /// An optional value that a test before it proved present: the value without `?`. (Evaluated
    /// where it is nevertheless absent, it is the type's zero: that can't be observed.)
    Narrowed(Box<Expr>),
    /// Integer (saturating) or float arithmetic; both sides have the type of the result, except that
    /// `/` and `%` by anything but a literal other than 0 give an optional.
    Arith(crate::ast::ArithOp, Box<Expr>, Box<Expr>, Type),
    /// The value of the first arm whose condition holds, else the last. No `otherwise` is needed
    /// where the arms cover an experiment: then the last arm stands there.
    Choose(Vec<(Expr, Expr)>, Box<Expr>, Type),
    /// The arm of an experiment.
    Experiment(u32),
    /// `E is arm`, by index
    IsArm(Box<Expr>, u32),
}

/// A constant.
#[derive(Debug, Clone, PartialEq)]
pub enum Const {
    /// bool
    Bool(bool),
    /// int, duration, size, time, percent
    Int(i64, Base),
    /// float
    Float(f64),
    /// string
    Bytes(Vec<u8>),
    /// ip
    Ip([u8; 16]),
    /// Index of a target.
    Target(u32),
    /// Absent, of that type.
    Absent(Base),
}

/// A test of a value against constants.
#[derive(Debug, Clone, PartialEq)]
pub enum Matcher {
    /// A string, one of these.
    Equals(Vec<Vec<u8>>),
    /// A string that holds one of these.
    Contains(Vec<Vec<u8>>),
    /// A string that starts with one of these.
    StartsWith(Vec<Vec<u8>>),
    /// A string that ends with one of these.
    EndsWith(Vec<Vec<u8>>),
    /// A string in which this byte regex matches somewhere (syntax of the `regex` crate, `unicode(false)`).
    Matches(String),
    /// A value in the set of that index: strings, integers or an address in a network.
    In(u32),
    /// An integer in this range, both ends included.
    Range(i64, i64),
}

/// Comparisons of two values: integers, floats, strings (by bytes), addresses, booleans and arms
/// (equality only); `Contains`, `StartsWith`, `EndsWith` of strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CompareOp {
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `contains`
    Contains,
    /// `starts_with`
    StartsWith,
    /// `ends_with`
    EndsWith,
}

/// Built-in functions. Unless said, strings in, a string out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Builtin {
    /// ASCII lower case
    Lower,
    /// ASCII upper case
    Upper,
    /// Without ASCII white space around
    Trim,
    /// `len(s)`: int, bytes
    Len,
    /// `remove_prefix(s, p)`
    RemovePrefix,
    /// `remove_suffix(s, p)`
    RemoveSuffix,
    /// `replace(s, from, to)`; both are constants, `from` not empty
    Replace,
    /// `split_first(s, separator)`: what stands before it; all when it is not there
    SplitFirst,
    /// `%HH` decoded, `+` as a space
    UrlDecode,
    /// Character references decoded
    HtmlDecode,
    /// string?
    Base64Decode,
    /// `url_decode` and `%uHHHH`
    UrlDecodeUni,
    /// Escapes of script strings decoded
    JsDecode,
    /// Escapes of style sheets decoded
    CssDecode,
    /// What is not base 64 is left out
    Base64DecodeLenient,
    /// Without NUL bytes
    RemoveNulls,
    /// Rows of white space as one space
    CompressWhitespace,
    /// Comments as one space
    RemoveComments,
    /// A file's path without dot segments
    NormalisePath,
    /// A command without what shells ignore
    CmdLine,
    /// Characters beyond ASCII as `%uHHHH`
    Utf8ToUnicode,
    /// without padding
    Base64UrlEncode,
    /// lower case
    Hex,
    /// 32 bytes
    Sha256,
    /// `int(s)`: int?; `int(float)`: truncated, saturating
    IntParse,
    /// `int(float)`
    IntFromFloat,
    /// `float(s)`: float?
    FloatParse,
    /// `float(int)`
    FloatFromInt,
    /// `unix(time)`: int, seconds
    Unix,
    /// `http_date(time)`
    HttpDate,
    /// `json(s)`: string?, the value that the text is, as written; the text may be absent
    JsonText,
    /// A JSON value (string?) and a constant name: string?, the member's value as written
    JsonMember,
    /// A JSON value (string?) and a constant int, from 0 to 2^32 - 1: string?, that element as written
    JsonItem,
    /// `as string` of a JSON value (string?): string?
    JsonString,
    /// `as int`: int?
    JsonInt,
    /// `as float`: float?
    JsonFloat,
    /// `as bool`: bool?
    JsonBool,
    /// Escaped for HTML text and quoted attributes; put in by `respond html`.
    HtmlEscape,
    /// Counters as a JSON object.
    CountsJson,
    /// The pairs of a query string (string?) that a constant list lets through ([`edge_kernels::filter`]): string?
    QueryFilter,
    /// A query string (string?), its pairs sorted by name: string?
    QuerySort,
    /// The cookies of a header (string?) that a constant list lets through: string?
    CookieFilter,
    /// Percent-encoded as a component; for `query_encode`-like places.
    QueryEncode,
}

impl Expr {
    /// Calls `visit` with each expression directly below this one.
    pub fn children<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        match self {
            Expr::Const(_)
            | Expr::Fact(..)
            | Expr::Let(..)
            | Expr::FnParam(..)
            | Expr::Experiment(_) => {}
            Expr::CallFn(_, list, _)
            | Expr::Builtin(_, list)
            | Expr::Concat(list)
            | Expr::And(list)
            | Expr::Or(list)
            | Expr::OrElse(list, _) => list.iter().for_each(visit),
            Expr::ToText(e)
            | Expr::ToJson(e)
            | Expr::Not(e)
            | Expr::Test(e, _)
            | Expr::AnyOf(e, _)
            | Expr::Present(e)
            | Expr::Narrowed(e)
            | Expr::IsArm(e, _) => visit(e),
            Expr::Compare(_, a, b) | Expr::Arith(_, a, b, _) => {
                visit(a);
                visit(b);
            }
            Expr::Choose(arms, otherwise, _) => {
                for (condition, value) in arms {
                    visit(condition);
                    visit(value);
                }
                visit(otherwise);
            }
        }
    }
}

impl Builtin {
    /// Whether it is a part of `json(s).name[0] as T`.
    #[must_use]
    pub const fn reads_json(self) -> bool {
        matches!(
            self,
            Builtin::JsonText
                | Builtin::JsonMember
                | Builtin::JsonItem
                | Builtin::JsonString
                | Builtin::JsonInt
                | Builtin::JsonFloat
                | Builtin::JsonBool
        )
    }

    /// The type that it gives.
    #[must_use]
    pub const fn result(self) -> Type {
        match self {
            Builtin::Len | Builtin::IntFromFloat | Builtin::Unix => Type::of(Base::Int),
            Builtin::FloatFromInt => Type::of(Base::Float),
            Builtin::IntParse | Builtin::JsonInt => Type::optional(Base::Int),
            Builtin::FloatParse | Builtin::JsonFloat => Type::optional(Base::Float),
            Builtin::JsonBool => Type::optional(Base::Bool),
            Builtin::Base64Decode
            | Builtin::JsonText
            | Builtin::JsonMember
            | Builtin::JsonItem
            | Builtin::JsonString
            | Builtin::QueryFilter
            | Builtin::QuerySort
            | Builtin::CookieFilter => Type::optional(Base::String),
            _ => Type::of(Base::String),
        }
    }
}

/// The rule that the end of a block names: of its last terminal.
#[must_use]
pub fn rule_of_block(block: &[Stmt]) -> Option<RuleId> {
    block.iter().rev().find_map(|stmt| match &stmt.kind {
        StmtKind::Respond(respond) => Some(respond.rule),
        StmtKind::Redirect { rule, .. } => Some(*rule),
        StmtKind::Proxy(proxy) => Some(proxy.rule),
        StmtKind::If { arms, otherwise } => rule_of_block(otherwise)
            .or_else(|| arms.iter().find_map(|(_, block)| rule_of_block(block))),
        StmtKind::LetElse(_, block) => rule_of_block(block),
        _ => None,
    })
}

/// The rule of what happens where no origin has answered.
#[must_use]
pub fn rule_of_error(hir: &Hir) -> RuleId {
    let rules = hir.rules.iter().zip(0..);
    let mut own = rules.filter(|(rule, _)| rule.kind == RuleKind::OnError);
    own.next()
        .map(|(_, n)| RuleId(n))
        .or_else(|| rule_of_block(hir.on_error.as_deref()?))
        .unwrap_or(RuleId(0))
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for segment in &self.segments {
            match segment {
                Segment::Literal(bytes) => write!(f, "/{}", bytes.escape_ascii())?,
                Segment::Param => f.write_str("/:")?,
                Segment::Rest => f.write_str("/*")?,
            }
        }
        Ok(())
    }
}
