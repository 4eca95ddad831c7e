//! Effects: staged while a call runs, put together at its end.

use super::{
    super::{
        Emitter,
        code::{Code, at},
    },
    Support,
};
use edge_abi::{
    VERSION, input,
    output::{self, Op, admit, body, edit, effect, proxy, respond},
};
use wasm_encoder::{BlockType, Instruction as I, ValType};

impl Emitter<'_> {
    /// Leaves the address of the first result.
    pub(in crate::emit) fn result_table(&mut self, c: &mut Code) {
        let base = self.layout.input;
        c.region(base)
            .load_region(base + input::HEADER_LENGTH)
            .push(I::I32Add);
        c.region(base + input::SLOTS)
            .push(I::I32Load16U(at(0)))
            .i32(3)
            .push(I::I32Shl)
            .push(I::I32Add);
    }

    pub(super) fn alloc(&mut self, c: &mut Code) {
        let bump = self.bump();
        let start = c.local(ValType::I32);
        c.global(bump).i32(0).push(I::I32Store(at(0)));
        c.global(bump)
            .i32(3)
            .push(I::I32Add)
            .push(I::I32Const(-4))
            .push(I::I32And)
            .tee(start);
        c.get(0).push(I::I32Add).set_global(bump).get(start);
    }

    pub(super) fn edit_function(&mut self, c: &mut Code) {
        let edits = self.edits();
        c.region(self.layout.edits)
            .global(edits)
            .i32(edit::SIZE)
            .push(I::I32Mul)
            .push(I::I32Add);
        for parameter in 0..6 {
            c.get(parameter);
        }
        self.support(c, Support::PutEdit);
        c.global(edits).i32(1).push(I::I32Add).set_global(edits);
    }

    /// Starts an effect with fixed head; its address is in the local given back.
    pub(super) fn effect(&mut self, c: &mut Code, op: Op, flags: u16, size: u32) -> u32 {
        let e = c.local(ValType::I32);
        c.i32(u32::from(op as u16) | u32::from(flags) << 16)
            .i32(size);
        self.support(c, Support::Effect);
        c.set(e);
        e
    }

    pub(super) fn effect_function(&mut self, c: &mut Code) {
        let effects = self.effects();
        let e = c.local(ValType::I32);
        c.global(effects)
            .tee(e)
            .get(0)
            .push(I::I32Store(at(effect::OP)));
        c.get(e).get(1).push(I::I32Store(at(effect::SIZE)));
        c.get(e).get(1).push(I::I32Add).set_global(effects);
        c.get(e);
    }

    /// Moves the staged edits behind the output's strings; nothing, and address 0, when there are none.
    pub(super) fn take_edits(&mut self, c: &mut Code) {
        let edits = self.edits();
        let size = c.local(ValType::I32);
        let place = c.local(ValType::I32);
        c.global(edits)
            .push(I::I32Eqz)
            .if_empty()
            .i32(0)
            .push(I::Return)
            .end();
        c.global(edits).i32(edit::SIZE).push(I::I32Mul).tee(size);
        self.support(c, Support::Alloc);
        c.tee(place)
            .region(self.layout.edits)
            .get(size)
            .push(I::MemoryCopy {
                src_mem: 0,
                dst_mem: 0,
            });
        c.get(place);
    }

    pub(super) fn edits_ref(&mut self, c: &mut Code, e: u32, offset: u32) {
        let edits = self.edits();
        c.get(e);
        self.support(c, Support::TakeEdits);
        c.push(I::I32Store(at(offset)));
        c.get(e).global(edits).push(I::I32Store(at(offset + 4)));
    }

    pub(super) fn respond_function(&mut self, c: &mut Code) {
        let e = self.effect(c, Op::Respond, 0, respond::SIZE);
        let (kind, body) = (respond::CONTENT_TYPE, respond::BODY);
        fields(
            c,
            e,
            &[
                (respond::RULE, 0),
                (respond::STATUS, 1),
                (kind, 2),
                (kind + 4, 3),
                (body, 4),
                (body + 4, 5),
            ],
        );
        self.edits_ref(c, e, respond::EDITS);
        c.get(6).get(7);
        self.support(c, Support::Finish);
    }

    /// A `proxy` that says no more than where to; the rest of it is zeros.
    pub(super) fn proxy_function(&mut self, c: &mut Code) {
        let e = self.effect(c, Op::Proxy, 0, proxy::SIZE);
        let behind = proxy::METHOD;
        c.get(e)
            .i32(behind)
            .push(I::I32Add)
            .i32(0)
            .i32(proxy::SIZE - behind)
            .push(I::MemoryFill(0));
        fields(
            c,
            e,
            &[
                (proxy::RULE, 0),
                (proxy::TARGET, 1),
                (proxy::PATH, 2),
                (proxy::PATH + 4, 3),
                (proxy::QUERY, 4),
                (proxy::QUERY + 4, 5),
            ],
        );
        c.get(e)
            .push(I::I32Const(-1))
            .push(I::I32Store(at(proxy::CACHE)));
        self.edits_ref(c, e, proxy::RESPONSE_EDITS);
        c.get(e);
    }

    pub(super) fn admit_function(&mut self, c: &mut Code) {
        let e = self.effect(c, Op::Admit, 0, admit::SIZE);
        let (flags, tags) = (admit::FLAGS, admit::TAGS);
        fields(c, e, &[(flags, 0), (tags, 2), (tags + 4, 3)]);
        c.get(e).i32(0).push(I::I32Store(at(flags + 4)));
        c.get(e).get(1).push(I::I64Store(at(admit::TTL)));
        c.i32(0).i32(0);
        self.support(c, Support::Finish);
    }

    /// Asks for the body; edits that are queued go to the host first.
    pub(super) fn body_function(&mut self, c: &mut Code) {
        self.support(c, Support::HandOver);
        let e = self.effect(c, Op::Body, effect::ANSWER, body::SIZE);
        fields(c, e, &[(body::LIMIT, 0)]);
        c.get(e).i32(0).push(I::I32Store(at(body::LIMIT + 4)));
        c.get(1).get(2);
        self.support(c, Support::Finish);
    }

    /// Puts the effects behind the strings and writes the header. `next` holds slot set and events.
    pub(super) fn finish_function(&mut self, c: &mut Code) {
        let (bump, effects, out) = (self.bump(), self.effects(), self.layout.output);
        let staged = self.layout.effects;
        let (size, place) = (c.local(ValType::I32), c.local(ValType::I32));
        c.global(effects).region(staged).push(I::I32Sub).tee(size);
        self.support(c, Support::Alloc);
        c.tee(place).region(staged).get(size).push(I::MemoryCopy {
            src_mem: 0,
            dst_mem: 0,
        });
        c.region(out)
            .global(bump)
            .region(out)
            .push(I::I32Sub)
            .push(I::I32Store(at(output::LENGTH)));
        c.region(out)
            .i32(u32::from(VERSION))
            .push(I::I32Store(at(output::VERSION)));
        c.region(out)
            .get(0)
            .push(I::I32Store(at(output::NEXT_SLOTS)));
        c.region(out)
            .get(1)
            .push(I::I32Store(at(output::CONTINUATION)));
        c.region(out)
            .i32(12)
            .i32(0)
            .get(1)
            .push(I::Select)
            .push(I::I32Store(at(output::CONTINUATION + 4)));
        c.region(out)
            .get(place)
            .push(I::I32Store(at(output::EFFECTS_REF)));
        c.region(out)
            .get(size)
            .push(I::I32Store(at(output::EFFECTS_REF + 4)));
        self.count_effects(c, place, size);
        c.region(out);
    }

    /// Counts the effects by walking over their sizes.
    pub(super) fn count_effects(&mut self, c: &mut Code, place: u32, size: u32) {
        let (count, end) = (c.local(ValType::I32), c.local(ValType::I32));
        c.get(place)
            .get(size)
            .push(I::I32Add)
            .set(end)
            .i32(0)
            .set(count);
        c.push(I::Loop(BlockType::Empty));
        c.get(count).i32(1).push(I::I32Add).set(count);
        c.get(place)
            .get(place)
            .push(I::I32Load(at(effect::SIZE)))
            .push(I::I32Add)
            .tee(place);
        c.get(end).push(I::I32LtU).push(I::BrIf(0)).end();
        c.region(self.layout.output)
            .get(count)
            .push(I::I32Store(at(output::EFFECTS)));
    }

    pub(super) fn reject_function(&mut self, c: &mut Code) {
        let out = self.layout.output;
        c.region(out)
            .i32(output::HEADER)
            .push(I::I32Store(at(output::LENGTH)));
        c.region(out)
            .i32(u32::from(VERSION))
            .get(0)
            .i32(16)
            .push(I::I32Shl)
            .push(I::I32Or);
        c.push(I::I32Store(at(output::VERSION)));
        for offset in [output::EFFECTS, output::CONTINUATION, output::EFFECTS_REF] {
            c.region(out).i64(0).push(I::I64Store(at(offset)));
        }
        c.region(out);
    }
}

/// Stores parameters in an effect.
pub(super) fn fields(c: &mut Code, e: u32, fields: &[(u32, u32)]) {
    for (offset, parameter) in fields {
        c.get(e).get(*parameter).push(I::I32Store(at(*offset)));
    }
}

pub(super) fn put_edit(c: &mut Code) {
    let offsets = [
        edit::OP,
        edit::PLACE,
        edit::NAME,
        edit::NAME + 4,
        edit::VALUE,
        edit::VALUE + 4,
    ];
    for (offset, parameter) in offsets.into_iter().zip(1..) {
        c.get(0).get(parameter).push(I::I32Store(at(offset)));
    }
}
