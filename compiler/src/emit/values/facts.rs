//! Facts: what the input holds, and what is read out of it.

use super::TEXT;
use crate::emit::{
    EmitError, Emitter,
    code::{Code, at},
    support::Support,
};
use crate::{
    decision::{Handle, Value},
    hir::{Base, Fact, Type},
};
use edge_abi::{input, manifest::Fact as RawFact};
use wasm_encoder::{Instruction as I, ValType};

impl Emitter<'_> {
    fn slot(&self, fact: &RawFact) -> u32 {
        self.layout.facts + 8 * self.plan.facts.get(fact).copied().unwrap_or(0)
    }

    pub(in crate::emit) fn raw_text(&self, code: &mut Code, fact: &RawFact) {
        let slot = self.slot(fact);
        code.load_region(slot).load_region(slot + 4);
    }

    fn raw(&mut self, code: &mut Code, fact: &RawFact, ty: Type) {
        let slot = self.slot(fact);
        match ty.base {
            Base::String | Base::Counts => {
                self.raw_text(code, fact);
                if !ty.optional {
                    self.support(code, Support::Narrow);
                }
                return;
            }
            Base::List => {
                code.load_region(slot);
                self.support(code, Support::List);
                return;
            }
            Base::Ip => {
                code.load_region(slot);
                if !ty.optional {
                    let zero = self.constants.bytes(&[0; 16]);
                    let local = code.local(ValType::I32);
                    code.tee(local).i32(zero).get(local).push(I::Select);
                    code.release(ValType::I32, local);
                }
                return;
            }
            Base::Bool => {
                code.load_region(slot);
                self.support(code, Support::BoolAt);
            }
            Base::Float => {
                code.load_region(slot);
                self.support(code, Support::FloatAt);
            }
            _ => {
                code.load_region(slot);
                self.support(code, Support::IntAt);
            }
        }
        if ty.optional {
            code.load_region(slot).i32(0).push(I::I32Ne);
        }
    }

    /// Takes a list as `query_all` made it at the free space, which goes on behind its last
    /// string. Leaves it packed.
    fn keep_list(&self, code: &mut Code) {
        let (packed, last) = (code.local(ValType::I64), code.local(ValType::I32));
        code.set(packed).get(packed).push(I::I32WrapI64).if_empty();
        code.get(packed)
            .i64(32)
            .push(I::I64ShrU)
            .push(I::I32WrapI64);
        code.get(packed)
            .push(I::I32WrapI64)
            .i32(1)
            .push(I::I32Sub)
            .i32(input::SLOT)
            .push(I::I32Mul)
            .push(I::I32Add)
            .set(last);
        code.get(last)
            .push(I::I32Load(at(0)))
            .get(last)
            .push(I::I32Load(at(4)))
            .push(I::I32Add)
            .set_global(self.bump())
            .end();
        code.get(packed);
        code.release(ValType::I64, packed);
        code.release(ValType::I32, last);
    }

    pub(super) fn fact(&mut self, code: &mut Code, fact: &Fact, ty: Type) -> Result<(), EmitError> {
        match fact {
            Fact::Raw(raw) => self.raw(code, raw, ty),
            // Only tests of it are read.
            Fact::Stream(_) => {
                code.i32(0).i32(0);
            }
            Fact::Body(_) => self.raw(code, &RawFact::Body, ty),
            Fact::Now => {
                code.region(self.layout.input + input::NOW)
                    .push(I::I64Load(at(0)));
            }
            Fact::Host => {
                self.raw_text(code, &RawFact::Authority);
                self.support(code, Support::Narrow);
                self.take_text(code, "host_normalise");
            }
            Fact::Path => {
                self.raw_path(code);
                self.take_text(code, "path_normalise");
            }
            Fact::RawPath => self.raw_path(code),
            Fact::QueryString => {
                self.raw_text(code, &RawFact::RequestTarget);
                self.support(code, Support::Narrow);
                self.support(code, Support::QueryString);
            }
            Fact::Query(name) => {
                let query = self.known_fact(&Fact::QueryString);
                self.with_fact(code, &Fact::QueryString, query, |emitter, code, [p, l]| {
                    code.get(p).get(l);
                    emitter.text(code, name);
                    emitter.take_text(code, "query_get");
                    Ok(())
                })?;
            }
            Fact::QueryList(name) => {
                let query = self.known_fact(&Fact::QueryString);
                self.with_fact(code, &Fact::QueryString, query, |emitter, code, [p, l]| {
                    code.get(p).get(l);
                    emitter.text(code, name);
                    // The table's place is aligned here, so that what is skipped is zero.
                    code.i32(0);
                    emitter.support(code, Support::Alloc);
                    emitter.kernel(code, "query_all");
                    emitter.keep_list(code);
                    emitter.support(code, Support::Unpack);
                    Ok(())
                })?;
            }
            Fact::Cookie(name) => {
                let (p, l) = (code.local(ValType::I32), code.local(ValType::I32));
                self.raw_text(
                    code,
                    &RawFact::Header {
                        name: "cookie".into(),
                    },
                );
                code.set(l).tee(p);
                let block = self.block(&TEXT);
                code.push(I::If(block)).get(p).get(l);
                self.text(code, name);
                self.kernel(code, "cookie_get");
                self.support(code, Support::Unpack);
                code.or_else().i32(0).i32(0).end();
                code.release(ValType::I32, p);
                code.release(ValType::I32, l);
            }
            Fact::PathSegment(index) | Fact::PathRest(index) => {
                let path = self.known_fact(&Fact::Path);
                self.fact_text(code, &Fact::Path, path)?;
                self.support(code, Support::Narrow);
                code.i32(*index);
                self.kernel(
                    code,
                    if matches!(fact, Fact::PathRest(_)) {
                        "path_rest"
                    } else {
                        "path_segment"
                    },
                );
                self.support(code, Support::Unpack);
                self.support(code, Support::Narrow);
            }
        }
        Ok(())
    }

    fn raw_path(&mut self, code: &mut Code) {
        self.raw_text(code, &RawFact::RequestTarget);
        self.support(code, Support::Narrow);
        self.support(code, Support::RawPath);
    }

    /// The value of an optional text fact, if the graph has it (it may then be kept in the memo).
    fn known_fact(&self, fact: &Fact) -> Option<Handle<Value>> {
        self.graph.values.find(&Value::Fact(fact.clone()))
    }

    fn fact_text(
        &mut self,
        code: &mut Code,
        fact: &Fact,
        known: Option<Handle<Value>>,
    ) -> Result<(), EmitError> {
        match known {
            Some(value) => self.value(code, value),
            None => self.fact(code, fact, Type::optional(Base::String)),
        }
    }

    fn with_fact(
        &mut self,
        code: &mut Code,
        fact: &Fact,
        known: Option<Handle<Value>>,
        then: impl FnOnce(&mut Self, &mut Code, [u32; 2]) -> Result<(), EmitError>,
    ) -> Result<(), EmitError> {
        self.fact_text(code, fact, known)?;
        self.if_text(code, &TEXT, then)
    }

    pub(super) fn result_status(&mut self, code: &mut Code) {
        self.support(code, Support::ResultStatus);
    }
}
