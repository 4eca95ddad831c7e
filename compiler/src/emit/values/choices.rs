//! `and`, `or`, `??` and `choose`.

use crate::emit::{EmitError, Emitter, by_address, code::Code, types_of};
use crate::{
    decision::{Handle, Value},
    hir::Type,
};
use wasm_encoder::{BlockType, Instruction as I, ValType};

/// An `or` of so many is not nested.
const FLAT: usize = 8;

impl Emitter<'_> {
    /// `and` (`all`) or `or`, stopping early.
    pub(super) fn chain(
        &mut self,
        code: &mut Code,
        list: &[Handle<Value>],
        all: bool,
    ) -> Result<(), EmitError> {
        if !all && list.len() >= FLAT {
            return self.any_of(code, list);
        }
        let Some((last, before)) = list.split_last() else {
            code.i32(u32::from(all));
            return Ok(());
        };
        for value in before {
            self.value(code, *value)?;
            code.if_bool();
            if !all {
                code.i32(1).or_else();
            }
        }
        self.value(code, *last)?;
        for _ in before {
            if all {
                code.or_else().i32(0);
            }
            code.end();
        }
        Ok(())
    }

    /// A long `or`: what scans answer first, all bits of a scan at once; nothing nests.
    fn any_of(&mut self, code: &mut Code, list: &[Handle<Value>]) -> Result<(), EmitError> {
        let (scanned, others) = self.scanned(list);
        code.push(I::Block(BlockType::Result(ValType::I32)));
        let stop_if = |code: &mut Code| {
            code.push(I::BrIf(0)).push(I::Drop);
        };
        for part in scanned {
            code.i32(1);
            self.scan_finds_any(code, part.subject, part.number, &part.sure)?;
            stop_if(code);
            if part.maybe.is_empty() {
                continue;
            }
            let bits: Vec<u32> = part.maybe.iter().map(|(bit, _)| *bit).collect();
            self.scan_finds_any(code, part.subject, part.number, &bits)?;
            code.if_empty();
            for (_, value) in part.maybe {
                code.i32(1);
                self.value(code, value)?;
                code.push(I::BrIf(1)).push(I::Drop);
            }
            code.end();
        }
        for value in others {
            code.i32(1);
            self.value(code, value)?;
            stop_if(code);
        }
        code.i32(0).end();
        Ok(())
    }

    pub(super) fn or_else(
        &mut self,
        code: &mut Code,
        list: &[Handle<Value>],
        ty: Type,
    ) -> Result<(), EmitError> {
        let Some((last, before)) = list.split_last() else {
            return Ok(());
        };
        let block = self.block(&types_of(ty));
        let mut open = 0;
        for value in before {
            let from = self.graph.type_of(*value);
            self.value(code, *value)?;
            if !from.optional {
                // Always present: what follows is never reached.
                self.widen(code, from, ty);
                (0..open).for_each(|_| {
                    code.end();
                });
                return Ok(());
            }
            let locals: Vec<(ValType, u32)> = types_of(from)
                .into_iter()
                .map(|t| (t, code.local(t)))
                .collect();
            for (_, local) in locals.iter().rev() {
                code.set(*local);
            }
            let (present, kept) = if by_address(from) {
                (locals.first(), locals.as_slice())
            } else {
                (locals.last(), locals.get(..1).unwrap_or_default())
            };
            code.get(present.map_or(0, |(_, local)| *local))
                .push(I::If(block));
            for (_, local) in kept {
                code.get(*local);
            }
            self.widen(code, Type::of(from.base), ty);
            code.or_else();
            for (ty, local) in locals {
                code.release(ty, local);
            }
            open += 1;
        }
        self.value(code, *last)?;
        let from = self.graph.type_of(*last);
        self.widen(code, from, ty);
        if !ty.optional {
            self.narrow(code, from);
        }
        (0..open).for_each(|_| {
            code.end();
        });
        Ok(())
    }

    /// The value of the first condition that holds, else the last.
    pub(super) fn choose(
        &mut self,
        code: &mut Code,
        arms: &[(Handle<Value>, Handle<Value>)],
        otherwise: Handle<Value>,
        ty: Type,
    ) -> Result<(), EmitError> {
        let block = self.block(&types_of(ty));
        for (condition, arm) in arms {
            self.value(code, *condition)?;
            code.push(I::If(block));
            self.value(code, *arm)?;
            self.widen(code, self.graph.type_of(*arm), ty);
            code.or_else();
        }
        self.value(code, otherwise)?;
        self.widen(code, self.graph.type_of(otherwise), ty);
        arms.iter().for_each(|_| {
            code.end();
        });
        Ok(())
    }
}
