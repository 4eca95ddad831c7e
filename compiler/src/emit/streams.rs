//! Scans of bodies: what all rules ask of a body is one plan, which a kernel follows piece by piece.
//!
//! The plan is a constant table. What the kernel must remember from piece to piece, the bits that it found
//! first, is the continuation of the lane. A test of the body is a test of a bit.

use super::{
    EmitError, Emitter,
    code::{Code, at},
    length,
    scans::{self, asked},
    support::Support,
};
use crate::{
    automata::{
        pattern::{LiteralKind, Pattern},
        stream::{self, Chain, PlanError, Step},
    },
    decision::{Atom, Const, Decision, Handle, Matcher, Value},
    hir::{Builtin, Fact, Lane},
};
use edge_abi::{
    continuation,
    input::{self, Event, flags},
    manifest::{Fact as RawFact, Line},
    output::Status,
};
use std::collections::BTreeMap;
use wasm_encoder::{Instruction as I, ValType};

/// Bytes of a lane's continuation before the kernel's state.
const HEADER: u32 = continuation::HEADER + 4;

/// The scans of a policy.
#[derive(Debug, Default)]
pub(super) struct Streams(BTreeMap<Lane, Stream>);

/// What is asked of one body.
#[derive(Debug)]
struct Stream {
    plan: Vec<u8>,
    /// Bytes of the kernel's state.
    state: u32,
    /// The kernel's instructions for each byte of a piece.
    work: u64,
    /// The bit of each test.
    bits: BTreeMap<Handle<Atom>, u32>,
}

impl Streams {
    /// Finds what is asked of bodies.
    pub fn new(graph: &Decision) -> Result<Streams, EmitError> {
        let mut asked_of: BTreeMap<Lane, Vec<Handle<Atom>>> = BTreeMap::new();
        for atom in asked(graph) {
            if let Some(lane) = lane_of(graph, graph.atoms.get(atom).subject) {
                let list = asked_of.entry(lane).or_default();
                if !list.contains(&atom) {
                    list.push(atom);
                }
            }
        }
        let mut streams = Streams::default();
        for (lane, atoms) in asked_of {
            streams.0.insert(lane, Stream::new(graph, &atoms)?);
        }
        Ok(streams)
    }

    /// Bytes of the longest state.
    pub fn state(&self) -> u32 {
        self.0.values().map(|it| it.state).max().unwrap_or(0)
    }

    /// The most instructions that a call's scan takes.
    pub fn fuel(&self) -> Line {
        let work = self.0.values().map(|it| it.work).max().unwrap_or(0);
        Line {
            base: work.saturating_mul(stream::CALL),
            per_byte: work,
        }
    }

    /// Bytes of the plan of a body's scan, and how many tests share it.
    pub fn share(&self, lane: Lane) -> (u32, u32) {
        self.0.get(&lane).map_or((0, 1), |it| {
            let tests = u32::try_from(it.bits.len()).unwrap_or(u32::MAX);
            (length(&it.plan), tests)
        })
    }

    /// The bit of a test, if it is one of a body.
    fn bit(&self, atom: Handle<Atom>) -> Option<u32> {
        self.0.values().find_map(|it| it.bits.get(&atom).copied())
    }
}

impl Stream {
    fn new(graph: &Decision, atoms: &[Handle<Atom>]) -> Result<Stream, EmitError> {
        let mut chains: BTreeMap<Handle<Value>, (Vec<Handle<Atom>>, Chain)> = BTreeMap::new();
        for atom in atoms {
            let Atom { subject, matcher } = graph.atoms.get(*atom);
            let Some(pattern) = pattern(matcher) else {
                continue;
            };
            let (list, chain) = chains.entry(*subject).or_insert_with(|| {
                let mut steps = Vec::new();
                steps_of(graph, *subject, &mut steps);
                let patterns = Vec::new();
                (Vec::new(), Chain { steps, patterns })
            });
            list.push(*atom);
            chain.patterns.push(pattern);
        }
        let (lists, chains): (Vec<_>, Vec<_>) = chains.into_values().unzip();
        let plan = stream::plan(&chains).map_err(|error| no_plan(&chains, error))?;
        if HEADER + plan.state_len > continuation::LIMIT {
            return Err(EmitError::Table(format!(
                "the rules that look at a body as it streams need {} bytes of memory for it; {} are the most",
                plan.state_len,
                continuation::LIMIT - HEADER
            )));
        }
        let mut bits = BTreeMap::new();
        for (list, first) in lists.iter().zip(&plan.first_bits) {
            bits.extend(list.iter().copied().zip(*first..));
        }
        Ok(Stream {
            plan: plan.bytes,
            state: plan.state_len,
            work: plan.work,
            bits,
        })
    }
}

fn no_plan(chains: &[Chain], error: PlanError) -> EmitError {
    match error {
        PlanError::Automaton {
            chain,
            pattern,
            error,
        } => EmitError::Automaton {
            pattern: chains
                .get(chain)
                .and_then(|chain| chain.patterns.get(pattern))
                .map_or_else(String::new, Pattern::to_string),
            error,
        },
        error => EmitError::Table(error.to_string()),
    }
}

/// The body that a text is made of, if it is made of one as it streams.
pub(crate) fn lane_of(graph: &Decision, text: Handle<Value>) -> Option<Lane> {
    match graph.values.get(text) {
        Value::Fact(Fact::Stream(lane)) => Some(*lane),
        Value::Builtin(_, arguments) => lane_of(graph, *arguments.first()?),
        _ => None,
    }
}

/// The transforms between a body's texts and a subject, the first first.
fn steps_of(graph: &Decision, text: Handle<Value>, steps: &mut Vec<Step>) {
    let Value::Builtin(builtin, arguments) = graph.values.get(text) else {
        return;
    };
    let mut arguments = arguments.iter().copied();
    if let Some(inner) = arguments.next() {
        steps_of(graph, inner, steps);
    }
    let constant = || match arguments.next().map(|it| graph.values.get(it)) {
        Some(Value::Const(Const::Bytes(bytes))) => bytes.clone(),
        _ => Vec::new(),
    };
    // `check` lets no function stand here that is none.
    steps.extend(step_of(*builtin, constant));
}

/// The step that does what a function does, if it can be done piece by piece: its output up to here doesn't depend on
/// what follows, but for a few bytes.
pub(crate) fn step_of(builtin: Builtin, mut constant: impl FnMut() -> Vec<u8>) -> Option<Step> {
    Some(match builtin {
        Builtin::Lower => Step::Lower,
        Builtin::Upper => Step::Upper,
        Builtin::UrlDecode => Step::UrlDecode,
        Builtin::UrlDecodeUni => Step::UrlDecodeUni,
        Builtin::HtmlDecode => Step::HtmlDecode,
        Builtin::JsDecode => Step::JsDecode,
        Builtin::CssDecode => Step::CssDecode,
        Builtin::Base64DecodeLenient => Step::Base64DecodeLenient,
        Builtin::RemoveNulls => Step::RemoveNulls,
        Builtin::CompressWhitespace => Step::CompressWhitespace,
        Builtin::RemoveComments => Step::RemoveComments,
        Builtin::CmdLine => Step::CmdLine,
        Builtin::Utf8ToUnicode => Step::Utf8ToUnicode,
        Builtin::Replace => Step::Replace(constant(), constant()),
        _ => return None,
    })
}

fn pattern(matcher: &Matcher) -> Option<Pattern> {
    let (kind, any) = match matcher {
        Matcher::Equals(list) => (LiteralKind::Equals, list),
        Matcher::StartsWith(list) => (LiteralKind::StartsWith, list),
        Matcher::EndsWith(list) => (LiteralKind::EndsWith, list),
        other => return scans::pattern(other),
    };
    let any = any.clone();
    Some(Pattern::Literals { kind, any })
}

impl Emitter<'_> {
    /// Leaves whether a test of a body holds; false if it is no such test.
    pub(super) fn stream_finds(&self, code: &mut Code, atom: Handle<Atom>) -> bool {
        let Some(bit) = self.streams.bit(atom) else {
            return false;
        };
        code.region(self.layout.stream + bit / 8)
            .push(I::I32Load8U(at(0)))
            .i32(bit % 8)
            .push(I::I32ShrU)
            .i32(1)
            .push(I::I32And);
        true
    }

    /// Leaves whether the body is longer than the scan's limit.
    pub(super) fn over_limit(&self, code: &mut Code) {
        code.load_region(self.layout.input + input::FLAGS)
            .i32(flags::OVER)
            .push(I::I32And)
            .i32(0)
            .push(I::I32Ne);
    }

    /// What a step does first with a piece: where that shows nothing new, the body goes on.
    pub(super) fn piece_head(&mut self, code: &mut Code, event: Event) {
        let lane = match event {
            Event::RequestChunk => Lane::Request,
            Event::ResponseChunk => Lane::Response,
            _ => return,
        };
        let [chunk, content_type] = sources(lane);
        let Some(stream) = self.streams.0.get(&lane) else {
            return;
        };
        let (state, place) = (stream.state, self.layout.stream);
        let table = stream.plan.clone();
        self.take_state(code, state);
        code.i32(self.constants.table(&table)).i32(length(&table));
        code.region(place);
        self.raw_text(code, &chunk);
        self.raw_text(code, &content_type);
        code.load_region(self.layout.input + input::FLAGS)
            .i32(flags::LAST)
            .push(I::I32And);
        self.kernel(code, "stream_scan");
        self.over_limit(code);
        code.push(I::I32Or).push(I::I32Eqz).if_empty();
        self.go_on(code, lane);
        code.push(I::Return).end();
    }

    /// The state as the last call left it; zeros at the beginning.
    fn take_state(&mut self, code: &mut Code, state: u32) {
        let given = self.layout.input + input::CONTINUATION;
        let place = self.layout.stream;
        code.load_region(given + 4)
            .i32(HEADER + state)
            .push(I::I32Eq)
            .if_empty();
        code.region(place)
            .load_region(given)
            .i32(HEADER)
            .push(I::I32Add)
            .i32(state);
        code.push(I::MemoryCopy {
            src_mem: 0,
            dst_mem: 0,
        });
        code.or_else();
        code.load_region(given + 4)
            .i32(continuation::HEADER)
            .push(I::I32Ne)
            .if_empty();
        self.reject(code, Status::InvalidInput);
        code.push(I::Return).end();
        code.region(place)
            .i32(0)
            .i32(state)
            .push(I::MemoryFill(0))
            .end();
    }

    /// Lets the body go on; leaves the output's address.
    pub(super) fn go_on(&mut self, code: &mut Code, lane: Lane) {
        let state = self.streams.0.get(&lane).map_or(0, |it| it.state);
        let (all, place) = (HEADER + state, code.local(ValType::I32));
        code.i32(all);
        self.support(code, Support::Alloc);
        // The step is the one that runs: its number stands in the continuation that it was called with.
        code.tee(place)
            .load_region(self.layout.input + input::CONTINUATION)
            .i32(continuation::HEADER)
            .push(I::MemoryCopy {
                src_mem: 0,
                dst_mem: 0,
            });
        code.get(place)
            .i32(0)
            .push(I::I32Store(at(continuation::HEADER)));
        code.get(place).i32(HEADER).push(I::I32Add);
        code.region(self.layout.stream)
            .i32(state)
            .push(I::MemoryCopy {
                src_mem: 0,
                dst_mem: 0,
            });
        code.i32(lane as u32).i32(0).i32(0).i32(0);
        code.get(place).i32(all);
        code.release(ValType::I32, place);
        self.support(code, Support::Scan);
        code.i32(0).i32(0);
        self.support(code, Support::Finish);
    }

    /// Asks to see a body, once in a call, if the step that is written has one for its pieces.
    pub(super) fn ask_scan(&mut self, code: &mut Code, lane: Lane, limit: [u32; 2]) {
        let step = self.graph.steps.get(self.step as usize);
        let (Some(memo), Some(step)) = (self.plan.scans, step.and_then(|step| step.scan)) else {
            return;
        };
        let flag = self.layout.flags + memo + lane as u32;
        code.region(flag)
            .push(I::I32Load8U(at(0)))
            .push(I::I32Eqz)
            .if_empty();
        code.region(flag).i32(1).push(I::I32Store8(at(0)));
        let [limit, over_limit] = limit;
        code.i32(lane as u32).i32(limit).i32(over_limit).i32(step);
        let address = self.continuation(step);
        code.i32(address).i32(continuation::HEADER);
        self.support(code, Support::Scan);
        code.end();
    }

    /// Whether a step is one of a scan: its continuation has a state.
    pub(super) fn is_scan(&self, step: u32) -> bool {
        let step = self.graph.steps.get(step as usize);
        let mut on = step.map(|it| it.on.as_slice()).unwrap_or_default().iter();
        on.any(|(event, _)| matches!(event, Event::RequestChunk | Event::ResponseChunk))
    }

    /// Whether any step is.
    pub(super) fn has_scans(&self) -> bool {
        self.plan.scans.is_some()
    }
}

/// The facts that a scan reads: the piece, and the content type.
pub(crate) fn sources(lane: Lane) -> [RawFact; 2] {
    let name = "content-type".to_owned();
    match lane {
        Lane::Request => [RawFact::RequestChunk, RawFact::Header { name }],
        Lane::Response => [RawFact::ResponseChunk, RawFact::ResponseHeader { name }],
    }
}
