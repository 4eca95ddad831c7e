//! Effects and terminals.

use super::{
    EmitError, Emitter,
    code::{Code, at},
    length,
    support::Support,
};
use crate::{
    ast::EditOp,
    decision::{Const, Edit, Effect, Handle, Part, Proxy, Request, State, Terminal, Then, Value},
};
use edge_abi::{
    continuation,
    input::Event,
    output::{NONE, admit, edit, effect, fault::Reason, note, proxy, segment},
};
use wasm_encoder::{Instruction as I, ValType};

impl Emitter<'_> {
    /// Writes an effect that does not end the call.
    pub(super) fn effect_code(
        &mut self,
        code: &mut Code,
        effect: &Effect,
    ) -> Result<(), EmitError> {
        match effect {
            Effect::Edit(edit) => {
                code.i32(op_of(edit.op)).i32(edit.place.0);
                self.text(code, &edit.name);
                match edit.value.first() {
                    Some(Part::Text(value)) => self.value(code, *value)?,
                    _ => {
                        code.i32(0).i32(0);
                    }
                }
                self.support(code, Support::Edit);
            }
            Effect::Log { text, place } => {
                code.i32(place.0);
                self.value(code, *text)?;
                self.support(code, Support::Log);
            }
            Effect::Exposure { experiment, arm } => {
                code.i32(note::Kind::Exposure as u32).i32(*experiment);
                self.value(code, *arm)?;
                self.support(code, Support::Note);
            }
            Effect::Hits { kind, rules } => {
                code.i32(*kind as u32);
                self.value(code, *rules)?;
                self.support(code, Support::Hits);
            }
            Effect::Scan {
                lane,
                limit,
                over_limit,
                ..
            } => self.ask_scan(code, *lane, [*limit, *over_limit as u32]),
            Effect::State(state) => self.state(code, state, 0, NONE)?,
        }
        Ok(())
    }

    /// Writes a terminal; leaves the output's address.
    pub(super) fn terminal(
        &mut self,
        code: &mut Code,
        terminal: &Terminal,
    ) -> Result<(), EmitError> {
        match terminal {
            Terminal::Respond {
                rule,
                status,
                content_type,
                body,
                then,
            } => {
                let (table, count) = self.body(code, body)?;
                code.i32(rule.0).i32(u32::from(*status));
                match content_type {
                    Some(content_type) => self.text(code, content_type),
                    None => {
                        code.i32(0).i32(0);
                    }
                }
                match table {
                    Table::Constant(address) => code.i32(address),
                    Table::Local(local) => {
                        code.release(ValType::I32, local);
                        code.get(local)
                    }
                };
                code.i32(count);
                self.then(code, *then);
                self.support(code, Support::Respond);
            }
            Terminal::Proxy { proxy, then } => self.proxy_code(code, proxy, *then)?,
            Terminal::Pass { rule } => {
                code.i32(rule.0);
                self.support(code, Support::Pass);
            }
            Terminal::Admit { stores, ttl, tags } => self.admit(code, *stores, *ttl, tags)?,
            Terminal::GoOn { lane } => self.go_on(code, *lane),
            Terminal::Fault {
                rule,
                place,
                reason,
            } => {
                code.i32(rule.0)
                    .i32(place.0)
                    .i32(Reason::from(*reason) as u32);
                self.support(code, Support::Fault);
            }
        }
        Ok(())
    }

    /// Writes a wait; leaves the output's address.
    pub(super) fn wait(
        &mut self,
        code: &mut Code,
        request: &Request,
        step: u32,
    ) -> Result<(), EmitError> {
        let events = Event::Results.bit();
        let then = Some(Then { step, events });
        match request {
            Request::Body(limit) => {
                code.i32(*limit);
                self.then(code, then);
                self.support(code, Support::Body);
            }
            Request::State(list) => {
                for asked in list {
                    let mut flags = effect::ANSWER;
                    if asked.is_chained {
                        flags |= effect::CHAINED;
                    }
                    self.state(code, &asked.state, flags, asked.ask)?;
                }
                self.support(code, Support::HandOver);
                self.then(code, then);
                self.support(code, Support::Finish);
            }
        }
        Ok(())
    }

    /// Something asked of what the host remembers, or done to it.
    fn state(
        &mut self,
        code: &mut Code,
        state: &State,
        flags: u16,
        ask: u32,
    ) -> Result<(), EmitError> {
        let op = u32::from(state.op as u16) | u32::from(flags) << 16;
        code.i32(op).i32(ask).i32(state.id);
        self.value(code, state.key)?;
        match state.value {
            Some(value) => self.value(code, value)?,
            None => {
                code.i32(0).i32(0);
            }
        }
        match state.number {
            Some(number) => self.value(code, number)?,
            None => {
                code.i64(0);
            }
        }
        self.support(code, Support::State);
        Ok(())
    }

    /// What follows: slot set and events in one word, and the continuation's address.
    fn then(&mut self, code: &mut Code, then: Option<Then>) {
        let Some(then) = then else {
            code.i32(0).i32(0);
            return;
        };
        let address = self.continuation(then.step);
        code.i32(then.step | u32::from(then.events) << 16)
            .i32(address);
    }

    /// Where the continuation that leads to a step is.
    pub(super) fn continuation(&mut self, step: u32) -> u32 {
        let mut bytes = self.tag.to_le_bytes().to_vec();
        bytes.extend(step.to_le_bytes());
        debug_assert_eq!(bytes.len(), continuation::HEADER as usize);
        self.constants.table(&bytes)
    }

    /// The segments of a body: constant where all of it is, else written to the output.
    fn body(&mut self, code: &mut Code, body: &[Handle<Value>]) -> Result<(Table, u32), EmitError> {
        let graph = self.graph;
        let mut pieces: Vec<Piece> = Vec::new();
        for part in body {
            match (graph.values.get(*part), pieces.last_mut()) {
                (Value::Const(Const::Bytes(bytes)), Some(Piece::Constant(before))) => {
                    before.extend(bytes)
                }
                (Value::Const(Const::Bytes(bytes)), _) if bytes.is_empty() => {}
                (Value::Const(Const::Bytes(bytes)), _) => {
                    pieces.push(Piece::Constant(bytes.clone()))
                }
                _ => pieces.push(Piece::Value(*part)),
            }
        }
        let count = u32::try_from(pieces.len()).unwrap_or(u32::MAX);
        match pieces.as_slice() {
            [] => return Ok((Table::Constant(0), 0)),
            [Piece::Constant(bytes)] => {
                let address = self.constants.bytes(bytes);
                let record = [segment::Kind::Bytes as u32, 0, address, length(bytes)];
                let record: Vec<u8> = record.into_iter().flat_map(u32::to_le_bytes).collect();
                return Ok((Table::Constant(self.constants.table(&record)), count));
            }
            _ => {}
        }
        let table = self.reserve(code, count, segment::SIZE);
        for (i, piece) in (0u32..).zip(pieces) {
            code.get(table)
                .i32(i * segment::SIZE)
                .push(I::I32Add)
                .i32(0)
                .i32(segment::Kind::Bytes as u32);
            match piece {
                Piece::Constant(bytes) => self.text(code, &bytes),
                Piece::Value(value) => self.value(code, value)?,
            }
            self.support(code, Support::Segment);
        }
        Ok((Table::Local(table), count))
    }

    fn reserve(&mut self, code: &mut Code, count: u32, size: u32) -> u32 {
        let table = code.local(ValType::I32);
        code.i32(count * size);
        self.support(code, Support::Alloc);
        code.set(table);
        table
    }

    fn proxy_code(
        &mut self,
        code: &mut Code,
        proxy: &Proxy,
        then: Option<Then>,
    ) -> Result<(), EmitError> {
        let count = u32::try_from(proxy.edits.len()).unwrap_or(u32::MAX);
        let table = if count == 0 {
            None
        } else {
            Some(self.edits_table(code, &proxy.edits, count)?)
        };
        code.i32(proxy.rule.0);
        self.value(code, proxy.target)?;
        self.value(code, proxy.path)?;
        self.value(code, proxy.query)?;
        self.support(code, Support::Proxy);
        // What most requests don't say is written only where it is said.
        let e = code.local(ValType::I32);
        code.set(e);
        if let Some(method) = &proxy.method {
            let address = self.constants.bytes(method);
            store(code, e, proxy::METHOD, |code| code.i32(address));
            store(code, e, proxy::METHOD + 4, |code| code.i32(length(method)));
        }
        if let Some(host) = proxy.host {
            self.value(code, host)?;
            store_text(code, e, proxy::HOST);
        }
        if let Some(table) = table {
            store(code, e, proxy::REQUEST_EDITS, |code| code.get(table));
            store(code, e, proxy::REQUEST_EDITS + 4, |code| code.i32(count));
            code.release(ValType::I32, table);
        }
        if let Some(cache) = proxy.cache {
            store(code, e, proxy::CACHE, |code| code.i32(cache));
        }
        if let Some(key) = proxy.key {
            self.value(code, key)?;
            store_text(code, e, proxy::KEY);
        }
        if proxy.options != 0 {
            store(code, e, proxy::OPTIONS, |code| code.i32(proxy.options));
        }
        code.release(ValType::I32, e);
        self.then(code, then);
        self.support(code, Support::Finish);
        Ok(())
    }

    fn admit(
        &mut self,
        code: &mut Code,
        stores: bool,
        ttl: Option<i64>,
        tags: &[Handle<Value>],
    ) -> Result<(), EmitError> {
        let count = u32::try_from(tags.len()).unwrap_or(u32::MAX);
        let table = self.reserve(code, count, admit::TAG);
        for (i, tag) in (0u32..).zip(tags) {
            self.value(code, *tag)?;
            store_text(code, table, i * admit::TAG);
        }
        let mut flags = 0;
        if stores {
            flags |= admit::STORE;
        }
        if ttl.is_some() {
            flags |= admit::TTL_GIVEN;
        }
        code.i32(flags).i64(ttl.unwrap_or(0));
        code.get(table).i32(count);
        code.release(ValType::I32, table);
        self.support(code, Support::Admit);
        Ok(())
    }

    fn edits_table(
        &mut self,
        code: &mut Code,
        edits: &[Edit],
        count: u32,
    ) -> Result<u32, EmitError> {
        let table = self.reserve(code, count, edit::SIZE);
        for (i, edit) in (0u32..).zip(edits) {
            let secrets = edit
                .value
                .iter()
                .any(|part| matches!(part, Part::Secret(_)));
            let segments = if secrets {
                Some(self.secret_segments(code, &edit.value)?)
            } else {
                None
            };
            code.get(table).i32(i * edit::SIZE).push(I::I32Add);
            let flags = if secrets {
                u32::from(edit::SEGMENTS) << 8
            } else {
                0
            };
            code.i32(op_of(edit.op) | flags).i32(edit.place.0);
            self.text(code, &edit.name);
            match (segments, edit.value.first()) {
                (Some(segments), _) => {
                    code.get(segments)
                        .i32(u32::try_from(edit.value.len()).unwrap_or(u32::MAX));
                    code.release(ValType::I32, segments);
                }
                (None, Some(Part::Text(value))) => self.value(code, *value)?,
                _ => {
                    code.i32(0).i32(0);
                }
            }
            self.support(code, Support::PutEdit);
        }
        Ok(table)
    }

    fn secret_segments(&mut self, code: &mut Code, parts: &[Part]) -> Result<u32, EmitError> {
        let table = self.reserve(
            code,
            u32::try_from(parts.len()).unwrap_or(u32::MAX),
            segment::SIZE,
        );
        for (i, part) in (0u32..).zip(parts) {
            code.get(table).i32(i * segment::SIZE).push(I::I32Add);
            match part {
                Part::Text(value) => {
                    code.i32(0).i32(segment::Kind::Bytes as u32);
                    self.value(code, *value)?;
                }
                Part::Secret(id) => {
                    code.i32(*id)
                        .i32(segment::Kind::Secret as u32)
                        .i32(0)
                        .i32(0);
                }
            }
            self.support(code, Support::Segment);
        }
        Ok(table)
    }
}

/// Stores what `value` leaves in a field of the effect in a local.
fn store(code: &mut Code, effect: u32, offset: u32, value: impl Fn(&mut Code) -> &mut Code) {
    code.get(effect);
    value(code).push(I::I32Store(at(offset)));
}

/// Stores the text on the stack as a ref.
fn store_text(code: &mut Code, record: u32, offset: u32) {
    let (p, l) = (code.local(ValType::I32), code.local(ValType::I32));
    code.set(l).set(p);
    store(code, record, offset, |code| code.get(p));
    store(code, record, offset + 4, |code| code.get(l));
    code.release(ValType::I32, p);
    code.release(ValType::I32, l);
}

enum Table {
    Constant(u32),
    Local(u32),
}

enum Piece {
    Constant(Vec<u8>),
    Value(Handle<Value>),
}

fn op_of(op: EditOp) -> u32 {
    u32::from(match op {
        EditOp::Set => edit::Op::Set as u8,
        EditOp::Add => edit::Op::Add as u8,
        EditOp::Remove => edit::Op::Remove as u8,
    })
}
