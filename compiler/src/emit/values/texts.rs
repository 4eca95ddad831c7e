//! Texts: absent or present, put together, and other values as text or JSON.

use super::TEXT;
use crate::emit::{
    EmitError, Emitter, by_address,
    code::{Code, at},
    length,
    support::Support,
    types_of,
};
use crate::{
    decision::{Const, Handle, Value},
    hir::{Base, Type},
};
use wasm_encoder::{Instruction as I, ValType};

impl Emitter<'_> {
    /// Does something with a text that is present; gives nothing (zeros) where it is absent.
    pub(in crate::emit) fn with_text(
        &mut self,
        code: &mut Code,
        value: Handle<Value>,
        results: &[ValType],
        then: impl FnOnce(&mut Self, &mut Code, [u32; 2]) -> Result<(), EmitError>,
    ) -> Result<(), EmitError> {
        self.value(code, value)?;
        if !self.graph.type_of(value).optional {
            let (p, l) = (code.local(ValType::I32), code.local(ValType::I32));
            code.set(l).set(p);
            then(self, code, [p, l])?;
            code.release(ValType::I32, p);
            code.release(ValType::I32, l);
            return Ok(());
        }
        self.if_text(code, results, then)
    }

    pub(super) fn if_text(
        &mut self,
        code: &mut Code,
        results: &[ValType],
        then: impl FnOnce(&mut Self, &mut Code, [u32; 2]) -> Result<(), EmitError>,
    ) -> Result<(), EmitError> {
        let (p, l) = (code.local(ValType::I32), code.local(ValType::I32));
        let block = self.block(results);
        code.set(l).tee(p).push(I::If(block));
        then(self, code, [p, l])?;
        code.or_else();
        for result in results {
            match result {
                ValType::I64 => code.i64(0),
                ValType::F64 => code.push(I::F64Const(0.0.into())),
                _ => code.i32(0),
            };
        }
        code.end();
        code.release(ValType::I32, p);
        code.release(ValType::I32, l);
        Ok(())
    }

    /// Strings put together: all parts first, since they may need the same space, then copied.
    pub(super) fn concat(
        &mut self,
        code: &mut Code,
        parts: &[Handle<Value>],
    ) -> Result<(), EmitError> {
        let graph = self.graph;
        let mut pieces: Vec<Piece> = Vec::new();
        for part in parts {
            match (graph.values.get(*part), pieces.last_mut()) {
                (Value::Const(Const::Bytes(bytes)), Some(Piece::Constant(before))) => {
                    before.extend(bytes)
                }
                (Value::Const(Const::Bytes(bytes)), _) => {
                    pieces.push(Piece::Constant(bytes.clone()))
                }
                _ => {
                    self.value(code, *part)?;
                    let (p, l) = (code.local(ValType::I32), code.local(ValType::I32));
                    code.set(l).set(p);
                    pieces.push(Piece::Value(p, l));
                }
            }
        }
        let bump = self.bump();
        let start = code.local(ValType::I32);
        code.global(bump).set(start);
        for piece in pieces {
            match piece {
                Piece::Constant(bytes) => self.text(code, &bytes),
                Piece::Value(p, l) => {
                    code.get(p).get(l);
                    code.release(ValType::I32, p);
                    code.release(ValType::I32, l);
                }
            }
            self.support(code, Support::Append);
        }
        code.get(start).global(bump).get(start).push(I::I32Sub);
        code.release(ValType::I32, start);
        Ok(())
    }

    /// A present value as text.
    pub(super) fn text_of(
        &mut self,
        code: &mut Code,
        inner: Handle<Value>,
    ) -> Result<(), EmitError> {
        self.value(code, inner)?;
        self.format(code, self.graph.type_of(inner));
        Ok(())
    }

    fn format(&mut self, code: &mut Code, ty: Type) {
        match ty.base {
            Base::String => {}
            Base::Int | Base::Size => self.take_text(code, "int_format"),
            Base::Duration => self.take_text(code, "duration_format"),
            Base::Time => self.take_text(code, "time_format"),
            Base::Percent => self.take_text(code, "percent_format"),
            Base::Float => self.take_text(code, "float_format"),
            Base::Ip => self.take_text(code, "ip_format"),
            Base::Bool => self.choose_text(code, &[b"false", b"true"]),
            Base::Arm(index) => {
                let graph = self.graph;
                let names = graph
                    .arms
                    .get(index as usize)
                    .map(Vec::as_slice)
                    .unwrap_or_default();
                let names: Vec<&[u8]> = names.iter().map(String::as_bytes).collect();
                self.choose_text(code, &names);
            }
            Base::List | Base::Counts | Base::Target => {
                code.i32(0);
            }
        }
    }

    /// One of some texts, by the index on the stack: a table of refs.
    fn choose_text(&mut self, code: &mut Code, texts: &[&[u8]]) {
        let mut table = Vec::new();
        for text in texts {
            table.extend(self.constants.bytes(text).to_le_bytes());
            table.extend(length(text).to_le_bytes());
        }
        let table = self.constants.table(&table);
        let local = code.local(ValType::I32);
        code.i32(3)
            .push(I::I32Shl)
            .tee(local)
            .push(I::I32Load(at(table)));
        code.get(local).push(I::I32Load(at(table + 4)));
        code.release(ValType::I32, local);
    }

    pub(super) fn json_value(
        &mut self,
        code: &mut Code,
        inner: Handle<Value>,
    ) -> Result<(), EmitError> {
        let ty = self.graph.type_of(inner);
        self.value(code, inner)?;
        if !ty.optional {
            self.json_of(code, ty);
            return Ok(());
        }
        let locals: Vec<(ValType, u32)> = types_of(ty)
            .into_iter()
            .map(|t| (t, code.local(t)))
            .collect();
        for (_, local) in locals.iter().rev() {
            code.set(*local);
        }
        let present = if by_address(ty) {
            locals.first()
        } else {
            locals.last()
        };
        code.get(present.map_or(0, |(_, local)| *local));
        let block = self.block(&TEXT);
        code.push(I::If(block));
        let value = if by_address(ty) {
            locals.as_slice()
        } else {
            locals.get(..1).unwrap_or_default()
        };
        for (_, local) in value {
            code.get(*local);
        }
        self.json_of(code, Type::of(ty.base));
        code.or_else();
        self.text(code, b"null");
        code.end();
        for (ty, local) in locals {
            code.release(ty, local);
        }
        Ok(())
    }

    fn json_of(&mut self, code: &mut Code, ty: Type) {
        self.format(code, ty);
        if !matches!(ty.base, Base::Int | Base::Size | Base::Float | Base::Bool) {
            self.support(code, Support::JsonString);
        }
    }
}

enum Piece {
    Constant(Vec<u8>),
    Value(u32, u32),
}
