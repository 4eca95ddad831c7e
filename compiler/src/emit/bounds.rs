//! How much a call can need: lines in the input's length, summed along the graph's paths.
//!
//! A line's base and slope are maximised each for itself, which can only be too much. Every
//! use of a value is counted as if it were computed there, so a memo only makes it less.

use super::plan::{Plan, operands, reachable, values_of_node};
use crate::{
    decision::{Const, Decision, Handle, Node, Terminal, Value},
    hir::{Base, Builtin, Fact},
};
use edge_abi::{
    continuation,
    manifest::Line,
    output::{self, MAX_EDITS, edit, segment},
};
use edge_kernels::bounds::Bound;
use std::cell::Cell;

/// Calls of functions whose needs are worked out one by one; beyond, all is too much.
const CALLS: u32 = 20_000;

/// What a value is at most: how long its text, and how much space making it takes.
#[derive(Debug, Clone, Copy, Default)]
struct Need {
    length: Line,
    /// What a use of it takes.
    space: Line,
    /// What making it takes.
    made: Line,
}

fn line(base: u64, per_byte: u64) -> Line {
    Line { base, per_byte }
}

pub(super) fn add(a: Line, b: Line) -> Line {
    line(
        a.base.saturating_add(b.base),
        a.per_byte.saturating_add(b.per_byte),
    )
}

fn max(a: Line, b: Line) -> Line {
    line(a.base.max(b.base), a.per_byte.max(b.per_byte))
}

fn times(a: Line, bound: Bound) -> Line {
    let factor = u64::from(bound.per_byte);
    line(
        a.base
            .saturating_mul(factor)
            .saturating_add(u64::from(bound.base)),
        a.per_byte.saturating_mul(factor),
    )
}

/// The longest output of any call.
pub(super) fn output(graph: &Decision, plan: &Plan, input_limit: u32) -> Line {
    let each = longest(graph, &needs(graph, &|_| false));
    let kept = |value: Handle<Value>| plan.functions.get(&value).copied().flatten().is_some();
    let needs = needs(graph, &kept);
    let once = plan.functions.keys().filter(|value| kept(**value));
    let once = once.fold(Line::default(), |sum, value| {
        add(sum, made_space(&needs, *value))
    });
    let once = add(once, longest(graph, &needs));
    let at = |l: Line| {
        l.base
            .saturating_add(l.per_byte.saturating_mul(u64::from(input_limit)))
    };
    let longest = if at(once) < at(each) { once } else { each };
    let fixed = output::HEADER
        + MAX_EDITS * edit::SIZE
        + output::MAX_EFFECTS * plan.effect
        + output::proxy::SIZE
        + 64;
    let scans = match plan.scans {
        Some(_) => 2 * output::scan::SIZE + continuation::LIMIT,
        None => 0,
    };
    let fixed = fixed + scans;
    add(longest, line(u64::from(fixed), 0))
}

/// What a kept value's text takes, made once.
fn made_space(needs: &[Need], value: Handle<Value>) -> Line {
    needs.get(value.index()).map(|n| n.made).unwrap_or_default()
}

/// The most space of any path.
fn longest(graph: &Decision, needs: &[Need]) -> Line {
    let mut paths: Vec<Line> = vec![Line::default(); graph.nodes.len()];
    let mut longest = Line::default();
    let roots = || {
        graph
            .steps
            .iter()
            .flat_map(|s| &s.on)
            .map(|(_, node)| *node)
    };
    for node in reachable(graph, roots()).into_iter().rev() {
        let below = graph
            .nodes
            .get(node)
            .successors()
            .filter_map(|n| paths.get(n.index()).copied());
        let below = below.fold(Line::default(), max);
        let total = add(below, node_space(graph, needs, graph.nodes.get(node)));
        if let Some(path) = paths.get_mut(node.index()) {
            *path = total;
        }
        longest = max(longest, total);
    }
    longest
}

fn own_space(needs: &[Need], value: Handle<Value>) -> Line {
    needs
        .get(value.index())
        .map(|n| n.space)
        .unwrap_or_default()
}

/// What a node adds: its values, and the tables that it writes.
fn node_space(graph: &Decision, needs: &[Need], node: &Node) -> Line {
    let values = values_of_node(graph, node);
    let space = values.iter().fold(Line::default(), |sum, value| {
        add(sum, own_space(needs, *value))
    });
    let tables = match node {
        Node::Decide(Terminal::Respond { body, .. }) => {
            body.len() as u64 * u64::from(segment::SIZE) + 8
        }
        Node::Decide(Terminal::Proxy { proxy, .. }) => {
            let segments: usize = proxy.edits.iter().map(|e| e.value.len()).sum();
            let edits = proxy.edits.len() as u64 * (u64::from(edit::SIZE) + 8);
            edits + segments as u64 * u64::from(segment::SIZE) + 16
        }
        Node::Decide(Terminal::Admit { tags, .. }) => {
            tags.len() as u64 * u64::from(output::admit::TAG) + 8
        }
        _ => 0,
    };
    add(space, line(tables, 0))
}

/// The needs of all values, those that they are made of included.
///
/// A use of a value that is `kept` takes nothing: it is made once a call.
fn needs(graph: &Decision, kept: &dyn Fn(Handle<Value>) -> bool) -> Vec<Need> {
    let mut needs: Vec<Need> = Vec::new();
    let budget = Cell::new(CALLS);
    for (handle, value) in graph.values.iter() {
        let of = |v: Handle<Value>| needs.get(v.index()).copied().unwrap_or_default();
        let below = operands(graph, value).into_iter().map(of);
        let below = below.fold(Line::default(), |sum, need| add(sum, need.space));
        let own = own(graph, handle, value, &of, &budget);
        let made = add(own.space, below);
        needs.push(Need {
            length: own.length,
            space: if kept(handle) { Line::default() } else { made },
            made,
        });
    }
    needs
}

/// A text of that length that takes its space anew.
fn made(length: Line) -> Need {
    Need {
        length,
        space: length,
        ..Need::default()
    }
}

fn own(
    graph: &Decision,
    handle: Handle<Value>,
    value: &Value,
    of: &dyn Fn(Handle<Value>) -> Need,
    budget: &Cell<u32>,
) -> Need {
    let length = |v: Handle<Value>| of(v).length;
    let part = |length: Line| Need {
        length,
        ..Need::default()
    };
    let input = line(0, 1);
    use edge_kernels::bounds as k;
    match value {
        Value::Const(Const::Bytes(bytes)) => part(line(bytes.len() as u64, 0)),
        Value::Fact(fact) => match fact {
            Fact::Path => made(times(input, k::ESCAPED)),
            Fact::Host => made(input),
            Fact::Query(_) => made(input),
            Fact::QueryList(_) => Need {
                length: input,
                space: times(input, k::QUERY_ALL),
                ..Need::default()
            },
            Fact::PathSegment(_) | Fact::PathRest(_) => made(times(input, k::ESCAPED)),
            _ => part(input),
        },
        Value::Call(index, arguments) => call(graph, *index, arguments, of, budget),
        Value::FnParam(..) => part(Line::default()),
        Value::Builtin(builtin, arguments) => {
            let first = arguments.first().map(|v| length(*v)).unwrap_or_default();
            match builtin {
                Builtin::Lower
                | Builtin::Upper
                | Builtin::UrlDecode
                | Builtin::HtmlDecode
                | Builtin::Base64Decode
                | Builtin::UrlDecodeUni
                | Builtin::JsDecode
                | Builtin::CssDecode
                | Builtin::Base64DecodeLenient
                | Builtin::RemoveNulls
                | Builtin::CompressWhitespace
                | Builtin::RemoveComments
                | Builtin::NormalisePath
                | Builtin::CmdLine => made(first),
                Builtin::CountsJson => made(times(first, k::COUNTS)),
                Builtin::QueryFilter => made(first),
                Builtin::QuerySort => Need {
                    length: first,
                    space: times(first, k::QUERY_SORT),
                    ..Need::default()
                },
                Builtin::CookieFilter => made(times(first, k::DOUBLE)),
                Builtin::Base64UrlEncode | Builtin::Hex => made(times(first, k::DOUBLE)),
                Builtin::HtmlEscape => made(times(first, k::ENTITY)),
                Builtin::QueryEncode | Builtin::Utf8ToUnicode => made(times(first, k::ESCAPED)),
                Builtin::Sha256 => made(line(32, 0)),
                Builtin::HttpDate => made(line(u64::from(k::HTTP_DATE.base), 0)),
                Builtin::Replace => made(times(
                    first,
                    Bound {
                        per_byte: replace_factor(graph, arguments),
                        base: 0,
                    },
                )),
                Builtin::JsonText => Need {
                    length: first,
                    space: times(first, k::JSON_TEXT),
                    ..Need::default()
                },
                Builtin::JsonString => made(first),
                Builtin::JsonBool => Need::default(),
                Builtin::IntParse | Builtin::FloatParse | Builtin::JsonInt | Builtin::JsonFloat => {
                    Need {
                        space: line(8, 0),
                        ..Need::default()
                    }
                }
                _ => part(first),
            }
        }
        Value::Concat(parts) => made(
            parts
                .iter()
                .fold(Line::default(), |sum, v| add(sum, length(*v))),
        ),
        Value::Text(inner) => match graph.type_of(*inner).base {
            Base::String => part(length(*inner)),
            Base::Arm(_) => part(line(256, 0)),
            _ => made(line(64, 0)),
        },
        Value::Json(inner) => {
            let text = match graph.type_of(*inner).base {
                Base::String => length(*inner),
                _ => line(256, 0),
            };
            made(add(times(text, k::ENTITY), line(64, 0)))
        }
        Value::OrElse(list) => part(
            list.iter()
                .fold(Line::default(), |most, v| max(most, length(*v))),
        ),
        Value::Choose(arms, otherwise) => part(
            arms.iter()
                .fold(length(*otherwise), |most, (_, v)| max(most, length(*v))),
        ),
        Value::Narrowed(inner) => part(length(*inner)),
        Value::QueryRemove(query, _) => made(length(*query)),
        Value::QuerySet(query, name, set) => {
            // Only what is new is encoded; the buffer is sized as if all of it were.
            let new = add(length(*set), line(name.len() as u64, 0));
            Need {
                length: add(length(*query), times(new, k::QUERY_SET)),
                space: times(add(length(*query), new), k::QUERY_SET),
                ..Need::default()
            }
        }
        _ => part(if graph.type_of(handle).base == Base::String {
            input
        } else {
            Line::default()
        }),
    }
}

/// A function's need for these arguments: its body again, with their lengths.
fn call(
    graph: &Decision,
    index: u32,
    arguments: &[Handle<Value>],
    of: &dyn Fn(Handle<Value>) -> Need,
    budget: &Cell<u32>,
) -> Need {
    let Some(left) = budget.get().checked_sub(1) else {
        return made(line(u64::MAX, u64::MAX));
    };
    budget.set(left);
    let Some(function) = graph.fns.get(index as usize) else {
        return Need::default();
    };
    let lengths: Vec<Line> = arguments.iter().map(|v| of(*v).length).collect();
    let mut table: std::collections::HashMap<Handle<Value>, Need> =
        std::collections::HashMap::new();
    let mut order = vec![function.body];
    let mut seen = std::collections::BTreeSet::from([function.body]);
    while let Some(next) = order.pop() {
        for operand in operands(graph, graph.values.get(next)) {
            if seen.insert(operand) {
                order.push(operand);
            }
        }
    }
    for handle in seen {
        let value = graph.values.get(handle);
        let look = |v: Handle<Value>| table.get(&v).copied().unwrap_or_default();
        let below = operands(graph, value)
            .into_iter()
            .fold(Line::default(), |sum, v| add(sum, look(v).space));
        let own = match value {
            Value::FnParam(_, position) => Need {
                length: lengths.get(*position as usize).copied().unwrap_or_default(),
                ..Need::default()
            },
            _ => own(graph, handle, value, &look, budget),
        };
        let space = add(own.space, below);
        table.insert(handle, Need { space, ..own });
    }
    table.get(&function.body).copied().unwrap_or_default()
}

/// How many bytes `replace` can make of each byte of its input.
pub(super) fn replace_factor(graph: &Decision, arguments: &[Handle<Value>]) -> u32 {
    let constant = |i: usize| match arguments.get(i).map(|v| graph.values.get(*v)) {
        Some(Value::Const(Const::Bytes(bytes))) => bytes.len(),
        _ => 0,
    };
    let (from, to) = (constant(1).max(1), constant(2));
    u32::try_from(to.div_ceil(from).max(1)).unwrap_or(u32::MAX)
}

/// Instructions that a call runs at most for each byte that a kernel reads or writes, measured
/// and doubled: SHA-256 and the decoders need the most.
const PER_BYTE: u64 = 80;
/// Instructions for reading a float beyond that, where its digits don't settle at once what it is nearest
/// to: measured, and more.
const FLOAT: u64 = 1_000_000;
/// Instructions of a value or an effect beyond that.
const EACH: u64 = 400;

fn filter_length(graph: &Decision, list: Handle<Value>) -> u64 {
    match graph.values.get(list) {
        Value::Const(Const::Bytes(list)) => list.len() as u64,
        _ => 0,
    }
}

fn repeated(work: Line, times: u64) -> Line {
    line(
        work.base.saturating_mul(times),
        work.per_byte.saturating_mul(times),
    )
}

/// The most instructions of any call: each value of a path costs its kernels' work on what it
/// reads and makes.
pub(super) fn fuel(graph: &Decision) -> Line {
    let needs = needs(graph, &|_| false);
    let mut costs: Vec<Line> = Vec::new();
    for (handle, value) in graph.values.iter() {
        let of = |v: Handle<Value>| costs.get(v.index()).copied().unwrap_or_default();
        let mut below: Vec<Handle<Value>> = operands(graph, value);
        if let Value::Call(index, _) = value {
            below.extend(graph.fns.get(*index as usize).map(|f| f.body));
        }
        let need = |v: Handle<Value>| needs.get(v.index()).copied().unwrap_or_default();
        let read = below
            .iter()
            .fold(line(EACH, 1), |sum, v| add(sum, need(*v).length));
        let work = add(read, add(need(handle).length, need(handle).space));
        let work = line(
            work.base.saturating_mul(PER_BYTE),
            work.per_byte.saturating_mul(PER_BYTE),
        );
        let work = match value {
            // Each pair is held against each name; or it is moved some ten times.
            Value::Builtin(Builtin::QueryFilter | Builtin::CookieFilter, list) => {
                let names = list.last().map_or(0, |list| filter_length(graph, *list));
                repeated(work, 1 + names / 4)
            }
            Value::Builtin(Builtin::QuerySort, _) => repeated(work, 8),
            Value::Builtin(Builtin::FloatParse | Builtin::JsonFloat, _) => {
                add(work, line(FLOAT, 0))
            }
            _ => work,
        };
        costs.push(below.into_iter().fold(work, |sum, v| add(sum, of(v))));
    }
    let mut paths: Vec<Line> = vec![Line::default(); graph.nodes.len()];
    let mut longest = Line::default();
    let roots = graph.steps.iter().flat_map(|s| &s.on).map(|(_, n)| *n);
    for node in reachable(graph, roots).into_iter().rev() {
        let below = graph.nodes.get(node).successors();
        let below = below.filter_map(|n| paths.get(n.index()).copied());
        let mut total = add(below.fold(Line::default(), max), line(EACH, 0));
        for value in values_of_node(graph, graph.nodes.get(node)) {
            total = add(total, costs.get(value.index()).copied().unwrap_or_default());
            let read = needs
                .get(value.index())
                .map(|n| n.length)
                .unwrap_or_default();
            total = add(
                total,
                line(
                    read.base.saturating_mul(PER_BYTE),
                    read.per_byte.saturating_mul(PER_BYTE),
                ),
            );
        }
        if let Some(path) = paths.get_mut(node.index()) {
            *path = total;
        }
        longest = max(longest, total);
    }
    add(longest, line(10_000, PER_BYTE))
}
