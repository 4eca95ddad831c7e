//! What the host remembers between requests.

use super::Expr;
use edge_abi::output::Op;

/// Something that is asked of what the host remembers, or done to it: see
/// [`state`](edge_abi::output::state), which says what each field is for which [`Op`].
#[derive(Debug, Clone)]
pub struct State {
    /// `Limit`, `StoreGet`, `CounterGet`, `CounterAdd`, `CounterList`, `Put`, `Delete` or `Purge`.
    pub op: Op,
    /// Index of the limit, store or counter; what kind of thing is purged.
    pub id: u32,
    /// The key: a string.
    pub key: Expr,
    /// The value: a string.
    pub value: Option<Expr>,
    /// The number: an integer.
    pub number: Option<Expr>,
}

/// Something that is asked: what follows waits for the answer, which is the fact `answer`.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Its number, by which the answer is known.
    pub ask: u32,
    /// What.
    pub state: State,
}

impl State {
    /// The expressions that it reads.
    pub fn parts(&self) -> impl Iterator<Item = &Expr> {
        std::iter::once(&self.key)
            .chain(&self.value)
            .chain(&self.number)
    }
}
