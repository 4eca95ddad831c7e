//! Text: taking what a kernel made, and making what no kernel makes.

use super::super::{
    Emitter,
    code::{Code, at},
};
use wasm_encoder::{Instruction as I, ValType};

impl Emitter<'_> {
    pub(super) fn commit(&mut self, c: &mut Code) {
        let bump = self.bump();
        c.get(0)
            .i64(32)
            .push(I::I64ShrU)
            .push(I::I32WrapI64)
            .global(bump)
            .push(I::I32Eq)
            .if_empty();
        c.global(bump)
            .get(0)
            .push(I::I32WrapI64)
            .push(I::I32Add)
            .set_global(bump)
            .end();
        unpack(c, 0);
    }

    pub(super) fn json_string(&mut self, c: &mut Code) {
        let bump = self.bump();
        let (packed, start) = (c.local(ValType::I64), c.local(ValType::I32));
        c.global(bump)
            .tee(start)
            .i32(u32::from(b'"'))
            .push(I::I32Store8(at(0)));
        c.get(0).get(1).get(start).i32(1).push(I::I32Add);
        self.kernel(c, "json_escape");
        c.set(packed);
        // Copying to where it already is changes nothing.
        c.get(start).i32(1).push(I::I32Add).tee(0);
        c.get(packed).i64(32).push(I::I64ShrU).push(I::I32WrapI64);
        c.get(packed)
            .push(I::I32WrapI64)
            .tee(1)
            .push(I::MemoryCopy {
                src_mem: 0,
                dst_mem: 0,
            });
        c.get(0)
            .get(1)
            .push(I::I32Add)
            .tee(0)
            .i32(u32::from(b'"'))
            .push(I::I32Store8(at(0)));
        c.get(0).i32(1).push(I::I32Add).set_global(bump);
        c.get(start).get(1).i32(2).push(I::I32Add);
    }

    pub(super) fn query_string(&mut self, c: &mut Code) {
        let end = c.local(ValType::I32);
        c.get(0).get(1);
        self.kernel(c, "target_path_end");
        let block = self.block(&[ValType::I32, ValType::I32]);
        c.tee(end)
            .get(1)
            .push(I::I32Eq)
            .push(I::If(block))
            .i32(0)
            .i32(0)
            .or_else();
        c.get(0).get(end).push(I::I32Add).i32(1).push(I::I32Add);
        c.get(1)
            .get(end)
            .push(I::I32Sub)
            .i32(1)
            .push(I::I32Sub)
            .end();
    }
}

pub(super) fn unpack(c: &mut Code, packed: u32) {
    c.get(packed)
        .i64(32)
        .push(I::I64ShrU)
        .push(I::I32WrapI64)
        .get(packed)
        .push(I::I32WrapI64);
}
