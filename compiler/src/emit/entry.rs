//! The entry points: where the host writes, and what a call does first.

use super::{
    Emitter, Key,
    code::{Code, at},
    support::Support,
};
use crate::decision::Results;
use edge_abi::{
    continuation,
    input::{self, Event},
    output::{self, Op, Status},
};
use wasm_encoder::{BlockType, Instruction as I, ValType};

impl Emitter<'_> {
    /// `edge_input`
    pub(super) fn input_function(&mut self) -> Code {
        let mut code = Code::new(1);
        code.region(self.layout.input)
            .i32(0)
            .get(0)
            .i32(self.layout.input_limit)
            .push(I::I32LeU)
            .push(I::Select);
        code
    }

    /// `edge_run`: forgets what was, finds the step, and goes there.
    pub(super) fn run_function(&mut self) -> Code {
        let mut code = Code::new(1);
        let c = &mut code;
        let base = self.layout.input;
        c.region(self.layout.output + output::HEADER)
            .set_global(self.bump());
        c.region(self.layout.effects).set_global(self.effects());
        c.i32(0).set_global(self.edits());
        self.forget(c);
        // What is shorter than a header would be read together with what lay there before.
        c.get(0)
            .i32(input::HEADER)
            .push(I::I32Sub)
            .i32(self.layout.input_limit - input::HEADER)
            .push(I::I32GtU)
            .if_empty();
        self.reject(c, Status::InvalidInput);
        c.push(I::Return).end();
        let start = self.function(Key::Step(0));
        if self.graph.steps.len() == 1 {
            self.event_is(c, Event::Start);
            c.if_empty().get(0).call(start).push(I::Return).end();
            self.reject(c, Status::StaleContinuation);
            return code;
        }
        self.event_is(c, Event::Start);
        c.if_empty().get(0).call(start).push(I::Return).end();
        // The continuation must lie in the input before its tag and step can be read.
        let place = c.local(ValType::I32);
        c.load_region(base + input::CONTINUATION)
            .push(I::I64ExtendI32U);
        c.i64(i64::from(continuation::HEADER))
            .push(I::I64Add)
            .get(0)
            .push(I::I64ExtendI32U)
            .push(I::I64GtU);
        // Only a scan's is longer; its step looks at how long it is.
        let length = if self.has_scans() {
            I::I32LtU
        } else {
            I::I32Ne
        };
        c.load_region(base + input::CONTINUATION + 4)
            .i32(continuation::HEADER)
            .push(length)
            .push(I::I32Or);
        c.if_empty();
        self.reject(c, Status::InvalidInput);
        c.push(I::Return).end();
        c.region(base)
            .load_region(base + input::CONTINUATION)
            .push(I::I32Add)
            .tee(place);
        c.push(I::I64Load(at(continuation::TAG)))
            .i64(self.tag.cast_signed())
            .push(I::I64Eq)
            .if_empty();
        self.dispatch(c, place);
        c.end();
        self.reject(c, Status::StaleContinuation);
        code
    }

    /// Calls the step that the continuation at `place` names; goes on where there is none.
    fn dispatch(&mut self, c: &mut Code, place: u32) {
        let steps: Vec<u32> = (1..).take(self.graph.steps.len() - 1).collect();
        let count = u32::try_from(steps.len()).unwrap_or(u32::MAX);
        for _ in 0..=count {
            c.push(I::Block(BlockType::Empty));
        }
        c.get(place).push(I::I32Load(at(continuation::STEP)));
        let mut targets = vec![count];
        targets.extend(0..count);
        c.push(I::BrTable(targets.into(), count));
        for step in steps {
            c.end();
            let function = self.function(Key::Step(step));
            c.get(0).call(function).push(I::Return);
        }
        c.end();
    }

    /// Clears the memo's flags.
    fn forget(&mut self, c: &mut Code) {
        let words = self.plan.memos.div_ceil(8);
        if words <= 4 {
            for word in 0..words {
                c.region(self.layout.flags + 8 * word)
                    .i64(0)
                    .push(I::I64Store(at(0)));
            }
        } else {
            c.region(self.layout.flags)
                .i32(0)
                .i32(8 * words)
                .push(I::MemoryFill(0));
        }
    }

    pub(super) fn event_is(&self, c: &mut Code, event: Event) {
        c.region(self.layout.input + input::EVENT)
            .push(I::I32Load16U(at(0)));
        c.i32(u32::from(event as u16)).push(I::I32Eq);
    }

    pub(super) fn reject(&mut self, c: &mut Code, status: Status) {
        c.i32(u32::from(status as u16));
        self.support(c, Support::Reject);
    }

    /// What each step does first: the input's check, then the facts into their table.
    pub(super) fn step_head(&mut self, c: &mut Code, step: u32) {
        let base = self.layout.input;
        let plan = self.plan;
        let slots = plan
            .slots
            .get(step as usize)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let kinds: Vec<u8> = slots.iter().map(|slot| slot.kind as u8).collect();
        let kinds_address = self.constants.bytes(&kinds);
        let count = u32::try_from(slots.len()).unwrap_or(u32::MAX);
        c.region(base).get(0).i32(kinds_address).i32(count);
        self.kernel(c, "input_check");
        if self.has_scans() && step != 0 && !self.is_scan(step) {
            c.load_region(base + input::CONTINUATION + 4)
                .i32(continuation::HEADER)
                .push(I::I32Eq)
                .push(I::I32And);
        }
        self.results_fit(c, step);
        c.push(I::I32Eqz).if_empty();
        self.reject(c, Status::InvalidInput);
        c.push(I::Return).end();
        if count == 0 {
            return;
        }
        let from = c.local(ValType::I32);
        c.region(base)
            .load_region(base + input::HEADER_LENGTH)
            .push(I::I32Add);
        if step == 0 {
            // The facts of the first step come first in the table, in order.
            c.set(from)
                .region(self.layout.facts)
                .get(from)
                .i32(8 * count);
            c.push(I::MemoryCopy {
                src_mem: 0,
                dst_mem: 0,
            });
            return;
        }
        c.set(from);
        for (i, slot) in (0u32..).zip(slots) {
            let place = self.layout.facts + 8 * plan.facts.get(&slot.fact).copied().unwrap_or(0);
            c.region(place)
                .get(from)
                .push(I::I64Load(at(8 * i)))
                .push(I::I64Store(at(0)));
        }
    }

    /// After a wait there are as many results as were asked for; a body's answers what was asked.
    fn results_fit(&mut self, c: &mut Code, step: u32) {
        let step = self.graph.steps.get(step as usize);
        let results = step.map_or(Results::None, |step| step.results);
        let count = match results {
            Results::None => 0,
            Results::Body => 1,
            Results::State(count) => count,
        };
        c.if_bool();
        c.region(self.layout.input + input::RESULTS)
            .push(I::I32Load16U(at(0)));
        c.i32(u32::from(count)).push(I::I32Eq);
        if results == Results::Body {
            c.if_bool();
            self.result_table(c);
            c.push(I::I32Load16U(at(input::result::OPCODE)))
                .i32(u32::from(Op::Body as u16))
                .push(I::I32Eq);
            c.or_else().i32(0).end();
        }
        c.or_else().i32(0).end();
    }
}
