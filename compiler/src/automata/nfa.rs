//! Automata for patterns that have too many deterministic states: the table of `edge_lookup::nfa`.

use super::dfa::dense::nfa as thompson;
use super::dfa::{Budget, DfaError};
use super::pattern::Pattern;
use super::table::{push_u32, u32_from};
use edge_lookup::nfa::{FIXED_SETS, GROUP, SETS, WORDS};
use regex_automata::nfa::thompson::{NFA, State};
use regex_automata::util::look::Look;
use regex_automata::util::primitives::StateID;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The most states: bytes that a pattern reads, repetitions written out.
pub const MOST: usize = 64 * WORDS;
/// The most words that a step over one byte looks at.
pub const MOST_WORK: usize = 4096;

/// An automaton whose active states are bits. See `edge_lookup::nfa`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Nfa {
    table: Vec<u8>,
    work: usize,
}

/// Which states follow a position.
#[derive(Default)]
struct Follow {
    positions: BTreeSet<usize>,
    matches: bool,
    matches_at_end: bool,
}

impl Nfa {
    /// The automaton for a pattern.
    ///
    /// # Errors
    /// When it reads more than [`MOST`] bytes, a step would take more than [`MOST_WORK`] words, or
    /// it looks around.
    pub fn build(pattern: &Pattern) -> Result<Nfa, DfaError> {
        let hir = pattern.hir()?;
        let too_large = DfaError::TooManyStates { limit: MOST };
        if super::positions::count(&hir) > MOST {
            return Err(too_large);
        }
        let nfa = thompson(&[hir], Budget::default())?;
        let positions = Positions::new(&nfa)?;
        if positions.list.len() > MOST {
            return Err(too_large);
        }
        let follows: Vec<Follow> = positions
            .list
            .iter()
            .map(|(_, next)| positions.closure(*next, &[]))
            .collect();
        let first = positions.closure(nfa.start_anchored(), &[Look::Start]);
        let always = positions.closure(nfa.start_anchored(), &[]);
        if first.matches || always.matches || always.matches_at_end {
            // It matches every text; what does has a small deterministic automaton.
            return Err(DfaError::Unsupported("a pattern that any text matches"));
        }
        encode(&positions, &follows, &first, &always)
    }

    /// Words of a set of states.
    #[must_use]
    pub fn words(&self) -> u32 {
        self.table
            .first_chunk()
            .map_or(0, |words| u32::from_le_bytes(*words))
    }

    /// The table, as `lookup::nfa` reads it.
    #[must_use]
    pub fn table(&self) -> &[u8] {
        &self.table
    }

    /// Words that a step over one byte looks at, at most.
    pub fn work(&self) -> usize {
        self.work
    }
}

/// The states of an automaton that read a byte.
struct Positions<'n> {
    nfa: &'n NFA,
    /// The state, and one that follows it.
    list: Vec<(StateID, StateID)>,
    numbers: HashMap<StateID, Vec<usize>>,
}

impl<'n> Positions<'n> {
    fn new(nfa: &'n NFA) -> Result<Self, DfaError> {
        let mut list = Vec::new();
        let mut numbers: HashMap<StateID, Vec<usize>> = HashMap::new();
        for id in reachable(nfa) {
            let mut targets = match nfa.state(id) {
                State::ByteRange { .. } | State::Sparse(_) | State::Dense(_) => next(nfa, id),
                State::Look { look, .. } if !matches!(look, Look::Start | Look::End) => {
                    return Err(DfaError::Unsupported(
                        "looking around, in so large a pattern",
                    ));
                }
                _ => continue,
            };
            targets.sort_unstable();
            targets.dedup();
            for target in targets {
                numbers.entry(id).or_default().push(list.len());
                list.push((id, target));
            }
        }
        Ok(Positions { nfa, list, numbers })
    }

    /// What can be reached without a byte, where some look-arounds hold.
    fn closure(&self, from: StateID, holds: &[Look]) -> Follow {
        let mut follow = Follow::default();
        let mut seen = BTreeSet::new();
        // States, and whether the text must end there.
        let mut open = vec![(from, false)];
        while let Some((at, ended)) = open.pop() {
            if !seen.insert((at, ended)) {
                continue;
            }
            match self.nfa.state(at) {
                State::Match { .. } if ended => follow.matches_at_end = true,
                State::Match { .. } => {
                    follow.matches = true;
                    follow.matches_at_end = true;
                }
                State::Look {
                    look: Look::End,
                    next,
                } => open.push((*next, true)),
                State::Look { look, next } if holds.contains(look) => open.push((*next, ended)),
                State::Union { alternates } => {
                    open.extend(alternates.iter().map(|next| (*next, ended)));
                }
                State::BinaryUnion { alt1, alt2 } => open.extend([(*alt1, ended), (*alt2, ended)]),
                State::Capture { next, .. } => open.push((*next, ended)),
                _ if !ended => follow
                    .positions
                    .extend(self.numbers.get(&at).into_iter().flatten()),
                _ => {}
            }
        }
        follow
    }

    fn reads(&self, position: usize, byte: u8) -> bool {
        let Some((state, target)) = self.list.get(position) else {
            return false;
        };
        let next = match self.nfa.state(*state) {
            State::ByteRange { trans } => trans.matches_byte(byte).then_some(trans.next),
            State::Sparse(transitions) => transitions.matches_byte(byte),
            State::Dense(transitions) => transitions.matches_byte(byte),
            _ => None,
        };
        next == Some(*target)
    }
}

/// The states that a match goes through, ascending: not those that skip what is before it.
fn reachable(nfa: &NFA) -> BTreeSet<StateID> {
    let mut seen = BTreeSet::from([nfa.start_anchored()]);
    let mut open = vec![nfa.start_anchored()];
    while let Some(at) = open.pop() {
        open.extend(next(nfa, at).into_iter().filter(|next| seen.insert(*next)));
    }
    seen
}

/// The states that may follow one.
fn next(nfa: &NFA, at: StateID) -> Vec<StateID> {
    match nfa.state(at) {
        State::ByteRange { trans } => vec![trans.next],
        State::Sparse(sparse) => sparse.transitions.iter().map(|t| t.next).collect(),
        State::Dense(dense) => (0..=255)
            .filter_map(|byte| dense.matches_byte(byte))
            .collect(),
        State::Look { next, .. } | State::Capture { next, .. } => vec![*next],
        State::Union { alternates } => alternates.to_vec(),
        State::BinaryUnion { alt1, alt2 } => vec![*alt1, *alt2],
        State::Fail | State::Match { .. } => Vec::new(),
    }
}

/// A set of positions, in words.
fn words(positions: impl IntoIterator<Item = usize>, count: usize) -> Vec<u64> {
    let mut words = vec![0u64; count];
    for position in positions {
        if let Some(word) = words.get_mut(position / 64) {
            *word |= 1 << (position % 64);
        }
    }
    words
}

fn encode(
    positions: &Positions<'_>,
    follows: &[Follow],
    first: &Follow,
    always: &Follow,
) -> Result<Nfa, DfaError> {
    let count = positions.list.len().div_ceil(64).max(1);
    let of = |is: &dyn Fn(usize, &Follow) -> bool| {
        let listed = follows
            .iter()
            .enumerate()
            .filter(|(at, follow)| is(*at, follow));
        words(listed.map(|(at, _)| at), count)
    };
    let mut sets = vec![
        words(first.positions.iter().copied(), count),
        words(always.positions.iter().copied(), count),
        of(&|at, follow| follow.positions.contains(&(at + 1))),
        of(&|_, follow| follow.matches),
        of(&|_, follow| follow.matches_at_end),
    ];
    debug_assert_eq!(sets.len(), FIXED_SETS);
    let mut classes = [0u8; 256];
    for (byte, class) in (0..=255u8).zip(&mut classes) {
        *class = positions.nfa.byte_classes().get(byte);
    }
    let mut known = BTreeSet::new();
    for (byte, class) in (0..=255u8).zip(classes) {
        if known.insert(class) {
            let reading = (0..positions.list.len()).filter(|at| positions.reads(*at, byte));
            sets.push(words(reading, count));
        }
    }
    let groups = groups(follows, count);
    let work = 6 * count
        + groups
            .iter()
            .map(|group| (group.len() - GROUP) / 8 + 1)
            .sum::<usize>();
    if work > MOST_WORK {
        return Err(DfaError::WorkTooLarge {
            limit: 8 * MOST_WORK,
        });
    }
    let mut table = Vec::new();
    let empty = usize::from(first.matches_at_end);
    for field in [count, groups.len(), SETS + 8 * count * sets.len(), empty] {
        push_u32(&mut table, u32_from(field));
    }
    table.extend(classes);
    table.extend(sets.iter().flatten().flat_map(|word| word.to_le_bytes()));
    table.extend(groups.into_iter().flatten());
    Ok(Nfa { table, work })
}

/// Positions that lead elsewhere than to their neighbour, together if they lead to the same.
fn groups(follows: &[Follow], count: usize) -> Vec<Vec<u8>> {
    let mut leading: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
    for (at, follow) in follows.iter().enumerate() {
        let others = follow.positions.iter().copied().filter(|to| *to != at + 1);
        let others: Vec<usize> = others.collect();
        if !others.is_empty() {
            leading.entry(others).or_default().push(at);
        }
    }
    let run = |positions: Vec<usize>| {
        let words = words(positions, count);
        let start = words.iter().position(|word| *word != 0).unwrap_or(0);
        let end = words
            .iter()
            .rposition(|word| *word != 0)
            .map_or(start, |last| last + 1);
        (start, words.get(start..end).unwrap_or_default().to_vec())
    };
    let encoded = leading.into_iter().map(|(to, from)| {
        let ((from, sources), (to, targets)) = (run(from), run(to));
        let mut group = Vec::new();
        for field in [from, sources.len(), to, targets.len()] {
            group.extend(u16::try_from(field).unwrap_or(u16::MAX).to_le_bytes());
        }
        group.extend(
            sources
                .iter()
                .chain(&targets)
                .flat_map(|word| word.to_le_bytes()),
        );
        group
    });
    encoded.collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;
    use proptest::prelude::*;

    fn matches(regex: &str, text: &[u8]) -> Option<bool> {
        let nfa = Nfa::build(&Pattern::Regex(regex.into())).ok()?;
        Some(edge_lookup::nfa::is_match(nfa.table(), text))
    }

    fn expected(regex: &str, text: &[u8]) -> bool {
        let built = regex::bytes::RegexBuilder::new(regex)
            .unicode(false)
            .build();
        built.unwrap().is_match(text)
    }

    #[test]
    fn counted_repeats() {
        let regex = "q.{0,200}x";
        for gap in [0, 1, 63, 64, 65, 199, 200, 201, 500] {
            let text = format!("aq{}x", "-".repeat(gap));
            assert_eq!(matches(regex, text.as_bytes()), Some(gap <= 200), "{gap}");
        }
        let text = "ab".repeat(1500);
        assert_eq!(matches("(ab){1500}", text.as_bytes()), Some(true));
        assert_eq!(
            matches("(ab){1500}$", format!("{text}a").as_bytes()),
            Some(false)
        );
    }

    #[test]
    fn an_empty_text() {
        for (regex, is_match) in [
            ("^a*$", true),
            ("^a{0,70}$", true),
            ("^a$", false),
            ("a", false),
        ] {
            assert_eq!(matches(regex, b""), Some(is_match), "{regex}");
            assert_eq!(matches(regex, b"c"), Some(false), "{regex}");
        }
    }

    #[test]
    fn what_reads_too_much_is_refused() {
        let build = |regex: &str| Nfa::build(&Pattern::Regex(regex.into()));
        assert_eq!(
            build("a{4097}"),
            Err(DfaError::TooManyStates { limit: MOST })
        );
        assert_eq!(build("x{4095}y").map(|nfa| nfa.work()), Ok(384));
        assert!(build(r"\bx{400}y").is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn agrees_with_the_regex_crate(
            regex in prop::string::string_regex(r"\^?([ab](\{0,3\}|\{2,70\}|\+|\*|\?)?|\(a\|ba\)(\{1,9\}|\+)?|\[ab\]\{3\}|\.\{0,66\}c){1,6}\$?").unwrap(),
            text in "[abc]{0,90}",
        ) {
            if let Some(found) = matches(&regex, text.as_bytes()) {
                prop_assert_eq!(found, expected(&regex, text.as_bytes()), "{}", regex);
            }
        }
    }
}
