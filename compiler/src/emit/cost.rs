//! What each rule costs: its bytes, and its walks over texts.
//!
//! The times are those of the machine that the design's measurements were made on: read their ratios. A walk
//! that several patterns share is shared in the account too.

use super::{
    Emitter, length,
    plan::{operands, reachable},
    scans::Pass,
    streams::lane_of,
};
use crate::{
    automata::{automaton::Automaton, pattern::Pattern},
    decision::{Atom, Const, Effect, Handle, Matcher, Node, Value},
    hir::Base,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

/// Nanoseconds for a byte of an automaton's walk: one look-up waits for the one before.
const AUTOMATON: f64 = 2.0;
/// The same where a text is walked in four places at once.
const SIDE_BY_SIDE: f64 = 0.8;
/// Of a search for literals, in ordinary text.
const SEARCH: f64 = 0.5;
/// Of an automaton whose states are bits: for each byte, and for each word of 64 of them.
const BITS: (f64, f64) = (4.0, 1.5);

/// What a rule costs.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleCost {
    /// Its index.
    pub rule: u32,
    /// Bytes of its code and tables, its share of tables that it shares.
    pub bytes: u32,
    /// Its walks over the text that costs most.
    pub walks: Vec<Walk>,
    /// How many texts it looks at.
    pub texts: u32,
}

/// A walk over a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Walk {
    /// What walks.
    pub by: By,
    /// Nanoseconds for a byte of the text.
    pub ns: f64,
    /// Bytes of its table.
    pub bytes: u32,
    /// How many patterns share it.
    pub shared: u32,
    /// Whether it is made only where the literals of the pattern were found.
    pub rare: bool,
}

/// What walks over a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// An automaton of its own.
    Automaton,
    /// An automaton whose states are bits: this many words of them.
    Bits(u32),
    /// An automaton of several patterns.
    Merged,
    /// A search for the literals of several patterns.
    Search,
    /// The scan of a body as it streams.
    Stream,
}

/// A rule that matches without deciding, and its condition if it has one.
type Told = (u32, Option<Handle<Value>>);

impl RuleCost {
    /// Nanoseconds for a byte of the text that costs most, its share of what it shares.
    #[must_use]
    pub fn ns(&self) -> f64 {
        let walks = self.walks.iter().filter(|walk| !walk.rare);
        walks.fold(0.0, |sum, walk| sum + walk.ns / f64::from(walk.shared))
    }

    /// The most, where all that it looks for seems to be there, and nothing else asks.
    #[must_use]
    pub fn most_ns(&self) -> f64 {
        self.walks.iter().fold(0.0, |sum, walk| sum + walk.ns)
    }
}

impl Emitter<'_> {
    /// The costs of all rules that have any.
    pub(super) fn costs(&self) -> Vec<RuleCost> {
        let mut asked = self.asked();
        let mut bytes = self.rule_bytes.clone();
        for (around, rules) in self.told() {
            for (rule, condition) in rules {
                let atoms = condition.map_or_else(Vec::new, |it| self.asked_by(it));
                // The tests stand in the rule around them.
                if let Some(outer) = asked.get_mut(&around) {
                    outer.retain(|atom| !atoms.contains(atom));
                }
                asked.entry(rule).or_default().extend(atoms);
                bytes.entry(rule).or_default();
            }
        }
        let costs = bytes.iter().map(|(rule, bytes)| {
            let atoms = asked.get(rule).into_iter().flatten();
            self.cost(*rule, *bytes, atoms)
        });
        costs.collect()
    }

    /// What the tests of each rule ask.
    fn asked(&self) -> BTreeMap<u32, BTreeSet<Handle<Atom>>> {
        let graph = self.graph;
        let mut asked: BTreeMap<u32, BTreeSet<Handle<Atom>>> = BTreeMap::new();
        for node in self.nodes() {
            let Node::Test { atom, .. } = graph.nodes.get(node) else {
                continue;
            };
            // What several rules are asked by stands before them, to save them time.
            let mut rules = graph.rules_of.get(&node).into_iter().flatten();
            if let (Some(rule), None) = (rules.next(), rules.next()) {
                let asked = asked.entry(rule.0).or_default();
                asked.extend(self.atoms_below(*atom));
            }
        }
        asked
    }

    /// The rules that match without deciding and their conditions, by the rule that they stand in.
    fn told(&self) -> Vec<(u32, Vec<Told>)> {
        let graph = self.graph;
        let mut told = Vec::new();
        for node in self.nodes() {
            let Node::Act {
                effect: Effect::Hits { rules, .. },
                ..
            } = graph.nodes.get(node)
            else {
                continue;
            };
            for around in graph.rules_of.get(&node).into_iter().flatten() {
                told.push((around.0, self.told_by(*rules)));
            }
        }
        told
    }

    /// The rules that a text of indices names, each where its condition holds.
    fn told_by(&self, text: Handle<Value>) -> Vec<Told> {
        let values = &self.graph.values;
        let mut rules = Vec::new();
        let mut open = vec![text];
        while let Some(text) = open.pop() {
            match values.get(text) {
                Value::Concat(parts) => open.extend(parts),
                Value::Const(Const::Bytes(always)) => {
                    let always = always.as_chunks().0.iter();
                    rules.extend(always.map(|rule| (u32::from_le_bytes(*rule), None)));
                }
                Value::Choose(arms, otherwise) => {
                    open.push(*otherwise);
                    for (condition, text) in arms {
                        let Value::Const(Const::Bytes(index)) = values.get(*text) else {
                            continue;
                        };
                        let rule = index.as_slice().try_into().map(u32::from_le_bytes);
                        rules.extend(rule.ok().map(|rule| (rule, Some(*condition))));
                    }
                }
                _ => {}
            }
        }
        rules
    }

    fn nodes(&self) -> Vec<Handle<Node>> {
        let roots = self.graph.steps.iter().flat_map(|s| &s.on);
        reachable(self.graph, roots.map(|(_, node)| *node))
    }

    fn cost<'a>(
        &self,
        rule: u32,
        mut bytes: u32,
        atoms: impl Iterator<Item = &'a Handle<Atom>>,
    ) -> RuleCost {
        let mut texts: BTreeMap<Handle<Value>, Vec<Walk>> = BTreeMap::new();
        let mut tables: Vec<Walk> = Vec::new();
        for atom in atoms {
            let atom = self.graph.atoms.get(*atom);
            for walk in self.walks(atom) {
                texts.entry(atom.subject).or_default().push(walk);
                // A table that is followed in several texts is there once.
                if !tables.contains(&walk) {
                    tables.push(walk);
                    bytes += walk.bytes / walk.shared;
                }
            }
        }
        let count = u32::try_from(texts.len()).unwrap_or(u32::MAX);
        let all = |walks: &Vec<Walk>| walks.iter().map(|walk| walk.ns).sum::<f64>();
        let most = texts.into_values().max_by(|a, b| all(a).total_cmp(&all(b)));
        RuleCost {
            rule,
            bytes,
            walks: most.unwrap_or_default(),
            texts: count,
        }
    }

    fn atoms_below(&self, atom: Handle<Atom>) -> Vec<Handle<Atom>> {
        let mut found = self.asked_by(self.graph.atoms.get(atom).subject);
        found.push(atom);
        found
    }

    /// What has to be known for a value.
    fn asked_by(&self, value: Handle<Value>) -> Vec<Handle<Atom>> {
        let graph = self.graph;
        let mut found = Vec::new();
        let mut open = vec![value];
        let mut seen: BTreeSet<Handle<Value>> = open.iter().copied().collect();
        while let Some(value) = open.pop() {
            let value = graph.values.get(value);
            if let Value::Atom(atom) = value {
                found.push(*atom);
            }
            if let Value::Call(index, _) = value {
                let body = graph.fns.get(*index as usize).map(|it| it.body);
                open.extend(body.filter(|body| seen.insert(*body)));
            }
            let below = operands(graph, value).into_iter();
            open.extend(below.filter(|value| seen.insert(*value)));
        }
        found
    }

    /// The walks of a test.
    fn walks(&self, atom: &Atom) -> Vec<Walk> {
        let graph = self.graph;
        if graph.type_of(atom.subject).base != Base::String {
            return Vec::new();
        }
        if let Some(lane) = lane_of(graph, atom.subject) {
            let (bytes, sharing) = self.streams.share(lane);
            return vec![Walk::new(By::Stream, AUTOMATON, bytes, sharing)];
        }
        let Some(pattern) = pattern(&atom.matcher) else {
            return Vec::new();
        };
        match self.scans.passes(atom.subject, &pattern) {
            passes if passes.is_empty() => vec![self.own_walk(&pattern)],
            passes => passes
                .iter()
                .map(|pass| self.shared_walk(pass, &pattern))
                .collect(),
        }
    }

    fn shared_walk(&self, pass: &Pass, pattern: &Pattern) -> Walk {
        let of = |by, ns| Walk::new(by, ns, pass.bytes, pass.patterns);
        let made = match pass.patterns {
            0 => self.own_walk(pattern),
            _ if pass.search => of(By::Search, SEARCH),
            _ if pass.parts => of(By::Merged, SIDE_BY_SIDE),
            _ => of(By::Merged, AUTOMATON),
        };
        Walk {
            rare: pass.rare,
            ..made
        }
    }

    fn own_walk(&self, pattern: &Pattern) -> Walk {
        let automaton = self.automata.get(pattern).map(Rc::as_ref);
        let bytes = automaton.map_or(0, |it| length(&it.table().0));
        match automaton {
            Some(Automaton::Nondeterministic(nfa)) => {
                let words = nfa.words();
                let ns = BITS.0 + BITS.1 * f64::from(words);
                Walk::new(By::Bits(words), ns, bytes, 1)
            }
            _ => Walk::new(By::Automaton, AUTOMATON, bytes, 1),
        }
    }
}

impl Walk {
    fn new(by: By, ns: f64, bytes: u32, shared: u32) -> Walk {
        Walk {
            by,
            ns,
            bytes,
            shared: shared.max(1),
            rare: false,
        }
    }
}

/// The pattern of a matcher that needs a walk.
fn pattern(matcher: &Matcher) -> Option<Pattern> {
    match matcher {
        Matcher::Any(inner) => pattern(inner),
        matcher => super::scans::pattern(matcher),
    }
}

#[cfg(test)]
mod tests;
