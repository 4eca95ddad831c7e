//! Scans: what is sought in one text is sought in one pass over it, however many rules ask.
//!
//! Patterns whose matches are short and don't depend on where they stand make one scan,
//! which walks a long text in four places at once; the others make another. The set of
//! patterns that matched is the scan's memo: the first test pays, the rest read a bit.

use super::{
    EmitError, Emitter, Key,
    code::{Code, at},
    plan::{Plan, operands, reachable, values_of_node},
};
use crate::{
    automata::{
        dfa::{Budget, Dfa},
        literals::{self, Literal},
        pattern::{LiteralKind, Pattern},
        required::required,
        scan::Scan,
    },
    decision::{Atom, Decision, Handle, Matcher, Node, Value},
    hir::Base,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use wasm_encoder::{Instruction as I, ValType};

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

/// The patterns that are sought in each text.
fn sought(graph: &Decision) -> BTreeMap<Handle<Value>, Vec<Pattern>> {
    let mut sought: BTreeMap<Handle<Value>, Vec<Pattern>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for atom in atoms(graph) {
        let Atom { subject, matcher } = graph.atoms.get(atom);
        let Some(pattern) = pattern(matcher) else {
            continue;
        };
        if seen.insert(atom) && graph.type_of(*subject).base == Base::String {
            sought.entry(*subject).or_default().push(pattern);
        }
    }
    sought
}

/// The pattern of a matcher that needs a walk over the whole text.
fn pattern(matcher: &Matcher) -> Option<Pattern> {
    match matcher {
        Matcher::Regex(regex) => Some(Pattern::Regex(regex.clone())),
        Matcher::Contains(list) => Some(Pattern::Literals {
            kind: LiteralKind::Contains,
            any: list.clone(),
        }),
        _ => None,
    }
}

/// The atoms that can be asked, in a fixed order, but for those of functions, whose texts differ
/// from call to call.
fn atoms(graph: &Decision) -> Vec<Handle<Atom>> {
    let mut atoms = Vec::new();
    let mut open = Vec::new();
    let roots = graph.steps.iter().flat_map(|s| &s.on).map(|(_, n)| *n);
    for node in reachable(graph, roots) {
        let node = graph.nodes.get(node);
        if let Node::Test { atom, .. } = node {
            atoms.push(*atom);
        }
        open.extend(values_of_node(graph, node));
    }
    let mut seen: BTreeSet<Handle<Value>> = open.iter().copied().collect();
    while let Some(value) = open.pop() {
        let value = graph.values.get(value);
        if let Value::Atom(atom) = value {
            atoms.push(*atom);
        }
        let below = operands(graph, value);
        open.extend(below.into_iter().filter(|value| seen.insert(*value)));
    }
    atoms
}

impl Emitter<'_> {
    /// Leaves whether a pattern is in the text of a subject, which is present; false if there
    /// is no scan for it.
    pub(super) fn scan_finds(
        &mut self,
        code: &mut Code,
        subject: Handle<Value>,
        matcher: &Matcher,
        text: [u32; 2],
    ) -> Result<bool, EmitError> {
        let Some(pattern) = pattern(matcher) else {
            return Ok(false);
        };
        let key = (subject, pattern);
        let Some(&Place { part, bit, maybe }) = self.scans.places.get(&key) else {
            return Ok(false);
        };
        let [p, l] = text;
        self.scanned_bit(code, part, bit, text);
        if let Some(confirm) = maybe {
            code.if_bool();
            match confirm {
                Confirm::Scan(part, bit) => self.scanned_bit(code, part, bit, text),
                Confirm::Alone => self.automaton(code, &key.1, p, l)?,
            }
            code.or_else().i32(0).end();
        }
        Ok(true)
    }

    /// Leaves a bit of what a scan found in a text.
    fn scanned_bit(&mut self, code: &mut Code, part: u32, bit: u32, [p, l]: [u32; 2]) {
        let function = self.function(Key::Scan(part));
        let memo = self
            .scans
            .parts
            .get(part as usize)
            .map_or(0, |part| part.memo);
        code.get(p).get(l).call(function);
        code.region(self.layout.memo + 16 * memo + bit / 8)
            .push(I::I32Load8U(at(0)))
            .i32(bit % 8)
            .push(I::I32ShrU)
            .i32(1)
            .push(I::I32And);
    }

    /// What scans answer of a list of conditions, and the rest.
    pub(super) fn scanned(&self, list: &[Handle<Value>]) -> (Vec<Scanned>, Vec<Handle<Value>>) {
        let mut scanned: Vec<Scanned> = Vec::new();
        let mut others = Vec::new();
        let graph = self.graph;
        for &value in list {
            let Value::Atom(atom) = graph.values.get(value) else {
                others.push(value);
                continue;
            };
            let Atom { subject, matcher } = graph.atoms.get(*atom);
            let place = pattern(matcher).and_then(|p| self.scans.places.get(&(*subject, p)));
            let Some(place) = place else {
                others.push(value);
                continue;
            };
            let known = scanned.iter().position(|s| s.number == place.part);
            let index = known.unwrap_or_else(|| {
                scanned.push(Scanned::new(place.part, *subject));
                scanned.len() - 1
            });
            if let Some(part) = scanned.get_mut(index) {
                if place.maybe.is_some() {
                    part.maybe.push((place.bit, value));
                } else {
                    part.sure.push(place.bit);
                }
            }
        }
        (scanned, others)
    }

    /// Leaves whether a scan of a subject, which may be absent, found any of some bits.
    pub(super) fn scan_finds_any(
        &mut self,
        code: &mut Code,
        subject: Handle<Value>,
        part: u32,
        bits: &[u32],
    ) -> Result<(), EmitError> {
        if bits.is_empty() {
            code.i32(0);
            return Ok(());
        }
        let function = self.function(Key::Scan(part));
        let memo = self
            .scans
            .parts
            .get(part as usize)
            .map_or(0, |part| part.memo);
        let base = self.layout.memo + 16 * memo;
        let mut words: BTreeMap<u32, u64> = BTreeMap::new();
        for bit in bits {
            *words.entry(bit / 64).or_default() |= 1 << (bit % 64);
        }
        self.with_text(code, subject, &[ValType::I32], |_, code, [p, l]| {
            code.get(p).get(l).call(function);
            for (index, (word, mask)) in words.iter().enumerate() {
                code.region(base + 8 * word).push(I::I64Load(at(0)));
                if *mask != u64::MAX {
                    code.i64(mask.cast_signed()).push(I::I64And);
                }
                if index > 0 {
                    code.push(I::I64Or);
                }
            }
            code.i64(0).push(I::I64Ne);
            Ok(())
        })
    }

    /// The function of a scan, `(text)`: fills its memo unless it is filled.
    pub(super) fn scan_function(&mut self, part: u32) -> Result<Code, EmitError> {
        let mut code = Code::new(2);
        let Some(Part {
            literals,
            table,
            memo,
        }) = self.scans.parts.get(part as usize)
        else {
            return Ok(code);
        };
        let (flag, place) = (self.layout.flags + memo, self.layout.memo + 16 * memo);
        code.region(flag)
            .push(I::I32Load8U(at(0)))
            .push(I::I32Eqz)
            .if_empty();
        let kernel = if let Some(literals) = literals {
            code.i32(self.constants.table(literals))
                .i32(super::length(literals));
            "literal_scan"
        } else {
            "dfa_scan"
        };
        code.i32(self.constants.table(table))
            .i32(super::length(table));
        code.get(0).get(1).region(place);
        self.kernel(&mut code, kernel);
        code.region(flag).i32(1).push(I::I32Store8(at(0))).end();
        Ok(code)
    }
}

/// What one scan answers of a list of conditions.
pub(super) struct Scanned {
    /// The scan.
    pub number: u32,
    /// Its text.
    pub subject: Handle<Value>,
    /// The bits that are conditions.
    pub sure: Vec<u32>,
    /// Those that only say that a condition may hold.
    pub maybe: Vec<(u32, Handle<Value>)>,
}

impl Scanned {
    fn new(number: u32, subject: Handle<Value>) -> Scanned {
        Scanned {
            number,
            subject,
            sure: Vec::new(),
            maybe: Vec::new(),
        }
    }
}

/// The signature of a scan's function.
pub(super) fn signature() -> super::Signature {
    (vec![ValType::I32, ValType::I32], Vec::new())
}
