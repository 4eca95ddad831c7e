//! Values out of JSON: what they are read from lies on the stack and may be absent, then so are they.

use super::TEXT;
use crate::emit::{
    EmitError, Emitter,
    code::{Code, at},
};
use crate::hir::Base;
use wasm_encoder::{Instruction as I, ValType};

impl Emitter<'_> {
    /// `json(s)`, `as string`: a text out of a text.
    pub(super) fn json_text(&mut self, code: &mut Code, kernel: &str) -> Result<(), EmitError> {
        self.if_text(code, &TEXT, |emitter, code, [p, l]| {
            code.get(p).get(l);
            emitter.take_text(code, kernel);
            Ok(())
        })
    }

    /// A value and a name.
    pub(super) fn json_member(&mut self, code: &mut Code) -> Result<(), EmitError> {
        let name = [(); 2].map(|()| code.local(ValType::I32));
        for local in name.iter().rev() {
            code.set(*local);
        }
        self.if_text(code, &TEXT, |emitter, code, [p, l]| {
            let [name, length] = name;
            code.get(p).get(l).get(name).get(length);
            emitter.part(code, "json_member")
        })?;
        for local in name {
            code.release(ValType::I32, local);
        }
        Ok(())
    }

    /// A value and an index.
    pub(super) fn json_item(&mut self, code: &mut Code) -> Result<(), EmitError> {
        let index = code.local(ValType::I32);
        code.push(I::I32WrapI64).set(index);
        self.if_text(code, &TEXT, |emitter, code, [p, l]| {
            code.get(p).get(l).get(index);
            emitter.part(code, "json_item")
        })?;
        code.release(ValType::I32, index);
        Ok(())
    }

    /// `as int`, `as float`: of what is no number they make nothing.
    pub(super) fn json_number(&mut self, code: &mut Code, base: Base) -> Result<(), EmitError> {
        let ty = match base {
            Base::Float => ValType::F64,
            _ => ValType::I64,
        };
        self.if_text(code, &[ty, ValType::I32], |emitter, code, [p, l]| {
            code.get(p).get(l);
            emitter.parse(code, base)
        })
    }

    /// `as bool`: of values, `true` and `false` alone begin with these letters.
    pub(super) fn json_bool(&mut self, code: &mut Code) -> Result<(), EmitError> {
        let results = [ValType::I32; 2];
        self.if_text(code, &results, |_, code, [p, l]| {
            code.get(p).push(I::I32Load8U(at(0))).tee(l);
            code.i32(u32::from(b't')).push(I::I32Eq).tee(p);
            code.get(p).get(l).i32(u32::from(b'f')).push(I::I32Eq);
            code.push(I::I32Or);
            Ok(())
        })
    }
}
