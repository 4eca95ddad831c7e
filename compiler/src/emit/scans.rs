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
        pattern::{LiteralKind, Pattern},
        scan::Scan,
    },
    decision::{Atom, Decision, Handle, Matcher, Node, Value},
    hir::Base,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use wasm_encoder::{Instruction as I, ValType};

/// Patterns of one scan: as many bits as a memo has.
const MOST: usize = 128;
/// The largest table of a scan of several patterns; beyond it they share too much.
const LARGEST: usize = 64 << 10;

/// So few patterns are not worth the kernel of scans, 1.6 KB.
const FEW: usize = 4;

/// The scans of a policy.
#[derive(Debug, Default)]
pub(super) struct Scans {
    /// A table each, and its place in the memo.
    parts: Vec<(Vec<u8>, u32)>,
    /// The scan and the bit of a pattern that is sought in a text.
    places: HashMap<(Handle<Value>, Pattern), (u32, u32)>,
}

impl Scans {
    /// Finds what is sought in the texts of a graph, and takes memos for it.
    pub fn new(graph: &Decision, plan: &mut Plan) -> Scans {
        let mut scans = Scans::default();
        let sought = sought(graph);
        if sought.values().flatten().map(Vec::len).sum::<usize>() <= FEW {
            return scans;
        }
        for (subject, [anywhere, bound]) in sought {
            scans.add(subject, &anywhere, 1, plan);
            // A single automaton may end early, which a scan doesn't.
            scans.add(subject, &bound, 2, plan);
        }
        scans
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
            let Ok(parts) = Scan::build_parts(patterns, budget) else {
                continue;
            };
            for (range, scan) in parts {
                let own = patterns.get(range).unwrap_or_default();
                let table = scan.table();
                if least == 1 || (own.len() > 1 && is_small(&table, own, budget)) {
                    self.enter(subject, own, (table, plan.memo()));
                }
            }
        }
    }

    fn enter(&mut self, subject: Handle<Value>, patterns: &[Pattern], part: (Vec<u8>, u32)) {
        let index = u32::try_from(self.parts.len()).unwrap_or(u32::MAX);
        self.parts.push(part);
        for (bit, pattern) in (0u32..).zip(patterns) {
            self.places.insert((subject, pattern.clone()), (index, bit));
        }
    }
}

/// Whether the table of some patterns is at most an eighth larger than those that it replaces.
fn is_small(table: &[u8], patterns: &[Pattern], budget: Budget) -> bool {
    let own = |pattern| Dfa::build(pattern, budget).map_or(0, |dfa| dfa.table().len());
    let apart: usize = patterns.iter().map(own).sum();
    table.len() <= apart + apart / 8
}

/// The patterns that are sought in each text: those that may stand anywhere, then the others.
fn sought(graph: &Decision) -> BTreeMap<Handle<Value>, [Vec<Pattern>; 2]> {
    let mut sought: BTreeMap<Handle<Value>, [Vec<Pattern>; 2]> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for atom in atoms(graph) {
        let Atom { subject, matcher } = graph.atoms.get(atom);
        let Some(pattern) = pattern(matcher) else {
            continue;
        };
        if seen.insert(atom) && graph.type_of(*subject).base == Base::String {
            let [anywhere, bound] = sought.entry(*subject).or_default();
            if pattern.is_local() { anywhere } else { bound }.push(pattern);
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
        [p, l]: [u32; 2],
    ) -> bool {
        let place = pattern(matcher).and_then(|pattern| self.scans.places.get(&(subject, pattern)));
        let Some(&(part, bit)) = place else {
            return false;
        };
        let function = self.function(Key::Scan(part));
        let memo = self.scans.parts.get(part as usize).map_or(0, |part| part.1);
        code.get(p).get(l).call(function);
        code.region(self.layout.memo + 16 * memo + bit / 8)
            .push(I::I32Load8U(at(0)))
            .i32(bit % 8)
            .push(I::I32ShrU)
            .i32(1)
            .push(I::I32And);
        true
    }

    /// The function of a scan, `(text)`: fills its memo unless it is filled.
    pub(super) fn scan_function(&mut self, part: u32) -> Result<Code, EmitError> {
        let mut code = Code::new(2);
        let Some((table, memo)) = self.scans.parts.get(part as usize) else {
            return Ok(code);
        };
        let (flag, place) = (self.layout.flags + memo, self.layout.memo + 16 * memo);
        let (address, length) = (self.constants.table(table), super::length(table));
        code.region(flag)
            .push(I::I32Load8U(at(0)))
            .push(I::I32Eqz)
            .if_empty();
        code.i32(address).i32(length).get(0).get(1).region(place);
        self.kernel(&mut code, "dfa_scan");
        code.region(flag).i32(1).push(I::I32Store8(at(0))).end();
        Ok(code)
    }
}

/// The signature of a scan's function.
pub(super) fn signature() -> super::Signature {
    (vec![ValType::I32, ValType::I32], Vec::new())
}
