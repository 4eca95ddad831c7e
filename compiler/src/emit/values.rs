//! Values: code that leaves them on the stack.

use super::{
    EmitError, Emitter, Key, by_address,
    code::{Code, at},
    length,
    support::Support,
    types_of,
};
use crate::{
    ast::ArithOp,
    decision::{Const, Handle, Value},
    hir::{Base, Builtin, CompareOp, Fact, Type},
};
use edge_abi::{input, manifest::Fact as RawFact};
use wasm_encoder::{Instruction as I, ValType};

const TEXT: [ValType; 2] = [ValType::I32, ValType::I32];

impl Emitter<'_> {
    /// Leaves a value on the stack: by its function, if it has one.
    pub(super) fn value(&mut self, code: &mut Code, value: Handle<Value>) -> Result<(), EmitError> {
        if self.plan.functions.contains_key(&value) {
            let index = self.function(Key::Value(value));
            code.call(index);
            return Ok(());
        }
        self.value_itself(code, value)
    }

    /// The function of a value: from the memo, else computed and kept there.
    pub(super) fn value_function(&mut self, value: Handle<Value>) -> Result<Code, EmitError> {
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
    pub(super) fn user_function(&mut self, index: u32) -> Result<Code, EmitError> {
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
            Value::Choose(arms, otherwise) => {
                let block = self.block(&types_of(ty));
                for (condition, arm) in arms {
                    self.value(code, *condition)?;
                    code.push(I::If(block));
                    self.value(code, *arm)?;
                    self.widen(code, graph.type_of(*arm), ty);
                    code.or_else();
                }
                self.value(code, *otherwise)?;
                self.widen(code, graph.type_of(*otherwise), ty);
                arms.iter().for_each(|_| {
                    code.end();
                });
            }
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

    fn slot(&self, fact: &RawFact) -> u32 {
        self.layout.facts + 8 * self.plan.facts.get(fact).copied().unwrap_or(0)
    }

    fn raw_text(&self, code: &mut Code, fact: &RawFact) {
        let slot = self.slot(fact);
        code.load_region(slot).load_region(slot + 4);
    }

    fn raw(&mut self, code: &mut Code, fact: &RawFact, ty: Type) {
        let slot = self.slot(fact);
        match ty.base {
            Base::String => {
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

    fn fact(&mut self, code: &mut Code, fact: &Fact, ty: Type) -> Result<(), EmitError> {
        match fact {
            Fact::Raw(raw) => self.raw(code, raw, ty),
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

    /// Does something with a text that is present; gives nothing (zeros) where it is absent.
    pub(super) fn with_text(
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

    fn if_text(
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
        for _ in results {
            code.i32(0);
        }
        code.end();
        code.release(ValType::I32, p);
        code.release(ValType::I32, l);
        Ok(())
    }

    /// Calls a kernel whose last parameter is where its text goes, and takes the text.
    fn take_text(&mut self, code: &mut Code, kernel: &str) {
        code.global(self.bump());
        self.kernel(code, kernel);
        self.support(code, Support::Commit);
    }

    fn result_status(&mut self, code: &mut Code) {
        self.support(code, Support::ResultStatus);
    }

    fn builtin(
        &mut self,
        code: &mut Code,
        builtin: Builtin,
        arguments: &[Handle<Value>],
    ) -> Result<(), EmitError> {
        for argument in arguments {
            self.value(code, *argument)?;
        }
        let kernel = match builtin {
            Builtin::Lower => "lower",
            Builtin::Upper => "upper",
            Builtin::Trim => "trim",
            Builtin::UrlDecode => "url_decode",
            Builtin::HtmlDecode => "html_decode",
            Builtin::Base64Decode => "base64_decode",
            Builtin::Base64UrlEncode => "base64url_encode",
            Builtin::Hex => "hex",
            Builtin::Sha256 => "sha256",
            Builtin::HtmlEscape => "html_escape",
            Builtin::QueryEncode => "query_encode",
            Builtin::HttpDate => "http_date",
            Builtin::RemovePrefix => return self.part(code, "remove_prefix"),
            Builtin::RemoveSuffix => return self.part(code, "remove_suffix"),
            Builtin::SplitFirst => return self.part(code, "split_first"),
            Builtin::Replace => return self.replace(code, arguments),
            Builtin::Len => {
                let local = code.local(ValType::I32);
                code.set(local)
                    .push(I::Drop)
                    .get(local)
                    .push(I::I64ExtendI32U);
                code.release(ValType::I32, local);
                return Ok(());
            }
            Builtin::IntParse => {
                return self.parse(code, "int_parse", I::I64Load(at(0)), ValType::I64);
            }
            Builtin::FloatParse => {
                return self.parse(code, "float_parse", I::F64Load(at(0)), ValType::F64);
            }
            Builtin::IntFromFloat => {
                code.push(I::I64TruncSatF64S);
                return Ok(());
            }
            Builtin::FloatFromInt => {
                code.push(I::F64ConvertI64S);
                return Ok(());
            }
            Builtin::Unix => {
                self.support(code, Support::Unix);
                return Ok(());
            }
        };
        self.take_text(code, kernel);
        Ok(())
    }

    fn part(&mut self, code: &mut Code, kernel: &str) -> Result<(), EmitError> {
        self.kernel(code, kernel);
        self.support(code, Support::Unpack);
        Ok(())
    }

    /// `replace`: the capacity is what the bound says for this length.
    fn replace(&mut self, code: &mut Code, arguments: &[Handle<Value>]) -> Result<(), EmitError> {
        let factor = super::bounds::replace_factor(self.graph, arguments);
        let bump = self.bump();
        let locals = [(); 6].map(|()| code.local(ValType::I32));
        for local in locals.iter().rev() {
            code.set(*local);
        }
        for local in locals {
            code.get(local);
        }
        let [_, input_length, ..] = locals;
        code.global(bump)
            .get(input_length)
            .i32(factor)
            .push(I::I32Mul);
        self.kernel(code, "replace");
        self.support(code, Support::Commit);
        for local in locals {
            code.release(ValType::I32, local);
        }
        Ok(())
    }

    /// A number out of text: the value, then whether there is one.
    fn parse(
        &mut self,
        code: &mut Code,
        kernel: &str,
        load: I<'static>,
        ty: ValType,
    ) -> Result<(), EmitError> {
        let bump = self.bump();
        let found = code.local(ValType::I32);
        code.global(bump);
        self.kernel(code, kernel);
        code.tee(found)
            .push(I::If(wasm_encoder::BlockType::Result(ty)));
        code.global(bump).push(load).or_else();
        match ty {
            ValType::F64 => code.push(I::F64Const(0.0.into())),
            _ => code.i64(0),
        };
        code.end().get(found);
        code.release(ValType::I32, found);
        Ok(())
    }

    /// Strings put together: all parts first, since they may need the same space, then copied.
    fn concat(&mut self, code: &mut Code, parts: &[Handle<Value>]) -> Result<(), EmitError> {
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
    fn text_of(&mut self, code: &mut Code, inner: Handle<Value>) -> Result<(), EmitError> {
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
            Base::List | Base::Target => {
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

    fn json_value(&mut self, code: &mut Code, inner: Handle<Value>) -> Result<(), EmitError> {
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

    /// `and` (`all`) or `or`, stopping early.
    fn chain(
        &mut self,
        code: &mut Code,
        list: &[Handle<Value>],
        all: bool,
    ) -> Result<(), EmitError> {
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

    fn or_else(
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

    fn arithmetic(
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

    fn split(
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

    fn compare(
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

enum Piece {
    Constant(Vec<u8>),
    Value(u32, u32),
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
