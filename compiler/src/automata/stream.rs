//! Scans of bodies: the plan that the kernel `stream_scan` works by, see `edge_kernels::stream`.
//!
//! Every text of a body goes through chains of transforms, each with patterns that are sought in what
//! it makes. Chains that begin with the same steps share them. The patterns of a chain are read together, in
//! as few passes as do not blow up; a pattern whose deterministic automaton is too large has a
//! nondeterministic one.

mod encode;
mod reader;
#[cfg(test)]
mod tests;

use super::automaton::Automaton;
use super::dfa::{Budget, DfaError};
use super::pattern::Pattern;
use super::scan::Scan;
use edge_kernels::stream::{self, kind};
use encode::Tree;
use reader::{OF_SCAN, Reader};

/// Patterns, and what is done to a text before they are sought in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chain {
    /// What is done, in order: at most [`MOST_STEPS`].
    pub steps: Vec<Step>,
    /// What is sought.
    pub patterns: Vec<Pattern>,
}

/// A transform of texts that needs no more than a bounded part of one at once. Each does what the function
/// of its name does to the whole text.
///
/// Deliberately absent: `base64_decode` is absent for a text with one wrong byte, wherever that is;
/// `normalise_path` may take back anything that it has made, and `trim` all blanks.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[expect(missing_docs, reason = "they are the functions of their names")]
pub enum Step {
    Lower,
    Upper,
    UrlDecode,
    UrlDecodeUni,
    HtmlDecode,
    JsDecode,
    CssDecode,
    Base64DecodeLenient,
    RemoveNulls,
    CompressWhitespace,
    RemoveComments,
    CmdLine,
    Utf8ToUnicode,
    /// Every text of the first, not empty, as the second.
    Replace(Vec<u8>, Vec<u8>),
}

/// What the kernel reads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// A constant of the module, 4-aligned.
    pub bytes: Vec<u8>,
    /// Bytes of the state that a scan keeps between two pieces; zeros at the beginning. The bits come first.
    pub state_len: u32,
    /// The bit of each chain's first pattern; the others of the chain follow, in order.
    pub first_bits: Vec<u32>,
    /// How many bits there are.
    pub bits: u32,
    /// Instructions that the kernel takes at most for each byte of a piece, with [`CALL`] bytes more for a call.
    pub work: u64,
}

/// Bytes that a call without any takes as long as.
pub const CALL: u64 = 64;

/// Why there is no plan.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PlanError {
    /// A chain is too long.
    #[error("a body's text is transformed in {steps} steps, more than the {MOST_STEPS} allowed")]
    TooManySteps {
        /// Its steps.
        steps: usize,
    },
    /// A pattern has no automaton.
    #[error("{error}")]
    Automaton {
        /// The index of its chain.
        chain: usize,
        /// Its index in the chain.
        pattern: usize,
        /// Why.
        error: DfaError,
    },
}

/// The most steps of a chain.
pub const MOST_STEPS: usize = stream::MOST_STEPS as usize;
/// The most patterns that are read together.
const MOST_TOGETHER: usize = 8 * stream::BINS;
/// The largest table of patterns that are read together.
const LARGEST: usize = 64 << 10;
/// It may be so many times as large as the tables of the patterns by themselves: a pass less is worth much.
const GROWTH: usize = 2;

/// A pattern that has no automaton, by its index, and why.
type Unreadable = (usize, DfaError);

/// The plan for some chains.
///
/// # Errors
/// When a chain has too many steps, or an automaton is too large.
pub fn plan(chains: &[Chain]) -> Result<Plan, PlanError> {
    let mut tree = Tree::default();
    let (mut first_bits, mut bits) = (Vec::new(), 0usize);
    for (number, chain) in chains.iter().enumerate() {
        if chain.steps.len() > MOST_STEPS {
            let steps = chain.steps.len();
            return Err(PlanError::TooManySteps { steps });
        }
        let node = tree.node(&chain.steps);
        let error = |(pattern, error)| PlanError::Automaton {
            chain: number,
            pattern,
            error,
        };
        tree.read(node, bits, readers(&chain.patterns).map_err(error)?);
        first_bits.push(u32::try_from(bits).unwrap_or(u32::MAX));
        bits += chain.patterns.len();
    }
    let (bytes, state_len) = tree.encode(bits);
    Ok(Plan {
        bytes,
        state_len,
        first_bits,
        bits: u32::try_from(bits).unwrap_or(u32::MAX),
        work: tree.work(),
    })
}

/// Tables that together read some patterns, which they know by their index.
fn readers(patterns: &[Pattern]) -> Result<Vec<Reader>, Unreadable> {
    let mut alone = Vec::new();
    for (index, pattern) in patterns.iter().enumerate() {
        let automaton = Automaton::build(pattern).map_err(|error| (index, error))?;
        alone.push(Reader::of(&automaton, pattern, index));
    }
    // Small ones go well together, and those with literals wait for them.
    alone.sort_by_key(|reader| (reader.literals.is_none(), reader.kind, reader.table.len()));
    let mut readers = Vec::new();
    for run in alone.chunk_by(|left, right| left.joins() == right.joins()) {
        let most = if run.first().is_some_and(|first| first.kind == kind::DFA) {
            MOST_TOGETHER
        } else {
            1
        };
        for run in run.chunks(most) {
            halve(patterns, run, &mut readers);
        }
    }
    Ok(readers)
}

/// Reads some patterns together, or each half of them.
fn halve(patterns: &[Pattern], run: &[Reader], readers: &mut Vec<Reader>) {
    // A stack, its next part on top: no recursion.
    let mut waiting = vec![run];
    while let Some(run) = waiting.pop() {
        if let [reader] = run {
            readers.push(reader.clone());
        } else if let Some(reader) = together(patterns, run) {
            readers.push(reader);
        } else {
            let (left, right) = run.split_at(run.len() / 2);
            waiting.extend([right, left]);
        }
    }
}

/// One table for some patterns, unless it is much larger than their own.
fn together(patterns: &[Pattern], own: &[Reader]) -> Option<Reader> {
    let apart: usize = own.iter().map(|reader| reader.table.len()).sum();
    let table = LARGEST.min(GROWTH * apart);
    let budget = Budget {
        table,
        work: 8 * table,
        ..Budget::default()
    };
    let bits: Vec<usize> = own.iter().flat_map(|reader| reader.bits.clone()).collect();
    let list: Option<Vec<Pattern>> = bits.iter().map(|bit| patterns.get(*bit).cloned()).collect();
    let scan = Scan::build(&list?, budget).ok()?;
    let literals = own.iter().map(|reader| reader.literals.clone());
    let literals: Option<Vec<_>> = literals.collect();
    Some(Reader {
        kind: kind::SCAN,
        table: scan.table(),
        bits,
        shortest: own.iter().map(|reader| reader.shortest).min()?,
        literals: literals.map(|all| all.concat()),
        work: OF_SCAN,
    })
}
