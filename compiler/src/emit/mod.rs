//! From the decision graph to a module.
//!
//! A step becomes a function, values that several places read become functions with a
//! memo, everything else is put in line. Matchers are tables among the constants. The
//! functions that build an output are written once, in [`support`], and only if used.
//!
//! Memory, from below: the kernels' stack and data, the constants, then the regions of
//! [`layout`]: facts, memo, staging, input, output. What a call needs at most is computed
//! in [`bounds`], so nothing is checked when it runs.

mod assemble;
mod atoms;
pub mod bounds;
mod code;
mod constants;
pub mod cost;
mod entry;
mod kernels;
mod layout;
mod nodes;
mod plan;
mod scans;
mod streams;
mod support;
mod terminals;
mod values;

pub(crate) use atoms::path_pattern;
pub use kernels::BadKernels;
pub(crate) use plan::{operands, reachable, values_of_node};
pub(crate) use streams::{lane_of as stream_of, sources as stream_sources, step_of};

use crate::{
    automata::{automaton::Automaton, dfa::DfaError, pattern::Pattern},
    decision::{Decision, Handle, Value},
    hir::{Base, Type},
};
use code::Code;
use constants::Constants;
use edge_abi::{
    continuation,
    input::MAX_CHUNK,
    manifest::{Line, Slot},
    output::state::MAX_ASKS,
};
use kernels::{Kernels, Signature};
use layout::Layout;
use plan::Plan;
use scans::Scans;
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    rc::Rc,
};
use streams::Streams;
use support::Support;
use wasm_encoder::{BlockType, ValType};

/// Bytes of a request's head that reach the guest at most, all facts together.
pub const HEAD_LIMIT: u32 = 128 * 1024;
/// Most bytes of answers that one call may hold.
const MOST_ANSWERS: u32 = 32 << 20;
/// Most memory that a module may have, in bytes.
pub const MEMORY_LIMIT: u64 = 256 * 1024 * 1024;

/// A module, not yet linked: it holds all kernels.
#[derive(Debug)]
pub struct Module {
    /// Its bytes.
    pub wasm: Vec<u8>,
    /// The slot sets of its steps.
    pub slots: Vec<Vec<Slot>>,
    /// The longest input, in bytes.
    pub input_limit: u32,
    /// The longest output.
    pub output: Line,
    /// The most instructions that a call runs.
    pub fuel: Line,
    /// Its memory in bytes.
    pub memory: u32,
    /// Whether something is remembered once there is an answer.
    pub finishes: bool,
    /// What each rule costs, by its index.
    pub costs: Vec<cost::RuleCost>,
}

/// Why a graph can't be emitted.
#[derive(Debug, thiserror::Error)]
pub enum EmitError {
    /// A regex or a set of literals blows up.
    #[error("`{pattern}` needs too large an automaton: {error}")]
    Automaton {
        /// The pattern.
        pattern: String,
        /// Why.
        error: DfaError,
    },
    /// The output of one request may be too large.
    #[error("one request may need {0} bytes of memory")]
    Memory(u64),
    /// Too much is asked for.
    #[error("it asks limits, stores and counters in {0} places; {MAX_ASKS} are the most")]
    Asks(usize),
    /// Values of stores are too large together.
    #[error("what a request may read from stores comes to {0} bytes; {MOST_ANSWERS} are the most")]
    Answers(u32),
    /// A set or table can't be built.
    #[error("{0}")]
    Table(String),
    /// The compiler's own parts don't fit.
    #[error(transparent)]
    Kernels(#[from] BadKernels),
}

/// What a function is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Step(u32),
    Value(Handle<Value>),
    Function(u32),
    Support(Support),
    Scan(u32),
    Run,
    Input,
}

/// What identifies a policy's module to its own continuations.
#[derive(Debug, Clone, Copy)]
pub struct Identity {
    /// The tag.
    pub tag: u64,
    /// The longest body that is read.
    pub body_limit: u32,
}

/// Emits a graph.
///
/// # Errors
/// When an automaton or the memory grows beyond its limit.
pub fn emit(graph: &Decision, identity: Identity) -> Result<Module, EmitError> {
    let floats = graph.types.iter().any(|ty| ty.base == Base::Float);
    let kernels = Kernels::read(if floats {
        edge_kernels::WASM_FLOAT
    } else {
        edge_kernels::WASM
    })?;
    let mut plan = Plan::new(graph);
    let scans = Scans::new(graph, &mut plan);
    let streams = Streams::new(graph)?;
    if graph.asks.len() > MAX_ASKS as usize {
        return Err(EmitError::Asks(graph.asks.len()));
    }
    let answers = plan.answers(graph);
    if answers > MOST_ANSWERS {
        return Err(EmitError::Answers(answers));
    }
    let mut input_limit = HEAD_LIMIT + identity.body_limit.next_multiple_of(16);
    input_limit += answers.next_multiple_of(16);
    if plan.scans.is_some() {
        input_limit += MAX_CHUNK + continuation::LIMIT;
    }
    let output = bounds::output(graph, &plan, input_limit);
    let layout = Layout::new(&plan, streams.state(), input_limit, output)?;
    let constants = Constants::new(kernels.heap_base.next_multiple_of(16));
    let mut emitter = Emitter {
        graph,
        plan: &plan,
        scans,
        streams,
        layout,
        tag: identity.tag,
        kernels,
        constants,
        types: Vec::new(),
        type_index: HashMap::new(),
        functions: Vec::new(),
        index: BTreeMap::new(),
        queue: VecDeque::new(),
        step: 0,
        rule_bytes: BTreeMap::new(),
        automata: HashMap::new(),
        automata_bytes: 0,
    };
    emitter.types = emitter.kernels.types.clone();
    for (i, signature) in (0u32..).zip(emitter.kernels.types.clone()) {
        emitter.type_index.entry(signature).or_insert(i);
    }
    emitter.all()?;
    emitter.assemble(input_limit, output)
}

/// A function: its type and, once written, its body.
type Slot2 = (u32, Option<Code>);

struct Emitter<'a> {
    graph: &'a Decision,
    plan: &'a Plan,
    scans: Scans,
    streams: Streams,
    layout: Layout,
    tag: u64,
    kernels: Kernels,
    constants: Constants,
    types: Vec<Signature>,
    type_index: HashMap<Signature, u32>,
    functions: Vec<Slot2>,
    index: BTreeMap<Key, u32>,
    queue: VecDeque<(u32, Key)>,
    /// The step that is written.
    step: u32,
    /// Bytes of code and constants by rule, as written (before linking), without automata.
    rule_bytes: BTreeMap<u32, u32>,
    /// The automata that single tests have.
    automata: HashMap<Pattern, Rc<Automaton>>,
    /// Their bytes.
    automata_bytes: usize,
}

impl Emitter<'_> {
    /// Writes the entry points and everything that they need.
    fn all(&mut self) -> Result<(), EmitError> {
        self.function(Key::Input);
        self.function(Key::Run);
        while let Some((slot, key)) = self.queue.pop_front() {
            let code = match key {
                Key::Input => self.input_function(),
                Key::Run => self.run_function(),
                Key::Step(step) => self.step_function(step)?,
                Key::Value(value) => self.value_function(value)?,
                Key::Function(index) => self.user_function(index)?,
                Key::Support(support) => self.support_function(support),
                Key::Scan(part) => self.scan_function(part)?,
            };
            if let Some(entry) = self.functions.get_mut(slot as usize) {
                entry.1 = Some(code);
            }
        }
        Ok(())
    }

    /// The index of a function, which will be written if it isn't yet.
    fn function(&mut self, key: Key) -> u32 {
        if let Some(&index) = self.index.get(&key) {
            return index;
        }
        let signature = match key {
            Key::Input | Key::Run | Key::Step(_) => (vec![ValType::I32], vec![ValType::I32]),
            Key::Value(value) => (Vec::new(), types_of(self.graph.type_of(value))),
            Key::Function(index) => match self.graph.fns.get(index as usize) {
                Some(f) => {
                    let params = f.params.iter().flat_map(|ty| types_of(*ty)).collect();
                    (params, types_of(self.graph.type_of(f.body)))
                }
                None => (Vec::new(), Vec::new()),
            },
            Key::Support(support) => support.signature(),
            Key::Scan(_) => scans::signature(),
        };
        let ty = self.type_of(signature);
        let slot = u32::try_from(self.functions.len()).unwrap_or(u32::MAX);
        self.functions.push((ty, None));
        let index = u32::try_from(self.kernels.functions.len()).unwrap_or(u32::MAX) + slot;
        self.index.insert(key, index);
        self.queue.push_back((slot, key));
        index
    }

    /// The index of a signature.
    fn type_of(&mut self, signature: Signature) -> u32 {
        if let Some(&index) = self.type_index.get(&signature) {
            return index;
        }
        let index = u32::try_from(self.types.len()).unwrap_or(u32::MAX);
        self.types.push(signature.clone());
        self.type_index.insert(signature, index);
        index
    }

    /// The type of a block that gives these values.
    fn block(&mut self, results: &[ValType]) -> BlockType {
        match results {
            [] => BlockType::Empty,
            [one] => BlockType::Result(*one),
            _ => BlockType::FunctionType(self.type_of((Vec::new(), results.to_vec()))),
        }
    }

    /// Calls a kernel.
    fn kernel(&self, code: &mut Code, name: &str) {
        // A name that isn't there would be found by the first test: every kernel is exported.
        code.call(self.kernels.exports.get(name).copied().unwrap_or(u32::MAX));
    }

    /// Calls a support function.
    fn support(&mut self, code: &mut Code, support: Support) {
        let index = self.function(Key::Support(support));
        code.call(index);
    }

    /// Pushes address and length of constant bytes.
    fn text(&mut self, code: &mut Code, bytes: &[u8]) {
        let address = self.constants.bytes(bytes);
        code.i32(address).i32(length(bytes));
    }

    fn bump(&self) -> u32 {
        u32::try_from(self.kernels.globals.len()).unwrap_or(u32::MAX)
    }

    /// Where the next effect is staged.
    fn effects(&self) -> u32 {
        self.bump() + 1
    }

    /// How many edits are staged.
    fn edits(&self) -> u32 {
        self.bump() + 2
    }
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

/// How a value lies on the stack. Text is address and length, absent at address 0; an
/// address of 16 bytes likewise; other optional values are followed by 1 or 0.
fn types_of(ty: Type) -> Vec<ValType> {
    let mut list = match ty.base {
        Base::String | Base::List | Base::Counts => return vec![ValType::I32, ValType::I32],
        Base::Ip => return vec![ValType::I32],
        Base::Bool | Base::Arm(_) | Base::Target => vec![ValType::I32],
        Base::Float => vec![ValType::F64],
        Base::Int | Base::Duration | Base::Size | Base::Time | Base::Percent => vec![ValType::I64],
    };
    if ty.optional {
        list.push(ValType::I32);
    }
    list
}

/// Whether presence is told by the address.
fn by_address(ty: Type) -> bool {
    matches!(ty.base, Base::String | Base::List | Base::Counts | Base::Ip)
}
