//! What the host remembers between requests, as written.

use super::{Block, Expr, Name, Path, Respond};
use crate::source::Span;

/// `limit N { … }`
#[derive(Debug, Clone)]
pub struct Limit {
    /// Its name.
    pub name: Name,
    /// Its settings, in source order.
    pub settings: Vec<LimitSetting>,
}

/// A setting of a limit.
#[derive(Debug, Clone)]
pub struct LimitSetting {
    /// All of it.
    pub span: Span,
    /// Which.
    pub kind: LimitSettingKind,
}

/// The settings of a limit.
#[derive(Debug, Clone)]
pub enum LimitSettingKind {
    /// `100 per 1m [by E, …]`
    Rate {
        /// How many.
        amount: Expr,
        /// In what time.
        per: Expr,
        /// For whom; nothing: for all together.
        by: Vec<Expr>,
    },
    /// `10 at_once [by E, …]`
    AtOnce {
        /// How many.
        amount: Expr,
        /// For whom.
        by: Vec<Expr>,
    },
    /// `burst N`
    Burst(Expr),
    /// `algorithm token_bucket|sliding_window`
    Algorithm(Name),
    /// `mode enforce|shadow`
    Mode(Name),
    /// `fail open|closed`
    Fail(Name),
    /// `respond …`
    Respond(Respond),
}

/// `store N { … }`, `counter N { … }`
#[derive(Debug, Clone)]
pub struct Keyed {
    /// Its name.
    pub name: Name,
    /// Its settings, in source order.
    pub settings: Vec<KeyedSetting>,
}

/// A setting of a store or counter.
#[derive(Debug, Clone)]
pub struct KeyedSetting {
    /// All of it.
    pub span: Span,
    /// Which.
    pub kind: KeyedSettingKind,
}

/// The settings of stores and counters.
#[derive(Debug, Clone)]
pub enum KeyedSettingKind {
    /// `ttl D`
    Ttl(Expr),
    /// `max_value SIZE`
    MaxValue(Expr),
    /// `expire D`
    Expire(Expr),
    /// `on_failure error|ignore`
    OnFailure(Name),
}

/// A statement about what is remembered.
#[derive(Debug, Clone)]
pub enum StateStmt {
    /// `limit N [cost E] [else { … }]`
    Limit {
        /// Which.
        limit: Path,
        /// How much it takes; 1 unless said.
        cost: Option<Expr>,
        /// Where it is used up.
        otherwise: Option<Block>,
    },
    /// `put S[k] = v [ttl D] [else { … }]`
    Put {
        /// Where.
        at: Expr,
        /// What.
        value: Expr,
        /// For how long.
        ttl: Option<Expr>,
        /// Where it failed.
        otherwise: Option<Block>,
    },
    /// `delete S[k] [else { … }]`
    Delete {
        /// What.
        at: Expr,
        /// Where it failed.
        otherwise: Option<Block>,
    },
    /// `purge tag E, …`, `purge path E`
    Purge {
        /// A path, rather than tags.
        path: bool,
        /// Which.
        what: Vec<Expr>,
    },
    /// `increment C[k] [by n]` as a statement.
    Increment(Increment),
}

/// `increment C[k] [by n]`
#[derive(Debug, Clone)]
pub struct Increment {
    /// Which.
    pub at: Box<Expr>,
    /// How much; 1 unless said.
    pub by: Option<Box<Expr>>,
}

/// `list C [prefix E] [at_most N]`
#[derive(Debug, Clone)]
pub struct ListRead {
    /// Which counters.
    pub counter: Path,
    /// How their keys begin.
    pub prefix: Option<Box<Expr>>,
    /// How many.
    pub at_most: Option<Box<Expr>>,
}
