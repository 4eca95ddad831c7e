//! Values: code that leaves them on the stack.

mod builtins;
mod choices;
mod facts;
mod json;
mod numbers;
mod texts;

use super::{
    EmitError, Emitter, Key, by_address,
    code::{Code, at},
    support::Support,
    types_of,
};
use crate::{
    decision::{Const, Handle, Value},
    hir::{Base, Type},
};
use wasm_encoder::{Instruction as I, ValType};

const TEXT: [ValType; 2] = [ValType::I32, ValType::I32];

impl Emitter<'_> {
    /// Leaves a value on the stack: by its function, if it has one.
    pub(in crate::emit) fn value(
        &mut self,
        code: &mut Code,
        value: Handle<Value>,
    ) -> Result<(), EmitError> {
        if self.plan.functions.contains_key(&value) {
            let index = self.function(Key::Value(value));
            code.call(index);
            return Ok(());
        }
        self.value_itself(code, value)
    }

    /// The function of a value: from the memo, else computed and kept there.
    pub(in crate::emit) fn value_function(
        &mut self,
        value: Handle<Value>,
    ) -> Result<Code, EmitError> {
        let mut code = Code::new(0);
        let Some(memo) = self.plan.functions.get(&value).copied().flatten() else {
            self.value_itself(&mut code, value)?;
            return Ok(code);
        };
        let types = types_of(self.graph.type_of(value));
        let (flag, place) = (self.layout.flags + memo, self.layout.memo + 16 * memo);
        code.region(flag)
            .push(I::I32Load8U(at(0)))
            .push(I::I32Eqz)
            .if_empty();
        self.value_itself(&mut code, value)?;
        let locals: Vec<u32> = types.iter().map(|ty| code.local(*ty)).collect();
        for local in locals.iter().rev() {
            code.set(*local);
        }
        for ((ty, local), offset) in types.iter().zip(&locals).zip([0, 8]) {
            code.region(place).get(*local).push(match ty {
                ValType::I64 => I::I64Store(at(offset)),
                ValType::F64 => I::F64Store(at(offset)),
                _ => I::I32Store(at(offset)),
            });
        }
        code.region(flag).i32(1).push(I::I32Store8(at(0))).end();
        for (ty, offset) in types.iter().zip([0, 8]) {
            code.region(place).push(match ty {
                ValType::I64 => I::I64Load(at(offset)),
                ValType::F64 => I::F64Load(at(offset)),
                _ => I::I32Load(at(offset)),
            });
        }
        Ok(code)
    }

    /// The function of a policy's `fn`.
    pub(in crate::emit) fn user_function(&mut self, index: u32) -> Result<Code, EmitError> {
        let graph = self.graph;
        let Some(function) = graph.fns.get(index as usize) else {
            return Ok(Code::new(0));
        };
        let parameters = function.params.iter().map(|ty| types_of(*ty).len()).sum();
        let mut code = Code::new(parameters);
        self.value(&mut code, function.body)?;
        Ok(code)
    }

    fn value_itself(&mut self, code: &mut Code, value: Handle<Value>) -> Result<(), EmitError> {
        let graph = self.graph;
        let ty = graph.type_of(value);
        match graph.values.get(value) {
            Value::Const(constant) => self.constant(code, constant),
            Value::Fact(fact) => self.fact(code, fact, ty)?,
            Value::ResultStatus => self.result_status(code),
            Value::OverLimit => self.over_limit(code),
            Value::FnParam(function, index) => self.parameter(code, *function, *index),
            Value::Call(index, arguments) => {
                for argument in arguments {
                    self.value(code, *argument)?;
                }
                let function = self.function(Key::Function(*index));
                code.call(function);
            }
            Value::Builtin(builtin, arguments) => self.builtin(code, *builtin, arguments)?,
            Value::Concat(parts) => self.concat(code, parts)?,
            Value::Text(inner) => self.text_of(code, *inner)?,
            Value::Json(inner) => self.json_value(code, *inner)?,
            Value::Not(inner) => {
                self.value(code, *inner)?;
                code.push(I::I32Eqz);
            }
            Value::And(list) => self.chain(code, list, true)?,
            Value::Or(list) => self.chain(code, list, false)?,
            Value::Atom(atom) => self.atom(code, *atom)?,
            Value::Compare(op, a, b) => self.compare(code, *op, *a, *b)?,
            Value::OrElse(list) => self.or_else(code, list, ty)?,
            Value::Narrowed(inner) => {
                self.value(code, *inner)?;
                self.narrow(code, graph.type_of(*inner));
            }
            Value::Arith(op, a, b) => self.arithmetic(code, *op, *a, *b, ty)?,
            Value::Choose(arms, otherwise) => self.choose(code, arms, *otherwise, ty)?,
            Value::Split(_, text, bounds) => self.split(code, *text, bounds)?,
            Value::QuerySet(query, name, set) => {
                self.value(code, *query)?;
                self.narrow(code, Type::optional(Base::String));
                self.text(code, name);
                self.value(code, *set)?;
                self.take_text(code, "query_set");
            }
            Value::QueryRemove(query, name) => {
                self.with_text(code, *query, &TEXT, |emitter, code, [p, l]| {
                    code.get(p).get(l);
                    emitter.text(code, name);
                    emitter.take_text(code, "query_remove");
                    Ok(())
                })?;
            }
        }
        Ok(())
    }

    fn constant(&mut self, code: &mut Code, constant: &Const) {
        match constant {
            Const::Bool(b) => code.i32(u32::from(*b)),
            Const::Int(i, _) => code.i64(*i),
            Const::Float(bits) => code.push(I::F64Const(f64::from_bits(*bits).into())),
            Const::Bytes(bytes) => {
                self.text(code, bytes);
                code
            }
            Const::Ip(ip) => code.i32(self.constants.bytes(ip)),
            Const::Target(index) | Const::Arm(_, index) => code.i32(*index),
            Const::Absent(base) => {
                for ty in types_of(Type::optional(*base)) {
                    match ty {
                        ValType::I64 => code.i64(0),
                        ValType::F64 => code.push(I::F64Const(0.0.into())),
                        _ => code.i32(0),
                    };
                }
                code
            }
        };
    }

    /// Makes an optional value present: its zero where it is absent.
    pub(super) fn narrow(&mut self, code: &mut Code, ty: Type) {
        if !ty.optional {
            return;
        }
        if matches!(ty.base, Base::String) {
            self.support(code, Support::Narrow);
        } else if !by_address(ty) {
            code.push(I::Drop);
        }
    }

    /// Makes a present value optional.
    fn widen(&mut self, code: &mut Code, from: Type, to: Type) {
        if to.optional && !from.optional && !by_address(to) {
            code.i32(1);
        }
    }

    fn parameter(&mut self, code: &mut Code, function: u32, index: u32) {
        let Some(function) = self.graph.fns.get(function as usize) else {
            return;
        };
        let mut local = 0;
        for (i, ty) in (0u32..).zip(&function.params) {
            for _ in types_of(*ty) {
                if i == index {
                    code.get(local);
                }
                local += 1;
            }
        }
    }
}
