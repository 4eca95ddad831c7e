//! Scans: what is sought in one text is sought in one pass over it, however many rules ask.
//!
//! The literals of many patterns are searched for together; a regex is asked only if its literals
//! are there. If such regexes are many, they share scans, and those that are wanted walk side by side. Of what has no literals, patterns whose
//! matches are short and don't depend on where they stand make one scan, which walks a long text in
//! four places at once; the others make another, or several that walk side by side. The set of patterns that matched is the scan's memo:
//! the first test pays, the rest read a bit.
//!
//! `sought` finds what rules ask of each text, `code` emits the scans and the tests.

mod code;
mod side_by_side;
mod sought;

pub(super) use code::signature;
pub(super) use sought::{atoms as asked, pattern};

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
use side_by_side::SideBySide;
use sought::sought;
use std::collections::{BTreeMap, HashMap};

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
/// So many literals, or so many regexes of a policy that have some, are worth a table and a kernel of
/// their own, some 10 KB.
const MANY: usize = 24;
/// So many regexes that have some are, if one text is asked for all of them: each takes 2 ns a byte by itself.
const A_FEW: usize = 4;
/// So many patterns of either kind are.
const ENOUGH: usize = 8;
/// So many literals are worth a table where the kernel is there.
const SOME: usize = 4;

/// The scans of a policy.
#[derive(Debug, Default)]
pub(super) struct Scans {
    parts: Vec<Part>,
    /// Where the answer about a pattern and a text is.
    places: HashMap<(Handle<Value>, Pattern), Place>,
}

/// The passes that some patterns are sought by in any text.
#[derive(Debug, Default)]
struct Arrangement {
    /// Their places in the memo are not known yet.
    parts: Vec<Part>,
    places: Vec<(Pattern, Place)>,
}

/// One pass over a text.
#[derive(Debug, Clone)]
struct Part {
    /// The table of literals, if that is asked first.
    literals: Option<Vec<u8>>,
    /// The automaton's table.
    table: Vec<u8>,
    /// Whether the table is that of several automata, which walk side by side.
    several: bool,
    /// The pass before it whose set tells which of them are wanted; all are without it.
    after: Option<u32>,
    /// Its place in the memo.
    memo: u32,
    /// How many patterns it has.
    patterns: u32,
    /// Bits of its set.
    bits: u32,
}

impl Part {
    fn bytes(&self) -> u32 {
        let literals = self.literals.as_ref().map_or(0, Vec::len);
        u32::try_from(self.table.len() + literals).unwrap_or(u32::MAX)
    }

    /// Whether its table says by how much the parts of a text must overlap.
    fn can_be_cut(&self) -> bool {
        let overlap = self.table.get(24..28);
        let alone = edge_lookup::scan::ALONE.to_le_bytes();
        !self.several && overlap.is_some_and(|overlap| overlap != alone)
    }
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

/// One pass over a text, for an account of what it costs.
pub(super) struct Pass {
    /// How many patterns share it; 0: it is the pattern's own automaton.
    pub patterns: u32,
    /// Bytes of its tables.
    pub bytes: u32,
    /// Whether it is a search for literals.
    pub search: bool,
    /// Whether it walks a long text in four places.
    pub parts: bool,
    /// Whether it is made only where literals were found.
    pub rare: bool,
}

impl Scans {
    /// The passes that tell whether a pattern is in a text; none if it has none.
    pub fn passes(&self, subject: Handle<Value>, pattern: &Pattern) -> Vec<Pass> {
        let Some(place) = self.places.get(&(subject, pattern.clone())) else {
            return Vec::new();
        };
        let pass = |part: u32, rare| {
            let own = self.parts.get(part as usize);
            Pass {
                patterns: own.map_or(1, |own| own.patterns),
                bytes: own.map_or(0, Part::bytes),
                search: own.is_some_and(|own| own.literals.is_some()),
                parts: own.is_some_and(Part::can_be_cut),
                rare,
            }
        };
        let confirmed = place.maybe.map(|confirm| match confirm {
            Confirm::Scan(part, _) => pass(part, true),
            Confirm::Alone => Pass {
                patterns: 0,
                bytes: 0,
                search: false,
                parts: false,
                rare: true,
            },
        });
        std::iter::once(pass(place.part, false))
            .chain(confirmed)
            .collect()
    }

    /// Finds what is sought in the texts of a graph, and takes memos for it.
    pub fn new(graph: &Decision, plan: &mut Plan) -> Scans {
        let mut scans = Scans::default();
        let sought = sought(graph);
        if sought.values().map(Vec::len).sum::<usize>() <= FEW {
            return scans;
        }
        let searches = has_search(&sought);
        // Rules that look at several texts seek the same in each.
        let mut known: HashMap<Vec<Pattern>, Arrangement> = HashMap::new();
        for (subject, mut patterns) in sought {
            patterns.sort_unstable();
            let arrangement = known
                .entry(patterns)
                .or_insert_with_key(|patterns| Arrangement::new(patterns, searches));
            scans.enter(subject, arrangement, plan);
        }
        scans
    }

    /// Gives the passes over a text their places in the memo.
    fn enter(&mut self, subject: Handle<Value>, arrangement: &Arrangement, plan: &mut Plan) {
        let first = u32::try_from(self.parts.len()).unwrap_or(u32::MAX);
        for part in &arrangement.parts {
            let memo = plan.memos_of(part.bits.div_ceil(8));
            self.parts.push(Part {
                memo,
                after: part.after.map(|before| first + before),
                ..part.clone()
            });
        }
        for (pattern, place) in &arrangement.places {
            let maybe = place.maybe.map(|confirm| match confirm {
                Confirm::Scan(part, bit) => Confirm::Scan(first + part, bit),
                Confirm::Alone => Confirm::Alone,
            });
            let place = Place {
                part: first + place.part,
                maybe,
                ..*place
            };
            self.places.insert((subject, pattern.clone()), place);
        }
    }
}

impl Arrangement {
    fn new(patterns: &[Pattern], searches: bool) -> Arrangement {
        let mut made = Arrangement::default();
        let left = match searches {
            true => made.add_literals(patterns),
            false => patterns.to_vec(),
        };
        let (anywhere, bound): (Vec<Pattern>, Vec<Pattern>) =
            left.into_iter().partition(Pattern::is_local);
        made.add(&anywhere, 1);
        // A single automaton may end early, which a scan doesn't.
        let apart = made.add(&bound, 2);
        if searches {
            made.add_side_by_side(&apart);
        }
        made
    }

    /// One search for the literals of all patterns that have some, if they are many. Gives the
    /// patterns that it is not for.
    fn add_literals(&mut self, patterns: &[Pattern]) -> Vec<Pattern> {
        let mut groups: Vec<Vec<(Pattern, Wanted)>> = Vec::new();
        let mut left = Vec::new();
        for pattern in patterns.iter().cloned() {
            match Wanted::of(&pattern) {
                Some(wanted) => match groups.last_mut().filter(|group| group.len() < MOST) {
                    Some(group) => group.push((pattern, wanted)),
                    None => groups.push(vec![(pattern, wanted)]),
                },
                None => left.push(pattern),
            }
        }
        for group in groups {
            let (strings, regexes) = counted(group.iter().map(|(_, wanted)| wanted));
            let worth = strings >= SOME || regexes > 0;
            if !worth || !self.add_search(&group) {
                left.extend(group.into_iter().map(|(pattern, _)| pattern));
            }
        }
        left
    }

    /// The search for the literals of a group, and scans for its regexes, if they are many: a text that holds the
    /// literals of all of them is walked for some together, not for each. False if there is no such search.
    fn add_search(&mut self, group: &[(Pattern, Wanted)]) -> bool {
        let regexes = group.iter().zip(0u32..);
        let regexes = regexes.filter(|((_, wanted), _)| wanted.maybe);
        let regexes: Vec<(&Pattern, u32)> =
            regexes.map(|((pattern, _), bit)| (pattern, bit)).collect();
        let confirming = (regexes.len() >= SEVERAL).then(|| SideBySide::new(&regexes, group.len()));
        let confirming = confirming.filter(|it| !it.bits.is_empty());
        let said = confirming.as_ref().map_or(&[][..], SideBySide::said);
        let Some((literals, table)) = search(group, said) else {
            return false;
        };
        let mut confirmed = HashMap::new();
        if let Some(confirming) = confirming {
            let part = u32::try_from(self.parts.len()).unwrap_or(u32::MAX);
            let bits = confirming.bits.iter();
            confirmed.extend(bits.map(|(reason, bit)| (*reason, Confirm::Scan(part, *bit))));
            self.parts.push(Part {
                literals: None,
                patterns: u32::try_from(confirmed.len()).unwrap_or(u32::MAX),
                several: true,
                after: Some(part + 1),
                memo: 0,
                bits: confirming.set,
                table: confirming.table,
            });
        }
        let places = group.iter().zip(0u32..).map(|((pattern, wanted), bit)| {
            let by = confirmed.get(&bit).copied().unwrap_or(Confirm::Alone);
            (pattern.clone(), wanted.maybe.then_some(by))
        });
        self.place(places, Some(literals), table);
        true
    }

    /// Scans that walk side by side for patterns that can't share one.
    fn add_side_by_side(&mut self, patterns: &[Pattern]) {
        if patterns.len() < 2 {
            return;
        }
        let numbered: Vec<(&Pattern, u32)> = patterns.iter().zip(0..).collect();
        let scans = SideBySide::new(&numbered, patterns.len());
        if scans.bits.len() < 2 {
            return;
        }
        let part = u32::try_from(self.parts.len()).unwrap_or(u32::MAX);
        for (number, bit) in &scans.bits {
            let pattern = patterns.get(*number as usize).cloned();
            let place = Place {
                part,
                bit: *bit,
                maybe: None,
            };
            self.places.extend(pattern.map(|pattern| (pattern, place)));
        }
        self.parts.push(Part {
            literals: None,
            patterns: u32::try_from(scans.bits.len()).unwrap_or(u32::MAX),
            several: true,
            after: None,
            memo: 0,
            bits: scans.set,
            table: scans.table,
        });
    }

    /// Patterns whose scan can walk in four places are worth one even alone; others share one
    /// walk if their table is not much larger than their own ones together. Gives those that have none.
    fn add(&mut self, patterns: &[Pattern], least: usize) -> Vec<Pattern> {
        let budget = Budget {
            table: LARGEST,
            ..Budget::default()
        };
        let before = self.places.len();
        for patterns in patterns.chunks(MOST).filter(|list| list.len() >= least) {
            // What blows up is left to the automata of each pattern.
            for (range, scan) in Scan::build_parts(patterns, budget) {
                let own = patterns.get(range).unwrap_or_default();
                let table = scan.table();
                if least == 1 || (own.len() > 1 && is_small(&table, own, budget)) {
                    let places = own.iter().map(|pattern| (pattern.clone(), None));
                    self.place(places, None, table);
                }
            }
        }
        let placed = self.places.get(before..).unwrap_or_default();
        let left = patterns.iter();
        let left = left.filter(|pattern| !placed.iter().any(|(it, _)| it == *pattern));
        left.cloned().collect()
    }

    fn place(
        &mut self,
        patterns: impl Iterator<Item = (Pattern, Option<Confirm>)>,
        literals: Option<Vec<u8>>,
        table: Vec<u8>,
    ) {
        let part = u32::try_from(self.parts.len()).unwrap_or(u32::MAX);
        let before = self.places.len();
        for (bit, (pattern, maybe)) in (0u32..).zip(patterns) {
            self.places.push((pattern, Place { part, bit, maybe }));
        }
        let many = u32::try_from(self.places.len() - before).unwrap_or(u32::MAX);
        self.parts.push(Part {
            literals,
            table,
            several: false,
            after: None,
            memo: 0,
            patterns: many,
            bits: many,
        });
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

/// How many strings some patterns want, and how many of them are regexes.
fn counted<'w>(wanted: impl Iterator<Item = &'w Wanted>) -> (usize, usize) {
    wanted.fold((0, 0), |(strings, regexes), it| {
        (strings + it.strings.len(), regexes + usize::from(it.maybe))
    })
}

/// Whether a policy has the kernel that searches for literals: where one text is looked at for many, or
/// several are for some.
fn has_search(sought: &BTreeMap<Handle<Value>, Vec<Pattern>>) -> bool {
    let mut all = 0;
    sought.values().any(|patterns| {
        let wanted: Vec<Wanted> = patterns.iter().filter_map(Wanted::of).collect();
        let (strings, regexes) = counted(wanted.iter());
        all += regexes;
        strings >= MANY || regexes >= A_FEW || wanted.len() >= ENOUGH || all >= MANY
    })
}

/// The tables of a search for literals: their own, and that of the automaton for texts that are
/// made to slow the search down. Of such a text, the patterns of the bits `said` may match: other scans look.
fn search(group: &[(Pattern, Wanted)], said: &[u32]) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut list = Vec::new();
    for (bit, (_, wanted)) in (0u16..).zip(group) {
        list.extend(wanted.strings.iter().map(|bytes| Literal {
            bytes: bytes.clone(),
            folded: wanted.maybe,
            bit,
        }));
    }
    let is_said = |bit: u16| said.binary_search(&bit.into()).is_ok();
    let bits: Vec<u16> = (0u16..).zip(group).map(|(bit, _)| bit).collect();
    let bits: Vec<u16> = bits.into_iter().filter(|bit| is_said(*bit)).collect();
    let literals = literals::table(&list, &bits)?;
    let exact = (0u16..)
        .zip(group)
        .map(|(bit, (pattern, wanted))| match is_said(bit) {
            true => Pattern::never(),
            false => wanted.pattern(pattern),
        });
    let exact: Vec<Pattern> = exact.collect();
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
