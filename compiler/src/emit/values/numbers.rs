//! Arithmetic, comparisons, and the arm of an experiment.

use crate::emit::{EmitError, Emitter, by_address, code::Code, support::Support, types_of};
use crate::{
    ast::ArithOp,
    decision::{Handle, Value},
    hir::{Base, CompareOp, Type},
};
use wasm_encoder::{Instruction as I, ValType};

impl Emitter<'_> {
    pub(super) fn arithmetic(
        &mut self,
        code: &mut Code,
        op: ArithOp,
        a: Handle<Value>,
        b: Handle<Value>,
        ty: Type,
    ) -> Result<(), EmitError> {
        self.value(code, a)?;
        self.value(code, b)?;
        let float = ty.base == Base::Float;
        let support = match op {
            ArithOp::Add if float => Support::FloatAdd,
            ArithOp::Sub if float => Support::FloatSub,
            ArithOp::Mul if float => Support::FloatMul,
            ArithOp::Div if float => Support::FloatDiv,
            ArithOp::Rem if float => Support::FloatRem,
            ArithOp::Add => Support::Add,
            ArithOp::Sub => Support::Sub,
            ArithOp::Mul => Support::Mul,
            ArithOp::Div => Support::Div,
            ArithOp::Rem => Support::Rem,
        };
        self.support(code, support);
        if matches!(op, ArithOp::Div | ArithOp::Rem) && !ty.optional {
            code.push(I::Drop);
        }
        Ok(())
    }

    pub(super) fn split(
        &mut self,
        code: &mut Code,
        text: Handle<Value>,
        bounds: &[u64],
    ) -> Result<(), EmitError> {
        self.value(code, text)?;
        self.kernel(code, "fraction");
        if let [bound] = bounds {
            // The comparison itself is the arm.
            code.i64(bound.cast_signed()).push(I::I64LtU);
            return Ok(());
        }
        let local = code.local(ValType::I64);
        code.set(local);
        for (arm, bound) in (1u32..).zip(bounds) {
            code.get(local)
                .i64(bound.cast_signed())
                .push(I::I64LtU)
                .if_bool()
                .i32(arm)
                .or_else();
        }
        code.i32(0);
        for _ in bounds {
            code.end();
        }
        code.release(ValType::I64, local);
        Ok(())
    }

    pub(super) fn compare(
        &mut self,
        code: &mut Code,
        op: CompareOp,
        a: Handle<Value>,
        b: Handle<Value>,
    ) -> Result<(), EmitError> {
        let sides = [a, b].map(|v| (v, self.graph.type_of(v)));
        let mut locals: Vec<(ValType, u32)> = Vec::new();
        let mut starts = Vec::new();
        for (value, ty) in sides {
            self.value(code, value)?;
            let own: Vec<(ValType, u32)> = types_of(ty)
                .into_iter()
                .map(|t| (t, code.local(t)))
                .collect();
            for (_, local) in own.iter().rev() {
                code.set(*local);
            }
            starts.push((own.clone(), ty));
            locals.extend(own);
        }
        let mut open = 0;
        for (own, ty) in &starts {
            if ty.optional {
                let present = if by_address(*ty) {
                    own.first()
                } else {
                    own.last()
                };
                code.get(present.map_or(0, |(_, local)| *local)).if_bool();
                open += 1;
            }
        }
        for (own, ty) in &starts {
            let kept = if by_address(*ty) {
                own.as_slice()
            } else {
                own.get(..1).unwrap_or_default()
            };
            for (_, local) in kept {
                code.get(*local);
            }
        }
        self.comparison(code, op, sides[0].1.base);
        for _ in 0..open {
            code.or_else().i32(0).end();
        }
        for (ty, local) in locals {
            code.release(ty, local);
        }
        Ok(())
    }

    fn comparison(&mut self, code: &mut Code, op: CompareOp, base: Base) {
        match (base, op) {
            (Base::String, CompareOp::Eq) => self.kernel(code, "bytes_eq"),
            (Base::String, CompareOp::Contains) => self.kernel(code, "contains"),
            (Base::String, CompareOp::StartsWith) => self.kernel(code, "starts_with"),
            (Base::String, CompareOp::EndsWith) => self.kernel(code, "ends_with"),
            (Base::String, _) => {
                self.kernel(code, "compare");
                code.i32(0).push(int_comparison(op));
            }
            (Base::Ip, _) => {
                self.support(code, Support::CompareIp);
                code.i32(0).push(int_comparison(op));
            }
            (Base::Float, _) => {
                code.push(match op {
                    CompareOp::Eq => I::F64Eq,
                    CompareOp::Ne => I::F64Ne,
                    CompareOp::Lt => I::F64Lt,
                    CompareOp::Le => I::F64Le,
                    CompareOp::Gt => I::F64Gt,
                    _ => I::F64Ge,
                });
            }
            (base, _) if base.is_integer() => {
                code.push(match op {
                    CompareOp::Eq => I::I64Eq,
                    CompareOp::Ne => I::I64Ne,
                    CompareOp::Lt => I::I64LtS,
                    CompareOp::Le => I::I64LeS,
                    CompareOp::Gt => I::I64GtS,
                    _ => I::I64GeS,
                });
            }
            _ => {
                code.push(int_comparison(op));
            }
        }
    }
}

fn int_comparison(op: CompareOp) -> I<'static> {
    match op {
        CompareOp::Eq => I::I32Eq,
        CompareOp::Ne => I::I32Ne,
        CompareOp::Lt => I::I32LtS,
        CompareOp::Le => I::I32LeS,
        CompareOp::Gt => I::I32GtS,
        _ => I::I32GeS,
    }
}
