//! A policy as written: names unresolved, types unknown, every node with its span.
//!
//! What the language has but the compiler doesn't build yet is parsed and kept as
//! `Unbuilt`, with the words that name it, so that `check` can say so; it is never dropped.

mod cache;
pub mod print;
mod state;

use crate::source::{FileId, Span};
pub use cache::{Cache, CacheSetting, CacheSettingKind};
pub use state::{
    Increment, Keyed, KeyedSetting, KeyedSettingKind, Limit, LimitSetting, LimitSettingKind,
    ListRead, StateStmt,
};

/// A word of the user's, with its place.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Name {
    /// The word.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// One source file.
#[derive(Debug, Clone, Default)]
pub struct File {
    /// Which.
    pub id: FileId,
    /// Its declarations, in source order.
    pub items: Vec<Item>,
}

/// A declaration at the top of a file.
#[derive(Debug, Clone)]
pub struct Item {
    /// The text of the `##` comments before it.
    pub docs: Option<String>,
    /// All of it.
    pub span: Span,
    /// What it declares.
    pub kind: ItemKind,
}

/// The declarations.
#[derive(Debug, Clone)]
pub enum ItemKind {
    /// `use std.waf`, `use "./shared.edge" as s`
    Use(Use),
    /// `origin N { … }`
    Origin(Origin),
    /// `pool N { … }`
    Pool(Pool),
    /// `experiment N { … }`
    Experiment(Experiment),
    /// `waf N { … }`
    Waf(Waf),
    /// `secret N`
    Secret(Name),
    /// `param N: type = E`
    Param {
        /// Its name.
        name: Name,
        /// Its type.
        ty: Name,
        /// What it is when the host says nothing.
        default: Option<Expr>,
    },
    /// `set N = [ … ]` or `set N = load "f"`
    Set {
        /// Its name.
        name: Name,
        /// The elements.
        value: Elements,
    },
    /// `const N = E` or `const N = load "f"`
    Const {
        /// Its name.
        name: Name,
        /// What it stands for.
        value: ConstValue,
    },
    /// `fn f(a: string) = E`
    Fn(Fn),
    /// `route …`
    Route(Route),
    /// `on request { … }`
    OnRequest(Block),
    /// `on response [when C] { … }`
    OnResponse(Handler),
    /// `on error { … }`
    OnError(Block),
    /// `default { … }`
    Default(Block),
    /// `test "…" { … }`
    Test(Test),
    /// `limit N { … }`
    Limit(Limit),
    /// `store N { … }`
    Store(Keyed),
    /// `counter N { … }`
    Counter(Keyed),
    /// `cache N { … }`
    Cache(Cache),
    /// A declaration of the language that is not built yet: `auth`, `map`, `site`, `log`.
    Unbuilt {
        /// The declaration's word, as it is called in the docs.
        what: &'static str,
        /// Its name, if it has one.
        name: Option<Name>,
    },
}

/// `use`.
#[derive(Debug, Clone)]
pub struct Use {
    /// `std.waf` or a path.
    pub target: UseTarget,
    /// `as N`.
    pub alias: Option<Name>,
}

/// What `use` names.
#[derive(Debug, Clone)]
pub enum UseTarget {
    /// `std.NAME`: part of the standard library. The name after `std.`.
    Std(Name),
    /// A path in quotes.
    Path(Text),
}

/// A plain string: no interpolation allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The bytes it stands for, escapes done.
    pub value: String,
    /// With its quotes.
    pub span: Span,
}

/// `origin`.
#[derive(Debug, Clone)]
pub struct Origin {
    /// Its name.
    pub name: Name,
    /// Its settings in source order; a repeated one is a problem that `check` reports.
    pub settings: Vec<OriginSetting>,
}

/// A setting of an origin.
#[derive(Debug, Clone)]
pub enum OriginSetting {
    /// `url "…"`
    Url(Text),
    /// `connect D`
    Connect(Expr),
    /// `timeout D`
    Timeout(Expr),
    /// `idle D`
    Idle(Expr),
    /// `host "…"`
    Host(Text),
    /// `region "…"`: a label for `nearest`.
    Region(Text),
    /// `protocol h1|h2|auto`
    Protocol(Name),
    /// `health …`, `tls { … }`: not built yet.
    Unbuilt {
        /// The word.
        what: &'static str,
        /// All of it.
        span: Span,
    },
}

/// `pool`.
#[derive(Debug, Clone)]
pub struct Pool {
    /// Its name.
    pub name: Name,
    /// How it chooses: the first such setting; more than one is a problem.
    pub choices: Vec<PoolChoice>,
    /// `sticky`, `health`, `eject`: not built yet.
    pub unbuilt: Vec<(&'static str, Span)>,
}

/// How a pool chooses.
#[derive(Debug, Clone)]
pub enum PoolChoice {
    /// `failover A, B`
    Failover(Vec<Name>, Span),
    /// `weighted A 90%, B 10%`, `weighted A rest, B ramp`
    Weighted(Vec<(Name, Weight)>, Span),
    /// `nearest`, `hash … by`, `round_robin`: not built yet.
    Unbuilt(&'static str, Span),
}

/// The share of a member.
#[derive(Debug, Clone)]
pub enum Weight {
    /// `90%` or the name of a percent param.
    Share(Expr),
    /// `rest`
    Rest(Span),
}

/// `experiment`.
#[derive(Debug, Clone)]
pub struct Experiment {
    /// Its name.
    pub name: Name,
    /// `unit E`
    pub unit: Option<Expr>,
    /// `split a P%, b P%`
    pub split: Vec<(Name, Expr)>,
    /// `when C`
    pub when: Option<Expr>,
    /// `force E`
    pub force: Option<Expr>,
    /// `salt "…"`
    pub salt: Option<Text>,
    /// `sticky cookie …`: not built yet. Settings given twice stand here too, as `("unit twice", span)`.
    pub unbuilt: Vec<(&'static str, Span)>,
}

/// `waf`.
#[derive(Debug, Clone)]
pub struct Waf {
    /// Its name.
    pub name: Name,
    /// Includes and rules, in order.
    pub entries: Vec<WafEntry>,
}

/// Part of a WAF group.
#[derive(Debug, Clone)]
pub enum WafEntry {
    /// `include waf.traversal, waf.xss`: dotted names.
    Include(Vec<Path>),
    /// `rule N { when C … }`
    Rule(WafRule),
    /// `respond …`: the group's answer to what it denies.
    Respond(Respond),
    /// `exclude RULE [when C]`
    Exclude {
        /// The rule, as the group or the log names it.
        rule: Path,
        /// When it does not act; always, without.
        when: Option<Expr>,
    },
    /// `threshold N`
    Threshold(Expr),
    /// `mode enforce`, `mode shadow`
    Mode(Name),
    /// `inspect T, …`
    Inspect(Vec<InspectTarget>),
}

/// What the rules of a group look at where they say `inspected`.
#[derive(Debug, Clone)]
pub struct InspectTarget {
    /// Which.
    pub kind: InspectKind,
    /// Where.
    pub span: Span,
}

/// The targets of `inspect`.
#[derive(Debug, Clone)]
pub enum InspectKind {
    /// `path`, `query` …
    Named(Name),
    /// `header "N"`
    Header(Text),
    /// `body [SIZE] [over_limit W]`
    Body {
        /// How much of it.
        limit: Option<Expr>,
        /// What becomes of a longer one.
        over_limit: Option<Name>,
    },
}

/// `rule`.
#[derive(Debug, Clone)]
pub struct WafRule {
    /// The text of the `##` comments before it.
    pub docs: Option<String>,
    /// Its name.
    pub name: Name,
    /// `when C`; missing is a problem.
    pub when: Option<Expr>,
    /// `severity W`: for reports and the log.
    pub severity: Option<Name>,
    /// `tags "a", "b"`: kept for reports.
    pub tags: Vec<Text>,
    /// `score N`
    pub score: Option<Expr>,
    /// Settings that are given twice.
    pub unbuilt: Vec<(&'static str, Span)>,
}

/// A dotted name: `waf.traversal`, `shared.allowed`.
#[derive(Debug, Clone)]
pub struct Path {
    /// Its words.
    pub parts: Vec<Name>,
    /// All of it.
    pub span: Span,
}

/// The elements of a `set`.
#[derive(Debug, Clone)]
pub enum Elements {
    /// In brackets.
    List(Vec<Expr>, Span),
    /// `load "f"`: one a line; `#` starts a comment, blank lines don't count.
    Load(Text),
}

/// What a `const` stands for.
#[derive(Debug, Clone)]
pub enum ConstValue {
    /// An expression of constants.
    Expr(Expr),
    /// `load "f"`: the bytes of a file.
    Load(Text),
}

/// `fn`.
#[derive(Debug, Clone)]
pub struct Fn {
    /// Its name.
    pub name: Name,
    /// Parameters with their types (`string`, `string?`, `int` …).
    pub params: Vec<(Name, TypeName)>,
    /// The expression that it stands for.
    pub body: Expr,
}

/// A type as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeName {
    /// The word.
    pub name: Name,
    /// With `?`.
    pub optional: bool,
}

/// `route [name] [METHOD, …] ["pattern"] [when C] { … }`
#[derive(Debug, Clone)]
pub struct Route {
    /// Its name, if it has one.
    pub name: Option<Name>,
    /// Its methods; none means all.
    pub methods: Vec<Name>,
    /// Its pattern: `/a/:p/*rest`.
    pub pattern: Option<Text>,
    /// `when C`
    pub when: Option<Expr>,
    /// What it does.
    pub body: Block,
    /// From `route` to before the brace.
    pub head: Span,
}

/// Statements in braces.
#[derive(Debug, Clone)]
pub struct Block {
    /// In order.
    pub statements: Vec<Stmt>,
    /// With the braces.
    pub span: Span,
}

/// `on response [when C] { … }`
#[derive(Debug, Clone)]
pub struct Handler {
    /// `when C`
    pub when: Option<Expr>,
    /// What it does.
    pub body: Block,
}

/// A statement.
#[derive(Debug, Clone)]
pub struct Stmt {
    /// All of it.
    pub span: Span,
    /// Which.
    pub kind: StmtKind,
}

/// The statements.
#[derive(Debug, Clone)]
pub enum StmtKind {
    /// `let x = E`, `let x = E else { … }`
    Let {
        /// Its name.
        name: Name,
        /// What it stands for.
        value: Expr,
        /// What happens when the value is absent.
        otherwise: Option<Block>,
    },
    /// `if C { } else if C { } else { }`: the arms in order, then the last `else`.
    If {
        /// Condition and block of each arm.
        arms: Vec<(Expr, Block)>,
        /// The last `else`.
        otherwise: Option<Block>,
    },
    /// `require C else { … }`
    Require {
        /// What must hold.
        condition: Expr,
        /// What happens when it doesn't.
        otherwise: Block,
    },
    /// `waf N`
    Waf(Path),
    /// `set`/`add`/`remove response.header "N" [= E]`
    Header(HeaderEdit),
    /// `log E`
    Log(Expr),
    /// `respond …`
    Respond(Respond),
    /// `redirect [STATUS] E`
    Redirect {
        /// The status.
        status: Option<Expr>,
        /// Where to.
        to: Expr,
    },
    /// `proxy TARGET { … }`
    Proxy(Proxy),
    /// `on response [when C] { … }` in a route.
    OnResponse(Handler),
    /// `limit`, `put`, `delete`, `purge`, `increment`
    State(StateStmt),
    /// A statement that is not built yet, by the words that name it: `auth`, `count`, `set response.cookie`, `gather`, `mirror`, `replace`, `insert`, `if let`.
    Unbuilt(&'static str),
}

/// `set`, `add`, `remove` of a header.
#[derive(Debug, Clone)]
pub struct HeaderEdit {
    /// Which.
    pub op: EditOp,
    /// The header's name.
    pub name: Text,
    /// The value; none for `remove`.
    pub value: Option<Expr>,
}

/// What an edit does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EditOp {
    /// Replace all.
    Set,
    /// One more.
    Add,
    /// Take all away.
    Remove,
}

/// `respond [STATUS] [FORMAT E]`
#[derive(Debug, Clone)]
pub struct Respond {
    /// The status.
    pub status: Option<Expr>,
    /// Format and body.
    pub body: Option<(Format, Expr)>,
    /// All of it.
    pub span: Span,
}

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// `text/plain; charset=utf-8`
    Text,
    /// `text/html; charset=utf-8`; interpolations are escaped.
    Html,
    /// `application/json`
    Json,
    /// `application/octet-stream`
    Bytes,
}

/// `proxy TARGET { … }`
#[derive(Debug, Clone)]
pub struct Proxy {
    /// Where to: a name, or `choose` of names.
    pub target: Expr,
    /// Settings in order.
    pub settings: Vec<ProxySetting>,
}

/// A setting of a `proxy`.
#[derive(Debug, Clone)]
pub struct ProxySetting {
    /// All of it.
    pub span: Span,
    /// Which.
    pub kind: ProxySettingKind,
}

/// The settings of a `proxy`.
#[derive(Debug, Clone)]
pub enum ProxySettingKind {
    /// `path E`
    Path(Expr),
    /// `query "k" = E`
    Query(Text, Expr),
    /// `remove query "k*"`
    RemoveQuery(Text),
    /// `method M`
    Method(Name),
    /// `host E`
    Host(Expr),
    /// `set`/`add`/`remove header "N" [= E]`
    Header(HeaderEdit),
    /// `timeout D`
    Timeout(Expr),
    /// `retry N on connect, timeout, 502`
    Retry(Expr, Vec<Name>),
    /// `fallback TARGET on connect, 5xx`
    Fallback(Path, Vec<Name>),
    /// `cache N`
    Cache(Path),
    /// `cache 5m`: a cache has a name.
    CacheFor(Expr),
    /// `keep cookie "n*", …`
    KeepCookie(Vec<Text>),
    /// `remove cookie "n*", …`
    RemoveCookie(Vec<Text>),
    /// `unkeyed header "N", …`
    Unkeyed(Vec<Text>),
}

/// `test "…" { … }`
#[derive(Debug, Clone)]
pub struct Test {
    /// What it shows.
    pub name: Text,
    /// Steps in order.
    pub steps: Vec<TestStep>,
}

/// A step of a test.
#[derive(Debug, Clone)]
pub struct TestStep {
    /// All of it.
    pub span: Span,
    /// Which.
    pub kind: TestStepKind,
}

/// The steps of a test.
#[derive(Debug, Clone)]
pub enum TestStepKind {
    /// `given client.ip "…"`, `given geo.country "DE"`, `given secret N "…"`, `given param N E`:
    /// the dotted path (`secret N` as `["secret", "N"]`), then the value.
    Given(Path, Expr),
    /// `given origin N responds [STATUS] ["body"] [{ header "N" = E  body E  delay D }]`
    Responds {
        /// The origin.
        origin: Name,
        /// The status (200 unless said).
        status: Option<Expr>,
        /// The body.
        body: Option<Expr>,
        /// The block.
        settings: Vec<RespondsSetting>,
    },
    /// `given origin N fails connect|timeout|reset`
    Fails {
        /// The origin.
        origin: Name,
        /// How.
        how: Name,
    },
    /// `get "/path" { header "N" = E  cookie "n" = E  body E  client.ip E }`
    Request {
        /// The method's word, as written.
        method: Name,
        /// Path and query.
        target: Text,
        /// The block.
        settings: Vec<RequestSetting>,
    },
    /// `expect P, P, …`
    Expect(Vec<Expectation>),
    /// `after D`
    After(Expr),
    /// `repeat N { … }`
    Repeat(Expr, Vec<TestStep>),
    /// `given store N[k] = v`, `given counter N[k] = 3`: where, and what.
    GivenState {
        /// A counter, rather than a store.
        counter: bool,
        /// Where.
        at: Expr,
        /// What.
        value: Expr,
    },
    /// `given limit N fails`, `given store N works`
    Failing {
        /// `limit`, `store` or `counter`.
        kind: Name,
        /// Which.
        name: Path,
        /// Whether it fails.
        fails: bool,
    },
}

/// What an origin's answer in a test holds.
#[derive(Debug, Clone)]
pub enum RespondsSetting {
    /// `header "N" = E`
    Header(Text, Expr),
    /// `body E`
    Body(Expr),
    /// `delay D`
    Delay(Expr),
}

/// What a request in a test holds.
#[derive(Debug, Clone)]
pub enum RequestSetting {
    /// `header "N" = E`
    Header(Text, Expr),
    /// `cookie "n" = E`
    Cookie(Text, Expr),
    /// `body E`
    Body(Expr),
    /// `client.ip E`, `geo.country E`: a fact for this request.
    Fact(Path, Expr),
}

/// What a test expects.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// All of it.
    pub span: Span,
    /// Which.
    pub kind: ExpectationKind,
}

/// The expectations.
#[derive(Debug, Clone)]
pub enum ExpectationKind {
    /// `status N`
    Status(Expr),
    /// `header "N" PREDICATE`
    Header(Text, Predicate),
    /// `body PREDICATE`
    Body(Predicate),
    /// `because RULE`: a dotted name or, where it holds spaces, text.
    Because(Text),
    /// `shadow waf.shield.no_dotfiles`, `scored is absent`
    Hits {
        /// Rules with a score, rather than those in shadow mode.
        scored: bool,
        /// Which.
        rule: Hit,
    },
    /// `origin N received PART …`, the parts separated by `and`:
    /// `method M`, `path PREDICATE`, `query PREDICATE`, `header "N" PREDICATE`, `body PREDICATE`; or none.
    Received(Name, Vec<Received>),
    /// `origin N not called`
    NotCalled(Name),
    /// `store N[k] PREDICATE`, `counter N[k] PREDICATE`
    State {
        /// A counter, rather than a store.
        counter: bool,
        /// Where.
        at: Expr,
        /// What is there.
        predicate: Predicate,
    },
    /// `purged tag PREDICATE`, `purged path PREDICATE`
    Purged {
        /// Paths, rather than tags.
        path: bool,
        /// One of them.
        predicate: Predicate,
    },
    /// `cache hit`; none: `cache is absent`, no cache was asked.
    Cache(Option<Name>),
}

/// Which rule matched without deciding.
#[derive(Debug, Clone)]
pub enum Hit {
    /// That one, among others.
    Rule(Text),
    /// Some: `is present`.
    Some,
    /// None: `is absent`.
    None,
}

/// A part of what an origin received.
#[derive(Debug, Clone)]
pub enum Received {
    /// `method M`
    Method(Name),
    /// `path PREDICATE`
    Path(Predicate),
    /// `query PREDICATE`
    Query(Predicate),
    /// `header "N" PREDICATE`
    Header(Text, Predicate),
    /// `body PREDICATE`
    Body(Predicate),
}

/// What is expected of a value: `== E` (the sign may be left out), `contains E`, `starts_with E`,
/// `ends_with E`, `matches r"…"`, `is absent`, `is present`.
#[derive(Debug, Clone)]
pub enum Predicate {
    /// A comparison with a value.
    Compare(CompareOp, Expr),
    /// `is present`
    Present,
    /// `is absent`
    Absent,
}

/// An expression.
#[derive(Debug, Clone)]
pub struct Expr {
    /// All of it.
    pub span: Span,
    /// Which.
    pub kind: ExprKind,
}

/// The expressions.
#[derive(Debug, Clone)]
pub enum ExprKind {
    /// `true`, `false`
    Bool(bool),
    /// `null`
    Null,
    /// `42`
    Int(i64),
    /// `1.5`
    Float(f64),
    /// `1h30m`, in milliseconds
    Duration(i64),
    /// `64KiB`, in bytes
    Size(i64),
    /// `12.5%`, in millionths of the whole
    Percent(i64),
    /// `t"2026-12-01T00:00:00Z"`, as written
    Time(String),
    /// `"…{E}…"` and `"""…"""`
    Str(Vec<StrPart>),
    /// `r"…"`, `r#"…"#`
    Raw(String),
    /// A name.
    Name(String),
    /// `E.name`
    Field(Box<Expr>, Name),
    /// `E[E]`
    Index(Box<Expr>, Box<Expr>),
    /// `f(E, …)`
    Call(Path, Vec<Expr>),
    /// `E as T`
    As(Box<Expr>, TypeName),
    /// `-E`
    Neg(Box<Expr>),
    /// `not E`
    Not(Box<Expr>),
    /// `E and E and …`, at least two
    And(Vec<Expr>),
    /// `E or E or …`, at least two
    Or(Vec<Expr>),
    /// `E + E` …
    Arith(ArithOp, Box<Expr>, Box<Expr>),
    /// `[any] E OP [any] E`
    Compare(Compare),
    /// `E is present` (true), `E is absent` (false)
    IsPresent(Box<Expr>, bool),
    /// `E is arm`
    IsArm(Box<Expr>, Name),
    /// `E else E else …`, at least two
    Else(Vec<Expr>),
    /// `choose …`
    Choose(Choose),
    /// `[E, …]`
    List(Vec<Expr>),
    /// `{ key: E, … }`
    Object(Vec<(Name, Expr)>),
    /// `increment C[k] [by n]`
    Increment(Increment),
    /// `list C [prefix E] [at_most N]`
    ListCounter(ListRead),
    /// Part of the language that is not built yet: `fetch …`.
    Unbuilt(&'static str),
}

/// Part of a string.
#[derive(Debug, Clone)]
pub enum StrPart {
    /// Bytes as they are, escapes done.
    Text(String),
    /// `{E}`
    Expr(Expr),
}

/// `+ - * / %`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ArithOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`
    Rem,
}

/// A comparison.
#[derive(Debug, Clone)]
pub struct Compare {
    /// Which.
    pub op: CompareOp,
    /// Where the operator stands.
    pub op_span: Span,
    /// `any` before the left side: some element of a list.
    pub any_left: bool,
    /// The left side.
    pub left: Box<Expr>,
    /// `any` before the right side: some of these.
    pub any_right: bool,
    /// The right side.
    pub right: Box<Expr>,
}

/// The comparisons.
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
    /// `in`
    In,
    /// `matches`
    Matches,
    /// `contains`
    Contains,
    /// `starts_with`
    StartsWith,
    /// `ends_with`
    EndsWith,
}

/// `choose { C => E, … }` or `choose E { "a", "b" => E, … }`
#[derive(Debug, Clone)]
pub struct Choose {
    /// The subject of the second form.
    pub subject: Option<Box<Expr>>,
    /// Conditions (one each) or values, and what they give.
    pub arms: Vec<(Vec<Expr>, Expr)>,
    /// `otherwise => E`
    pub otherwise: Option<Box<Expr>>,
}
