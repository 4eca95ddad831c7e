//! Scans: what is sought in one text is sought in one pass over it, however many rules ask.
//!
//! The literals of many patterns are searched for together; a regex is asked only if its literals
//! are there, with others by one more scan if they are many. Of what has no literals, patterns whose
//! matches are short and don't depend on where they stand make one scan, which walks a long text in
//! four places at once; the others make another. The set of patterns that matched is the scan's memo:
//! the first test pays, the rest read a bit.
//!
//! `sought` finds what rules ask of each text, `code` emits the scans and the tests.

mod code;
mod sought;

pub(super) use code::signature;

use super::plan::Plan;
use crate::{
    automata::{
        dfa::{Budget, Dfa},
        literals::{self, Literal},
        pattern::{LiteralKind, Pattern},
        required::required,
        scan::Scan,
    },
    decision::{Decision, Handle, Value},
};
use sought::sought;
use std::collections::HashMap;

/// Patterns of one scan.
const MOST: usize = 2048;
/// The largest table of a scan of several patterns; beyond it they share too much.
const LARGEST: usize = 64 << 10;
/// The same for literals, which share little but their starts.
const LARGEST_OF_LITERALS: usize = 4 << 20;

/// So few patterns are not worth the kernel of scans, 1.6 KB.
const FEW: usize = 4;
/// So many regexes are worth scans of their own, behind their literals.
const SEVERAL: usize = 8;
/// So many literals are worth a table and a kernel of their own, some 10 KB.
const MANY: usize = 24;

/// The scans of a policy.
#[derive(Debug, Default)]
pub(super) struct Scans {
    parts: Vec<Part>,
    /// Where the answer about a pattern and a text is.
    places: HashMap<(Handle<Value>, Pattern), Place>,
}

/// One pass over a text.
#[derive(Debug)]
struct Part {
    /// The table of literals, if that is asked first.
    literals: Option<Vec<u8>>,
    /// The automaton's table.
    table: Vec<u8>,
    /// Its place in the memo.
    memo: u32,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    part: u32,
    bit: u32,
    /// What the bit only says may be so.
    maybe: Option<Confirm>,
}

/// How it is found out whether a pattern matches whose literals are there.
#[derive(Debug, Clone, Copy)]
enum Confirm {
    /// By a bit of another scan.
    Scan(u32, u32),
    /// By the pattern's own automaton.
    Alone,
}

impl Scans {
    /// Finds what is sought in the texts of a graph, and takes memos for it.
    pub fn new(graph: &Decision, plan: &mut Plan) -> Scans {
        let mut scans = Scans::default();
        let sought = sought(graph);
        if sought.values().map(Vec::len).sum::<usize>() <= FEW {
            return scans;
        }
        for (subject, patterns) in sought {
            let left = scans.add_literals(subject, patterns, plan);
            let (anywhere, bound): (Vec<Pattern>, Vec<Pattern>) =
                left.into_iter().partition(Pattern::is_local);
            scans.add(subject, &anywhere, 1, plan);
            // A single automaton may end early, which a scan doesn't.
            scans.add(subject, &bound, 2, plan);
        }
        scans
    }

    /// One search for the literals of all patterns that have some, if they are many. Gives the
    /// patterns that it is not for.
    fn add_literals(
        &mut self,
        subject: Handle<Value>,
        patterns: Vec<Pattern>,
        plan: &mut Plan,
    ) -> Vec<Pattern> {
        let mut groups: Vec<Vec<(Pattern, Wanted)>> = Vec::new();
        let mut left = Vec::new();
        for pattern in patterns {
            match Wanted::of(&pattern) {
                Some(wanted) => match groups.last_mut().filter(|group| group.len() < MOST) {
                    Some(group) => group.push((pattern, wanted)),
                    None => groups.push(vec![(pattern, wanted)]),
                },
                None => left.push(pattern),
            }
        }
        for group in groups {
            let strings: usize = group.iter().map(|(_, wanted)| wanted.strings.len()).sum();
            let regexes = group.iter().filter(|(_, wanted)| wanted.maybe).count();
            let worth = strings >= MANY || regexes >= SEVERAL;
            let part = worth.then(|| search(&group)).flatten();
            match part {
                Some((literals, table)) => {
                    let confirm = self.confirming(&group, plan);
                    let places = group.into_iter().map(|(pattern, wanted)| {
                        let by = confirm.get(&pattern).copied().unwrap_or(Confirm::Alone);
                        (pattern, wanted.maybe.then_some(by))
                    });
                    self.enter(subject, places, Some(literals), table, plan);
                }
                None => left.extend(group.into_iter().map(|(pattern, _)| pattern)),
            }
        }
        left
    }

    /// Scans for the regexes of a group, if they are many: a text that holds the literals of all of
    /// them is walked once for some, not once for each.
    fn confirming(
        &mut self,
        group: &[(Pattern, Wanted)],
        plan: &mut Plan,
    ) -> HashMap<Pattern, Confirm> {
        let regexes = group.iter().filter(|(_, wanted)| wanted.maybe);
        let regexes: Vec<Pattern> = regexes.map(|(pattern, _)| pattern.clone()).collect();
        let mut confirm = HashMap::new();
        if regexes.len() < SEVERAL {
            return confirm;
        }
        let budget = Budget {
            table: LARGEST,
            work: 16 * LARGEST,
            ..Budget::default()
        };
        for (range, scan) in Scan::build_parts(&regexes, budget) {
            let own = regexes.get(range).unwrap_or_default();
            if own.len() < 2 {
                continue;
            }
            let part = self.push(None, scan.table(), own.len(), plan);
            for (bit, pattern) in (0u32..).zip(own) {
                confirm.insert(pattern.clone(), Confirm::Scan(part, bit));
            }
        }
        confirm
    }

    /// Patterns whose scan can walk in four places are worth one even alone; others share one
    /// walk if their table is not much larger than their own ones together.
    fn add(&mut self, subject: Handle<Value>, patterns: &[Pattern], least: usize, plan: &mut Plan) {
        let budget = Budget {
            table: LARGEST,
            ..Budget::default()
        };
        for patterns in patterns.chunks(MOST).filter(|list| list.len() >= least) {
            // What blows up is left to the automata of each pattern.
            for (range, scan) in Scan::build_parts(patterns, budget) {
                let own = patterns.get(range).unwrap_or_default();
                let table = scan.table();
                if least == 1 || (own.len() > 1 && is_small(&table, own, budget)) {
                    let places = own.iter().map(|pattern| (pattern.clone(), None));
                    self.enter(subject, places, None, table, plan);
                }
            }
        }
    }

    fn enter(
        &mut self,
        subject: Handle<Value>,
        patterns: impl ExactSizeIterator<Item = (Pattern, Option<Confirm>)>,
        literals: Option<Vec<u8>>,
        table: Vec<u8>,
        plan: &mut Plan,
    ) {
        let part = self.push(literals, table, patterns.len(), plan);
        for (bit, (pattern, maybe)) in (0u32..).zip(patterns) {
            let place = Place { part, bit, maybe };
            self.places.insert((subject, pattern), place);
        }
    }

    /// A pass for so many patterns, with its memo.
    fn push(
        &mut self,
        literals: Option<Vec<u8>>,
        table: Vec<u8>,
        patterns: usize,
        plan: &mut Plan,
    ) -> u32 {
        let bytes = u32::try_from(patterns.div_ceil(8)).unwrap_or(u32::MAX);
        let memo = plan.memos_of(bytes);
        self.parts.push(Part {
            literals,
            table,
            memo,
        });
        u32::try_from(self.parts.len() - 1).unwrap_or(u32::MAX)
    }
}

/// The strings of which a text that a pattern matches holds one.
struct Wanted {
    strings: Vec<Vec<u8>>,
    /// Whether their case does not matter, and they only say that the pattern may match.
    maybe: bool,
}

impl Wanted {
    fn of(pattern: &Pattern) -> Option<Wanted> {
        match pattern {
            Pattern::Literals {
                kind: LiteralKind::Contains,
                any,
            } => {
                let long = any.iter().all(|text| text.len() >= literals::SHORTEST);
                (long && !any.is_empty()).then(|| Wanted {
                    strings: any.clone(),
                    maybe: false,
                })
            }
            Pattern::Literals { .. } => None,
            Pattern::Regex(_) => Some(Wanted {
                strings: required(&pattern.hir().ok()?)?,
                maybe: true,
            }),
        }
    }

    /// The pattern whose truth the bit is.
    fn pattern(&self, pattern: &Pattern) -> Pattern {
        if self.maybe {
            Pattern::any_case(&self.strings)
        } else {
            pattern.clone()
        }
    }
}

/// The tables of a search for literals: their own, and that of the automaton for texts that are
/// made to slow the search down.
fn search(group: &[(Pattern, Wanted)]) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut list = Vec::new();
    for (bit, (_, wanted)) in (0u16..).zip(group) {
        list.extend(wanted.strings.iter().map(|bytes| Literal {
            bytes: bytes.clone(),
            folded: wanted.maybe,
            bit,
        }));
    }
    let literals = literals::table(&list)?;
    let exact: Vec<Pattern> = group
        .iter()
        .map(|(pattern, wanted)| wanted.pattern(pattern))
        .collect();
    let budget = Budget {
        table: LARGEST_OF_LITERALS,
        work: 16 * LARGEST_OF_LITERALS,
        ..Budget::default()
    };
    let scan = Scan::build(&exact, budget).ok()?;
    Some((literals, scan.table()))
}

/// Whether the table of some patterns is at most an eighth larger than those that it replaces.
fn is_small(table: &[u8], patterns: &[Pattern], budget: Budget) -> bool {
    let own = |pattern| Dfa::build(pattern, budget).map_or(0, |dfa| dfa.table().len());
    let apart: usize = patterns.iter().map(own).sum();
    table.len() <= apart + apart / 8
}
