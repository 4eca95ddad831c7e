//! What a call of the policy gives, as owned values.

use crate::{
    ast::EditOp,
    hir::{Lane, OverLimit},
};
use edge_abi::output::{Op, hits::Kind};

/// What one call of the policy gives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Edits of the answer, queued in this call.
    pub edits: Vec<Edit>,
    /// Log lines: place and text.
    pub logs: Vec<(u32, Vec<u8>)>,
    /// Exposures: experiment and arm. The same one may come twice.
    pub exposures: Vec<(u32, u32)>,
    /// Rules that matched without deciding, and why they don't.
    pub hits: Vec<(Kind, u32)>,
    /// What is done to what the host remembers, in order.
    pub changes: Vec<State>,
    /// Whether a body is to be shown on its way: which, how much of it, and what of a longer one.
    pub scan: Option<(Lane, u32, OverLimit)>,
    /// How it ends.
    pub end: End,
}

/// How a call ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum End {
    /// Nothing has ended it: never the outcome of a whole call.
    #[default]
    Open,
    /// It waits for the request's body.
    WaitForBody,
    /// It waits for the answer of that number to this.
    Ask(u32, State),
    /// It answers.
    Respond {
        /// The deciding rule.
        rule: u32,
        /// Its status.
        status: u16,
        /// Its content type.
        content_type: Option<String>,
        /// Its body.
        body: Vec<u8>,
    },
    /// It asks an origin.
    Proxy(Proxy),
    /// It lets the body that is scanned go on.
    GoOn,
    /// It lets the response go on.
    Pass {
        /// The rule.
        rule: u32,
    },
    /// What a cache makes of an answer.
    Admit {
        /// It may be kept.
        stores: bool,
        /// How long it is fresh, in milliseconds.
        ttl: Option<u64>,
        /// Its tags.
        tags: Vec<Vec<u8>>,
    },
    /// Something can't be used.
    Fault {
        /// The rule.
        rule: u32,
        /// Why: [`Reason`]'s number.
        reason: u32,
    },
}

/// What is asked of what the host remembers, or done to it: see [`hir::State`](crate::hir::State).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    /// What.
    pub op: Op,
    /// To which limit, store or counter.
    pub id: u32,
    /// The key.
    pub key: Vec<u8>,
    /// The value; empty where there is none.
    pub value: Vec<u8>,
    /// The number; 0 where there is none.
    pub number: i64,
}

/// A request to an origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// The deciding rule.
    pub rule: u32,
    /// Index of the target.
    pub target: u32,
    /// The method, unless it is the client's.
    pub method: Option<String>,
    /// The path.
    pub path: Vec<u8>,
    /// The query string.
    pub query: Option<Vec<u8>>,
    /// `Host`, unless it is the origin's authority.
    pub host: Option<Vec<u8>>,
    /// Edits of the request.
    pub edits: Vec<Edit>,
    /// Index of its options.
    pub options: u32,
    /// Index of its cache.
    pub cache: Option<u32>,
    /// What it adds to the cache's key.
    pub key: Vec<u8>,
}

/// An edit of a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Which.
    pub op: EditOp,
    /// The header's name.
    pub name: String,
    /// The value in parts; a secret is its index.
    pub value: Vec<Result<Vec<u8>, u32>>,
}
