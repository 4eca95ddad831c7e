//! The decision IR: a policy as a graph of decisions.
//!
//! Everything after `check` works on this: passes, emission, and the analyses to come. It is
//! about decisions, not about wasm; nothing in it knows a memory address.
//!
//! - A [`Value`] is a pure expression over facts. Values are interned: equal ones are one.
//! - An [`Atom`] is a predicate: a subject (a fact, or a chain of transforms over one) and a
//!   [`Matcher`] of constants. Two atoms on one subject can be compared, since their matchers can.
//! - A [`Node`] decides: `Test` an atom, `Switch` on a route table, `Act`, `Wait`, `Decide`. Nodes
//!   are interned and form a graph without cycles, whose joins share their tails: thirty
//!   `if c { set … }` in a row are thirty joins, not 2^30 paths. What a node refers to has a smaller
//!   index, so a walk over the arena is a walk in topological order and needs no recursion.
//! - A [`Step`] is a place where the guest is entered: the start, after a wait, at a response.
//!
//! Rules and places of nodes are kept beside the graph ([`Decision::rules_of`]), outside a node's
//! identity, so that sharing loses nothing.

pub mod arena;
mod build;
pub mod print;
pub mod verify;

pub use arena::{Arena, Handle};
pub use build::build;

use crate::hir::{self, Fact, Type};
use edge_abi::{
    input::Event,
    output::{Op, fault::Reason, hits::Kind},
};
use std::collections::{BTreeMap, BTreeSet};

/// A policy as a graph of decisions.
#[derive(Debug, Clone, Default)]
pub struct Decision {
    /// The values.
    pub values: Arena<Value>,
    /// The type of each value, by index.
    pub types: Vec<Type>,
    /// The atoms.
    pub atoms: Arena<Atom>,
    /// The nodes.
    pub nodes: Arena<Node>,
    /// Constant sets; the first are those of the policy.
    pub sets: Vec<hir::Elements>,
    /// Route tables: the patterns that each decides among, in order.
    pub tables: Vec<Table>,
    /// Functions, each after those that it calls.
    pub fns: Vec<Function>,
    /// Names of the arms of each experiment.
    pub arms: Vec<Vec<String>>,
    /// Where the guest is entered; 0 is the start.
    pub steps: Vec<Step>,
    /// Most bytes of each answer that is asked for, by its number.
    pub asks: Vec<u32>,
    /// The rules that a node belongs to.
    pub rules_of: BTreeMap<Handle<Node>, BTreeSet<hir::RuleId>>,
}

/// A function over its parameters.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Types of its parameters.
    pub params: Vec<Type>,
    /// What it gives.
    pub body: Handle<Value>,
}

/// Where the guest is entered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Step {
    /// What each event that it accepts does.
    pub on: Vec<(Event, Handle<Node>)>,
    /// The step of the pieces of a body that is asked for here, if any rule could deny because of them.
    pub scan: Option<u32>,
    /// The results that come with [`Event::Results`].
    pub results: Results,
}

/// What is answered where a step is entered after a wait.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Results {
    /// Nothing: it is not entered so.
    #[default]
    None,
    /// The request's body.
    Body,
    /// So many questions about what the host remembers.
    State(u16),
}

/// A route table: which of these patterns match a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The patterns.
    pub patterns: Vec<hir::Pattern>,
    /// The leaves: each the patterns that match together, in order. Leaf 0: none does.
    pub leaves: Vec<Vec<u32>>,
    /// The table's bytes, as `lookup::route` reads them.
    pub bytes: Vec<u8>,
}

/// A pure expression.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Value {
    /// A constant.
    Const(Const),
    /// A fact.
    Fact(Fact),
    /// How the wait before this step ended: an int.
    ResultStatus,
    /// Whether a body is longer than its scan's limit: a bool, only in the steps of scans.
    OverLimit,
    /// A parameter, by function and position.
    FnParam(u32, u32),
    /// A function's value.
    Call(u32, Vec<Handle<Value>>),
    /// A built-in function's value.
    Builtin(hir::Builtin, Vec<Handle<Value>>),
    /// Strings put together.
    Concat(Vec<Handle<Value>>),
    /// A value as text.
    Text(Handle<Value>),
    /// A value as JSON.
    Json(Handle<Value>),
    /// `not`
    Not(Handle<Value>),
    /// `and`, from left to right
    And(Vec<Handle<Value>>),
    /// `or`, from left to right
    Or(Vec<Handle<Value>>),
    /// An atom's truth.
    Atom(Handle<Atom>),
    /// Two values compared; false when one is absent.
    Compare(hir::CompareOp, Handle<Value>, Handle<Value>),
    /// The first that is present.
    OrElse(Vec<Handle<Value>>),
    /// An optional value that is present.
    Narrowed(Handle<Value>),
    /// Arithmetic.
    Arith(crate::ast::ArithOp, Handle<Value>, Handle<Value>),
    /// The value of the first condition that holds, else the last.
    Choose(Vec<(Handle<Value>, Handle<Value>)>, Handle<Value>),
    /// The arm of an experiment: the hash of the text, as a fraction of 2^64, against growing
    /// bounds; below the n-th bound: arm n + 1; above all: arm 0. First the experiment.
    Split(u32, Handle<Value>, Vec<u64>),
    /// A query string (optional) with all pairs of a name replaced by one: a string.
    QuerySet(Handle<Value>, Vec<u8>, Handle<Value>),
    /// A query string (optional) without the pairs of a name: optional.
    QueryRemove(Handle<Value>, Vec<u8>),
}

/// A constant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Const {
    /// bool
    Bool(bool),
    /// int, duration, size, time, percent
    Int(i64, hir::Base),
    /// The bits of a float.
    Float(u64),
    /// string
    Bytes(Vec<u8>),
    /// ip
    Ip([u8; 16]),
    /// Index of a target.
    Target(u32),
    /// An arm of an experiment: both indices.
    Arm(u32, u32),
    /// Absent, of that type.
    Absent(hir::Base),
}

/// A predicate over one subject; false when the subject is absent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Atom {
    /// What is tested.
    pub subject: Handle<Value>,
    /// Against what.
    pub matcher: Matcher,
}

/// What a subject is tested against.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Matcher {
    /// It is present.
    Present,
    /// It is true.
    True,
    /// A string, one of these.
    Equals(Vec<Vec<u8>>),
    /// A string that holds one of these.
    Contains(Vec<Vec<u8>>),
    /// A string that starts with one of these.
    StartsWith(Vec<Vec<u8>>),
    /// A string that ends with one of these.
    EndsWith(Vec<Vec<u8>>),
    /// A string in which this regex matches.
    Regex(String),
    /// In the set of that index.
    Set(u32),
    /// An integer from the first to the second, both included.
    Range(i64, i64),
    /// That arm.
    Arm(u32),
    /// A path of that pattern.
    Path(hir::Pattern),
    /// Text that may stand in an upstream path: no `?`, `#`, control.
    UpstreamValue,
    /// A whole upstream path: starts with `/`, no dot segments.
    UpstreamPath,
    /// Text without control characters, for `Location`.
    HeaderValue,
    /// Some element of the list satisfies this.
    Any(Box<Matcher>),
}

/// A node.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Node {
    /// One way or the other.
    Test {
        /// What is tested.
        atom: Handle<Atom>,
        /// If it holds.
        yes: Handle<Node>,
        /// If not.
        no: Handle<Node>,
    },
    /// One way for each leaf of a route table, by the request's path.
    Switch {
        /// The path.
        subject: Handle<Value>,
        /// The table.
        table: u32,
        /// By leaf.
        arms: Vec<Handle<Node>>,
    },
    /// An effect, then on.
    Act {
        /// What is done.
        effect: Effect,
        /// What follows.
        next: Handle<Node>,
    },
    /// The guest stops and is entered again at a step.
    Wait {
        /// What is asked for.
        request: Request,
        /// Where it goes on.
        step: u32,
    },
    /// The end.
    Decide(Terminal),
}

/// What a wait asks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Request {
    /// The request's body, up to that many bytes.
    Body(u32),
    /// What the host remembers, in order.
    State(Vec<Asked>),
}

/// Something that is asked of what the host remembers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Asked {
    /// The answer's number.
    pub ask: u32,
    /// Only if what was asked before it in the same wait succeeded.
    pub is_chained: bool,
    /// What.
    pub state: State,
}

/// What is done to what the host remembers: see [`hir::State`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    /// What.
    pub op: Op,
    /// To which limit, store or counter.
    pub id: u32,
    /// The key.
    pub key: Handle<Value>,
    /// The value.
    pub value: Option<Handle<Value>>,
    /// The number.
    pub number: Option<Handle<Value>>,
}

impl State {
    /// The values that it reads.
    pub fn values(&self) -> impl Iterator<Item = Handle<Value>> {
        std::iter::once(self.key)
            .chain(self.value)
            .chain(self.number)
    }
}

/// An effect that does not end the request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Effect {
    /// An edit of the answer's headers.
    Edit(Edit),
    /// A line for the log.
    Log {
        /// Its text.
        text: Handle<Value>,
        /// Where.
        place: hir::PlaceId,
    },
    /// An experiment's value was read.
    Exposure {
        /// Which.
        experiment: u32,
        /// Its arm.
        arm: Handle<Value>,
    },
    /// A body is to be shown, piece by piece, to the step that [`Step::scan`] names.
    Scan {
        /// Which.
        lane: hir::Lane,
        /// How much of it.
        limit: u32,
        /// What becomes of a longer one.
        over_limit: hir::OverLimit,
        /// The rule of the group that looks.
        rule: hir::RuleId,
    },
    /// What the host remembers is changed; nothing waits for it.
    State(State),
    /// Rules matched without deciding.
    Hits {
        /// Why they don't decide.
        kind: Kind,
        /// A text: the rules' indices, four bytes each.
        rules: Handle<Value>,
    },
}

/// An edit of a header.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Edit {
    /// Which.
    pub op: crate::ast::EditOp,
    /// The header's name.
    pub name: Vec<u8>,
    /// The value: one text, or text and secrets.
    pub value: Vec<Part>,
    /// Where.
    pub place: hir::PlaceId,
}

/// Part of a header's value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Part {
    /// Text.
    Text(Handle<Value>),
    /// Index of a secret.
    Secret(u32),
}

/// How a request ends, or a phase of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Terminal {
    /// Answer.
    Respond {
        /// The deciding rule.
        rule: hir::RuleId,
        /// Its status.
        status: u16,
        /// Its content type.
        content_type: Option<Vec<u8>>,
        /// Its body, in parts.
        body: Vec<Handle<Value>>,
        /// The phase that follows.
        then: Option<Then>,
    },
    /// Ask an origin.
    Proxy {
        /// All of it.
        proxy: Box<Proxy>,
        /// The phase that follows.
        then: Option<Then>,
    },
    /// Let the response go on.
    Pass {
        /// The rule.
        rule: hir::RuleId,
    },
    /// Let the body that is scanned go on.
    GoOn {
        /// Which.
        lane: hir::Lane,
    },
    /// What a cache makes of an answer.
    Admit {
        /// It may be kept.
        stores: bool,
        /// How long it is fresh, in milliseconds.
        ttl: Option<i64>,
        /// Its tags; an empty one is none.
        tags: Vec<Handle<Value>>,
    },
    /// Something can't be used.
    Fault {
        /// The rule.
        rule: hir::RuleId,
        /// Where.
        place: hir::PlaceId,
        /// Why.
        reason: FaultReason,
    },
}

/// Why: [`Reason`] with an identity for interning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultReason {
    /// [`Reason::RequestPath`]
    RequestPath,
    /// [`Reason::UpstreamPath`]
    UpstreamPath,
    /// [`Reason::Location`]
    Location,
}

impl From<FaultReason> for Reason {
    fn from(reason: FaultReason) -> Reason {
        match reason {
            FaultReason::RequestPath => Reason::RequestPath,
            FaultReason::UpstreamPath => Reason::UpstreamPath,
            FaultReason::Location => Reason::Location,
        }
    }
}

/// The phase after a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Then {
    /// The step at which the guest is entered.
    pub step: u32,
    /// For which events (a mask of [`Event::bit`]).
    pub events: u16,
}

/// A request to an origin.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Proxy {
    /// The deciding rule.
    pub rule: hir::RuleId,
    /// Where to.
    pub target: Handle<Value>,
    /// The method.
    pub method: Option<Vec<u8>>,
    /// The path.
    pub path: Handle<Value>,
    /// The query string (optional).
    pub query: Handle<Value>,
    /// `Host`.
    pub host: Option<Handle<Value>>,
    /// Edits of the request.
    pub edits: Vec<Edit>,
    /// Index of its options.
    pub options: u32,
    /// Index of its cache.
    pub cache: Option<u32>,
    /// What it adds to the cache's key.
    pub key: Option<Handle<Value>>,
}

impl Decision {
    /// The type of a value.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "`value` gives every value a type")]
    pub fn type_of(&self, value: Handle<Value>) -> Type {
        self.types[value.index()]
    }

    /// The handle of a value.
    pub fn value(&mut self, value: Value, ty: Type) -> Handle<Value> {
        let handle = self.values.intern(value);
        if handle.index() == self.types.len() {
            self.types.push(ty);
        }
        handle
    }

    /// The handle of a test: no node at all where both ways are the same.
    pub fn test(
        &mut self,
        atom: Handle<Atom>,
        yes: Handle<Node>,
        no: Handle<Node>,
    ) -> Handle<Node> {
        if yes == no {
            yes
        } else {
            self.nodes.intern(Node::Test { atom, yes, no })
        }
    }
}

impl Node {
    /// The nodes that may come next in this call.
    pub fn successors(&self) -> impl Iterator<Item = Handle<Node>> + '_ {
        let (pair, list): ([Option<Handle<Node>>; 2], &[Handle<Node>]) = match self {
            Node::Test { yes, no, .. } => ([Some(*yes), Some(*no)], &[]),
            Node::Switch { arms, .. } => ([None, None], arms),
            Node::Act { next, .. } => ([Some(*next), None], &[]),
            Node::Wait { .. } | Node::Decide(_) => ([None, None], &[]),
        };
        pair.into_iter().flatten().chain(list.iter().copied())
    }
}
