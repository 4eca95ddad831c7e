//! The bytes of a plan; their layout is in `edge_kernels::stream`.

use super::reader::{OF_SCAN, Reader, gate};
use super::{MOST_TOGETHER, Step};
use crate::automata::table::{push_u32, u32_from};
use edge_kernels::stream::{self, ENTRY, FIELDS, HEADER, STEP, kind};

/// Chains that share how they begin. Node 0 has no step.
#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
}

#[derive(Debug, Default)]
struct Node {
    /// Each with the bit that its patterns count from.
    readers: Vec<(usize, Reader)>,
    /// With the step that leads there.
    next: Vec<(Step, usize)>,
}

impl Default for Tree {
    fn default() -> Self {
        Tree {
            nodes: vec![Node::default()],
        }
    }
}

impl Tree {
    /// The node behind some steps.
    pub(super) fn node(&mut self, steps: &[Step]) -> usize {
        let changes = |step: &&Step| !matches!(step, Step::Replace(from, _) if from.is_empty());
        steps.iter().filter(changes).fold(0, |at, step| {
            let known = self.nodes.get(at).and_then(|node| {
                let mut next = node.next.iter();
                next.find(|(known, _)| known == step).map(|(_, next)| *next)
            });
            known.unwrap_or_else(|| {
                let new = self.nodes.len();
                self.nodes.push(Node::default());
                if let Some(node) = self.nodes.get_mut(at) {
                    node.next.push((step.clone(), new));
                }
                new
            })
        })
    }

    /// Has a node's texts read, by patterns that count from a bit.
    pub(super) fn read(&mut self, node: usize, first_bit: usize, readers: Vec<Reader>) {
        if let Some(node) = self.nodes.get_mut(node) {
            let readers = readers.into_iter().map(|reader| (first_bit, reader));
            node.readers.extend(readers);
        }
    }

    /// The plan, and how long a state is.
    pub(super) fn encode(&self, bits: usize) -> (Vec<u8>, u32) {
        let entries = self.entries();
        let bits_len = bits.div_ceil(64) * 8;
        let mut operands = HEADER + ENTRY * entries.len();
        let mut state = 0;
        let mut table = Vec::new();
        let mut behind = Vec::new();
        for entry in &entries {
            for field in [
                entry.kind as usize,
                operands,
                entry.operand.len(),
                state,
                entry.number,
                entry.shortest,
            ] {
                push_u32(&mut table, u32_from(field));
            }
            behind.extend_from_slice(&entry.operand);
            behind.resize(behind.len().next_multiple_of(4), 0);
            operands += entry.operand.len().next_multiple_of(4);
            state += entry.state_len();
        }
        let state_len = u32_from((bits_len + FIELDS + state).next_multiple_of(8));
        let mut plan = Vec::new();
        let shortest = self.shortest(0);
        for field in [
            state_len,
            u32_from(bits_len),
            u32_from(entries.len()),
            u32_from(shortest),
        ] {
            push_u32(&mut plan, field);
        }
        plan.extend_from_slice(stream::fields::NAMES);
        plan.resize(HEADER, 0);
        plan.extend(table);
        plan.extend(behind);
        (plan, state_len)
    }

    /// Bytes of the shortest text at a node that may match there or behind it.
    fn shortest(&self, node: usize) -> usize {
        let mut shortest = usize::MAX;
        // Nodes, and the steps that lead from the first one there.
        let mut open = vec![(node, Vec::new())];
        while let Some((node, steps)) = open.pop() {
            let Some(node) = self.nodes.get(node) else {
                continue;
            };
            for (_, reader) in &node.readers {
                let needed = steps.iter().rev().copied();
                shortest =
                    shortest.min(needed.fold(reader.shortest, |least, step| before(step, least)));
            }
            for (step, next) in &node.next {
                let mut steps = steps.clone();
                steps.push(step);
                open.push((*next, steps));
            }
        }
        shortest
    }

    /// Instructions for each byte of a body, see [`super::Plan::work`].
    pub(super) fn work(&self) -> u64 {
        let mut work = OF_FIELDS;
        // Nodes, and how many bytes of a text there may be for each of the body's.
        let mut open = vec![(0, 1u64)];
        while let Some((node, bytes)) = open.pop() {
            let Some(node) = self.nodes.get(node) else {
                continue;
            };
            let readers = node.readers.iter().map(|(_, reader)| reader.work);
            let own = readers.fold(OF_SCAN, u64::saturating_add);
            let own = own.saturating_add(OF_STEP * node.next.len() as u64);
            work = work.saturating_add(own.saturating_mul(bytes));
            open.extend(
                node.next
                    .iter()
                    .map(|(step, next)| (*next, bytes.saturating_mul(growth(step)))),
            );
        }
        work
    }

    /// In preorder.
    fn entries(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut open = vec![Visit::Enter(0)];
        while let Some(visit) = open.pop() {
            match visit {
                Visit::Enter(node) => {
                    let Some(node) = self.nodes.get(node) else {
                        continue;
                    };
                    node.entries(&mut entries);
                    let next = node.next.iter().rev();
                    open.extend(next.map(|(step, node)| Visit::Step(step.clone(), *node)));
                }
                Visit::Step(step, node) => {
                    open.push(Visit::Leave(entries.len()));
                    open.push(Visit::Enter(node));
                    let shortest = before(&step, self.shortest(node));
                    entries.push(Entry::of(&step, shortest));
                }
                Visit::Leave(entry) => {
                    let end = entries.len();
                    if let Some(entry) = entries.get_mut(entry) {
                        entry.number = end;
                    }
                }
            }
        }
        entries
    }
}

impl Node {
    /// Those with literals behind gates, then the others.
    fn entries(&self, entries: &mut Vec<Entry>) {
        let (gated, free): (Vec<_>, Vec<_>) = self
            .readers
            .iter()
            .cloned()
            .partition(|(_, reader)| reader.literals.is_some());
        for group in gated.chunks(MOST_TOGETHER) {
            let readers: Vec<Reader> = group.iter().map(|(_, reader)| reader.clone()).collect();
            // The gate is a walk as well.
            if let Some(table) = gate(&readers).filter(|_| group.len() > 1) {
                entries.push(Entry {
                    kind: kind::GATE,
                    operand: table,
                    number: entries.len() + 1 + group.len(),
                    shortest: 0,
                });
            }
            entries.extend(group.iter().map(Entry::reader));
        }
        entries.extend(free.iter().map(Entry::reader));
    }
}

/// What is next on the way through a tree.
enum Visit {
    Enter(usize),
    Step(Step, usize),
    Leave(usize),
}

struct Entry {
    kind: u32,
    operand: Vec<u8>,
    number: usize,
    shortest: usize,
}

impl Entry {
    fn of(step: &Step, shortest: usize) -> Entry {
        let kind = kind(step);
        let operand = match step {
            Step::Replace(from, to) => replace(from, to),
            _ if kind >= kind::URL_DECODE => kind::operand(kind).to_vec(),
            _ => Vec::new(),
        };
        Entry {
            kind,
            operand,
            number: 0,
            shortest,
        }
    }

    fn reader((first_bit, reader): &(usize, Reader)) -> Entry {
        Entry {
            kind: reader.kind,
            operand: reader.operand(*first_bit),
            number: first_bit + reader.bits.first().copied().unwrap_or_default(),
            shortest: reader.shortest,
        }
    }

    fn state_len(&self) -> usize {
        if self.kind < kind::DFA {
            return STEP;
        }
        stream::automaton_state(self.kind, &self.operand)
    }
}

/// Instructions of the fields and of a step for each byte of a text, measured and doubled.
const OF_FIELDS: u64 = 1000;
const OF_STEP: u64 = 1500;

/// How many bytes a step may make of one, at most.
fn growth(step: &Step) -> u64 {
    match step {
        Step::Utf8ToUnicode => 3,
        Step::Replace(from, to) => to.len().div_ceil(from.len().max(1)).max(1) as u64,
        _ => 1,
    }
}

/// Bytes of the shortest text of which a step may make one of so many bytes.
fn before(step: &Step, shortest: usize) -> usize {
    match step {
        Step::Utf8ToUnicode => shortest.div_ceil(3),
        Step::Replace(from, to) if to.len() > from.len() => shortest.min(1),
        _ => shortest,
    }
}

fn kind(step: &Step) -> u32 {
    match step {
        Step::Lower => kind::LOWER,
        Step::Upper => kind::UPPER,
        Step::UrlDecode => kind::URL_DECODE,
        Step::UrlDecodeUni => kind::URL_DECODE_UNI,
        Step::HtmlDecode => kind::HTML_DECODE,
        Step::JsDecode => kind::JS_DECODE,
        Step::CssDecode => kind::CSS_DECODE,
        Step::Base64DecodeLenient => kind::BASE64_DECODE_LENIENT,
        Step::RemoveNulls => kind::REMOVE_NULLS,
        Step::CompressWhitespace => kind::COMPRESS_WHITESPACE,
        Step::RemoveComments => kind::REMOVE_COMMENTS,
        Step::CmdLine => kind::CMD_LINE,
        Step::Utf8ToUnicode => kind::UTF8_TO_UNICODE,
        Step::Replace(..) => kind::REPLACE,
    }
}

/// The operand of a `replace`.
fn replace(from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut operand = Vec::new();
    push_u32(&mut operand, u32_from(from.len()));
    push_u32(&mut operand, u32_from(to.len()));
    for border in borders(from) {
        push_u32(&mut operand, u32_from(border));
    }
    operand.extend_from_slice(from);
    operand.extend_from_slice(to);
    operand
}

/// Of each beginning of a text, by its length, the length of the longest shorter one that it ends with.
fn borders(text: &[u8]) -> Vec<usize> {
    let mut borders = vec![0; text.len().min(1)];
    for byte in text.iter().skip(1) {
        let mut border = borders.last().copied().unwrap_or_default();
        while border > 0 && text.get(border) != Some(byte) {
            border = borders.get(border - 1).copied().unwrap_or_default();
        }
        borders.push(border + usize::from(text.get(border) == Some(byte)));
    }
    borders
}
