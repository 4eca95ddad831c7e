//! Route tables: all patterns that a path matches, by one walk over its segments.
//!
//! The patterns make a trie over segments ([`trie`]); sets of its nodes are the states
//! of an automaton ([`subset`]), which [`encode`] lays out with a hash table of literal
//! edges ([`edges`]). A lookup costs about the same for ten routes and for ten thousand.

mod edges;
mod encode;
mod subset;
mod trie;

/// A path pattern: what each segment must be. A path starts with a slash and has a
/// segment after each slash, so `/` has one empty segment and `/a/` has two.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct PathPattern {
    /// The segments, in order.
    pub segments: Vec<Segment>,
}

/// What a segment of a path must be.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Segment {
    /// These bytes. Empty after a trailing slash.
    Literal(Vec<u8>),
    /// One segment that is not empty.
    Param,
    /// Whatever follows the slash, possibly nothing. Stands last.
    Rest,
}

/// A route table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RouteTable {
    bytes: Vec<u8>,
    leaves: Vec<Vec<u32>>,
    stats: Stats,
}

/// The sizes of a route table.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stats {
    /// States that a walk can go on from.
    pub states: usize,
    /// Literal edges.
    pub edges: usize,
    /// The most slots that any search for an edge reads.
    pub max_probe: usize,
}

/// Why some patterns have no table.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RouteError {
    /// A `Rest` stands before another segment.
    #[error("pattern {pattern} has a rest that is not its last segment")]
    RestNotLast {
        /// Which pattern.
        pattern: usize,
    },
    /// A literal segment holds a slash.
    #[error("pattern {pattern} has a slash within a segment")]
    SlashInSegment {
        /// Which pattern.
        pattern: usize,
    },
    /// The patterns overlap so much that their automaton has too many states, edges or
    /// leaves. Fewer patterns in one table need fewer.
    #[error("the routes overlap in too many ways for one table of {limit} entries")]
    TooManyStates {
        /// How many of the kind that overflowed there may be.
        limit: usize,
    },
}

impl RouteTable {
    /// The table of `patterns`, which are known by their index.
    pub fn build(patterns: &[PathPattern]) -> Result<RouteTable, RouteError> {
        check(patterns)?;
        let trie = trie::Trie::new(patterns);
        let automaton = subset::Automaton::new(&trie, subset::Budget::of(patterns))?;
        let (bytes, stats) = encode::encode(&automaton)?;
        Ok(RouteTable {
            bytes,
            leaves: automaton.leaves,
            stats,
        })
    }

    /// The table that `edge_lookup::route` reads.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// For each leaf, the patterns that match, ascending. Leaf 0 has none.
    pub fn leaves(&self) -> &[Vec<u32>] {
        &self.leaves
    }

    /// The table's sizes.
    pub fn stats(&self) -> Stats {
        self.stats
    }
}

/// The patterns that match `path`, ascending: the plain meaning of a table.
pub fn matches(patterns: &[PathPattern], path: &[u8]) -> Vec<u32> {
    (0..)
        .zip(patterns)
        .filter(|(_, pattern)| pattern.is_match(path))
        .map(|(index, _)| index)
        .collect()
}

impl PathPattern {
    /// Whether `path` matches.
    pub fn is_match(&self, path: &[u8]) -> bool {
        let mut segments = path.split(|&byte| byte == b'/');
        if segments.next() != Some(&[][..]) {
            return false;
        }
        for wanted in &self.segments {
            let matches = match (wanted, segments.next()) {
                (_, None) => false,
                (Segment::Rest, Some(_)) => return true,
                (Segment::Literal(literal), Some(segment)) => literal == segment,
                (Segment::Param, Some(segment)) => !segment.is_empty(),
            };
            if !matches {
                return false;
            }
        }
        // Without a segment a pattern is no path at all.
        !self.segments.is_empty() && segments.next().is_none()
    }
}

fn check(patterns: &[PathPattern]) -> Result<(), RouteError> {
    for (pattern, PathPattern { segments }) in patterns.iter().enumerate() {
        let before_last = segments.len().saturating_sub(1);
        if segments
            .iter()
            .take(before_last)
            .any(|segment| *segment == Segment::Rest)
        {
            return Err(RouteError::RestNotLast { pattern });
        }
        let has_slash =
            |segment: &Segment| matches!(segment, Segment::Literal(bytes) if bytes.contains(&b'/'));
        if segments.iter().any(has_slash) {
            return Err(RouteError::SlashInSegment { pattern });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
