//! Small functions that every module may need, written once and only if used.

use super::{
    Emitter, Signature,
    code::{Code, at},
};
use edge_abi::{
    VERSION, input,
    output::{
        self, Op, body, edit, edits, effect, fault, log, note, pass, proxy, respond, segment,
    },
};
use wasm_encoder::{BlockType, Instruction as I, ValType};

/// The functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Support {
    /// `(packed) -> text`: takes a kernel's text; what it wrote at the free space is kept.
    Commit,
    /// `(packed) -> text`
    Unpack,
    /// `(text) -> text`: absent becomes empty.
    Narrow,
    /// `(text)`: copies to the free space.
    Append,
    /// `(text) -> text`: as a JSON string; absent is not asked.
    JsonString,
    /// `(target) -> text?`: what follows the first `?`.
    QueryString,
    /// `(target) -> text`: what stands before it.
    RawPath,
    /// `(address of a list) -> refs, count`
    List,
    /// `(address) -> i64`, 0 at address 0; likewise the next two.
    IntAt,
    /// `(address) -> f64`
    FloatAt,
    /// `(address) -> bool`
    BoolAt,
    /// `() -> i64`: the status of the first result.
    ResultStatus,
    /// `(ms) -> s`, rounded down.
    Unix,
    /// Saturating arithmetic.
    Add,
    /// …
    Sub,
    /// …
    Mul,
    /// `(a, b) -> quotient, whether there is one`
    Div,
    /// …
    Rem,
    /// Arithmetic that stays finite.
    FloatAdd,
    /// …
    FloatSub,
    /// …
    FloatMul,
    /// `(a, b) -> quotient, whether there is one`
    FloatDiv,
    /// …
    FloatRem,
    /// `(address, address) -> -1, 0, 1`
    CompareIp,
    /// `(bytes) -> address`: free space, 4-aligned.
    Alloc,
    /// `(op, place, name, value)`: stages an edit of the answer.
    Edit,
    /// `(address, op and flags, place, name, value)`: writes an edit.
    PutEdit,
    /// `(address, id, kind, text)`: writes a segment.
    Segment,
    /// `(place, text)`
    Log,
    /// `(kind, id, value)`
    Note,
    /// `(rule, status, content type, segments, count, next, continuation) -> output`
    Respond,
    /// `(rule, target, method, path, query, host, edits, count, options, next, continuation) -> output`
    Proxy,
    /// `(rule) -> output`
    Pass,
    /// `(rule, place, reason) -> output`
    Fault,
    /// `(limit, next, continuation) -> output`
    Body,
    /// `() -> address`: moves the staged edits to the output.
    TakeEdits,
    /// `(op and flags, size) -> address`: the next effect's place.
    Effect,
    /// `(next, continuation) -> output`
    Finish,
    /// `(status) -> output`: without effects.
    Reject,
}

impl Support {
    /// Its type.
    pub fn signature(self) -> Signature {
        use ValType::{F64, I32, I64};
        let (params, results): (&[ValType], &[ValType]) = match self {
            Support::Commit | Support::Unpack => (&[I64], &[I32, I32]),
            Support::Narrow | Support::JsonString | Support::QueryString | Support::RawPath => {
                (&[I32, I32], &[I32, I32])
            }
            Support::Append => (&[I32, I32], &[]),
            Support::List => (&[I32], &[I32, I32]),
            Support::IntAt => (&[I32], &[I64]),
            Support::FloatAt => (&[I32], &[F64]),
            Support::BoolAt | Support::Alloc | Support::Pass | Support::Reject => (&[I32], &[I32]),
            Support::ResultStatus => (&[], &[I64]),
            Support::Unix => (&[I64], &[I64]),
            Support::Add | Support::Sub | Support::Mul => (&[I64, I64], &[I64]),
            Support::Div | Support::Rem => (&[I64, I64], &[I64, I32]),
            Support::FloatAdd | Support::FloatSub | Support::FloatMul => (&[F64, F64], &[F64]),
            Support::FloatDiv | Support::FloatRem => (&[F64, F64], &[F64, I32]),
            Support::CompareIp | Support::Effect | Support::Finish => (&[I32, I32], &[I32]),
            Support::Edit => (&[I32; 6], &[]),
            Support::PutEdit => (&[I32; 7], &[]),
            Support::Segment => (&[I32; 5], &[]),
            Support::Log | Support::Note => (&[I32; 3], &[]),
            Support::Respond => (&[I32; 8], &[I32]),
            Support::Proxy => (&[I32; 15], &[I32]),
            Support::Fault | Support::Body => (&[I32; 3], &[I32]),
            Support::TakeEdits => (&[], &[I32]),
        };
        (params.to_vec(), results.to_vec())
    }
}

impl Emitter<'_> {
    /// Writes one of the functions.
    pub(super) fn support_function(&mut self, support: Support) -> Code {
        let mut code = Code::new(support.signature().0.len());
        let c = &mut code;
        match support {
            Support::Commit => self.commit(c),
            Support::Unpack => {
                unpack(c, 0);
            }
            Support::Narrow => {
                c.get(0).get(0).push(I::I32Eqz).push(I::I32Add).get(1);
            }
            Support::Append => {
                let bump = self.bump();
                c.global(bump).get(0).get(1).push(I::MemoryCopy {
                    src_mem: 0,
                    dst_mem: 0,
                });
                c.global(bump).get(1).push(I::I32Add).set_global(bump);
            }
            Support::JsonString => self.json_string(c),
            Support::QueryString => self.query_string(c),
            Support::RawPath => {
                c.get(0).get(0).get(1);
                self.kernel(c, "target_path_end");
            }
            Support::List => {
                let block = self.block(&[ValType::I32, ValType::I32]);
                c.get(0).push(I::If(block)).get(0).i32(4).push(I::I32Add);
                c.get(0)
                    .push(I::I32Load(at(0)))
                    .or_else()
                    .i32(0)
                    .i32(0)
                    .end();
            }
            Support::IntAt => {
                c.get(0)
                    .push(I::If(BlockType::Result(ValType::I64)))
                    .get(0)
                    .push(I::I64Load(at(0)));
                c.or_else().i64(0).end();
            }
            Support::FloatAt => {
                c.get(0)
                    .push(I::If(BlockType::Result(ValType::F64)))
                    .get(0)
                    .push(I::F64Load(at(0)));
                c.or_else().push(I::F64Const(0.0.into())).end();
            }
            Support::BoolAt => {
                c.get(0)
                    .if_bool()
                    .get(0)
                    .push(I::I32Load8U(at(0)))
                    .or_else()
                    .i32(0)
                    .end();
            }
            Support::ResultStatus => {
                self.result_table(c);
                c.push(I::I64Load16U(at(input::result::STATUS)));
            }
            Support::Unix => unix(c),
            Support::Add | Support::Sub => saturating(c, support == Support::Add),
            Support::Mul => multiply(c),
            Support::Div | Support::Rem => divide(c, support == Support::Div),
            Support::FloatAdd => finite(c, I::F64Add),
            Support::FloatSub => finite(c, I::F64Sub),
            Support::FloatMul => finite(c, I::F64Mul),
            Support::FloatDiv | Support::FloatRem => divide_float(c, support == Support::FloatDiv),
            Support::CompareIp => {
                c.get(0).i32(16).get(1).i32(16);
                self.kernel(c, "compare");
            }
            Support::Alloc => self.alloc(c),
            Support::Edit => self.edit_function(c),
            Support::PutEdit => put_edit(c),
            Support::Segment => {
                c.get(0).get(2).push(I::I32Store(at(segment::KIND)));
                c.get(0).get(1).push(I::I32Store(at(segment::ID)));
                c.get(0).get(3).push(I::I32Store(at(segment::BYTES)));
                c.get(0).get(4).push(I::I32Store(at(segment::BYTES + 4)));
            }
            Support::Log => {
                let e = self.effect(c, Op::Log, 0, log::SIZE);
                fields(c, e, &[(log::PLACE, 0), (log::TEXT, 1), (log::TEXT + 4, 2)]);
                c.get(e).i32(0).push(I::I32Store(at(log::PLACE + 4)));
            }
            Support::Note => {
                let e = self.effect(c, Op::Note, 0, note::SIZE);
                fields(c, e, &[(note::KIND, 0), (note::ID, 1), (note::VALUE, 2)]);
                c.get(e).i32(0).push(I::I32Store(at(note::VALUE + 4)));
            }
            Support::Respond => self.respond_function(c),
            Support::Proxy => self.proxy_function(c),
            Support::Pass => {
                let e = self.effect(c, Op::Pass, 0, pass::SIZE);
                fields(c, e, &[(pass::RULE, 0)]);
                c.get(e).i32(0).push(I::I32Store(at(pass::RULE + 4)));
                self.edits_ref(c, e, pass::EDITS);
                c.i32(0).i32(0);
                self.support(c, Support::Finish);
            }
            Support::Fault => {
                let e = self.effect(c, Op::Fault, 0, fault::SIZE);
                fields(
                    c,
                    e,
                    &[(fault::RULE, 0), (fault::PLACE, 1), (fault::REASON, 2)],
                );
                c.get(e).i32(0).push(I::I32Store(at(fault::REASON + 4)));
                c.i32(0).i32(0);
                self.support(c, Support::Finish);
            }
            Support::Body => self.body_function(c),
            Support::TakeEdits => self.take_edits(c),
            Support::Effect => self.effect_function(c),
            Support::Finish => self.finish_function(c),
            Support::Reject => self.reject_function(c),
        }
        code
    }

    fn commit(&mut self, c: &mut Code) {
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

    fn json_string(&mut self, c: &mut Code) {
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

    fn query_string(&mut self, c: &mut Code) {
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

    /// Leaves the address of the first result.
    pub(super) fn result_table(&mut self, c: &mut Code) {
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

    fn alloc(&mut self, c: &mut Code) {
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

    fn edit_function(&mut self, c: &mut Code) {
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
    fn effect(&mut self, c: &mut Code, op: Op, flags: u16, size: u32) -> u32 {
        let e = c.local(ValType::I32);
        c.i32(u32::from(op as u16) | u32::from(flags) << 16)
            .i32(size);
        self.support(c, Support::Effect);
        c.set(e);
        e
    }

    fn effect_function(&mut self, c: &mut Code) {
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
    fn take_edits(&mut self, c: &mut Code) {
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

    fn edits_ref(&mut self, c: &mut Code, e: u32, offset: u32) {
        let edits = self.edits();
        c.get(e);
        self.support(c, Support::TakeEdits);
        c.push(I::I32Store(at(offset)));
        c.get(e).global(edits).push(I::I32Store(at(offset + 4)));
    }

    fn respond_function(&mut self, c: &mut Code) {
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

    fn proxy_function(&mut self, c: &mut Code) {
        let e = self.effect(c, Op::Proxy, 0, proxy::SIZE);
        let pairs = [
            proxy::METHOD,
            proxy::PATH,
            proxy::QUERY,
            proxy::HOST,
            proxy::REQUEST_EDITS,
        ];
        fields(
            c,
            e,
            &[(proxy::RULE, 0), (proxy::TARGET, 1), (proxy::OPTIONS, 12)],
        );
        for (pair, local) in pairs.into_iter().zip([2, 4, 6, 8, 10]) {
            fields(c, e, &[(pair, local), (pair + 4, local + 1)]);
        }
        c.get(e)
            .push(I::I32Const(-1))
            .push(I::I32Store(at(proxy::CACHE)));
        for offset in [proxy::KEY, proxy::SCAN, proxy::SCAN_LIMIT] {
            c.get(e).i64(0).push(I::I64Store(at(offset)));
        }
        self.edits_ref(c, e, proxy::RESPONSE_EDITS);
        c.get(13).get(14);
        self.support(c, Support::Finish);
    }

    /// Asks for the body; edits that are queued go to the host first.
    fn body_function(&mut self, c: &mut Code) {
        let staged = self.edits();
        let e = c.local(ValType::I32);
        c.global(staged).if_empty();
        c.i32(u32::from(Op::Edits as u16)).i32(edits::SIZE);
        self.support(c, Support::Effect);
        c.set(e);
        self.edits_ref(c, e, edits::EDITS);
        c.end();
        let e = self.effect(c, Op::Body, effect::ANSWER, body::SIZE);
        fields(c, e, &[(body::LIMIT, 0)]);
        c.get(e).i32(0).push(I::I32Store(at(body::LIMIT + 4)));
        c.get(1).get(2);
        self.support(c, Support::Finish);
    }

    /// Puts the effects behind the strings and writes the header. `next` holds slot set and events.
    fn finish_function(&mut self, c: &mut Code) {
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
    fn count_effects(&mut self, c: &mut Code, place: u32, size: u32) {
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

    fn reject_function(&mut self, c: &mut Code) {
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

fn unpack(c: &mut Code, packed: u32) {
    c.get(packed)
        .i64(32)
        .push(I::I64ShrU)
        .push(I::I32WrapI64)
        .get(packed)
        .push(I::I32WrapI64);
}

/// Stores parameters in an effect.
fn fields(c: &mut Code, e: u32, fields: &[(u32, u32)]) {
    for (offset, parameter) in fields {
        c.get(e).get(*parameter).push(I::I32Store(at(*offset)));
    }
}

fn put_edit(c: &mut Code) {
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

/// Milliseconds to seconds, towards the past.
fn unix(c: &mut Code) {
    c.get(0).i64(1000).push(I::I64DivS);
    c.get(0)
        .i64(1000)
        .push(I::I64RemS)
        .i64(0)
        .push(I::I64LtS)
        .push(I::I64ExtendI32U)
        .push(I::I64Sub);
}

/// Overflow shows in the signs: the result's differs where it can't.
fn saturating(c: &mut Code, add: bool) {
    let sum = c.local(ValType::I64);
    c.get(0)
        .get(1)
        .push(if add { I::I64Add } else { I::I64Sub })
        .set(sum);
    // MAX or MIN by the sign of the first operand.
    c.get(0)
        .i64(63)
        .push(I::I64ShrS)
        .i64(i64::MAX)
        .push(I::I64Xor);
    c.get(sum);
    c.get(0).get(sum).push(I::I64Xor);
    if add {
        c.get(1).get(sum).push(I::I64Xor);
    } else {
        c.get(0).get(1).push(I::I64Xor);
    }
    c.push(I::I64And).i64(0).push(I::I64LtS).push(I::Select);
}

/// Exact when dividing gives the factor back.
fn multiply(c: &mut Code) {
    let product = c.local(ValType::I64);
    c.get(0)
        .push(I::I64Eqz)
        .if_empty()
        .i64(0)
        .push(I::Return)
        .end();
    c.get(0).get(1).push(I::I64Mul).set(product);
    // -1 × MIN would trap in the division below.
    c.get(0)
        .i64(-1)
        .push(I::I64Eq)
        .get(1)
        .i64(i64::MIN)
        .push(I::I64Eq)
        .push(I::I32And)
        .if_empty();
    c.i64(i64::MAX).push(I::Return).end();
    c.get(product)
        .get(0)
        .get(1)
        .push(I::I64Xor)
        .i64(63)
        .push(I::I64ShrS)
        .i64(i64::MAX)
        .push(I::I64Xor);
    // `product / a` traps only for MIN / -1: then a is -1 and b is MIN, which is done with.
    c.get(product)
        .get(0)
        .push(I::I64DivS)
        .get(1)
        .push(I::I64Eq)
        .push(I::Select);
}

fn divide(c: &mut Code, quotient: bool) {
    c.get(1)
        .push(I::I64Eqz)
        .if_empty()
        .i64(0)
        .i32(0)
        .push(I::Return)
        .end();
    // MIN / -1 is MAX, and leaves nothing.
    c.get(0)
        .i64(i64::MIN)
        .push(I::I64Eq)
        .get(1)
        .i64(-1)
        .push(I::I64Eq)
        .push(I::I32And)
        .if_empty();
    c.i64(if quotient { i64::MAX } else { 0 })
        .i32(1)
        .push(I::Return)
        .end();
    c.get(0)
        .get(1)
        .push(if quotient { I::I64DivS } else { I::I64RemS })
        .i32(1);
}

fn clamp(c: &mut Code) {
    c.push(I::F64Const(f64::MAX.into()))
        .push(I::F64Min)
        .push(I::F64Const(f64::MIN.into()))
        .push(I::F64Max);
}

fn finite(c: &mut Code, op: I<'static>) {
    c.get(0).get(1).push(op);
    clamp(c);
}

fn divide_float(c: &mut Code, quotient: bool) {
    c.get(1)
        .push(I::F64Const(0.0.into()))
        .push(I::F64Eq)
        .if_empty();
    c.push(I::F64Const(0.0.into())).i32(0).push(I::Return).end();
    if quotient {
        c.get(0).get(1).push(I::F64Div);
    } else {
        c.get(0)
            .get(0)
            .get(1)
            .push(I::F64Div)
            .push(I::F64Trunc)
            .get(1)
            .push(I::F64Mul)
            .push(I::F64Sub);
    }
    clamp(c);
    c.i32(1);
}
